//! What is done to the devnet, by a pseudo-random plan that its seed repeats.

use std::time::{Duration, Instant};

use oc_guardian::devnet::write_pins;
use rustix::process::{Pid, Signal, kill_process};

use crate::STALE;
use crate::support::devnet::{Devnet, pid_of};
use crate::truth::Truth;

/// How long a guardian that was stopped stays so: longer than anybody may be green without a word.
const STOPPED: Duration = Duration::from_secs(STALE.as_secs() + 4);
/// How long another image is the accepted one.
const OTHER_IMAGE: Duration = Duration::from_secs(4);

pub struct Harm {
    random: u64,
    guardians: usize,
    pause: u64,
    next: Instant,
    stopped: Option<(usize, i32, Instant)>,
    pinned: Option<Instant>,
    killed: [u32; 3],
    ended: [u32; 2],
    stops: u32,
    pins: u32,
}

impl Harm {
    pub fn new(seed: u64, guardians: usize, pause: u64) -> Self {
        Self {
            // Never 0, from which this generator does not come away.
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            guardians,
            pause,
            next: Instant::now(),
            stopped: None,
            pinned: None,
            killed: [0; 3],
            ended: [0; 2],
            stops: 0,
            pins: 0,
        }
    }

    /// xorshift64
    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % below
    }

    pub fn turn(&mut self, devnet: &Devnet, truth: &mut Truth) {
        if self.stopped.is_some_and(|(.., since)| since.elapsed() > STOPPED) {
            self.go_on(truth);
        }
        if self.pinned.is_some_and(|since| since.elapsed() > OTHER_IMAGE) {
            self.pin_own(devnet, truth);
        }
        if Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + Duration::from_millis(100 + self.random(self.pause));
        let number = 1 + usize::try_from(self.random(self.guardians as u64)).unwrap();
        let Some(line) = devnet.guardian(number) else {
            return;
        };
        match self.random(100) {
            0..45 => {
                let by = if self.random(3) == 0 {
                    Signal::TERM
                } else {
                    Signal::KILL
                };
                if let Some(pid) = pid_of(&line["guardian"])
                    && self.stopped.is_none_or(|(stopped, ..)| stopped != number)
                    && kill(pid, by)
                {
                    truth.silenced(number, pid);
                    self.count(by, 0);
                }
            }
            45..75 => {
                let by = if self.random(3) == 0 {
                    Signal::TERM
                } else {
                    Signal::KILL
                };
                if let Some(pid) = pid_of(&line["signer"])
                    && kill(pid, by)
                {
                    truth.keyless(number, pid);
                    self.count(by, 1);
                }
            }
            75..83 => {
                if let Some(pid) = devnet.portal()
                    && kill(pid, Signal::KILL)
                {
                    self.killed[2] += 1;
                }
            }
            83..93 => {
                if self.stopped.is_none()
                    && let Some(pid) = pid_of(&line["guardian"])
                    && kill(pid, Signal::STOP)
                {
                    truth.silenced(number, pid);
                    self.stopped = Some((number, pid, Instant::now()));
                    self.stops += 1;
                }
            }
            _ => {
                if self.pinned.is_none() {
                    let other = format!("sha256:{}", "c".repeat(64));
                    write_pins(&devnet.folder(), &[other]).unwrap();
                    truth.other_image(true);
                    self.pinned = Some(Instant::now());
                    self.pins += 1;
                }
            }
        }
    }

    fn count(&mut self, by: Signal, what: usize) {
        if by == Signal::KILL {
            self.killed[what] += 1;
        } else {
            self.ended[what] += 1;
        }
    }

    /// Takes back what does not mend itself.
    pub fn end(&mut self, devnet: &Devnet, truth: &mut Truth) {
        self.go_on(truth);
        self.pin_own(devnet, truth);
    }

    fn go_on(&mut self, truth: &mut Truth) {
        if let Some((number, pid, _)) = self.stopped.take() {
            truth.heard(number);
            kill(pid, Signal::CONT);
        }
    }

    fn pin_own(&mut self, devnet: &Devnet, truth: &mut Truth) {
        if self.pinned.take().is_some() {
            truth.other_image(false);
            write_pins(&devnet.folder(), &[devnet.text("image_digest").to_owned()]).unwrap();
        }
    }

    pub fn report(&self) -> String {
        let [guardians, signers, portals] = self.killed;
        let [ended_guardians, ended_signers] = self.ended;
        format!(
            "SIGKILL: {guardians} guardians, {signers} signing servers, {portals} portals; SIGTERM: {ended_guardians} \
             guardians, {ended_signers} signing servers; SIGSTOP for {} s: {} guardians; another image accepted for {} s: \
             {} times",
            STOPPED.as_secs(),
            self.stops,
            OTHER_IMAGE.as_secs(),
            self.pins
        )
    }
}

/// The devnet tells of a process a little later than it ends.
fn kill(pid: i32, signal: Signal) -> bool {
    kill_process(Pid::from_raw(pid).unwrap(), signal).is_ok()
}
