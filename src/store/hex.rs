//! Lower-case hex. Upper-case digits are refused: every format of this project has exactly one spelling.

/// Encodes bytes as lower-case hex.
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
    }
    text
}

/// Whether every character is one of `0-9a-f`.
pub fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Decodes exactly `N` bytes (`2 * N` lower-case digits) into `out`; `false` leaves `out` unspecified.
///
/// Writes into the caller's buffer so that a secret is not left behind in a temporary.
pub fn decode_into<const N: usize>(text: &str, out: &mut [u8; N]) -> bool {
    if text.len() != N * 2 || !is_lower_hex(text) {
        return false;
    }
    let value = |digit: u8| {
        if digit.is_ascii_digit() {
            digit - b'0'
        } else {
            digit - b'a' + 10
        }
    };
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = value(pair[0]) << 4 | value(pair[1]);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_only_what_it_encodes() {
        let bytes: [u8; 4] = [0x00, 0x9f, 0xa0, 0xff];
        let mut back = [0; 4];
        assert!(decode_into(&encode(&bytes), &mut back));
        assert_eq!(back, bytes);
        for bad in ["009fa0f", "009fa0ff0", "009fA0ff", "009fg0ff", "", "００"] {
            assert!(!decode_into(bad, &mut back), "{bad}");
        }
    }
}
