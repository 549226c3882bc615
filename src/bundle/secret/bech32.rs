use super::{Candidate, Shape};

/// The characters of bech32 (BIP-173), by value.
const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// A whole key has 58; one that was cut a little or mistyped is still nearly the secret.
const FEWEST: usize = 40;
/// Characters of 32 bytes, without the checksum.
const KEY_CHARS: usize = 52;

/// `nsec1…` (NIP-19) and `AGE-SECRET-KEY-1…`, in either case, whether or not the checksum is right.
pub(super) fn scan(text: &str, found: &mut Vec<Candidate>) {
    let lower = text.to_ascii_lowercase();
    for (prefix, shape) in [("nsec1", Shape::Nsec), ("age-secret-key-1", Shape::AgeKey)] {
        for (start, _) in lower.match_indices(prefix) {
            let data = start + prefix.len();
            let length = lower.as_bytes()[data..]
                .iter()
                .take_while(|byte| ALPHABET.contains(byte))
                .count();
            if length >= FEWEST {
                let key = key(&lower.as_bytes()[data..data + length]);
                found.push(Candidate::new(start..data + length, shape).with_key(key));
            }
        }
    }
}

/// The first 32 bytes of the data part.
fn key(data: &[u8]) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let (mut bits, mut count, mut filled) = (0u32, 0, 0);
    for letter in data.get(..KEY_CHARS)? {
        let value = ALPHABET.iter().position(|it| it == letter)?;
        bits = (bits << 5 | u32::try_from(value).ok()?) & 0xfff;
        count += 5;
        if count >= 8 && filled < key.len() {
            count -= 8;
            key[filled] = u8::try_from(bits >> count & 0xff).ok()?;
            filled += 1;
        }
    }
    Some(key)
}
