//! One request from a file.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use super::Serving;
use super::{rollback, running};
use crate::cli::context::Context;
use crate::cli::input::{STDIN, read_stdin};
use crate::envelope::canonical;
use crate::signer::client::{self, Signed};
use crate::signer::{Caller, Engine, MAX_REQUEST, Question, Reply, Request, RequestId, Scope};
use crate::store;
use crate::ui::{self, Exit, Failure, Report};

pub(super) fn run(context: &Context, file: &Path, options: &Serving) -> Result<Exit, Failure> {
    let signed = have_signed(context, &read(file)?, options, Consent::ToBeAsked)?;
    context.ui.result(&Envelope(signed))?;
    Ok(Exit::Done)
}

/// What the person at this terminal has said before the request is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Consent {
    /// Nothing: a question goes to whoever watches the server, or is asked here.
    ToBeAsked,
    /// Yes, to exactly this payload, by name or by its hash: a question about these very bytes is answered with that. The
    /// log has it as asked and approved, like any other.
    Given,
}

/// Has one request signed: by the running server if there is one, else by this process, under the same policy and with
/// the same log. Fills in `id`, `at` and the nonce where they are absent.
pub(in crate::cli) fn have_signed(
    context: &Context,
    request: &[u8],
    options: &Serving,
    consent: Consent,
) -> Result<Signed, Failure> {
    let (id, request) = complete(request)?;
    let folders = context.folders()?;
    context.identity(&folders)?;
    let outcome = if let Ok(client) = running::client(&folders) {
        if options.policy.is_some() || options.ask_only || options.passphrase_file.is_some() {
            context
                .ui
                .warn("a signing server runs: it signs under its own policy, and --policy, --ask-only and --passphrase-file have no effect");
        }
        through_server(context, &client, &request, &id, consent)?
    } else {
        let core = running::open(context, &folders, options)?;
        let runtime = running::small_runtime()?;
        let signed = rollback::check_for_one(context, &runtime, &folders, options, &core)
            .and_then(|()| alone(context, &runtime, &core.engine, &request, consent));
        core.engine.close()?;
        signed?
    };
    match outcome {
        client::Outcome::Signed(signed) => Ok(signed),
        client::Outcome::Refused(refused) => Err(refused.into()),
        client::Outcome::Waiting { .. } => {
            Err(Failure::new("expired", "nobody answered in time").with_exit(Exit::Refused))
        }
    }
}

fn through_server(
    context: &Context,
    client: &client::Client,
    request: &[u8],
    id: &str,
    consent: Consent,
) -> Result<client::Outcome, Failure> {
    running::small_runtime()?.block_on(async {
        let outcome = client.sign(request).await?;
        if !matches!(outcome, client::Outcome::Waiting { .. }) {
            return Ok(outcome);
        }
        if consent == Consent::Given {
            let question = client.question(id).await?;
            if let Some(question) = question.filter(|it| is_about(it, request)) {
                // Somebody may have answered at the server meanwhile: the outcome says so.
                let _ = client.approve(id, &question.payload_sha256, false).await;
            }
        }
        let _progress = context.ui.progress(&format!(
            "Waiting for an answer (at sign --serve, or: oc-guardian sign --approve {id})"
        ));
        Ok(client.sign_and_wait(request, id).await?)
    })
}

/// The same core in this process, with this terminal as the person.
fn alone(
    context: &Context,
    runtime: &Runtime,
    engine: &Arc<Engine>,
    request: &[u8],
    consent: Consent,
) -> Result<client::Outcome, Failure> {
    runtime.block_on(async {
        let mut reply = engine.sign(Caller::Operator, request.to_vec()).await;
        if reply.status == 202
            && let Some(question) = engine.questions().into_iter().next()
        {
            let answer = if consent == Consent::Given && is_about(&question, request) {
                Ok(true)
            } else {
                context.ui.note(&ui::question_text(&question));
                // Nobody to ask is a no, with its own exit code and the flag to use.
                context.ui.confirm(
                    "Sign this?",
                    "a rule of the policy, or at the terminal of sign --serve",
                )
            };
            reply = match answer {
                Ok(true) => {
                    let hash = &question.payload_sha256;
                    engine.approve(&question.id, hash, Scope::Once).await
                }
                Ok(false) => {
                    engine.deny(&question.id);
                    engine
                        .outcome(&Caller::Operator, &question.id, Duration::ZERO)
                        .await
                }
                Err(failure) => {
                    engine.deny(&question.id);
                    return Err(failure);
                }
            };
        }
        outcome(&reply)
    })
}

/// Whether a question is about the payload of this request, which is what the person said yes to. Where the request leaves the
/// nonce to the core, it is that of the question.
fn is_about(question: &Question, request: &[u8]) -> bool {
    let (Ok(mut request), Ok(asked)) = (
        serde_json::from_slice::<Value>(request),
        serde_json::from_str::<Value>(&question.payload),
    ) else {
        return false;
    };
    if let (Some(payload), Some(nonce)) = (
        request.get_mut("payload").and_then(Value::as_object_mut),
        asked.get("nonce"),
    ) {
        payload.entry("nonce").or_insert_with(|| nonce.clone());
    }
    Request::parse(request.to_string().as_bytes()).is_ok_and(|request| request.bytes == question.payload)
}

fn outcome(reply: &Reply) -> Result<client::Outcome, Failure> {
    Ok(client::read_outcome(reply.status, reply.body.as_bytes())?)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    if file != Path::new(STDIN) {
        return Ok(store::read(file, MAX_REQUEST)?);
    }
    read_stdin(MAX_REQUEST)
}

/// Fills in what follows from the moment: `id` and `at`; the core fills in the nonce of an action, since it alone knows the
/// last one. Everything else is for it to judge, and it gets the very bytes where nothing had to be filled in.
fn complete(bytes: &[u8]) -> Result<(String, Vec<u8>), Failure> {
    let malformed = |detail: String| {
        Failure::new("malformed-request", detail)
            .hint("See docs/signing-api.md for what a request looks like.")
    };
    let mut value = canonical::parse_within(bytes, canonical::MAX_DEPTH + 1)
        .map_err(|error| malformed(format!("the request is not acceptable: {error}")))?;
    let Some(request) = value.as_object_mut() else {
        return Err(malformed("the request is not an object".into()));
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut changed = false;
    if !request.contains_key("id") && !request.contains_key("at") {
        let mut random = [0; 12];
        getrandom::fill(&mut random)
            .map_err(|error| Failure::new("internal", format!("no randomness: {error}")))?;
        request.insert(
            "id".into(),
            json!(RequestId::new(now.as_secs(), random).to_string()),
        );
        request.insert("at".into(), json!(now.as_secs()));
        changed = true;
    }
    let id = request
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let bytes = if changed {
        value.to_string().into_bytes()
    } else {
        bytes.to_owned()
    };
    Ok((id, bytes))
}

struct Envelope(Signed);

impl Report for Envelope {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("id".into(), json!(self.0.id)),
            ("signature_hex".into(), json!(self.0.signature_hex)),
            ("envelope".into(), json!(self.0.envelope)),
        ])
    }

    /// The envelope as it is to be passed on, byte for byte.
    fn human(&self) -> String {
        format!("{}\n", self.0.envelope.get())
    }
}
