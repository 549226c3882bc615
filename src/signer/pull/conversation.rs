use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::rpc::Rpc;
use super::{CALL_TIME, PullError, greet};
use crate::engine::ExecStream;
use crate::operator::OperatorId;

/// Calls of a verb to the RPC of a guardian in a container: what it knows of the others, and what they are to be told.
pub struct Conversation(Rpc);

impl Conversation {
    /// Over the exec of `guardian rpc`, with the guardian of this operator.
    ///
    /// # Errors
    /// [`PullError`]
    pub async fn begin(
        stream: ExecStream,
        operator: &OperatorId,
        container: &str,
    ) -> Result<Self, PullError> {
        let rpc = Rpc::over(Box::new(stream));
        greet(&rpc, operator, || format!("guardian in container {container}")).await?;
        Ok(Self(rpc))
    }

    /// What the others last said of themselves, and the notices that count now; as it came, not believed yet.
    ///
    /// # Errors
    /// [`PullError`]
    pub async fn peer_health(&self) -> Result<Box<RawValue>, PullError> {
        self.0.call("peer-health", &json!({}), CALL_TIME).await
    }

    /// Has the guardian ask the signing server for an upgrade notice, and tell it to the others. That it is signed shows in
    /// [`Conversation::peer_health`], by the nonce that is returned. `closes` is the nonce of the notice that is over.
    ///
    /// # Errors
    /// [`PullError`]
    pub async fn request_notice(&self, title: &str, closes: Option<u64>) -> Result<u64, PullError> {
        let params = json!({ "title": title, "closes": closes });
        let requested: Requested = self.0.call("request-notice", &params, CALL_TIME).await?;
        Ok(requested.nonce)
    }
}

/// What `request-notice` answers.
#[derive(Deserialize)]
struct Requested {
    nonce: u64,
}
