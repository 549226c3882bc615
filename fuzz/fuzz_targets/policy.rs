//! The policy file: whatever the text, there are findings or rules; and rules can be looked at.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::signer::Policy;
use oc_guardian::signer::policy::check;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Policy::parse(text) {
        Ok(policy) => assert_eq!(check(&policy).len(), policy.rules().len()),
        Err(error) => {
            assert!(!error.findings.is_empty());
            for finding in &error.findings {
                assert!(finding.line >= 1 && finding.column >= 1);
            }
        }
    }
});
