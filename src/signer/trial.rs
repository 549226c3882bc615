use super::decision::Facts;
use super::kind::is_ask_only;
use super::policy::{DEFAULT_TIMEOUT, Policy, RuleDecision, Verdict};
use super::{History, Meaning, Request, rules};

/// What a policy would make of a request, had it just arrived and no rate been used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What would happen.
    pub effect: Effect,
    /// The rule that decides, with what it matches: `rule 3 (line 12)`.
    pub rule: Option<(String, String)>,
    /// A person is asked although the rule allows it.
    pub always_asked: bool,
    /// Why no policy could get it signed, as a sentence fragment; only where the facts were known.
    pub obstacle: Option<String>,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Signed without a question.
    Sign,
    /// A person is asked.
    Ask {
        /// Seconds until a missing answer means no.
        timeout: u64,
    },
    /// Refused.
    Refuse,
}

impl Effect {
    /// The name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Ask { .. } => "ask",
            Self::Refuse => "refuse",
        }
    }
}

/// Tries a policy. `facts` are those of an identity, where there is one; without it only the policy speaks.
pub fn trial(request: &Request, policy: &Policy, facts: Option<&Facts>) -> Trial {
    let mut effect = Effect::Refuse;
    let mut decides = None;
    let mut always_asked = false;
    if let Verdict::Rule(rule) = policy.verdict(&request.subject()) {
        decides = Some((rule.name.to_string(), rule.describe()));
        always_asked = rule.decision == RuleDecision::Allow && is_ask_only(request.kind, request.operation());
        effect = match rule.decision {
            RuleDecision::Deny => Effect::Refuse,
            RuleDecision::Ask { timeout } => Effect::Ask { timeout },
            RuleDecision::Allow if always_asked => Effect::Ask {
                timeout: DEFAULT_TIMEOUT,
            },
            RuleDecision::Allow => Effect::Sign,
        };
    }
    let unsupported = matches!(request.meaning, Meaning::Later(_));
    let refusal = match facts {
        Some(facts) => rules::check(request, facts, &History::default())
            .err()
            .map(|it| it.detail),
        None => unsupported.then(|| "this release does not sign requests of this kind".to_owned()),
    };
    Trial {
        effect: if refusal.is_some() { Effect::Refuse } else { effect },
        rule: decides,
        always_asked,
        obstacle: refusal,
    }
}
