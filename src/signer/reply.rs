use serde_json::{Value, json};

use super::Refusal;

/// What a door answers: an HTTP status and one JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status; the pull door carries the same number.
    pub status: u16,
    /// The JSON document; for the metrics, text.
    pub body: String,
    /// What `body` is.
    pub media_type: &'static str,
    /// Methods that the path has, where the method was wrong.
    pub allow: Option<&'static str>,
    /// Whether the connection ends with this answer: what follows on it cannot be trusted to be a request.
    pub closes: bool,
}

impl Reply {
    /// Any document.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, body.to_string())
    }

    /// A document that is written already.
    pub fn text(status: u16, body: String) -> Self {
        Self {
            status,
            body,
            media_type: "application/json",
            allow: None,
            closes: false,
        }
    }

    /// What the core refused, with the rule that did.
    pub fn refusal(refusal: &Refusal) -> Self {
        let mut body = json!({ "ok": false, "reason": refusal.reason, "detail": refusal.detail });
        if let (Some(rule), Some(fields)) = (&refusal.rule, body.as_object_mut()) {
            fields.insert("rule".into(), json!(rule));
        }
        Self::json(refusal.status, &body)
    }

    /// `{"ok":false,"reason":…,"detail":…}`
    pub fn refused(status: u16, reason: &str, detail: impl Into<String>) -> Self {
        let detail: String = detail.into();
        Self::json(
            status,
            &json!({ "ok": false, "reason": reason, "detail": detail }),
        )
    }

    /// Metrics in the text format of Prometheus.
    pub fn metrics(body: String) -> Self {
        Self {
            status: 200,
            body,
            media_type: "text/plain; version=0.0.4",
            allow: None,
            closes: false,
        }
    }

    /// What a refusal says for people.
    pub(super) fn detail(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["detail"].as_str().unwrap_or_default().to_owned()
    }

    /// Names the methods that the path has.
    #[must_use]
    pub fn allowing(mut self, methods: &'static str) -> Self {
        self.allow = Some(methods);
        self
    }

    /// Ends the connection after this answer.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.closes = true;
        self
    }
}
