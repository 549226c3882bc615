//! Identity expressions from the command line against identities from certificates, separated by a line break: compiling
//! is bounded, matching linear, and an expression never reaches beyond what it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::image::IdentityExpression;

fuzz_target!(|text: &str| {
    let (expression, identity) = text.split_once('\n').unwrap_or((text, ""));
    if let Ok(exact) = IdentityExpression::exact(expression) {
        assert_eq!(exact.matches(identity), expression == identity && !identity.chars().any(char::is_control));
    }
    if let Ok(pattern) = IdentityExpression::pattern(expression) {
        let matched = pattern.matches(identity);
        if !expression.contains(|letter: char| r"\+*?()|[]{}^$".contains(letter)) {
            assert!(!matched || identity.starts_with(expression), "a bare prefix is no expression");
        }
    }
});
