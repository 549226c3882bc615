use super::*;

/// Secret 00…01 in every shape. BIP-39 words: the format page. WIF: Bitcoin Core's `getnewaddress` of key 1.
const ONE_HEX: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const ONE_WIF: [&str; 4] = [
    "5HpHagT65TZzG1PH3CSu63k8DbpvD8s5ip4nEB3kEsreAnchuDf",
    "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn",
    "91avARGdfge8E4tZfYLoxeJ5sGBdNJQH4kvjJoQFacbgwmaKkrx",
    "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA",
];
/// NIP-19.
const NSEC: &str = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5";
const NSEC_HEX: &str = "67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa";
/// BIP-32, test vector 1, chain m.
const XPRV: &str = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
const XPRV_HEX: &str = "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35";
/// The key of 32 bytes 0x42, of the age specification's tests.
const AGE: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

fn shapes(text: &str) -> Vec<Shape> {
    scan(text).iter().map(|candidate| candidate.shape).collect()
}

fn owner_of(secret_hex: &str, scheme: Scheme) -> Owner {
    let key = SecretKey::from_hex(scheme, secret_hex).unwrap().public();
    Owner {
        ids: vec![key.operator_id().to_string()],
        ..Owner::default()
    }
}

#[track_caller]
fn assert_own(text: &str, secret_hex: &str) {
    for scheme in Scheme::ALL {
        let owner = owner_of(secret_hex, scheme);
        let found = scan(text);
        let verdicts: Vec<_> = found.iter().map(|it| Judge::new(&owner).judge(it)).collect();
        assert_eq!(verdicts, [Verdict::Own], "{text}");
    }
}

#[test]
fn each_shape_is_found_and_known_for_the_owners() {
    assert_own(ONE_HEX, ONE_HEX);
    assert_own(&NSEC_HEX.to_uppercase(), NSEC_HEX);
    for wif in ONE_WIF {
        assert_own(wif, ONE_HEX);
    }
    assert_own(NSEC, NSEC_HEX);
    assert_own(&NSEC.to_uppercase(), NSEC_HEX);
    assert_own(AGE, &"42".repeat(32));
    assert_own(XPRV, XPRV_HEX);
    assert_own(&format!("{}diesel", "abandon ".repeat(23)), ONE_HEX);
    // One word more before it, and the secret followed by a public key.
    assert_own(&format!("zoo {}diesel", "abandon ".repeat(23)), ONE_HEX);
    assert_own(&format!("{ONE_HEX}{XPRV_HEX}"), ONE_HEX);
}

#[test]
fn a_secret_is_covered_whole_whatever_is_around_it() {
    for (secret, shape) in [
        (NSEC, Shape::Nsec),
        (XPRV, Shape::ExtendedKey),
        (AGE, Shape::AgeKey),
        (ONE_WIF[1], Shape::Wif),
        (ONE_HEX, Shape::Hex),
    ] {
        for (before, after) in [
            ("", ""),
            ("key=", ";"),
            ("\"", "\","),
            ("é ", "\u{2003}"),
            ("0x", "!"),
        ] {
            let found = scan(&format!("{before}{secret}{after}"));
            let spans: Vec<_> = found.iter().map(|it| (it.shape, it.span.clone())).collect();
            assert_eq!(spans, [(shape, before.len()..before.len() + secret.len())]);
        }
    }
}

#[test]
fn escapes_hide_nothing() {
    let escape = |letter: char| format!("\\u{:04x}", u32::from(letter));
    let escaped = NSEC.chars().map(escape).collect::<Vec<_>>().concat();
    let found = scan(&format!("\"{escaped}\""));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].span, 1..escaped.len() + 1);
    assert_eq!(shapes(&"abandon\\n".repeat(12)), [Shape::Words]);
}

#[test]
fn words_count_in_a_row() {
    let words = "abandon ability able about above absent absorb abstract absurd abuse access accident";
    assert_eq!(shapes(words), [Shape::Words]);
    assert_eq!(shapes(&words.to_uppercase()), [Shape::Words]);
    assert_eq!(shapes(&words.replace(' ', "\", \"")), [Shape::Words]);
    let line = |(word, number): (&str, usize)| format!("// {number}. {word}\r\n");
    let numbered = words.split(' ').zip(1..).map(line).collect::<Vec<_>>().concat();
    assert_eq!(shapes(&numbered), [Shape::Words]);
    assert_eq!(shapes(&words.replace(" able", " abel")), []);
    assert_eq!(shapes(words.trim_end_matches(" accident")), []);
}

#[test]
fn pem_blocks() {
    for label in [
        "PRIVATE KEY",
        "EC PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let block = format!("-----BEGIN {label}-----\\nMC4CAQ\\n-----END {label}-----");
        let found = scan(&format!("\"{block}\""));
        assert_eq!(found.len(), 1, "{label}");
        assert_eq!(found[0].span, 1..block.len() + 1);
    }
    assert_eq!(
        shapes("-----BEGIN CERTIFICATE-----\nMC4C\n-----END CERTIFICATE-----"),
        []
    );
    let torn = scan("x -----BEGIN PRIVATE KEY-----\nMC4C\",\n\"rest\"");
    assert_eq!(torn[0].span, 2..43);
}

#[test]
fn what_only_looks_similar_is_left_alone() {
    let mut bad_checksum = ONE_WIF[0].to_owned();
    bad_checksum.replace_range(50..51, "g");
    for text in [
        bad_checksum.as_str(),
        &ONE_HEX[1..],
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
        "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg",
        "nsec1 is how they begin",
        "http://127.0.0.1:9100/op-132f39a98c31baaddba6525f5d43f295",
    ] {
        assert_eq!(shapes(text), [], "{text}");
    }
}

#[test]
fn the_owners_public_key_is_no_secret() {
    let key = SecretKey::from_hex(Scheme::Bip340, ONE_HEX).unwrap().public();
    let found = scan(&key.to_hex());
    let owner = owner_of(ONE_HEX, Scheme::Bip340);
    assert_eq!(Judge::new(&owner).judge(&found[0]), Verdict::Public);
    assert_eq!(Judge::new(&Owner::default()).judge(&found[0]), Verdict::Secret);
}
