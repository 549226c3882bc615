use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr,
};

/// The keyboard, key by key and without echo, given back when dropped. Ctrl-C still is one.
pub(super) struct Keyboard {
    before: Termios,
}

impl Keyboard {
    /// What was typed before is thrown away: it was no answer to what is asked now.
    pub(super) fn take() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut keys = before.clone();
        keys.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        tcsetattr(&stdin, OptionalActions::Now, &keys)?;
        tcflush(&stdin, QueueSelector::IFlush)?;
        Ok(Self { before })
    }

    /// Columns of the terminal; 80 where it does not say.
    pub(super) fn columns() -> usize {
        match tcgetwinsize(io::stdin()) {
            Ok(size) if size.ws_col > 0 => size.ws_col.into(),
            _ => 80,
        }
    }

    /// The next key, if one is pressed in time; zero when the terminal is gone.
    pub(super) fn key(&mut self, time: Duration) -> Option<u8> {
        let stdin = io::stdin();
        let time = Timespec {
            tv_sec: 0,
            tv_nsec: time.subsec_nanos().into(),
        };
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut ready, Some(&time)) {
            Ok(count) if count > 0 => {}
            _ => return None,
        }
        let mut key = [0];
        // Past the buffer of `std`, which a later prompt would find filled.
        match rustix::io::read(&stdin, &mut key) {
            Ok(1) => Some(key[0]),
            _ => Some(0),
        }
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
