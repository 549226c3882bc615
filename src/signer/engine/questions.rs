//! What a person says.

use std::sync::Arc;

use serde_json::json;
use subtle::ConstantTimeEq;

use super::asks::Ask;
use super::{Core, Engine, unavailable, unix_now};
use crate::audit::{Entry, Event};
use crate::signer::notice::Notice;
use crate::signer::{
    Decision, INTERRUPTED, Operation, Outcome, Question, QuestionSummary, Refusal, Reply, Scope, approve,
};

/// How long "for an hour" is, in seconds.
const HOUR: u64 = 3600;

impl Engine {
    /// `GET /v1/requests`: the questions that wait, the oldest first, each in a few hundred bytes.
    pub fn pending(&self) -> Reply {
        let core = self.core();
        let questions: Vec<QuestionSummary> = core.asks.questions().map(QuestionSummary::from).collect();
        Reply::json(200, &json!({ "ok": true, "requests": questions }))
    }

    /// `POST /v1/requests/{id}/approve`: a person says yes to the bytes with this hash.
    pub async fn approve(self: &Arc<Self>, id: &str, payload_sha256: &str, scope: Scope) -> Reply {
        let ask = match self.take(id, Some((payload_sha256, scope))) {
            Ok(ask) => ask,
            Err(reply) => return reply,
        };
        if let Some(halt) = self.stopped() {
            let reply = unavailable(halt.reason, halt.detail);
            self.put_back(&mut self.core(), ask, &reply);
            return reply;
        }
        let engine = Arc::clone(self);
        let done = tokio::spawn(async move { engine.approved(ask, scope).await });
        done.await
            .unwrap_or_else(|_| Reply::refused(500, "internal", "the request could not be worked on"))
    }

    async fn approved(&self, ask: Ask, scope: Scope) -> Reply {
        let memberships = self.trusted.memberships();
        let decided =
            {
                let mut core = self.core();
                let core = &mut *core;
                // Time has passed, and the policy may be another.
                match approve(
                    &ask.request,
                    &self.facts(&ask.caller, &memberships),
                    &core.policy,
                    &core.history,
                ) {
                    Decision::Sign(plan) => {
                        let nonce = match plan.operation {
                            Some(Operation::Action(action)) => core.history.nonce(action),
                            _ => None,
                        };
                        Ok((core.reserve(&plan), plan, nonce))
                    }
                    Decision::Refuse(refusal) => Err(refusal),
                    Decision::Ask { .. } | Decision::Same(_) | Decision::Underway { .. } => Err(
                        Refusal::new(409, "not-waiting", "the request does not wait for an answer"),
                    ),
                }
            };
        match decided {
            Ok((outcome, plan, nonce)) => {
                let approved = Entry {
                    at: unix_now(),
                    ..plan.entry(Event::Approved, self.public.scheme(), None)
                };
                let reply = self.finish(&ask.caller, &plan, Some(approved), outcome).await;
                let mut core = self.core();
                if reply.status == 503 {
                    // A yes is not a signature: the log may have no room for it now.
                    core.history
                        .ask_again(&plan, ask.question.expires_at, &ask.caller, nonce);
                    self.put_back(&mut core, ask, &reply);
                    return reply;
                }
                if scope == Scope::Hour {
                    core.history.grant(&plan, &ask.caller, unix_now() + HOUR);
                }
                self.watcher.tell(Notice::Settled {
                    id: ask.request.id.to_string(),
                    how: "approved",
                });
                ask.settle(&mut core.asks, reply.clone());
                reply
            }
            Err(refusal) => {
                let reply = Reply::refusal(&refusal);
                match refusal.reason {
                    // The clock is behind, which passes.
                    _ if refusal.status == 503 => self.put_back(&mut self.core(), ask, &reply),
                    "expired" => self.end(ask, Outcome::Expired, refusal),
                    reason => self.end(ask, Outcome::Refused(reason), refusal),
                }
                reply
            }
        }
    }

    /// The question waits on: what stood against the yes passes.
    fn put_back(&self, core: &mut Core, ask: Ask, why: &Reply) {
        let question = Box::new(ask.question.clone());
        core.asks.put_back(ask);
        self.watcher.tell(Notice::NotSigned {
            id: question.id.clone(),
            detail: why.detail(),
        });
        self.watcher.tell(Notice::Asked(question));
    }

