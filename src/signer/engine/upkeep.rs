use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::{Engine, unix_now};
use crate::audit::{AuditError, Entry, Event, Head};
use crate::envelope::Tag;
use crate::signer::notice::Notice;
use crate::signer::{Link, Stop};

/// How often the engine looks at the clock.
const TICK: Duration = Duration::from_secs(1);

impl Engine {
    /// Does what is due, until `stop` turns true: ends questions, signs heads, closes segments, and tells when signing
    /// stops or goes on.
    pub async fn upkeep(self: Arc<Self>, mut stop: Stop) {
        let mut was_stopped = false;
        loop {
            tokio::select! {
                () = stop.wait() => {
                    // Who waits for a person learns it before the doors close.
                    self.close_all();
                    return;
                }
                () = tokio::time::sleep(TICK) => {}
            }
            self.expire();
            self.watcher.catch_up();
            let engine = Arc::clone(&self);
            let _ = tokio::task::spawn_blocking(move || {
                // What cannot be read is told at the next start, and by `federation show`.
                engine.trusted.is_stale().then(|| engine.trusted.reload())
            })
            .await;
            let stopped = self.stopped();
            if stopped.is_some() != was_stopped {
                was_stopped = stopped.is_some();
                self.watcher
                    .tell(Notice::Stopped(stopped.map(|halt| halt.detail)));
            }
            if was_stopped {
                continue;
            }
            // What fails here shows in the ledger's health.
            if self.ledger.head_due(unix_now()) {
                let _ = self.sign_head().await;
            }
            if self.ledger.checkpoint_due() {
                let _ = self.checkpoint().await;
            }
        }
    }

    /// Signs the head of the log, records that, and hands it to whoever leaves it with guardians.
    pub(super) async fn sign_head(&self) -> Result<(), AuditError> {
        let head = self.ledger.head();
        let signature = Tag::AuditHead.sign(&self.key, head.signed_bytes().as_bytes());
        let entry = head.entry(unix_now(), self.public.scheme(), &signature);
        let ticket = {
            let _core = self.core();
            self.ledger.append(entry)?
        };
        ticket.await?;
        // A second machine with the same key has a log of its own: its heads would look like a fork to the first one.
        if !self.ask_only {
            self.heads
                .send_replace(signed_head(&head, &self.public.to_hex(), &signature.to_hex()));
        }
        Ok(())
    }

    async fn checkpoint(&self) -> Result<(), AuditError> {
        let ticket = {
            // Nobody appends meanwhile.
            let core = self.core();
            self.ledger.checkpoint(core.checkpoint().into_bytes())?
        };
        ticket.await?;
        Ok(())
    }

    /// Tells the screen of a guardian's connection.
    pub fn tell_link(&self, link: Link) {
        self.watcher.tell(match link {
            Link::Up => Notice::Guardian(Ok(())),
            Link::Down(error) => Notice::Guardian(Err(error.to_string())),
            Link::RolledBack(rolled_back) => Notice::Stopped(Some(rolled_back.to_string())),
            Link::Noted(note) => Notice::Warned(note),
        });
    }

    /// Ends what [`Engine::subscribe`] gave.
    pub fn end_screen(&self) {
        self.watcher.close();
    }

    /// Whether others may know more than our log: a second machine with the same key has a log of its own, and somebody
    /// whose newest one is lost has said so.
    pub(super) fn is_behind_by_choice(&self) -> bool {
        self.ask_only || self.accepts_rollback
    }

    /// How many signatures left.
    pub fn signatures(&self) -> u64 {
        self.metrics.signatures()
    }

    /// Ends what is open, records the stop, and closes the log. Blocks until that is durable.
    ///
    /// # Errors
    /// [`AuditError`] where the last records could not be written.
    pub fn close(&self) -> Result<(), AuditError> {
        self.close_all();
        let summary = format!(
            "oc-guardian stopped after {} signatures",
            self.metrics.signatures()
        );
        let stopped = self
            .ledger
            .append(Entry::new(unix_now(), Event::Stopped, summary))
            .and_then(crate::audit::Ticket::wait);
        let closed = self.ledger.close();
        stopped.map(|_| ()).and(closed)
    }
}

/// `{"head":{"seq":…,"hash":"…","at":…},"pubkey_hex":"…","sig_hex":"…"}`
pub(in crate::signer) fn signed_head(head: &Head, pubkey_hex: &str, sig_hex: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(format!(
        r#"{{"head":{},"pubkey_hex":"{pubkey_hex}","sig_hex":"{sig_hex}"}}"#,
        head.signed_bytes()
    ))
    .ok()
}
