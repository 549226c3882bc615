//! Keeping secrets out of core dumps and swap.

use std::io;

use crate::operator::SecretKey;

/// Forbids core dumps and the reading of our memory by other processes of the same user.
///
/// # Errors
/// Whatever the system refuses with. The caller warns and goes on: this is a second line of defence.
pub fn harden_process() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    )?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Keeps the page that holds this key's secret out of swap until the process ends.
///
/// Not undone on drop: locks do not nest, so unlocking could expose another secret on the same page, and a process
/// holds a handful of keys at most.
///
/// # Errors
/// Usually `ENOMEM` under a tight `RLIMIT_MEMLOCK`. The caller warns and goes on.
pub fn lock_in_memory(key: &SecretKey) -> io::Result<()> {
    let bytes = key.expose_bytes();
    // SAFETY: the pointer and length describe a live 32-byte allocation; mlock neither reads nor writes it.
    #[allow(unsafe_code)]
    unsafe {
        rustix::mm::mlock(bytes.as_ptr().cast_mut().cast(), bytes.len())?;
    }
    Ok(())
}
