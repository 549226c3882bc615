//! How the charter of a devnet comes to be signed by all: each signing server is asked, and the question that it raises is
//! answered at the operator's door. In a devnet all operators are one person, who has just asked for it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::DevnetError;
use super::operators::Operator;
use crate::envelope::{Action, canonical};
use crate::federation::{Membership, charter_params};
use crate::signer::client::{Client, ClientError, Endpoint, Outcome, Patience};
use crate::signer::{RequestId, operator_socket};

/// How long the signing servers may take to start and to answer.
const PATIENCE: Patience = Patience {
    attempt: Duration::from_secs(5),
    total: Duration::from_secs(20),
};
/// How long the envelopes may be handed in, in seconds: a devnet that runs for days hands them to each new portal.
const LIFE: u64 = 29 * 24 * 60 * 60;

/// Has all operators sign, at the same time. Returns their envelopes in the same order.
pub(super) fn sign(operators: &[Operator], membership: &Membership) -> Result<Vec<String>, DevnetError> {
    runtime()?.block_on(async {
        let mut envelopes = Vec::with_capacity(operators.len());
        let mut asked = Vec::with_capacity(operators.len());
        for operator in operators {
            let (request, id) = request(membership)?;
            asked.push((operator, tokio::spawn(signature(client(operator), request, id))));
        }
        for (operator, task) in asked {
            let not_signed = |why: String| DevnetError::NotSigned {
                operator: operator.public.operator_id(),
                why,
            };
            let outcome = task.await.map_err(|error| not_signed(error.to_string()))?;
            match outcome? {
                Outcome::Signed(signed) => envelopes.push(signed.envelope.get().to_owned()),
                Outcome::Refused(refused) => return Err(not_signed(refused.detail)),
                Outcome::Waiting { .. } => return Err(not_signed("nobody answered".into())),
            }
        }
        Ok(envelopes)
    })
}

/// Has all signing servers see which memberships are trusted now.
pub(super) fn reload(operators: &[Operator]) -> Result<(), DevnetError> {
    runtime()?.block_on(async {
        for operator in operators {
            client(operator).reload().await?;
        }
        Ok(())
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, DevnetError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(DevnetError::Thread)
}

fn client(operator: &Operator) -> Client {
    Client::with_patience(Endpoint::Socket(operator_socket(&operator.folders)), PATIENCE)
}

/// Asks, says yes to the very question that this raises, and gets the signature.
async fn signature(client: Client, request: Value, id: String) -> Result<Outcome, ClientError> {
    let bytes = request.to_string().into_bytes();
    let outcome = client.sign(&bytes).await?;
    if !matches!(outcome, Outcome::Waiting { .. }) {
        return Ok(outcome);
    }
    let ours = canonical::encode(&request["payload"]).ok();
    let question = client.question(&id).await?;
    if let Some(question) = question.filter(|it| Some(&it.payload) == ours.as_ref()) {
        client.approve(&id, &question.payload_sha256, false).await?;
    }
    client.outcome(&id, Duration::from_secs(2)).await
}

fn request(membership: &Membership) -> Result<(Value, String), DevnetError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(DevnetError::Random)?;
    let id = RequestId::new(now.as_secs(), random).to_string();
    let request = json!({
        "id": id,
        "at": now.as_secs(),
        "kind": "action",
        "federation": membership.slug(),
        "payload": {
            "action": Action::CharterSign.as_str(),
            "params": charter_params(membership),
            "nonce": u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            "expires_at": now.as_secs() + LIFE,
            "federation": membership.slug(),
        },
    });
    Ok((request, id))
}
