//! The log in one file for others: its lines as they are, between a first line that names the operator and a last one that is
//! signed.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::disk::RealDisk;
use super::layout::Layout;
use super::lines::Lines;
use super::{AuditError, ChainKey, Hash, Head, Record};
use crate::operator::{PublicKey, Signature};
use crate::store::{self, Folders, StoreError, hex};

/// First field of an export.
pub(super) const FORMAT: &str = "oc-guardian/audit-export/v1";

/// Writes an export to a new file (0600): whole, or not at all. `sign` signs the bytes it is given under the tag
/// `oc-guardian/audit-head/v1`. Every hash is checked on the way. Needs no lock.
///
/// # Errors
/// [`AuditError::Damaged`] where a line is not the record that must be there; [`AuditError::Read`], [`AuditError::Store`].
pub fn export(
    folders: &Folders,
    key: &ChainKey,
    public: &PublicKey,
    out: &Path,
    sign: impl FnOnce(&[u8]) -> Signature,
) -> Result<Head, AuditError> {
    store::check_creatable(out)?;
    let staged = store::staging_name(out);
    let written = write(folders, key, public, &staged, sign);
    let done = written.and_then(|head| Ok(store::rename(&staged, out).map(|()| head)?));
    if done.is_err() {
        let _ = store::remove(&staged);
    }
    done
}

fn write(
    folders: &Folders,
    key: &ChainKey,
    public: &PublicKey,
    path: &Path,
    sign: impl FnOnce(&[u8]) -> Signature,
) -> Result<Head, AuditError> {
    let failed = |source| StoreError::Write {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    let mut out = Hashing {
        out: BufWriter::with_capacity(256 * 1024, file),
        digest: Sha256::new(),
    };
    let id = public.operator_id();
    let (scheme, hex) = (public.scheme(), public.to_hex());
    let first = format!(
        r#"{{"format":"{FORMAT}","operator_id":"{id}","scheme":"{scheme}","operator_pubkey_hex":"{hex}"}}"#
    );
    out.line(first.as_bytes()).map_err(failed)?;
    let mut head = Head::EMPTY;
    for segment in Layout::of(folders).segments(&RealDisk)? {
        let mut lines = Lines::new(segment.content, &segment.path);
        while let Some(line) = lines.next_line()? {
            if !line.complete && segment.current {
                break;
            }
            let damaged = |detail: String| AuditError::Damaged {
                path: segment.path.clone(),
                line: line.number,
                detail,
            };
            let record = Record::parse(line.bytes).map_err(|error| damaged(error.to_string()))?;
            if !line.complete || !record.is_sealed_by(line.bytes, |pieces| key.record(pieces)) {
                return Err(damaged(
                    "it was changed, or written under another operator key".into(),
                ));
            }
            if (record.seq, record.prev) != (head.seq + 1, head.hash) {
                return Err(damaged("it does not follow from the record before it".into()));
            }
            head = record.head();
            out.line(line.bytes).map_err(failed)?;
        }
    }
    let Hashing { out, digest } = out;
    let sha256 = Hash::from_bytes(digest.finalize().into());
    let Head { seq, hash, at } = head;
    let signed = format!(r#"{{"seq":{seq},"hash":"{hash}","at":{at},"sha256":"{sha256}"}}"#);
    let signature = hex::encode(sign(signed.as_bytes()).as_bytes());
    let quoted = serde_json::to_string(&signed).expect("a string is always valid JSON");
    let mut out = out;
    writeln!(out, r#"{{"head":{quoted},"signature":"{signature}"}}"#).map_err(failed)?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    Ok(head)
}

struct Hashing<W> {
    out: W,
    digest: Sha256,
}

impl<W: Write> Hashing<W> {
    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        for piece in [line, b"\n"] {
            self.digest.update(piece);
            self.out.write_all(piece)?;
        }
        Ok(())
    }
}
