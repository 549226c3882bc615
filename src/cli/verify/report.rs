use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::image::trust::TrustRoot;
use crate::image::{Logged, Policy, Signer, VerifiedImage};
use crate::ui::{EMPHASIS, GOOD, Lines, Report, WARNING, paint, printable};

/// Offline there is no list of what was revoked; who relies on the verdict has to know.
pub(super) const NOT_SEEN: &str = "revocation: offline, a signer that was revoked since cannot be told";

/// An image that was verified, and what that rests on.
pub(in crate::cli) struct Verified {
    pub(in crate::cli) image: VerifiedImage,
    pub(in crate::cli) policy: Policy,
    pub(in crate::cli) trust: TrustRoot,
    pub(in crate::cli) now: SystemTime,
}

impl Verified {
    /// What was let pass because a flag said so.
    pub(in crate::cli) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.image.provenance().is_none() {
            warnings.push(
                "the image has no build provenance, and is accepted because --allow-missing-provenance says so"
                    .to_owned(),
            );
        }
        if self.image.is_another_build() {
            warnings.push(format!(
                "the image is {} like the one that this machine has settled on, but another build of it",
                self.version()
            ));
        }
        if self.image.is_allowed_downgrade() {
            warnings.push(match (self.image.version(), self.image.floor()) {
                (Some(found), Some(floor)) => format!(
                    "{found} is older than {floor}, which this machine has settled on; accepted because \
                     --allow-downgrade says so"
                ),
                _ => "nothing certifies the image's version; accepted because --allow-downgrade says so"
                    .to_owned(),
            });
        }
        warnings
    }

    fn version(&self) -> String {
        match self.image.version() {
            Some(version) => version.to_string(),
            None => "of no certified version".into(),
        }
    }

    fn freshness(&self) -> String {
        match (self.image.floor(), self.image.signature().logged.at) {
            (Some(floor), _) => format!("this machine has settled on {floor}"),
            (None, Some(at)) => format!("first use here; signed {}", ago(self.now, at)),
            (None, None) => "first use here".into(),
        }
    }
}

