use std::io;
use std::os::unix::process::parent_id;

/// Has this process end when `parent` does, however that ends; at once, if it has ended already. To be called first thing
/// by what a devnet starts: after SIGKILL of the devnet nothing else would stop it.
///
/// # Errors
/// When the parent is gone, or the system refuses.
#[cfg(target_os = "linux")]
pub fn die_with_parent(parent: u32) -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};
    // Not SIGTERM: a process that hangs must go, too, and nothing of it is needed any more.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    is_alive(parent)
}

/// As on Linux, by looking twice a second.
///
/// # Errors
/// When the parent is gone, or the system gives no thread.
#[cfg(not(target_os = "linux"))]
pub fn die_with_parent(parent: u32) -> io::Result<()> {
    is_alive(parent)?;
    std::thread::Builder::new().name("parent".into()).spawn(move || {
        while is_alive(parent).is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        std::process::exit(1);
    })?;
    Ok(())
}

fn is_alive(parent: u32) -> io::Result<()> {
    if parent_id() == parent {
        Ok(())
    } else {
        Err(io::Error::other(format!(
            "the devnet, process {parent}, has ended"
        )))
    }
}
