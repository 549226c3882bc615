//! Whether the federation can do without this guardian now, and the notice that tells the others.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Prepared;
use crate::cli::portal;
use crate::cli::swap::Session;
use crate::engine::Container;
use crate::envelope::{ActionPayload, Envelope};
use crate::federation::{Member, Membership, TrustedFederation, TrustedFederationError};
use crate::operator::OperatorId;
use crate::release::federation_gate::{Absent, FederationGate, judge};
use crate::release::turn::{Turn, counting, turn};
use crate::release::{PeerReport, Program, turn::Notice as Word};
use crate::signer::Conversation;
use crate::ui::{Exit, Failure, Steps};

/// How long the signing server may take with the notice.
const SIGNATURE: Duration = Duration::from_secs(10);
/// How long a notice may take to reach the others, and theirs to reach us.
const CROSS: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The federation, as this kit trusts it; without one there is nothing to wait for.
pub(super) struct Gate {
    members: Option<(Membership, Member)>,
}

/// What the others were told, to be taken back when it is over.
pub(super) struct Notice {
    nonce: Option<u64>,
    ours: Option<OperatorId>,
}

impl Gate {
    /// Passes when enough others are healthy and none of them upgrades now.
    pub(super) fn pass(
        session: &Session<'_>,
        steps: &Steps<'_>,
        container: &Container,
        require_notice: bool,
        force: bool,
    ) -> Result<Self, Failure> {
        steps.begin("gate", "Ask whether the federation can do without this guardian");
        let Some((membership, member)) = trusted(session)? else {
            if require_notice {
                return Err(Failure::new(
                    "no-notice",
                    "this kit trusts no federation of this guardian, so there is nobody to send a notice to",
                )
                .hint("Accept the federation first: oc-guardian federation trust. Or leave --require-notice away.")
                .with_exit(Exit::CheckFailed));
            }
            let why =
                "this kit trusts no federation of this guardian: whether others are healthy is not looked at";
            steps.skipped("no trusted federation here");
            steps.warn(why);
            session.record("upgrade", &format!("federation gate skipped: {why}"));
            return Ok(Self { members: None });
        };
        let ours = member.operator_id();
        let gate = Self {
            members: Some((membership, member)),
        };
        let (membership, _) = gate.members.as_ref().expect("set above");
        let report = match report(session, container, &ours) {
            Ok(report) => report,
            Err(why) if force => {
                steps.warn(&format!(
                    "--force: what the other guardians say is not known: {why}"
                ));
                session.record(
                    "upgrade",
                    &format!("federation gate overridden with --force: {why}"),
                );
                return Ok(gate);
            }
            // Not heard of is not healthy.
            Err(why) => {
                steps.warn(&format!("the guardian does not say how the others are: {why}"));
                PeerReport::default()
            }
        };
        let verdict = judge(Some(membership), &ours, report.claims(), unix_millis() / 1000);
        let refused = match &verdict {
            FederationGate::Open(count) => {
                steps.done(Some(&format!(
                    "{} others are healthy, {} are needed",
                    count.healthy.len(),
                    count.needed
                )));
                None
            }
            FederationGate::NoMembership => None,
            FederationGate::NeedsAll { guardians } => Some(format!(
                "all {guardians} guardians are needed for a signature: the federation cannot sign during an upgrade"
            )),
            FederationGate::Closed(count) => Some(format!(
                "{} other guardians are healthy, and {} are needed to sign without this one; not healthy: {}",
                count.healthy.len(),
                count.needed,
                count.absent.iter().map(absent).collect::<Vec<_>>().join("; ")
            )),
        };
        let taken = refused.or_else(|| their_turn(&whose(membership, &ours, &report, None)));
        match taken {
            None => {}
            Some(why) if force => {
                steps.warn(&format!("--force: {why}"));
                session.record(
                    "upgrade",
                    &format!("federation gate overridden with --force: {why}"),
                );
            }
            Some(why) => {
                steps.failed("closed");
                session.record("upgrade", &format!("federation gate closed: {why}"));
                return Err(closed(why));
            }
        }
        Ok(gate)
    }

    /// Tells the others, and looks whether one of them was earlier.
    pub(super) fn announce(
        &self,
        session: &Session<'_>,
        steps: &Steps<'_>,
        prepared: &Prepared,
        require: bool,
        force: bool,
    ) -> Result<Notice, Failure> {
        let nothing = Notice {
            nonce: None,
            ours: None,
        };
        let Some((membership, member)) = &self.members else {
            return Ok(nothing);
        };
        let ours = member.operator_id();
        steps.begin("notice", "Tell the other guardians");
        let version = prepared.verified.image.version().map(ToString::to_string);
        let title = format!("Upgrade to {}", version.as_deref().unwrap_or("another image"));
        let (nonce, signed) = session
            .runtime
            .block_on(publish(session, &prepared.old, member, &title));
        // Also one that is signed too late for us counts with the others.
        let notice = Notice {
            nonce,
            ours: Some(ours.clone()),
        };
        let (nonce, envelope) = match (nonce, signed) {
            (Some(nonce), Ok(envelope)) => (nonce, envelope),
            (_, Err(why)) if require => {
                notice.close(session);
                return Err(Failure::new(
                    "no-notice",
                    format!("the notice to the others is not signed: {why}"),
                )
                .hint("See that the signing server serves this guardian, or leave --require-notice away.")
                .with_exit(Exit::CheckFailed));
            }
            (None, Ok(_)) => return Ok(notice),
            (_, Err(why)) => {
                steps.skipped("not signed");
                steps.warn(&format!("the others were not told of this upgrade: {why}"));
                session.record("upgrade", &format!("without a notice: {why}"));
                return Ok(notice);
            }
        };
        if let Some(bundle) = session.bundle()?
            && let Err(error) = portal::publish(&bundle, &envelope)
        {
            steps.warn(&format!(
                "the portal's feed does not have the notice: {}",
                error.detail()
            ));
        }
        std::thread::sleep(CROSS);
        let again = report(session, &prepared.old, &ours).unwrap_or_default();
        let own = Word {
            at: nonce,
            operator: ours.clone(),
        };
        if let Some(why) = their_turn(&whose(membership, &ours, &again, Some(&own)))
            && !force
        {
            notice.close(session);
            session.record("upgrade", &format!("yielded: {why}"));
            return Err(closed(why));
        }
        steps.done(None);
        Ok(notice)
    }
}

