//! What a test needs besides the toolchain: it is skipped with a word where that is missing, and fails instead where an
//! environment variable says that it must be there.

/// Whether `available` says that what the test needs is there. If not, the test is skipped, or fails where
/// `OC_GUARDIAN_REQUIRE_<name>=1` or `OC_GUARDIAN_REQUIRE_ALL=1`.
#[track_caller]
pub fn needs(name: &str, what: &str, available: impl FnOnce() -> bool) -> bool {
    if available() {
        return true;
    }
    let set =
        |name: &str| std::env::var(format!("OC_GUARDIAN_REQUIRE_{name}")).is_ok_and(|value| value == "1");
    assert!(
        !set(name) && !set("ALL"),
        "{what} is required and cannot be had here"
    );
    eprintln!("skipped: {what} cannot be had here (OC_GUARDIAN_REQUIRE_{name}=1 makes this a failure)");
    false
}

/// Whether a program can be started at all.
pub fn starts(program: &str, argument: &str) -> bool {
    std::process::Command::new(program)
        .arg(argument)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok()
}
