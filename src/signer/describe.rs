//! A request in words, for records and for the person who is asked.

use super::{Facts, History, Meaning, Request};
use crate::envelope::{
    Action, ActionPayload, Alert, GuardianKeyPayload, HealthAttestation, Severity, Status,
};

/// Most characters of outside text in a summary.
const MAX_QUOTED: usize = 60;
/// An action that is valid for longer is pointed out, in seconds.
const LONG_LIFE: u64 = 24 * 60 * 60;
/// Params larger than this are pointed out, in bytes.
const LARGE: usize = 4096;

/// A request as it is shown to a person. The values hold text from outside, which the screen must escape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// What it does, in one sentence.
    pub effect: String,
    /// Name and value of everything in it.
    pub fields: Vec<(String, String)>,
    /// What is unusual about it, as sentence fragments.
    pub unusual: Vec<String>,
}

/// One line, with outside text quoted, escaped and cut.
pub(super) fn summary(request: &Request) -> String {
    match &request.meaning {
        Meaning::Attestation(payload) => {
            format!(
                "health: {} in {}",
                payload.status.as_str(),
                payload.federation_slug
            )
        }
        Meaning::GuardianKey(payload) => format!(
            "transport key {}… {}",
            &payload.transport_pubkey_hex[..16],
            if payload.membership_hash.is_some() {
                "for the federation"
            } else {
                "for /status only"
            }
        ),
        Meaning::Action(payload) => {
            let what = format!("{} for {}", payload.action.as_str(), payload.federation);
            if let Some(alert) = request.alert() {
                let title = quoted(&alert.title);
                format!("{what}: {} {title}", alert.severity.as_str())
            } else if let Some(statement) = payload.statement() {
                format!("{what}: {} {}", statement.kind.as_str(), statement.seq)
            } else {
                what
            }
        }
        Meaning::Later(_) => request.kind.as_str().to_owned(),
    }
}

/// Debug escapes what a terminal would obey, and what cannot be seen.
fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(MAX_QUOTED).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut:?}{more}")
}

pub(super) fn describe(request: &Request, facts: &Facts, history: &History) -> Description {
    let mut told = Description {
        effect: String::new(),
        fields: Vec::new(),
        unusual: Vec::new(),
    };
    told.field("from", facts.caller.to_string());
    match &request.meaning {
        Meaning::Attestation(payload) => told.attestation(payload),
        Meaning::Action(payload) => told.action(payload, request.alert(), facts),
        Meaning::GuardianKey(payload) => told.guardian_key(payload, facts),
        Meaning::Later(_) => {}
    }
    told.whatever(request, facts, history);
    told
}

impl Description {
    fn field(&mut self, name: &str, value: impl Into<String>) {
        self.fields.push((name.to_owned(), value.into()));
    }

    fn unusual(&mut self, what: impl Into<String>) {
        self.unusual.push(what.into());
    }

    fn attestation(&mut self, payload: &HealthAttestation) {
        "tells the portal how the guardian is".clone_into(&mut self.effect);
        self.field("status", payload.status.as_str());
        self.field("version", &payload.guardian_version);
        self.field("api", &payload.api_url);
        self.field("p2p", &payload.p2p_url);
        self.field("image", payload.image_digest.as_deref().unwrap_or("unknown"));
        if payload.status == Status::Degraded {
            self.unusual("the guardian says that something is wrong with it");
        }
        if payload.image_digest.is_none() {
            self.unusual("it does not say which image it runs");
        }
    }

    fn guardian_key(&mut self, payload: &GuardianKeyPayload, facts: &Facts) {
        let effect = match payload.membership_hash {
            Some(_) => "lets this key speak for your guardian to its peers",
            None => "lets this key sign your guardian's /status, and nothing else",
        };
        effect.clone_into(&mut self.effect);
        self.field("transport key", &payload.transport_pubkey_hex);
        self.field("membership", payload.membership_hash.as_deref().unwrap_or("none"));
        self.field("valid for", span(payload.expires_at.saturating_sub(facts.now())));
    }

    fn action(&mut self, payload: &ActionPayload, alert: Option<&Alert>, facts: &Facts) {
        effect(payload.action).clone_into(&mut self.effect);
        self.field("action", payload.action.as_str());
        match alert {
            Some(alert) => {
                self.field("severity", alert.severity.as_str());
                self.field("tag", alert.tag.as_deref().unwrap_or("none"));
                self.field("title", &alert.title);
                self.field("body", &alert.body);
                if alert.severity == Severity::Critical {
                    self.unusual("its severity is critical");
                }
            }
            None => self.field("params", payload.params.to_string()),
        }
        let life = payload.expires_at.saturating_sub(facts.now());
        self.field("valid for", span(life));
        self.field("nonce", payload.nonce.to_string());
        if life > LONG_LIFE {
            self.unusual(format!("it is valid for {}", span(life)));
        }
        if payload.nonce.abs_diff(facts.now_ms) > LONG_LIFE * 1000 {
            self.unusual("its nonce is not the time of today");
        }
        let size = payload.params.to_string().len();
        if size > LARGE {
            self.unusual(format!("its params have {size} bytes"));
        }
    }

    fn whatever(&mut self, request: &Request, facts: &Facts, history: &History) {
        self.field("federation", request.federation.as_deref().unwrap_or("none"));
        if let (Some(named), Some(ours)) = (request.federation.as_deref(), facts.federation)
            && named != ours
        {
            self.unusual(format!(
                "it is for the federation {named}, and your config bundle is for {ours}"
            ));
        }
        let age = facts.now().saturating_sub(request.at);
        if age > 60 {
            self.unusual(format!("it was made {} ago", span(age)));
        }
        let hidden = |text: &str| {
            let plain = |it: char| {
                it == '\n' || it == '"' || it == '\'' || it == '\\' || it.escape_debug().count() == 1
            };
            !text.chars().all(plain)
        };
        if self.fields.iter().any(|(_, value)| hidden(value)) {
            self.unusual("its text has characters in it that cannot be seen, or that would steer a terminal");
        }
        let refused = history.turned_down_lately(facts.now());
        if refused > 0 {
            self.unusual(format!("{refused} requests were turned down in the last hour"));
        }
    }
}

fn effect(action: Action) -> &'static str {
    match action {
        Action::ProgramApply => "applies to the operator programme in your name",
        Action::FederationJoin => "asks to join the federation in your name",
        Action::FederationLeave => "takes you out of the federation",
        Action::CharterSign => "binds you to the federation's charter",
        Action::ExitHandoff => "hands your place over to a successor",
        Action::PayoutsClaim => "claims payouts",
        Action::AlertPublish => "publishes a notice under your name",
        Action::BridgeCommand => "commands the bridge",
        Action::FederationSign => "proposes a statement for the federation to sign",
    }
}

/// `3 d 4 h`, `5 min 10 s`: the two largest units.
pub fn span(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        if rest >= length && parts.len() < 2 {
            parts.push(format!("{} {unit}", rest / length));
        }
        rest %= length;
    }
    if parts.is_empty() {
        return "0 s".into();
    }
    parts.join(" ")
}

#[cfg(test)]
#[path = "describe_tests.rs"]
mod tests;