    /// `POST /v1/requests/{id}/deny`: a person says no.
    pub fn deny(&self, id: &str) -> Reply {
        let ask = match self.take(id, None) {
            Ok(ask) => ask,
            Err(reply) => return reply,
        };
        let id = ask.request.id.to_string();
        self.end(
            ask,
            Outcome::Denied,
            Refusal::new(403, "denied", "the operator said no"),
        );
        Reply::json(200, &json!({ "ok": true, "id": id }))
    }

    /// Ends the questions whose time is over.
    pub(super) fn expire(&self) {
        let now = unix_now();
        let over: Vec<Ask> = {
            let mut core = self.core();
            let ids = core.asks.expired(now);
            ids.into_iter().filter_map(|id| core.asks.take(id)).collect()
        };
        for ask in over {
            let refusal = Refusal::new(403, "expired", "nobody answered in time");
            self.end(ask, Outcome::Expired, refusal);
        }
    }

    /// Ends all questions, when the server stops.
    pub(super) fn close_all(&self) {
        let open: Vec<Ask> = {
            let mut core = self.core();
            let ids = core.asks.ids();
            ids.into_iter().filter_map(|id| core.asks.take(id)).collect()
        };
        for ask in open {
            let refusal = Refusal::new(
                403,
                "expired",
                "the signing server stopped before anybody answered",
            );
            self.end_with(ask, Outcome::Expired, refusal, Some(INTERRUPTED));
        }
    }

    fn end(&self, ask: Ask, outcome: Outcome, refusal: Refusal) {
        self.end_with(ask, outcome, refusal, None);
    }

    fn end_with(&self, ask: Ask, outcome: Outcome, refusal: Refusal, summary: Option<&str>) {
        let (event, how) = match outcome {
            Outcome::Expired => (Event::Expired, "expired"),
            Outcome::Refused(_) => (Event::Denied, "refused"),
            Outcome::Denied | Outcome::Signed(_) => (Event::Denied, "denied"),
        };
        let refusal = refusal.by(&ask.question.rule);
        let (id, kind, now) = (ask.request.id, ask.request.kind, unix_now());
        let mut core = self.core();
        // Nothing leaves: a record that is lost with a full disk costs its line, and after a restart another question.
        let mut entry = Entry {
            event,
            ..refusal.entry(&ask.request, now)
        };
        if let Some(summary) = summary {
            summary.clone_into(&mut entry.summary);
        }
        let _ = self.append(entry);
        let told = match outcome {
            Outcome::Refused(reason) => Refusal::after_yes(reason),
            _ => refusal,
        };
        if summary.is_some() {
            core.history.interrupted(id, kind, now);
        } else {
            core.history.turned_down(id, kind, outcome, now);
        }
        ask.settle(&mut core.asks, Reply::refusal(&told));
        drop(core);
        self.watcher.tell(Notice::Settled {
            id: id.to_string(),
            how,
        });
    }

    /// Takes a question out, if an approval fits it.
    fn take(&self, id: &str, approval: Option<(&str, Scope)>) -> Result<Ask, Reply> {
        let missing = || Reply::refused(404, "no-such-request", "no question with this id waits");
        let id = id
            .parse()
            .map_err(|_| Reply::refused(422, "malformed-request", "the id is not 32 digits 0-9 a-f"))?;
        let mut core = self.core();
        let question = &core.asks.get(id).ok_or_else(missing)?.question;
        if let Some((payload_sha256, scope)) = approval {
            let same = question
                .payload_sha256
                .as_bytes()
                .ct_eq(payload_sha256.as_bytes());
            if !bool::from(same) {
                return Err(Reply::refused(
                    409,
                    "other-payload",
                    "the hash is not that of the request that waits: look at it again",
                ));
            }
            if scope == Scope::Hour && !question.may_repeat {
                return Err(Reply::refused(
                    403,
                    "ask-only",
                    "this is asked each time: it cannot be approved for an hour",
                ));
            }
            if question.expires_at <= unix_now() {
                return Err(Reply::refused(403, "expired", "the time for an answer is over"));
            }
        }
        core.asks.take(id).ok_or_else(missing)
    }

    /// The questions that wait, for a person in the same process.
    pub fn questions(&self) -> Vec<Question> {
        self.core().asks.questions().cloned().collect()
    }
}
