use std::path::Path;

use crate::audit::{Hash, Head, NotedHead};
use crate::envelope::Tag;
use crate::operator::{PublicKey, Signature};
use crate::store::{self, hex};
use crate::ui::Failure;

/// Most bytes of a noted head.
const MAX_BYTES: usize = 4096;

/// A head as it is noted elsewhere: `SEQ:HASH`.
pub(super) fn spelled(head: &Head) -> String {
    format!("{}:{}", head.seq, head.hash)
}

/// Reads `SEQ:HASH`, or a file that holds that or what `audit head --json` has printed. A signature in it must be ours.
pub(super) fn read(text: &str, public: &PublicKey) -> Result<NotedHead, Failure> {
    if let Some((seq, hash)) = split(text) {
        return Ok(NotedHead::elsewhere(seq, hash));
    }
    let path = Path::new(text);
    let bytes = store::read(path, MAX_BYTES)?;
    let content = String::from_utf8_lossy(&bytes);
    if let Some((seq, hash)) = split(content.trim()) {
        return Ok(NotedHead::elsewhere(seq, hash));
    }
    let invalid = |what: &str| {
        Failure::new("head-invalid", format!("{} {what}", path.display()))
            .hint("Give SEQ:HASH, or a file with that or with the output of: oc-guardian audit head --json")
    };
    let document: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|_| invalid("holds no noted head"))?;
    let field = |name: &str| document.get(name).and_then(serde_json::Value::as_str);
    let signed = field("signed").ok_or_else(|| invalid("holds no noted head"))?;
    let head = Head::parse_signed_bytes(signed).ok_or_else(|| invalid("holds no noted head"))?;
    let mut signature = [0; 64];
    let verifies = hex::decode_into(field("signature").unwrap_or_default(), &mut signature)
        && Tag::AuditHead.verify(public, signed.as_bytes(), &Signature::from_bytes(signature));
    if !verifies {
        return Err(invalid("holds a head that this operator key has not signed"));
    }
    Ok(NotedHead::elsewhere(head.seq, head.hash))
}

fn split(text: &str) -> Option<(u64, Hash)> {
    let (seq, hash) = text.split_once(':')?;
    Some((seq.parse().ok().filter(|seq| *seq > 0)?, Hash::from_hex(hash)?))
}
