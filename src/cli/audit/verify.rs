use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};

use super::{Keys, examples, noted, open_keys};
use crate::audit;
use crate::cli::context::Context;
use crate::envelope::{self, Tag};
use crate::operator::{PublicKey, Signature};
use crate::ui::{BAD, Exit, Failure, GOOD, Lines, Report, WARNING, escaped, paint};

/// Findings that are shown to people; JSON has more.
const SHOWN: usize = 20;

/// Prove the audit log: every hash, every place in the chain, every signature
///
/// Says in which line of which file what is wrong. What was cut off at the end, or written anew with the key, shows only
/// against a head that was noted elsewhere: --head.
#[derive(Args)]
#[command(after_help = examples::AUDIT_VERIFY)]
pub(super) struct Verify {
    /// Compare with a noted head: SEQ:HASH, or a file with it; can be repeated
    #[arg(long, value_name = "HEAD")]
    head: Vec<String>,
    /// Prove an export instead, without key and state folder: its records as far as their own hashes say, and its signature
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    export: Option<PathBuf>,
    /// With --export: the public key of the operator whose it should be [default: this identity's]
    #[arg(long, value_name = "HEX", requires = "export")]
    pubkey: Option<String>,
    /// Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Verify {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        if let Some(export) = &self.export {
            return self.run_export(context, export);
        }
        let public = context.identity(&context.folders()?)?.public;
        let heads = self.heads(&public)?;
        let Keys { folders, chain, .. } = open_keys(context, self.passphrase_file.as_deref())?;
        let progress = context.ui.progress("Proving the audit log");
        let check = |record: &audit::Record| envelope::check_recorded(&public, record);
        let report = audit::verify(&folders, &chain, &heads, &check)?;
        drop(progress);
        show(
            context,
            &Proved {
                report,
                noted: heads.len(),
                what: LOG,
            },
        )
    }

    fn run_export(&self, context: &Context, export: &Path) -> Result<Exit, Failure> {
        let public = audit::exported_by(export)?;
        let expected = match &self.pubkey {
            Some(hex) => hex.to_ascii_lowercase(),
            None => context.identity(&context.folders()?)?.public.to_hex(),
        };
        if public.to_hex() != expected {
            return Err(Failure::new(
                "other-operator",
                format!("{} is the export of {}", export.display(), public.operator_id()),
            )
            .hint("Name the public key of the operator whose it should be, from a source that you trust: --pubkey HEX"));
        }
        let heads = self.heads(&public)?;
        let progress = context.ui.progress("Proving the export");
        let check = |record: &audit::Record| envelope::check_recorded(&public, record);
        let verifies = |bytes: &[u8], signature: &Signature| Tag::AuditHead.verify(&public, bytes, signature);
        let report = audit::verify_export(export, &public, &heads, &check, &verifies)?;
        drop(progress);
        show(
            context,
            &Proved {
                report,
                noted: heads.len(),
                what: EXPORT,
            },
        )
    }

    fn heads(&self, public: &PublicKey) -> Result<Vec<audit::NotedHead>, Failure> {
        self.head.iter().map(|text| noted::read(text, public)).collect()
    }
}

fn show(context: &Context, proved: &Proved) -> Result<Exit, Failure> {
    context.ui.result(proved)?;
    Ok(if proved.ok() { Exit::Done } else { Exit::Failed })
}

struct Proved {
    report: audit::Report,
    noted: usize,
    what: What,
}

/// What was proved, in words.
#[derive(Clone, Copy)]
struct What {
    name: &'static str,
    /// To do where it is not whole.
    hint: &'static str,
    /// Whether an epoch file belongs to it.
    has_epoch: bool,
}

const LOG: What = What {
    name: "audit log",
    hint: "Keep a copy of the state folder as it is. If nobody should have touched it, treat this machine as \
           compromised; a head noted elsewhere tells what was there.",
    has_epoch: true,
};

const EXPORT: What = What {
    name: "export",
    hint: "Do not rely on it: ask the operator for a new one (oc-guardian audit export), and compare its head.",
    has_epoch: false,
};

impl Report for Proved {
    fn ok(&self) -> bool {
        self.report.total == 0
    }

    fn fields(&self) -> Map<String, Value> {
        let report = &self.report;
        let mut fields = Map::new();
        if let Some(first) = report.findings.first() {
            fields.insert("reason".into(), json!(format!("audit-{}", first.reason)));
            let detail = format!("{}: {}", place(first), first.detail);
            fields.insert("detail".into(), json!(detail));
            fields.insert("hint".into(), json!(self.what.hint));
        }
        let findings = report.findings.iter().map(|finding| {
            json!({
                "reason": finding.reason.as_str(),
                "file": finding.file,
                "line": (finding.line > 0).then_some(finding.line),
                "detail": finding.detail,
            })
        });
        fields.extend([
            ("records".into(), json!(report.records)),
            ("segments".into(), json!(report.segments)),
            ("signatures".into(), json!(report.signatures)),
            ("unverified".into(), json!(report.unverified)),
            ("operations".into(), json!(report.operations)),
            ("noted_heads".into(), json!(self.noted)),
            ("head".into(), json!(noted::spelled(&report.head))),
            ("epoch".into(), json!(report.epoch)),
            ("torn_bytes".into(), json!(report.torn)),
            ("total_findings".into(), json!(report.total)),
            ("findings".into(), findings.collect()),
        ]);
        fields
    }

    fn human(&self) -> String {
        let report = &self.report;
        let mut lines = Lines::default();
        lines.field(
            "records",
            format!("{} in {} files", report.records, report.segments),
        );
        let unverified = match report.unverified {
            0 => String::new(),
            count => format!(", and {count} shares that cannot be verified by themselves"),
        };
        lines.field(
            "signatures",
            format!("{} verified{unverified}", report.signatures),
        );
        if report.operations > 0 {
            lines.field(
                "operations",
                format!("{} records without a key", report.operations),
            );
        }
        lines.field("head", noted::spelled(&report.head));
        if report.torn > 0 {
            lines.line(format!(
                "{} the last line is not whole: a server is writing it, or the next start cuts it off",
                paint(WARNING, "note:")
            ));
        }
        if self.what.has_epoch && report.epoch.is_none() && report.records > 0 {
            lines.line(format!(
                "{} there is no epoch file, so that an older copy of the log would not be noticed",
                paint(WARNING, "note:")
            ));
        }
        if self.ok() {
            let heads = match self.noted {
                0 => String::new(),
                1 => " It has the noted head.".into(),
                count => format!(" It has all {count} noted heads."),
            };
            lines.line(paint(GOOD, &format!("The {} is whole.{heads}", self.what.name)));
            return lines.finish();
        }
        for finding in report.findings.iter().take(SHOWN) {
            let text = format!("{} ({}): {}", place(finding), finding.reason, finding.detail);
            lines.line(format!("  {} {}", paint(BAD, "✗"), escaped(&text)));
        }
        let more = report.total - report.findings.len().min(SHOWN) as u64;
        if more > 0 {
            lines.line(format!("  … and {more} more"));
        }
        lines
            .line(paint(
                BAD,
                &format!("The {} is not what was written.", self.what.name),
            ))
            .line(self.what.hint);
        lines.finish()
    }
}

fn place(finding: &audit::Finding) -> String {
    match finding.line {
        0 => finding.file.clone(),
        line => format!("{}:{line}", finding.file),
    }
}
