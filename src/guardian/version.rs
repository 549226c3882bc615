/// What stands before the version in the program's file.
const LEAD: &[u8] = b"oc-guardian version stamp:";
const LENGTH: usize = 80;

/// The version, followed by `;`. Tests of upgrades need releases that differ, without building the program twice: they
/// rewrite this in a copy of the file. Whoever can do that to an operator's file can change the rest of it as well.
static STAMP: [u8; LENGTH] = stamp();

const fn stamp() -> [u8; LENGTH] {
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    let mut stamp = [0; LENGTH];
    let mut at = 0;
    while at < LEAD.len() {
        stamp[at] = LEAD[at];
        at += 1;
    }
    while at < LEAD.len() + version.len() {
        stamp[at] = version[at - LEAD.len()];
        at += 1;
    }
    stamp[at] = b';';
    stamp
}

/// The version that the guardian reports, without a leading `v`.
pub fn version() -> &'static str {
    // Without the black box, the compiler would put in its place what the bytes are at build time.
    let stamp: &'static [u8; LENGTH] = std::hint::black_box(&STAMP);
    let text = &stamp[LEAD.len()..];
    let end = text.iter().position(|byte| *byte == b';').unwrap_or_default();
    std::str::from_utf8(&text[..end]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_that_of_the_package() {
        assert_eq!(version(), env!("CARGO_PKG_VERSION"));
        assert!(STAMP.ends_with(&[0; 16]), "room for longer ones");
    }
}
