use std::sync::Arc;

use tokio::sync::watch;

use super::entries;
use super::{Engine, ledger_reason, unavailable, unix_now, unix_now_ms, waiting};
use crate::audit::{AuditError, Entry, Event, Ticket};
use crate::operator::Signature;
use crate::signer::kind::is_ask_only;
use crate::signer::notice::Notice;
use crate::signer::{
    Caller, Decision, Description, Kind, Operation, Plan, Question, Refusal, Reply, Request, RequestError,
    decide,
};
use crate::store::hex;

/// Where a decision leads.
enum Step {
    /// To a signature; whoever asks the same meanwhile waits for the sender.
    Sign(watch::Sender<Option<Reply>>, Box<Plan>),
    /// To the outcome of the same request.
    Wait(watch::Receiver<Option<Reply>>),
    /// To a person, when the record is durable.
    Asked(Ticket, Reply),
    /// To an answer.
    Done(Reply),
}

impl Engine {
    /// `POST /v1/sign`: answers one request. Whatever the caller does meanwhile, what was begun is finished.
    ///
    /// From the operator, an action may come without its nonce.
    pub async fn sign(self: &Arc<Self>, caller: Caller, body: Vec<u8>) -> Reply {
        self.sign_holding(caller, body, ()).await
    }

    /// As [`Engine::sign`]; `held` is dropped when the work is done, which can be later than who asked is gone.
    pub async fn sign_holding(
        self: &Arc<Self>,
        caller: Caller,
        body: Vec<u8>,
        held: impl Send + 'static,
    ) -> Reply {
        let engine = Arc::clone(self);
        // A connection that ends takes its future with it, and must not take a reservation.
        let answer = tokio::spawn(async move {
            let reply = engine.answer(&caller, &body).await;
            drop(held);
            reply
        });
        match answer.await {
            Ok(reply) => reply,
            Err(_) => Reply::refused(500, "internal", "the request could not be worked on"),
        }
    }

