use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use super::guardian::to_serve;
use super::rollback;
use super::running::{self, Core};
use super::{GuardianImage, Serving};
use crate::cli::context::Context;
use crate::signer::{
    Doors, Guardian, Link, Server, Stop, Stopper, closed_on_the_way, guardian_socket, operator_socket,
    token_path,
};
use crate::store::Folders;
use crate::ui::{self, EMPHASIS, Exit, Failure, GOOD, Lines, Live, Report, Standing, Verdict, Wish, paint};

/// How long the end waits for tasks that should have ended.
const END_TIME: Duration = Duration::from_secs(5);

pub(super) fn run(context: &Context, options: &Serving, image: &GuardianImage) -> Result<Exit, Failure> {
    let folders = context.folders()?;
    let core = running::open(context, &folders, options)?;
    let outcome = serve(context, &folders, options, image, &core);
    // Also when a door could not be opened: the log then says that this start came to nothing.
    let closed = core.engine.close();
    let exit = outcome?;
    closed?;
    context.ui.result(&Ended {
        signatures: core.engine.signatures(),
    })?;
    Ok(exit)
}

fn serve(
    context: &Context,
    folders: &Folders,
    options: &Serving,
    image: &GuardianImage,
    core: &Core,
) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let guardian = to_serve(context, folders, options, image, core.identity.operator_id())?;
    if let Some(guardian) = &guardian {
        rollback::check(context, &runtime, guardian, options, core)?;
    }
    raise_file_limit();
    let doors = Doors {
        allowed_users: options.allow_uid.clone(),
        listen: options.listen,
    };
    let server = Server::open(folders, &doors)?;
    warn_of_own_user(context, options);
    warn_of_closed_folders(context, folders, options);
    let notices = core.engine.subscribe();
    let (stopper, stop) = Stopper::new();
    let engine = Arc::clone(&core.engine);
    let handle = runtime.handle().clone();
    ui::take_signals(move |wish| match wish {
        Wish::Stop => stopper.stop(),
        Wish::Reload => {
            let engine = Arc::clone(&engine);
            handle.spawn(async move { engine.reload().await });
        }
    });
    context.ui.started(&Started {
        core,
        folders,
        address: server.address().map(|address| address.to_string()),
    })?;
    let serving = runtime.spawn(attend(server, Arc::clone(&core.engine), guardian, stop));
    tell_systemd(&[NotifyState::Ready, NotifyState::Status("serving")]);
    show(context, &runtime, core, notices);
    // The screen ends when the engine is closed, which is after the doors are.
    let outcome = runtime.block_on(serving);
    runtime.shutdown_timeout(END_TIME);
    match outcome {
        Ok(Ok(())) => Ok(Exit::Done),
        Ok(Err(error)) => Err(Failure::new("serve-failed", format!("the doors failed: {error}"))),
        Err(error) => Err(Failure::new("internal", format!("the server ended: {error}"))),
    }
}

/// Everything that runs beside the screen, until it is told to stop.
async fn attend(
    server: Server,
    engine: Arc<crate::signer::Engine>,
    guardian: Option<Guardian>,
    mut stop: Stop,
) -> std::io::Result<()> {
    let upkeep = tokio::spawn(Arc::clone(&engine).upkeep(stop.clone()));
    let pull = guardian.map(|guardian| {
        let teller = Arc::clone(&engine);
        tokio::spawn(
            guardian.pull(Arc::clone(&engine), stop.clone(), move |link: Link| {
                teller.tell_link(link);
            }),
        )
    });
    let outcome = server.serve(Arc::clone(&engine), stop.clone()).await;
    // Also when the doors failed.
    if outcome.is_ok() {
        stop.wait().await;
    }
    tell_systemd(&[NotifyState::Stopping]);
    if outcome.is_err() {
        upkeep.abort();
    }
    let _ = upkeep.await;
    if let Some(pull) = pull {
        if outcome.is_err() {
            pull.abort();
        }
        let _ = pull.await;
    }
    engine.end_screen();
    outcome
}

