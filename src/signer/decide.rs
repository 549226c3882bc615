use super::decision::{Answer, Caller, Decision, Facts, ID_REUSED, Plan, Refusal};
use super::describe::{describe, summary};
use super::history::{MAX_ASKED, MAX_ASKED_OF_ONE, MAX_UNDERWAY, Outcome};
use super::id::{MAX_ID_AHEAD, NEW_ID_AGE};
use super::kind::is_ask_only;
use super::policy::{DEFAULT_TIMEOUT, Policy, Rule, RuleDecision, Verdict};
use super::{History, Kind, Meaning, Request, rules};

/// Decides about a request. The caller holds the lock of `history` until it has reserved what the decision uses up.
///
/// 1. An id that is known gets what it got before, or is refused for other content.
/// 2. The clock is not behind the last record; the id is neither old nor from the future.
/// 3. Rules that no policy lifts.
/// 4. The policy: deny beats everything, else the first match; its rate.
/// 5. What is always asked is asked.
pub fn decide(request: &Request, facts: &Facts, policy: &Policy, history: &History) -> Decision {
    let content = request.content_hash();
    if let Some(decision) = known(request, &content, facts, history) {
        return decision;
    }
    match judge(request, content, facts, policy, history) {
        Ok(decision) => decision,
        Err(refusal) => Decision::Refuse(refusal),
    }
}

/// Decides again about a request that waits for a person, after their yes: time has passed, and the policy may have
/// changed. Gives `Sign`, to be reserved as any other, or `Refuse`. The request waits on until it is signed or turned down
/// ([`History::turned_down`]).
pub fn approve(request: &Request, facts: &Facts, policy: &Policy, history: &History) -> Decision {
    let content = request.content_hash();
    let waiting = history.underway(request.id).filter(|it| it.content == content);
    let Some(expires_at) = waiting.and_then(|it| it.expires_at) else {
        return Decision::Refuse(Refusal::new(
            409,
            "not-waiting",
            "the request does not wait for an answer",
        ));
    };
    let judged = || {
        check_clock(facts, history)?;
        if facts.now() > expires_at {
            return Err(Refusal::new(403, "expired", "nobody answered in time"));
        }
        rules::check(request, facts, history)?;
        let rule = deciding_rule(request, policy)?;
        plan(request, content, facts, rule)
    };
    match judged() {
        Ok(plan) => Decision::Sign(plan),
        Err(refusal) => Decision::Refuse(refusal),
    }
}

fn known(request: &Request, content: &[u8; 32], facts: &Facts, history: &History) -> Option<Decision> {
    let reused = || {
        Decision::Refuse(Refusal::new(
            409,
            ID_REUSED,
            "the id was used for a request with other content",
        ))
    };
    if let Some(kept) = history.answers().get(request.id) {
        if kept.content != *content {
            return Some(reused());
        }
        return Some(match &kept.outcome {
            Outcome::Signed(signature) => Decision::Same(Answer::new(
                request.id,
                request.kind,
                &request.bytes,
                facts.public,
                signature,
            )),
            Outcome::Denied => Decision::Refuse(Refusal::new(403, "denied", "the operator said no")),
            Outcome::Refused(reason) => Decision::Refuse(Refusal::after_yes(reason)),
            Outcome::Expired => Decision::Refuse(Refusal::new(403, "expired", "nobody answered in time")),
        });
    }
    let underway = history.underway(request.id)?;
    if underway.content != *content {
        return Some(reused());
    }
    Some(Decision::Underway {
        expires_at: underway.expires_at,
    })
}

fn check_clock(facts: &Facts, history: &History) -> Result<(), Refusal> {
    let (now, latest) = (facts.now(), history.latest());
    if now >= latest {
        return Ok(());
    }
    let behind = latest - now;
    Err(Refusal::new(
        503,
        "clock-behind",
        format!(
            "the clock here is {behind} s behind the last record; nothing is signed until it has passed it"
        ),
    ))
}

