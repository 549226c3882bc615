use super::{Candidate, Shape};
use crate::store::hex;

const DIGITS: usize = 64;

/// Hex digits without a break, 64 of them or more, in either case.
pub(super) fn scan(text: &str, found: &mut Vec<Candidate>) {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        let length = bytes[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        if length >= DIGITS {
            found.push(candidate(start, &text[start..start + length]));
        }
        start += length.max(1);
    }
}

fn candidate(start: usize, run: &str) -> Candidate {
    let mut candidate = Candidate::new(start..start + run.len(), Shape::Hex);
    // Of more than 64, a key may be at either end (a prefix before it, a public key after it) or in between.
    let last = run.len() - DIGITS;
    let between = (0..last).step_by(DIGITS);
    for offset in between.chain([last]) {
        candidate = candidate.with_key(key(&run[offset..offset + DIGITS]));
    }
    candidate
}

fn key(digits: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    hex::decode_into(&digits.to_ascii_lowercase(), &mut key).then_some(key)
}
