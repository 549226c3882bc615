use tokio::sync::watch;

/// Tells many tasks once that they are to end.
pub struct Stopper(watch::Sender<bool>);

/// What a task watches.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// Nobody is told yet.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Tells all. Dropping it does too.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Returns when it is time to end.
    pub async fn wait(&mut self) {
        // An error means that the other end is gone.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