fn check_id(request: &Request, facts: &Facts, history: &History) -> Result<(), Refusal> {
    let (now, made) = (facts.now(), request.id.time());
    let forgotten =
        matches!(facts.caller, Caller::Guardian(_)) && history.answers().is_below_floor(request.id);
    if made + NEW_ID_AGE < now || forgotten {
        return Err(Refusal::new(
            409,
            "id-too-old",
            format!(
                "the id was made {} s ago and is not known; ask again with a new one",
                now.saturating_sub(made)
            ),
        ));
    }
    if made > now + MAX_ID_AHEAD {
        return Err(Refusal::new(
            409,
            "id-ahead",
            format!("the id was made {} s ahead of the clock here", made - now),
        ));
    }
    Ok(())
}

fn judge(
    request: &Request,
    content: [u8; 32],
    facts: &Facts,
    policy: &Policy,
    history: &History,
) -> Result<Decision, Refusal> {
    check_clock(facts, history)?;
    check_id(request, facts, history)?;
    rules::check(request, facts, history)?;
    let rule = deciding_rule(request, policy)?;
    if let Some(rate) = rule.rate
        && history.is_exhausted(&rule.key, rate, facts.now())
    {
        return Err(Refusal::new(429, "rate-exceeded", format!("the rate {rate} is used up")).by(&rule.name));
    }
    if history.underway_count() >= MAX_UNDERWAY {
        return Err(Refusal::new(
            429,
            "too-many",
            "too many requests are being worked on",
        ));
    }
    let plan = plan(request, content, facts, rule)?;
    let always = is_ask_only(plan.kind, plan.operation);
    let timeout = match rule.decision {
        RuleDecision::Allow if !always && !facts.ask_only => {
            rules::check_unasked(request, facts, history)?;
            return Ok(Decision::Sign(plan));
        }
        RuleDecision::Ask { .. } if !always && !facts.ask_only && history.is_granted(&plan, facts.caller) => {
            rules::check_unasked(request, facts, history)?;
            let rule = format!("{}, approved for a while", plan.rule);
            return Ok(Decision::Sign(Plan { rule, ..plan }));
        }
        RuleDecision::Ask { timeout } => timeout,
        RuleDecision::Allow | RuleDecision::Deny => DEFAULT_TIMEOUT,
    };
    let (all, own) = history.asked_counts(facts.caller);
    if all >= MAX_ASKED || own >= MAX_ASKED_OF_ONE {
        return Err(Refusal::new(
            429,
            "too-many-waiting",
            format!("{all} requests wait for a person already, {own} of them from the same guardian"),
        )
        .by(&rule.name));
    }
    Ok(Decision::Ask {
        timeout,
        description: describe(request, facts, history),
        plan,
    })
}

fn deciding_rule<'p>(request: &Request, policy: &'p Policy) -> Result<&'p Rule, Refusal> {
    match policy.verdict(&request.subject()) {
        Verdict::Rule(rule) if rule.decision == RuleDecision::Deny => {
            Err(Refusal::new(403, "denied-by-policy", format!("{} says no", rule.name)).by(&rule.name))
        }
        Verdict::Rule(rule) => Ok(rule),
        Verdict::NoMatch => Err(Refusal::new(
            403,
            "no-rule",
            "no rule of the policy matches the request",
        )),
    }
}

fn plan(request: &Request, content: [u8; 32], facts: &Facts, rule: &Rule) -> Result<Plan, Refusal> {
    let (Some(tag), Some(valid_until)) = (request.meaning.tag(), request.meaning.valid_until()) else {
        return Err(Refusal::new(
            422,
            "kind-unsupported",
            "this release does not sign it",
        ));
    };
    Ok(Plan {
        id: request.id,
        at: facts.now(),
        kind: request.kind,
        federation: request.federation.clone(),
        operation: request.operation(),
        nonce: match &request.meaning {
            Meaning::Action(payload) => Some(payload.nonce),
            _ => None,
        },
        tag,
        bytes: request.bytes.clone(),
        content,
        summary: summary(request),
        rule: rule.name.to_string(),
        rule_key: rule.key.to_string(),
        verify_after: request.kind == Kind::Action,
        valid_until,
    })
}

#[cfg(test)]
#[path = "ask_tests.rs"]
mod ask_tests;
#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
