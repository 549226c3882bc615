//! A process whose clock is wrong: a library that is loaded before all others shifts the time of day, and nothing else.

use std::path::PathBuf;
use std::process::Command;

use super::{Home, needs, starts};

const SOURCE: &str = r#"#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *t) {
    long failed = syscall(SYS_clock_gettime, id, t);
    const char *offset = getenv("TEST_CLOCK_OFFSET");
    if (!failed && id == CLOCK_REALTIME && offset) t->tv_sec += atol(offset);
    return (int)failed;
}
"#;

/// The library, below the folder of a home.
pub struct WrongClock(PathBuf);

impl WrongClock {
    /// `None` where there is no C compiler; see [`needs`].
    #[track_caller]
    pub fn of(home: &Home) -> Option<Self> {
        if !needs("CC", "a C compiler", || starts("cc", "--version")) {
            return None;
        }
        home.write("clock.c", SOURCE);
        let library = home.path("clock.so");
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(home.path("clock.c"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(Self(library))
    }

    /// Shifts the clock of a command by so many seconds.
    pub fn shift(&self, command: &mut Command, seconds: i64) {
        command
            .env("LD_PRELOAD", &self.0)
            .env("TEST_CLOCK_OFFSET", seconds.to_string());
    }
}