impl Notice {
    /// The upgrade is over, however it went. A notice that is not taken back counts for 15 minutes.
    pub(super) fn close(&self, session: &Session<'_>) {
        let (Some(nonce), Some(ours)) = (self.nonce, &self.ours) else {
            return;
        };
        let Ok(Some(container)) = session.container() else {
            return;
        };
        let closed = session.runtime.block_on(async {
            let talk = talk(session, &container, ours).await?;
            talk.request_notice("Upgrade done", Some(nonce))
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        });
        if let Err(why) = closed {
            session.context.ui.warn(&format!(
                "the others were not told that it is over ({why}): they wait for up to 15 minutes"
            ));
        }
    }
}

/// The federation of this guardian that the operator accepted on this machine, and our place in it.
fn trusted(session: &Session<'_>) -> Result<Option<(Membership, Member)>, Failure> {
    let Some(bundle) = session.bundle()? else {
        return Ok(None);
    };
    let found = match TrustedFederation::load(&session.folders, &bundle.federation_slug) {
        Ok(found) => found,
        Err(TrustedFederationError::Absent { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let membership = found.directory.membership;
    let member = membership.member(&bundle.operator.operator_id()).cloned();
    Ok(member.map(|member| (membership, member)))
}

async fn talk(
    session: &Session<'_>,
    container: &Container,
    ours: &OperatorId,
) -> Result<Conversation, String> {
    let program = Program::of(container);
    let stream = session
        .engine
        .exec_stream(&container.id, &program.command(&["guardian", "rpc"]))
        .await
        .map_err(|error| error.to_string())?;
    Conversation::begin(stream, ours, &container.name)
        .await
        .map_err(|error| error.to_string())
}

fn report(session: &Session<'_>, container: &Container, ours: &OperatorId) -> Result<PeerReport, String> {
    session.runtime.block_on(async {
        let talk = talk(session, container, ours).await?;
        ask(&talk).await
    })
}

async fn ask(talk: &Conversation) -> Result<PeerReport, String> {
    let raw = talk.peer_health().await.map_err(|error| error.to_string())?;
    PeerReport::parse(raw.get().as_bytes()).map_err(|error| error.to_string())
}

/// Has the notice signed: its nonce, once it is asked for, and itself or why it is not there.
async fn publish(
    session: &Session<'_>,
    container: &Container,
    member: &Member,
    title: &str,
) -> (Option<u64>, Result<String, String>) {
    let asked = async {
        let talk = talk(session, container, &member.operator_id()).await?;
        let nonce = talk
            .request_notice(title, None)
            .await
            .map_err(|error| error.to_string())?;
        Ok((talk, nonce))
    };
    let (talk, nonce) = match asked.await {
        Ok(asked) => asked,
        Err(why) => return (None, Err(why)),
    };
    (Some(nonce), signed(&talk, member, nonce).await)
}

/// Waits for the signature under the notice with this nonce.
async fn signed(talk: &Conversation, member: &Member, nonce: u64) -> Result<String, String> {
    let end = Instant::now() + SIGNATURE;
    loop {
        let report = ask(talk).await?;
        let own = report.notices.iter().find(|it| {
            Envelope::<ActionPayload>::verify(it.get().as_bytes(), &member.public)
                .is_ok_and(|it| it.payload().nonce == nonce)
        });
        if let Some(own) = own {
            return Ok(own.get().to_owned());
        }
        if Instant::now() > end {
            return Err(format!("no signature within {} s", SIGNATURE.as_secs()));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn whose(membership: &Membership, ours: &OperatorId, report: &PeerReport, own: Option<&Word>) -> Turn {
    let now = unix_millis();
    let others = counting(membership, ours, report.notices.iter().map(AsRef::as_ref), now);
    turn(own, &others, now)
}

fn their_turn(turn: &Turn) -> Option<String> {
    match turn {
        Turn::Ours => None,
        Turn::Theirs { notice, wait } => Some(format!(
            "{} upgrades now, for {wait} s more at most",
            notice.operator
        )),
    }
}

fn absent(absent: &Absent) -> String {
    format!("{} ({})", absent.operator, absent.why)
}

fn closed(why: String) -> Failure {
    Failure::new("federation-gate", why)
        .hint("Try again when the others are well: oc-guardian portal status. --force upgrades all the same.")
        .with_exit(Exit::CheckFailed)
}

fn unix_millis() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}
