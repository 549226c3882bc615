//! Proves an exported log without the state folder and without the key: the signature at its end binds every line.

use std::fs::File;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::finding::Reason;
use super::signatures::Checker;
use super::trace::{Place, Seen, Trace};
use super::{NotedHead, Report, SignatureCheck, name};
use crate::audit::export::FORMAT;
use crate::audit::lines::Lines;
use crate::audit::{AuditError, Hash, Record, RecordError};
use crate::operator::{PublicKey, Scheme, Signature};
use crate::store::{self, hex};

/// Findings after which the rest is not looked at: whoever made such a file can make any number of them.
const ENOUGH: u64 = 1000;
/// Highest number of a record, far from what a count can reach: nothing says that it was written with the key.
const MAX_SEQ: u64 = 1 << 53;
/// What the last line begins with; a record begins otherwise.
const END: &[u8] = br#"{"head":"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    format: String,
    operator_id: String,
    scheme: Scheme,
    operator_pubkey_hex: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    head: String,
    signature: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    seq: u64,
    hash: String,
    at: u64,
    sha256: String,
}

/// The key under which an export says that it is signed: whose that is has to be known from elsewhere.
///
/// # Errors
/// [`AuditError::Damaged`] where the first line is not that of an export; [`AuditError::Read`], [`AuditError::Store`].
pub fn exported_by(path: &Path) -> Result<PublicKey, AuditError> {
    let mut lines = open(path)?;
    let read = match lines.next_line()? {
        Some(line) if line.complete => first_line(line.bytes),
        _ => None,
    };
    read.ok_or_else(|| AuditError::Damaged {
        path: path.to_owned(),
        line: 1,
        detail: "it is not the first line of an export".into(),
    })
}

/// Reads an export and says what is wrong with it. `public` is the operator's key; `check` says of a record whether its
/// signature is good, from several threads; `verifies` checks a signature under the tag of heads.
///
/// 1. The first line names this key.
/// 2. Every line is a record, follows from the one before it, and has a good signature where it has one.
/// 3. The last line signs the head and the SHA-256 of all lines before it. It alone shows that nothing was edited: the
///    hashes in the records can be computed with the operator's secret key only.
///
/// # Errors
/// [`AuditError::Read`], [`AuditError::Store`]: what could not be read at all.
pub fn verify_export(
    path: &Path,
    public: &PublicKey,
    noted: &[NotedHead],
    check: &(dyn Fn(&Record) -> SignatureCheck + Sync),
    verifies: &dyn Fn(&[u8], &Signature) -> bool,
) -> Result<Report, AuditError> {
    let mut lines = open(path)?;
    let file = name(path);
    let at = |line| Place {
        file: file.clone(),
        line,
    };
    let mut trace = Trace::new(noted.iter().map(|noted| noted.in_file(&file)).collect());
    let mut digest = Sha256::new();
    let mut all = true;
    let mut end: Option<(u64, Option<Signed>)> = None;
    let checked = Checker::run(check, |checker| {
        while let Some(line) = lines.next_line()? {
            let place = at(line.number);
            if end.is_some() {
                let what = "it stands after the signed end";
                trace.findings.push(place.finding(Reason::Inserted, what));
                break;
            }
            if !line.complete {
                // Told as an end that is missing.
                break;
            }
            if line.bytes.starts_with(END) {
                end = Some((line.number, last_line(line.bytes, verifies)));
                continue;
            }
            digest.update(line.bytes);
            digest.update(b"\n");
            if line.number == 1 {
                if first_line(line.bytes).as_ref() != Some(public) {
                    let what = "it is not the first line of an export of this operator";
                    trace.findings.push(place.finding(Reason::Replaced, what));
                }
                continue;
            }
            match Record::parse(line.bytes) {
                Ok(record) if record.seq <= MAX_SEQ => {
                    trace.line(place.clone(), Seen::Good(&record));
                    checker.give(place, record);
                }
                parsed => {
                    let error = parsed.err().unwrap_or(RecordError::Shape);
                    trace.line(place, Seen::Malformed { error, hole: false });
                }
            }
            if trace.findings.total > ENOUGH {
                all = false;
                break;
            }
        }
        Ok(())
    })?;
    trace.finish();
    let mut findings = trace.findings;
    for finding in checked.bad {
        findings.push(finding);
    }
    match end {
        None if !all => {}
        None => findings.push(at(0).finding(Reason::CutTail, "the signed line at its end is missing")),
        Some((line, None)) => findings.push(at(line).finding(
            Reason::BadSignature,
            "the line at its end is not signed by this operator",
        )),
        Some((line, Some(signed))) => {
            let head = Hash::from_hex(&signed.hash).map(|hash| (signed.seq, hash, signed.at));
            if head != Some((trace.head.seq, trace.head.hash, trace.head.at)) {
                let what = format!(
                    "it ends with record {}, and not with the head that was signed",
                    trace.head.seq
                );
                findings.push(at(line).finding(Reason::HeadMismatch, what));
            }
            if Hash::from_hex(&signed.sha256) != Some(Hash::from_bytes(digest.finalize().into())) {
                findings.push(at(0).finding(
                    Reason::Edited,
                    "its lines are not those that were signed: the SHA-256 is another",
                ));
            }
        }
    }
    Ok(Report {
        records: trace.records,
        segments: 1,
        head: trace.head,
        signatures: checked.good,
        unverified: checked.unverified,
        torn: 0,
        epoch: None,
        operations: 0,
        findings: findings.kept,
        total: findings.total,
    })
}

/// A regular file, as long as it is now: neither a pipe nor a file that grows can keep the proof busy for ever.
fn open(path: &Path) -> Result<Lines, AuditError> {
    use std::io::Read as _;
    let file: File = store::open_to_read(path)?;
    let length = file.metadata().map_err(|source| AuditError::Read {
        path: path.to_owned(),
        source: std::sync::Arc::new(source),
    })?;
    Ok(Lines::new(Box::new(file.take(length.len())), path))
}

fn first_line(bytes: &[u8]) -> Option<PublicKey> {
    let first: First = serde_json::from_slice(bytes).ok()?;
    let public = PublicKey::from_hex(first.scheme, &first.operator_pubkey_hex).ok()?;
    let names_it = first.format == FORMAT && first.operator_id == public.operator_id().as_str();
    names_it.then_some(public)
}

fn last_line(bytes: &[u8], verifies: &dyn Fn(&[u8], &Signature) -> bool) -> Option<Signed> {
    let last: Last = serde_json::from_slice(bytes).ok()?;
    let mut signature = [0; 64];
    if !hex::decode_into(&last.signature, &mut signature)
        || !verifies(last.head.as_bytes(), &Signature::from_bytes(signature))
    {
        return None;
    }
    serde_json::from_str(&last.head).ok()
}
