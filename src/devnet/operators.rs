//! The operators of a devnet: each with a home, a key, and a config bundle.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::DevnetError;
use super::settings::SLUG;
use crate::bundle::{Draft, Name};
use crate::guardian::RPC_SOCKET;
use crate::operator::{Origin, PublicKey, Scheme};
use crate::signer::{Policy, guardian_socket, policy_path};
use crate::store::{self, Access, Folders, hex};
use crate::vault::{self, Destination, LockedHome, Passphrase};

/// One of them.
pub(super) struct Operator {
    /// `guardian-1` and so on: of the guardian, the folder, and the operator on the board.
    pub(super) name: String,
    pub(super) home: PathBuf,
    pub(super) folders: Folders,
    pub(super) public: PublicKey,
    pub(super) api_port: u16,
    pub(super) p2p_port: u16,
}

impl Operator {
    /// Makes a key that guards nothing, in a home of its own.
    pub(super) fn make(
        folder: &Path,
        number: usize,
        api_port: u16,
        p2p_port: u16,
    ) -> Result<Self, DevnetError> {
        let name = format!("guardian-{number}");
        let home = folder.join(&name);
        let folders = Folders::under(&home);
        store::create_dir_private(&home)?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(DevnetError::Random)?;
        // Never shown and never typed; whoever can read the file can read the key anyway.
        let text = hex::encode(&random);
        store::create_new(
            &passphrase_file(&home),
            format!("{text}\n").as_bytes(),
            Access::Private,
        )?;
        let passphrase = Passphrase::new(&text).expect("32 hex digits are a passphrase");
        let key = vault::generate(Scheme::Bip340)?;
        let (locked, _) = LockedHome::acquire(&folders)?;
        let created_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let destination = Destination::DangerouslyFastFile(passphrase);
        locked.create(&key, &destination, Origin::Generated, created_at, None)?;
        Ok(Self {
            name,
            home,
            folders,
            public: key.public(),
            api_port,
            p2p_port,
        })
    }

    pub(super) fn passphrase_file(&self) -> PathBuf {
        passphrase_file(&self.home)
    }

    pub(super) fn bundle_file(&self) -> PathBuf {
        self.folders.config.join("oc-guardian.config")
    }

    pub(super) fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.api_port)
    }

    pub(super) fn p2p_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.p2p_port)
    }

    /// Where the guardian keeps its data.
    fn data_dir(&self) -> PathBuf {
        self.home.join("guardian")
    }

    /// Where the guardian is asked for requests.
    pub(super) fn rpc_socket(&self) -> PathBuf {
        self.data_dir().join(RPC_SOCKET)
    }

    /// Writes the guardian's config bundle, and the policy that every signing server starts with. With `pull` the guardian
    /// knows of no signing server.
    pub(super) fn configure(&self, portal: &str, pull: bool) -> Result<(), DevnetError> {
        let mut draft = Draft::new(&self.public);
        draft.set(Name::FederationSlug, SLUG);
        draft.set(
            Name::AttestationPostUrl,
            format!("{portal}/api/operator/attestation"),
        );
        draft.set(
            Name::DirectoryUrl,
            format!("{portal}/api/public/federations/{SLUG}/directory"),
        );
        draft.set(Name::PublicHost, "127.0.0.1");
        if !pull {
            let socket = guardian_socket(&self.folders);
            draft.set(Name::SignerUrl, format!("unix:{}", socket.display()));
        }
        draft.set(Name::DataDir, self.data_dir().display().to_string());
        store::create_new(&self.bundle_file(), draft.to_json().as_bytes(), Access::Public)?;
        let policy = Policy::default_for(SLUG);
        store::create_new(&policy_path(&self.folders), policy.as_bytes(), Access::Private)?;
        Ok(())
    }
}

fn passphrase_file(home: &Path) -> PathBuf {
    home.join("passphrase")
}
