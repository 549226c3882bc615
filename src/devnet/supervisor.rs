use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};

use super::folder::Folder;
use super::note::Note;
use super::operators::Operator;
use super::parts::{Part, Recipe};
use super::ports::free_ports;
use super::settings::{SLUG, Settings};
use super::snapshot::{GuardianRow, Snapshot};
use super::watch::{Seen, Watch};
use super::{DevnetError, agreement, pins, recipes};
use crate::federation::{Address, Directory, Member, Membership, TrustedFederation, check_charter};
use crate::portal::{self, Base, Client};
use crate::store::{self, Access};

/// What the members of a devnet agree to.
const CHARTER: &str = "This federation is for trying out. Its keys guard nothing.\n";
/// How long a process may take to answer for the first time.
const START: Duration = Duration::from_secs(20);
/// How long all processes together may take to end by themselves.
const END: Duration = Duration::from_secs(4);
const PAUSE: Duration = Duration::from_millis(20);

/// A devnet that runs. Dropping it ends everything and removes its folder. To be used by one thread from the start to the
/// end: its processes die with the thread that started them.
pub struct Devnet {
    // In the order in which they end.
    watch: Option<Watch>,
    guardians: Vec<Part>,
    signers: Vec<Part>,
    portal: Option<Part>,
    operators: Vec<Operator>,
    base: Base,
    client: Client,
    envelopes: Vec<String>,
    /// The portal has just been started anew, and has to be told of the charter.
    forgot: bool,
    settings: Settings,
    folder: Folder,
    swept: usize,
}

impl Devnet {
    /// Starts everything; when this returns, the guardians are starting to attest. `doing` is told what is under way.
    ///
    /// # Errors
    /// [`DevnetError`]; then nothing is left.
    pub fn start(settings: Settings, mut doing: impl FnMut(&str)) -> Result<Self, DevnetError> {
        settings.check()?;
        let ports = free_ports(1 + 2 * settings.guardians, settings.port)?;
        let (folder, swept) = Folder::make(&settings.base)?;
        doing("Making the operators' keys");
        let mut operators = Vec::with_capacity(settings.guardians);
        for (number, ports) in (1..).zip(ports[1..].chunks_exact(2)) {
            operators.push(Operator::make(folder.path(), number, ports[0], ports[1])?);
        }
        let base = Base::parse(&format!("http://127.0.0.1:{}", ports[0]))?;
        let client = Client::new(portal::Settings {
            time: Duration::from_secs(2),
            ..portal::Settings::new(base.clone())
        })?;
        for operator in &operators {
            operator.configure(base.as_str(), settings.pull)?;
        }
        let mut devnet = Self {
            watch: None,
            guardians: Vec::new(),
            signers: Vec::new(),
            portal: None,
            operators,
            base,
            client,
            envelopes: Vec::new(),
            forgot: false,
            settings,
            folder,
            swept,
        };
        doing("Starting the portal and the signing servers");
        let mut directory = devnet.directory()?;
        devnet.write_directory(&directory)?;
        super::write_pins(
            devnet.folder(),
            std::slice::from_ref(&devnet.settings.image_digest),
        )?;
        devnet.portal = Some(devnet.start_portal(ports[0])?);
        devnet.signers = devnet.start_all("signing server", recipes::signer)?;
        devnet.wait_for_portal()?;
        doing("Having the charter signed by all");
        devnet.agree(&mut directory)?;
        doing("Starting the guardians");
        devnet.guardians = devnet.start_all("guardian", recipes::guardian)?;
        let watched = devnet
            .operators
            .iter()
            .map(|it| (it.public.operator_id(), it.api_url()));
        let watch = Watch::start(&devnet.base, watched.collect())?;
        watch.wait_for_first_look();
        devnet.watch = Some(watch);
        devnet.note().write(devnet.folder())?;
        Ok(devnet)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How many left-over folders of others were removed at the start.
    pub fn swept(&self) -> usize {
        self.swept
    }

    /// Base URL of the portal, without a slash at the end.
    pub fn portal_url(&self) -> &str {
        self.base.as_str()
    }

    /// What it says of itself.
    pub fn note(&self) -> Note {
        Note {
            portal: self.base.to_string(),
            federation: SLUG.into(),
            image_digest: self.settings.image_digest.clone(),
            homes: self.operators.iter().map(|it| it.home.clone()).collect(),
        }
    }

    /// Starts anew what has ended, as far as that is due, and says how things are. To be called a few times a second.
    pub fn turn(&mut self) -> Snapshot {
        let now = Instant::now();
        if let Some(portal) = &mut self.portal {
            self.forgot |= portal.look_after(now);
        }
        for part in self.signers.iter_mut().chain(&mut self.guardians) {
            part.look_after(now);
        }
        let seen = self.watch.as_ref().map(Watch::seen).unwrap_or_default();
        if self.forgot && seen.board.is_some() {
            // Its page should show who signed; the directory that it passes on has them in any case.
            self.forgot = self
                .envelopes
                .iter()
                .any(|it| self.client.post_charter(it).is_err());
        }
        self.snapshot(&seen)
    }

    /// Ends everything, in order, within seconds, and removes the folder.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.watch = None;
        let mut all: Vec<&mut Part> = self
            .guardians
            .iter_mut()
            .chain(&mut self.signers)
            .chain(&mut self.portal)
            .collect();
        for part in &mut all {
            part.ask_to_end();
        }
        let deadline = Instant::now() + END;
        while Instant::now() < deadline && !all.iter_mut().all(|part| part.has_ended()) {
            std::thread::sleep(PAUSE);
        }
        for part in all {
            part.kill();
        }
    }

