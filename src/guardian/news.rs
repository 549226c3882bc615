//! What the guardians of a membership tell each other by themselves.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::peers::Body;
use super::shared::Shared;

/// How often the others are asked what they remember of our operator's log.
const RECALL_EVERY: Duration = Duration::from_secs(600);
/// How often it is looked whether they can be asked.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Tells the others what came up: heads of our operator's log, upgrade notices. Never returns.
pub(super) async fn tell(shared: Arc<Shared>) {
    loop {
        shared.peers.news.notified().await;
        let news = shared.peers.take_news();
        if news.head
            && let Some(head) = shared.remembered.known("audit")
        {
            shared.sender.tell(&Body::Head(head.get().to_owned())).await;
        }
        for notice in news.notices {
            shared.sender.tell_surely(&Body::Notice(notice));
        }
    }
}

/// Asks the others, once they can be asked, what they remember of our operator's log: our own file may be new, or put back
/// from a copy. Never returns.
pub(super) async fn recall(shared: Arc<Shared>) {
    loop {
        if !shared.reaches_peers() {
            tokio::time::sleep(LOOK_EVERY).await;
            continue;
        }
        for head in shared.sender.recall().await {
            let Ok(raw) = RawValue::from_string(head) else {
                continue;
            };
            let learnt = shared.remembered.learn_head(&raw);
            shared.written(learnt.as_ref().map(|_| ()));
        }
        tokio::time::sleep(RECALL_EVERY).await;
    }
}