impl Report for Verified {
    fn fields(&self) -> Map<String, Value> {
        let image = &self.image;
        let signature = image.signature();
        let mut warnings = self.warnings();
        warnings.extend(age_warning(&self.trust, self.now));
        let signer = match &signature.signer {
            Signer::Certified { identity, issuer } => json!({
                "kind": "certificate", "identity": identity, "issuer": issuer,
                "wanted_identity": self.policy.identity().wanted(), "wanted_issuer": self.policy.issuer(),
            }),
            Signer::Key(fingerprint) => json!({ "kind": "key", "key_digest": fingerprint }),
        };
        let provenance = image.provenance().map(|facts| {
            json!({
                "builder": facts.build.builder,
                "slsa_build_level": facts.build.level,
                "repository": facts.build.repository,
                "ref": facts.build.git_ref,
                "commit": facts.build.commit,
                "form": facts.form.as_str(),
                "signed_at": time(facts.logged),
                "log_index": facts.logged.index,
            })
        });
        let document = json!({
            "image": image.reference().to_string(),
            "digest": image.digest(),
            "pin": image.pinned().to_string(),
            "version": image.version(),
            "platform": image.platform().to_string(),
            "manifest_digest": image.manifest_digest(),
            "config_digest": image.config_digest(),
            "signature": {
                "signer": signer,
                "repository": signature.repository,
                "ref": signature.git_ref,
                "commit": signature.commit,
                "run": signature.run,
                "form": signature.form.as_str(),
                "signed_at": time(signature.logged),
                "log_index": signature.logged.index,
            },
            "provenance": provenance,
            "freshness": {
                "floor": image.floor(),
                "first_use": image.floor().is_none(),
                "another_build": image.is_another_build(),
                "downgrade_allowed": image.is_allowed_downgrade(),
            },
            "trust_root": trust_root_json(&self.trust, self.now),
            "revocation_checked": false,
            "ignored": image.ignored(),
            "warnings": warnings,
        });
        match document {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    fn human(&self) -> String {
        let image = &self.image;
        let signature = image.signature();
        let mut lines = Lines::default();
        let verdict = format!("{} is verified: {}.", image.reference(), self.version());
        lines.line(paint(GOOD, &printable(&verdict))).gap();
        match &signature.signer {
            Signer::Certified { identity, issuer } => {
                lines.field("signed by", printable(identity));
                lines.field("identity from", printable(issuer));
            }
            Signer::Key(fingerprint) => {
                lines.field("signed by", format!("the given key ({fingerprint})"));
            }
        }
        lines.field("signed", entry(self.now, signature.logged));
        if let (Some(repository), Some(git_ref)) = (&signature.repository, &signature.git_ref) {
            lines.field(
                "source",
                printable(&source(repository, git_ref, signature.commit.as_deref())),
            );
        }
        match image.provenance() {
            Some(facts) => {
                let build = &facts.build;
                lines.field("built by", printable(&build.builder));
                lines.field(
                    "provenance",
                    format!(
                        "SLSA build level {}, {}",
                        build.level,
                        entry(self.now, facts.logged)
                    ),
                );
                if signature.repository.is_none() {
                    let built_from = source(&build.repository, &build.git_ref, build.commit.as_deref());
                    lines.field("source", printable(&built_from));
                }
            }
            None => {
                lines.field("provenance", paint(WARNING, "none"));
            }
        }
        lines.field("freshness", self.freshness());
        lines.field("platform", printable(&image.platform().to_string()));
        lines.field("trust root", trust_root(&self.trust, self.now));
        lines.field("not checked", NOT_SEEN);
        lines.field("digest to pin", paint(EMPHASIS, &image.digest().to_string()));
        lines.finish()
    }
}

/// Which trust root a verdict rests on, for people.
pub(super) fn trust_root(trust: &TrustRoot, now: SystemTime) -> String {
    let origin = printable(&trust.origin().to_string());
    match trust.age(now).days() {
        Some(days) => format!("{origin}, {}", counted(days, "day", "old")),
        None => format!("{origin}, of unknown age"),
    }
}

/// What is to be said of its age, which people are told of beforehand. Who names a file knows that it has no date.
pub(super) fn age_warning(trust: &TrustRoot, now: SystemTime) -> Vec<String> {
    let note = trust.judge_age(now, true).ok().flatten();
    note.filter(|_| !trust.is_private())
        .map(|note| note.to_string())
        .into_iter()
        .collect()
}

/// The same for programs.
pub(super) fn trust_root_json(trust: &TrustRoot, now: SystemTime) -> Value {
    json!({
        "origin": trust.origin().kind(),
        "path": trust.origin().path().map(|path| path.display().to_string()),
        "digest": trust.digest(),
        "as_of": trust.as_of().map(rfc3339),
        "age_days": trust.age(now).days(),
    })
}

fn source(repository: &str, git_ref: &str, commit: Option<&str>) -> String {
    let what = match git_ref.strip_prefix("refs/tags/") {
        Some(tag) => format!("tag {tag}"),
        None => git_ref.to_owned(),
    };
    match commit {
        Some(commit) => format!("{repository}, {what}, commit {commit}"),
        None => format!("{repository}, {what}"),
    }
}

pub(super) fn entry(now: SystemTime, logged: Logged) -> String {
    let at = match logged.at {
        Some(at) => format!("{} ({})", rfc3339(at), ago(now, at)),
        None => "at an unknown time".into(),
    };
    match logged.index {
        Some(index) => format!("{at}, log entry {index}"),
        None => at,
    }
}

fn time(logged: Logged) -> Option<String> {
    logged.at.map(rfc3339)
}

pub(super) fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

fn ago(now: SystemTime, then: SystemTime) -> String {
    const HOUR: u64 = 60 * 60;
    let seconds = now.duration_since(then).unwrap_or(Duration::ZERO).as_secs();
    match seconds {
        0..60 => "just now".into(),
        60..HOUR => counted(seconds / 60, "minute", "ago"),
        HOUR..172_800 => counted(seconds / HOUR, "hour", "ago"),
        _ => counted(seconds / (24 * HOUR), "day", "ago"),
    }
}

fn counted(number: u64, noun: &str, after: &str) -> String {
    match number {
        1 => format!("1 {noun} {after}"),
        _ => format!("{number} {noun}s {after}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_fitting_units() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (seconds, wanted) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (3600, "1 hour ago"),
            (172_799, "47 hours ago"),
            (172_800, "2 days ago"),
        ] {
            assert_eq!(ago(now, now - Duration::from_secs(seconds)), wanted);
        }
        assert_eq!(ago(now, now + Duration::from_secs(9)), "just now");
    }
}
