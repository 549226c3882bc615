//! What a person says.

use std::sync::Arc;

use serde_json::json;
use subtle::ConstantTimeEq;

use super::asks::Ask;
use super::{Engine, unavailable, unix_now};
use crate::audit::{Entry, Event};
use crate::signer::notice::Notice;
use crate::signer::{Decision, Outcome, Question, Refusal, Reply, Scope, approve};

/// How long "for an hour" is, in seconds.
const HOUR: u64 = 3600;

impl Engine {
    /// `GET /v1/requests`: the questions that wait, the oldest first.
    pub fn pending(&self) -> Reply {
        let core = self.core();
        let questions: Vec<&Question> = core.asks.questions().collect();
        Reply::json(200, &json!({ "ok": true, "requests": questions }))
    }

    /// `POST /v1/requests/{id}/approve`: a person says yes to the bytes with this hash.
    pub async fn approve(self: &Arc<Self>, id: &str, payload_sha256: &str, scope: Scope) -> Reply {
        let ask = match self.take(id, Some((payload_sha256, scope))) {
            Ok(ask) => ask,
            Err(reply) => return reply,
        };
        if let Some(halt) = self.stopped() {
            self.core().asks.put_back(ask);
            return unavailable(halt.reason, halt.detail);
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
                        if scope == Scope::Hour {
                            core.history.grant(&plan, &ask.caller, unix_now() + HOUR);
                        }
                        Ok((core.reserve(&plan), plan))
                    }
                    Decision::Refuse(refusal) => Err(refusal),
                    Decision::Ask { .. } | Decision::Same(_) | Decision::Underway { .. } => Err(
                        Refusal::new(409, "not-waiting", "the request does not wait for an answer"),
                    ),
                }
            };
        match decided {
            Ok((outcome, plan)) => {
                let approved = Entry {
                    at: unix_now(),
                    ..plan.entry(Event::Approved, self.public.scheme(), None)
                };
                let reply = self.finish(&ask.caller, &plan, Some(approved), outcome).await;
                self.watcher.tell(Notice::Settled {
                    id: ask.request.id.to_string(),
                    // A yes is not a signature: the log may have no room for it.
                    how: if reply.status == 200 {
                        "approved"
                    } else {
                        "approved, but NOT SIGNED"
                    },
                });
                ask.settle(&mut self.core().asks, reply.clone());
                reply
            }
            Err(refusal) => {
                let reply = Reply::refusal(&refusal);
                self.end(ask, Outcome::Denied, refusal);
                reply
            }
        }
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
            self.end(ask, Outcome::Expired, refusal);
        }
    }

    fn end(&self, ask: Ask, outcome: Outcome, refusal: Refusal) {
        let (event, how) = match outcome {
            Outcome::Expired => (Event::Expired, "expired"),
            Outcome::Denied | Outcome::Signed(_) => (Event::Denied, "denied"),
        };
        let refusal = refusal.by(&ask.question.rule);
        let (id, kind, now) = (ask.request.id, ask.request.kind, unix_now());
        let mut core = self.core();
        // Nothing leaves: a record that is lost with a full disk costs its line, and after a restart another question.
        let entry = Entry {
            event,
            ..refusal.entry(&ask.request, now)
        };
        let _ = self.append(entry);
        core.history.turned_down(id, kind, outcome, now);
        ask.settle(&mut core.asks, Reply::refusal(&refusal));
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
