use bip39::Language;

use super::MembershipHash;

/// How many words a fingerprint has. Not 12, 15, 18, 21 or 24: nobody, and no wallet, can take it for a backup of a key.
const WORDS: usize = 16;
const BITS_PER_WORD: usize = 11;

/// The hash as 16 words to be read aloud and compared: its first 176 bits, 11 bits a word, most significant first, from the
/// BIP-39 English list. Finding two memberships with the same words takes about 2⁸⁸ tries.
pub fn fingerprint(hash: &MembershipHash) -> [&'static str; WORDS] {
    let list = Language::English.word_list();
    std::array::from_fn(|word| {
        let index = (0..BITS_PER_WORD).fold(0, |index, bit| {
            let at = word * BITS_PER_WORD + bit;
            let set = hash.as_bytes()[at / 8] >> (7 - at % 8) & 1;
            index << 1 | usize::from(set)
        });
        list[index]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hex: &str) -> String {
        fingerprint(&MembershipHash::from_hex(hex).unwrap()).join(" ")
    }

    #[test]
    fn agrees_with_bip39_where_both_show_the_same_bits() {
        // The words of 24-word backups are the same bits in the same order, up to the checksum in the last one.
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let bytes: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let mnemonic = bip39::Mnemonic::from_entropy_in(Language::English, &bytes).unwrap();
        let first: Vec<&str> = mnemonic.words().take(WORDS).collect();
        assert_eq!(of(hex), first.join(" "));
    }

    #[test]
    fn differs_where_any_of_the_first_176_bits_differ() {
        let zero = of(&"0".repeat(64));
        for bit in 0..176 {
            let mut bytes = [0; 32];
            bytes[bit / 8] = 0x80 >> (bit % 8);
            assert_ne!(of(&crate::store::hex::encode(&bytes)), zero, "bit {bit}");
        }
    }
}