fn show(
    context: &Context,
    runtime: &Runtime,
    core: &Core,
    notices: std::sync::mpsc::Receiver<crate::signer::Notice>,
) {
    let decide = |verdict: Verdict| {
        let engine = Arc::clone(&core.engine);
        runtime.spawn(async move {
            let question = verdict.question;
            match verdict.approved {
                Some(scope) => {
                    engine
                        .approve(&question.id, &question.payload_sha256, scope)
                        .await
                }
                None => engine.deny(&question.id),
            }
        });
    };
    let look = || Standing {
        questions: core.engine.questions(),
        stopped: core.engine.stop_reason(),
    };
    Live::new(&context.ui, notices).run(decide, look);
}

fn runtime() -> Result<Runtime, Failure> {
    // Two are enough for ten thousand signatures a second; more would only cost memory.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("signer")
        .enable_all()
        .build()
        .map_err(|error| Failure::new("internal", format!("no runtime: {error}")))
}

fn warn_of_own_user(context: &Context, options: &Serving) {
    let own = rustix::process::geteuid().as_raw();
    if options.allow_uid.iter().all(|uid| *uid == own) {
        context.ui.warn(&format!(
            "a guardian that runs as this user ({own}) can reach the operator's socket and approve its own requests; run \
             it as another user, and let that one in with --allow-uid"
        ));
    }
}

/// What is granted on the socket and its folder is of no use behind a folder that is closed: the runtime folder is, always.
fn warn_of_closed_folders(context: &Context, folders: &Folders, options: &Serving) {
    let socket = guardian_socket(folders);
    for uid in &options.allow_uid {
        if let Some(folder) = closed_on_the_way(&socket, *uid) {
            context.ui.warn(&format!(
                "user {uid} cannot come through {} to the guardian's socket on this machine itself; mount {} into its \
                 container, or let it in over loopback (--listen) with the token",
                folder.display(),
                socket.parent().unwrap_or(&socket).display()
            ));
        }
    }
}

/// Connections need descriptors; the soft limit is often 1,024.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const ENOUGH: u64 = 16_384;
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
    if limit.current.is_some_and(|current| current < wanted) {
        // Without it there is room for fewer connections, and the doors see to that.
        let _ = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(wanted),
                maximum: limit.maximum,
            },
        );
    }
}

fn tell_systemd(states: &[NotifyState]) {
    // Nobody listens where no unit started us.
    let _ = sd_notify::notify(states);
}

struct Started<'a> {
    core: &'a Core,
    folders: &'a Folders,
    address: Option<String>,
}

impl Report for Started<'_> {
    fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        let path = |path: &Path| json!(path.display().to_string());
        fields.insert("event".into(), json!("serving"));
        fields.insert("operator_id".into(), json!(self.core.identity.operator_id()));
        fields.insert("guardian_socket".into(), path(&guardian_socket(self.folders)));
        fields.insert("operator_socket".into(), path(&operator_socket(self.folders)));
        fields.insert("listen".into(), json!(self.address));
        fields.insert(
            "token_file".into(),
            match self.address {
                Some(_) => path(&token_path(self.folders)),
                None => Value::Null,
            },
        );
        fields.insert("policy".into(), path(&self.core.policy_file));
        fields
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.line(paint(GOOD, "Answering signing requests; Ctrl-C stops."));
        lines.field(
            "operator id",
            paint(EMPHASIS, self.core.identity.operator_id().as_str()),
        );
        lines.field("guardian", guardian_socket(self.folders).display().to_string());
        if let Some(address) = &self.address {
            lines.field("loopback", format!("http://{address}"));
            lines.field("token", token_path(self.folders).display().to_string());
        }
        lines.field("operator", operator_socket(self.folders).display().to_string());
        lines.field("policy", self.core.policy_file.display().to_string());
        lines.finish()
    }
}

struct Ended {
    signatures: u64,
}

impl Report for Ended {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([("signatures".into(), json!(self.signatures))])
    }

    fn human(&self) -> String {
        format!(
            "{}\n",
            paint(GOOD, &format!("Stopped after {} signatures.", self.signatures))
        )
    }
}