    async fn answer(&self, caller: &Caller, body: &[u8]) -> Reply {
        let parsed = match caller {
            Caller::Operator => Request::parse_open(body),
            Caller::Guardian(_) => Request::parse(body).map(|request| (request, false)),
        };
        let (request, lacks_nonce) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return self.malformed(caller, &error),
        };
        if let Some(halt) = self.stopped() {
            return unavailable(halt.reason, halt.detail);
        }
        match self.decide(caller, request, lacks_nonce) {
            Step::Done(reply) => reply,
            Step::Sign(outcome, plan) => self.finish(caller, &plan, None, outcome).await,
            Step::Wait(mut outcome) => match outcome.wait_for(Option::is_some).await {
                Ok(reply) => reply
                    .clone()
                    .unwrap_or_else(|| unavailable("interrupted", "the same request was interrupted")),
                Err(_) => unavailable("interrupted", "the same request was interrupted"),
            },
            Step::Asked(ticket, reply) => match ticket.await {
                Ok(_) => reply,
                Err(error) => not_recorded(&error),
            },
        }
    }

    fn malformed(&self, caller: &Caller, error: &RequestError) -> Reply {
        let detail = error.to_string();
        self.watcher.tell(Notice::Refused {
            kind: None,
            summary: "a request".into(),
            caller: caller.to_string(),
            reason: error.reason().into(),
            detail: detail.clone(),
        });
        Reply::refused(422, error.reason(), detail)
    }

    /// Decides and reserves, in one piece.
    fn decide(&self, caller: &Caller, mut request: Request, lacks_nonce: bool) -> Step {
        let memberships = self.trusted.memberships();
        let mut core = self.core();
        let core = &mut *core;
        if lacks_nonce && let Some(Operation::Action(action)) = request.operation() {
            // Here, where nobody else can take it.
            let nonce = core.history.nonce_for(request.id, action, unix_now_ms());
            if let Err(error) = request.set_nonce(nonce) {
                return Step::Done(self.malformed(caller, &error));
            }
        }
        match decide(
            &request,
            &self.facts(caller, &memberships),
            &core.policy,
            &core.history,
        ) {
            Decision::Sign(plan) => Step::Sign(core.reserve(&plan), Box::new(plan)),
            Decision::Ask {
                plan,
                timeout,
                description,
            } => self.ask(core, caller, request, &plan, timeout, description),
            Decision::Same(answer) => {
                self.metrics.repeated();
                Step::Done(Reply::text(200, answer.to_json()))
            }
            Decision::Underway { expires_at } => match (core.flights.get(&request.id), expires_at) {
                (Some(flight), _) => Step::Wait(flight.outcome.clone()),
                (None, Some(expires_at)) => Step::Done(waiting(request.id, expires_at)),
                (None, None) => Step::Done(unavailable("interrupted", "the same request is being worked on")),
            },
            Decision::Refuse(refusal) => Step::Done(self.refuse(core, caller, &request, &refusal)),
        }
    }

    fn ask(
        &self,
        core: &mut super::Core,
        caller: &Caller,
        request: Request,
        plan: &Plan,
        timeout: u64,
        description: Description,
    ) -> Step {
        let expires_at = plan.at + timeout;
        let ticket = match self.append(plan.entry(Event::Asked, self.public.scheme(), None)) {
            Ok(ticket) => ticket,
            Err(error) => return Step::Done(not_recorded(&error)),
        };
        core.history.reserve_ask(plan, timeout, caller);
        let question = Question {
            id: request.id.to_string(),
            kind: request.kind.as_str().to_owned(),
            summary: plan.summary.clone(),
            caller: caller.to_string(),
            rule: plan.rule.clone(),
            effect: description.effect,
            fields: description.fields,
            unusual: description.unusual,
            payload: request.bytes.clone(),
            payload_sha256: hex::encode(&request.payload_sha256()),
            expires_at,
            may_repeat: !is_ask_only(request.kind, request.operation()) && !self.ask_only,
        };
        let reply = waiting(request.id, expires_at);
        core.asks.add(Arc::new(request), caller.clone(), question.clone());
        self.metrics.asked();
        self.watcher.tell(Notice::Asked(Box::new(question)));
        Step::Asked(ticket, reply)
    }

    /// Signs, records, and answers when the record is durable. The place in `flights` was taken with the reservation.
    pub(super) async fn finish(
        &self,
        caller: &Caller,
        plan: &Plan,
        before: Option<Entry>,
        outcome: watch::Sender<Option<Reply>>,
    ) -> Reply {
        let was_asked = before.is_some();
        let landed = match self.sign_and_record(plan, before) {
            Ok((ticket, landing)) => ticket
                .await
                .map(|_| landing)
                .map_err(|error| not_recorded(&error)),
            Err(reply) => Err(reply),
        };
        let reply = {
            let mut core = self.core();
            core.flights.remove(&plan.id);
            match landed {
                Ok((signature, reply)) => {
                    core.history.signed(plan, &signature);
                    reply
                }
                // Nothing of it was promised to anybody.
                Err(reply) => {
                    core.history.release(plan.id);
                    reply
                }
            }
        };
        outcome.send_replace(Some(reply.clone()));
        if reply.status == 200 {
            self.metrics.signed(plan.kind);
            let is_routine = matches!(
                plan.kind,
                Kind::Attestation | Kind::GuardianKey | Kind::FrostCommit
            );
            self.watcher.tell(Notice::Signed {
                kind: plan.kind.as_str(),
                summary: plan.summary.clone(),
                caller: caller.to_string(),
                rule: plan.rule.clone(),
                routine: is_routine && !was_asked,
            });
        }
        reply
    }

    /// About a tenth of a millisecond of work, done where the request is: a thread of its own would cost as much.
    fn sign_and_record(
        &self,
        plan: &Plan,
        before: Option<Entry>,
    ) -> Result<(Ticket, (Signature, Reply)), Reply> {
        let signature = plan.tag.sign(&self.key, plan.bytes.as_bytes());
        if plan.verify_after && !plan.tag.verify(&self.public, plan.bytes.as_bytes(), &signature) {
            // Faulty memory, or worse; and a faulty signature can give the key away.
            let detail = "a signature made here does not verify: do not trust this machine with a key";
            self.halt("bad-signature", detail.into());
            return Err(unavailable("bad-signature", detail));
        }
        let reply = Reply::text(200, plan.answer(&self.public, &signature).to_json());
        let entry = plan.entry(Event::Signed, self.public.scheme(), Some(&signature));
        // Under the lock of the history, so that a checkpoint can hold all that is before it in the log.
        let mut core = self.core();
        if let Some(before) = before {
            // Durable before what comes after it.
            drop(self.append(before).map_err(|error| not_recorded(&error))?);
        }
        let ticket = self.append(entry).map_err(|error| not_recorded(&error))?;
        if let Some(flight) = core.flights.get_mut(&plan.id) {
            flight.handed_over = Some((plan.clone(), signature.clone()));
        }
        Ok((ticket, (signature, reply)))
    }

    pub(super) fn append(&self, entry: Entry) -> Result<Ticket, AuditError> {
        self.ledger.append(entries::bounded(entry))
    }

    /// Tells the log and the screen of a refusal. Nobody waits for the record: nothing leaves.
    pub(super) fn refuse(
        &self,
        core: &mut super::Core,
        caller: &Caller,
        request: &Request,
        refusal: &Refusal,
    ) -> Reply {
        let now = unix_now();
        if refusal.status != 429
            && let Some(left_out) = core.denials.count(caller, now)
        {
            let _ = self.append(entries::denied(request, refusal, now, left_out));
        }
        self.watcher.tell(Notice::Refused {
            kind: Some(request.kind.as_str()),
            summary: request.summary(),
            caller: caller.to_string(),
            reason: refusal.reason.into(),
            detail: refusal.detail.clone(),
        });
        Reply::refusal(refusal)
    }
}

fn not_recorded(error: &AuditError) -> Reply {
    unavailable(ledger_reason(error), error.to_string())
}

#[cfg(test)]
#[path = "signing_tests.rs"]
mod tests;