    fn directory(&self) -> Result<Directory, DevnetError> {
        let members = self.operators.iter().map(|it| Member {
            public: it.public.clone(),
        });
        let membership = Membership::new(
            SLUG.into(),
            self.settings.threshold as u64,
            members.collect(),
            Sha256::digest(CHARTER).into(),
        )?;
        store::create_new(
            &self.folder().join("charter.txt"),
            CHARTER.as_bytes(),
            Access::Private,
        )?;
        let mut directory = Directory::of(membership);
        let address = |operator: &Operator| Address {
            operator_id: operator.public.operator_id(),
            api_url: operator.api_url(),
            p2p_url: operator.p2p_url(),
        };
        directory.addresses = self.operators.iter().map(address).collect();
        directory.image_digest = Some(self.settings.image_digest.clone());
        Ok(directory)
    }

    fn directory_file(&self) -> PathBuf {
        self.folder().join("directory.json")
    }

    fn write_directory(&self, directory: &Directory) -> Result<(), DevnetError> {
        let text = directory.to_json();
        Ok(store::replace(
            &self.directory_file(),
            text.as_bytes(),
            Access::Private,
        )?)
    }

    /// All sign the charter, and each trusts the membership that all have signed.
    fn agree(&mut self, directory: &mut Directory) -> Result<(), DevnetError> {
        let signed = agreement::sign(&self.operators, &directory.membership);
        self.envelopes = self.unless_ended(signed)?;
        for (envelope, operator) in self.envelopes.iter().zip(&self.operators) {
            let value = serde_json::from_str(envelope).unwrap_or_default();
            let added = directory.add_charter_signature(value);
            added.map_err(|why| DevnetError::NotSigned {
                operator: operator.public.operator_id(),
                why,
            })?;
            self.client.post_charter(envelope)?;
        }
        check_charter(&directory.membership, &directory.charter_signatures)?;
        self.write_directory(directory)?;
        let accepted_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let trusted = TrustedFederation {
            directory: directory.clone(),
            accepted_at,
        };
        for operator in &self.operators {
            trusted.save(&operator.folders, false)?;
        }
        agreement::reload(&self.operators)
    }

    fn wait_for_portal(&mut self) -> Result<(), DevnetError> {
        let start = Instant::now();
        loop {
            match self.client.registry() {
                Ok(_) => return Ok(()),
                Err(error) if start.elapsed() > START => return Err(error.into()),
                Err(_) => self.unless_ended(Ok(()))?,
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// A process that ended tells more than whoever waits for it.
    fn unless_ended<T>(&mut self, outcome: Result<T, DevnetError>) -> Result<T, DevnetError> {
        let mut all = self.portal.iter_mut().chain(&mut self.signers);
        let ended = all.find_map(|part| {
            part.look_after(Instant::now());
            let why = part.failure()?.to_owned();
            Some((part.name.clone(), why))
        });
        match ended {
            Some((part, why)) => Err(DevnetError::Part { part, why }),
            None => outcome,
        }
    }

    fn start_portal(&self, port: u16) -> Result<Part, DevnetError> {
        let recipe = recipes::portal(&self.settings, self.folder(), &self.directory_file(), port);
        Part::start("portal".into(), recipe, self.settings.restart_after)
    }

    /// One for each operator.
    fn start_all(
        &self,
        what: &str,
        recipe: fn(&Settings, &Operator) -> Recipe,
    ) -> Result<Vec<Part>, DevnetError> {
        self.operators
            .iter()
            .map(|operator| {
                let name = format!("{what} of {}", operator.name);
                let recipe = recipe(&self.settings, operator);
                Part::start(name, recipe, self.settings.restart_after)
            })
            .collect()
    }

    fn snapshot(&self, seen: &Seen) -> Snapshot {
        let rows = self.operators.iter().zip(&self.guardians).zip(&self.signers);
        let guardians = rows.map(|((operator, guardian), signer)| {
            let operator_id = operator.public.operator_id();
            let health = seen.health.get(&operator_id);
            let entry = seen.board.as_ref().and_then(|it| it.find(&operator_id));
            GuardianRow {
                name: operator.name.clone(),
                api_url: operator.api_url(),
                guardian: guardian.life(),
                signer: signer.life(),
                state: health.and_then(|it| it.state.clone()),
                connected: health.is_some_and(|it| it.signer.as_deref() == Some("connected")),
                color: entry.map(|it| it.color),
                cause: entry.and_then(|it| it.cause.clone()),
                attested_at: entry.and_then(|it| it.attested_at),
                operator_id,
            }
        });
        Snapshot {
            portal: self.portal.as_ref().map(Part::life).unwrap_or_default(),
            pins: pins::pins_of(self.folder()).unwrap_or_default(),
            guardians: guardians.collect(),
        }
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        self.end();
    }
}
