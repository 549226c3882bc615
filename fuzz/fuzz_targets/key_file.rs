//! The encrypted key file. Almost no mutant gets past its header's MAC; what is looked for is a panic or a long stall.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::vault::{self, Passphrase};

fuzz_target!(|bytes: &[u8]| {
    // Work factors from 10 up cost real time, and their bound has a test of its own.
    let header = &bytes[..bytes.len().min(512)];
    let costly = header.split(|byte| *byte == b'\n').any(|line| {
        line.starts_with(b"-> scrypt") && line.rsplit(|byte| *byte == b' ').next().is_some_and(|factor| factor.len() > 1)
    });
    if !costly {
        let Ok(passphrase) = Passphrase::new("correct horse battery") else { unreachable!("it is a passphrase") };
        let _ = vault::open_key_file(bytes, &passphrase);
    }
});
