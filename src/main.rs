#![forbid(unsafe_code)]
//! Entry point of `oc-guardian`; everything is in the library.

fn main() -> std::process::ExitCode {
    oc_guardian::cli::main(std::env::args_os())
}
