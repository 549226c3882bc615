use std::sync::{Arc, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::lifecycle::{Command, Event, Lifecycle};
use super::rpc::RpcSocket;
use super::shared::{DATA_FOLDER_UNUSABLE, RPC, Shared};
use super::{attest, directory, news};
use crate::portal::Client;
use crate::signer::Stopper;
use crate::store::{self, Lock, StoreError};

/// The life cycle with hands.
pub(super) struct Machine {
    lifecycle: Lifecycle,
    shared: Arc<Shared>,
    portal: Arc<Client>,
    lock: Option<Lock>,
    serving: Option<Serving>,
    drained: Arc<Notify>,
}

/// What runs while active.
struct Serving {
    stopper: Stopper,
    rpc: JoinSet<()>,
    /// Ended without ceremony: what they do can be cut off anywhere.
    tasks: JoinSet<()>,
}

impl Machine {
    pub(super) fn new(shared: Arc<Shared>, portal: Arc<Client>) -> Self {
        Self {
            lifecycle: Lifecycle::default(),
            shared,
            portal,
            lock: None,
            serving: None,
            drained: Arc::new(Notify::new()),
        }
    }

    /// What happens next by itself.
    pub(super) async fn next(&self) -> Event {
        tokio::select! {
            () = self.drained.notified() => Event::Drained,
            () = sleep_until(self.lifecycle.wake_at(Instant::now())) => Event::Tick,
        }
    }

    /// Carries out what follows from an event; returns whether the process ends.
    pub(super) async fn on(&mut self, event: Event) -> bool {
        let mut ended = false;
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let commands = self.lifecycle.on(event, Instant::now());
            self.publish();
            for command in commands {
                match command {
                    Command::TryLock => events.push(self.try_lock()),
                    Command::Serve => self.serve(),
                    Command::Drain => self.drain(),
                    Command::Release => self.release().await,
                    Command::Exit => ended = true,
                }
            }
        }
        ended
    }

    fn publish(&self) {
        let state = self.lifecycle.state();
        let mut shown = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != state {
            self.shared
                .log
                .info(&format!("this guardian is {}", state.as_str()));
            *shown = state;
        }
    }

    fn try_lock(&mut self) -> Event {
        let taken = self.take_data_folder();
        let (unusable, event) = match taken {
            Ok(lock) => {
                self.lock = Some(lock);
                (None, Event::LockTaken)
            }
            Err(StoreError::Locked { .. }) => (None, Event::LockBusy),
            Err(error) => (Some(error), Event::LockBusy),
        };
        self.shared.problem(DATA_FOLDER_UNUSABLE, unusable.is_some());
        match unusable {
            Some(error) => self.shared.log.trouble(DATA_FOLDER_UNUSABLE, &error.to_string()),
            None => self.shared.log.well(DATA_FOLDER_UNUSABLE),
        }
        event
    }

    fn take_data_folder(&self) -> Result<Lock, StoreError> {
        let folder = &self.shared.settings.bundle.data_dir;
        if !folder.exists() {
            store::create_dir_private(folder)?;
        }
        let lock = Lock::acquire(&self.shared.settings.lock_file())?;
        self.shared.remembered.load()?;
        Ok(lock)
    }

    fn serve(&mut self) {
        let (stopper, stop) = Stopper::new();
        let shared = &self.shared;
        let mut rpc = JoinSet::new();
        let bound = RpcSocket::bind(&shared.settings.rpc_socket());
        shared.problem(RPC, bound.is_err());
        match bound {
            Ok(socket) => {
                rpc.spawn(socket.serve(Arc::clone(shared), stop));
            }
            // A bundle that names a signing server does not need it.
            Err(error) => shared
                .log
                .warn(&format!("the operator's RPC cannot be opened: {error}")),
        }
        let mut tasks = JoinSet::new();
        tasks.spawn(attest::run(Arc::clone(shared), Arc::clone(&self.portal)));
        tasks.spawn(directory::follow(Arc::clone(shared)));
        tasks.spawn(news::tell(Arc::clone(shared)));
        tasks.spawn(news::recall(Arc::clone(shared)));
        tasks.spawn({
            let shared = Arc::clone(shared);
            async move { shared.transport.keep_delegated(&shared).await }
        });
        self.serving = Some(Serving { stopper, rpc, tasks });
    }

    /// No new work; sessions between guardians come with threshold signing, and end here.
    fn drain(&mut self) {
        if let Some(serving) = &mut self.serving {
            serving.tasks.abort_all();
        }
        self.drained.notify_one();
    }

    async fn release(&mut self) {
        if let Some(mut serving) = self.serving.take() {
            serving.stopper.stop();
            serving.tasks.shutdown().await;
            // Closed before the lock is free: the next holder binds the same name.
            while serving.rpc.join_next().await.is_some() {}
        }
        self.lock = None;
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
