use sha2::{Digest, Sha256};

use super::{Candidate, Shape};

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Decoding is the one step that costs more than a comparison; no honest file comes near this.
const MAX_DECODED: usize = 4096;
/// A whole extended key has 107 characters after its prefix; a cut one is still nearly the secret.
const FEWEST_EXTENDED: usize = 60;

/// Keys in wallet import format (with their checksum), and extended private keys (BIP-32, SLIP-132).
pub(super) fn scan(text: &str, found: &mut Vec<Candidate>) {
    let bytes = text.as_bytes();
    let mut budget = MAX_DECODED;
    let mut run_end = 0;
    for start in 0..bytes.len() {
        if start >= run_end {
            run_end = start + bytes[start..].iter().take_while(|byte| is_base58(**byte)).count();
        }
        let rest = &bytes[start..run_end];
        if let [kind, b'p', b'r', b'v', data @ ..] = rest
            && b"xyzuvtYZUV".contains(kind)
            && data.len() >= FEWEST_EXTENDED
        {
            // SLIP-132: version, depth, parent, number, chain code, a zero byte, the key.
            let key = rest
                .get(..111)
                .and_then(decode_checked::<82>)
                .and_then(|payload| payload.get(46..78)?.try_into().ok());
            found.push(Candidate::new(start..run_end, Shape::ExtendedKey).with_key(key));
        }
        // Versions 0x80 and 0xef make the first character one of these.
        if matches!(rest.first(), Some(b'5' | b'K' | b'L' | b'9' | b'c')) {
            for length in [51, 52] {
                if rest.len() >= length && budget > 0 {
                    budget -= 1;
                    if let Some(key) = wif(&rest[..length]) {
                        found.push(Candidate::new(start..start + length, Shape::Wif).with_key(Some(key)));
                    }
                }
            }
        }
    }
}

fn is_base58(byte: u8) -> bool {
    ALPHABET.contains(&byte)
}

fn wif(text: &[u8]) -> Option<[u8; 32]> {
    let (version, key) = if text.len() == 52 {
        // 0x01: the key's public half is used compressed.
        let [version, key @ .., 1, _, _, _, _] = decode_checked::<38>(text)? else {
            return None;
        };
        (version, key)
    } else {
        let [version, key @ .., _, _, _, _] = decode_checked::<37>(text)?;
        (version, key)
    };
    matches!(version, 0x80 | 0xef).then_some(key)
}

/// Base58Check: `N` bytes whose last four are the start of the double SHA-256 of the others.
fn decode_checked<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0u8; N];
    for letter in text {
        let mut carry = ALPHABET.iter().position(|it| it == letter)?;
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    let (payload, checksum) = bytes.split_at(N - 4);
    let digest = Sha256::digest(Sha256::digest(payload));
    (digest[..4] == *checksum).then_some(bytes)
}
