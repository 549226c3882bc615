//! Keeps pages up to date: server-sent events, each of them the whole document. Whoever misses some has missed nothing.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::body::Stream;
use super::clock::Now;
use super::server::Shared;
use super::state::State;

/// How often the clock is looked at: attestations go stale without anybody sending anything.
const TICK: Duration = Duration::from_millis(500);
/// A page that has heard nothing for a few of these says that it is out of touch.
const BEAT: Duration = Duration::from_secs(5);
/// How long a page may leave an event unread.
const PATIENCE: Duration = Duration::from_secs(20);

/// A document of a federation, as JSON; `None` where there is no such federation.
pub(super) type Document = fn(&State, &str, Now) -> Option<String>;

/// The events of a federation's document, each time that it changes; `None` where there is no such federation.
pub(super) fn events(shared: &Arc<Shared>, slug: String, document: Document) -> Option<Stream> {
    let place = Arc::clone(&shared.live).try_acquire_owned().ok()?;
    let (sender, receiver) = mpsc::channel(1);
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        follow(&shared, &slug, document, &sender).await;
        drop(place);
    });
    Some(Stream(receiver))
}

async fn follow(shared: &Shared, slug: &str, document: Document, sender: &mpsc::Sender<Bytes>) {
    let mut changed = shared.changed.subscribe();
    let mut told: Option<(u64, Instant)> = None;
    loop {
        // Before looking, so that a change that comes meanwhile is not missed.
        changed.mark_unchanged();
        let now = shared.clock.now();
        let event = {
            let mut state = shared.state();
            state.settle(now);
            let due = told.is_none_or(|(version, at)| version != state.version || at.elapsed() >= BEAT);
            if due {
                let Some(json) = document(&state, slug, now) else {
                    return;
                };
                told = Some((state.version, Instant::now()));
                Some(Bytes::from(format!("data: {json}\n\n")))
            } else {
                None
            }
        };
        if let Some(event) = event
            && !matches!(timeout(PATIENCE, sender.send(event)).await, Ok(Ok(())))
        {
            return;
        }
        tokio::select! {
            () = sender.closed() => return,
            () = shared.stopped() => return,
            _ = changed.changed() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}
