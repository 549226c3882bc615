//! Serves a signed image in a registry of its own until standard input ends: what benches/verify.sh measures with.
//!
//! Usage: `serve_image TRUSTED_ROOT_FILE`. Writes the trust root of the Sigstore that signed it into that file, and the
//! reference to standard output.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::too_many_lines,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::case_sensitive_file_extension_comparisons,
    unreachable_pub,
    missing_docs
)]
#![allow(dead_code, unused_imports, reason = "support/ is shared with the tests")]

#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/cli/verify_scene.rs"]
mod verify_scene;

use verify_scene::Scene;

fn main() {
    // Cargo adds options of its own.
    let Some(file) = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
    else {
        eprintln!("usage: serve_image TRUSTED_ROOT_FILE (benches/verify.sh calls it)");
        return;
    };
    let scene = Scene::released("v1.2.3");
    std::fs::write(file, scene.sigstore.trusted_root_json()).unwrap();
    println!("{}", scene.reference());
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
}
