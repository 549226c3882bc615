//! What a certificate says about its holder, and what may be wrong with a signature.

use std::time::{Duration, SystemTime};

use super::flaw::Flaw;

/// The project's repository, as certificates and provenance name it.
pub const REPOSITORY: &str = "https://github.com/orangecheck/oc-guardian-kit";
/// GitHub's number for it. A test value: the repository's real one is not known here.
pub const REPOSITORY_ID: &str = "912345678";
/// Who issues identity tokens to workflows.
pub const ISSUER: &str = "https://token.actions.githubusercontent.com";
/// The workflow that writes provenance for other repositories' images.
pub const GENERATOR: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0";
const COMMIT: &str = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432";

/// Our release workflow at a tag: the identity that signs images.
pub fn release_workflow(tag: &str) -> String {
    format!("{REPOSITORY}/.github/workflows/release.yml@refs/tags/{tag}")
}

/// Claims of a certificate, by Fulcio's extension numbers (`1.3.6.1.4.1.57264.1.N`), and the time of signing. A `None` is
/// an extension that is not there.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The URI in the subject alternative name.
    pub identity: String,
    /// `.1` and `.8`
    pub issuer: Option<String>,
    /// `.2` and `.20`
    pub trigger: Option<String>,
    /// `.3`, `.10`, `.13` and `.19`
    pub commit: Option<String>,
    /// `.9`
    pub build_signer: Option<String>,
    /// `.11`
    pub runner: Option<String>,
    /// `.12`; `.5` in its short form
    pub repository: Option<String>,
    /// `.6` and `.14`
    pub git_ref: Option<String>,
    /// `.15`
    pub repository_id: Option<String>,
    /// `.16`
    pub owner: Option<String>,
    /// `.17`
    pub owner_id: Option<String>,
    /// `.18`
    pub build_config: Option<String>,
    /// `.21`
    pub run: Option<String>,
    /// `.22`
    pub visibility: Option<String>,
    /// When the certificate was issued and the signature logged.
    pub signed_at: SystemTime,
    /// How DSSE envelopes are logged; messages are always `hashedrekord`.
    pub entry: EntryKind,
    /// What is wrong with the signature apart from what it claims.
    pub flaw: Option<Flaw>,
}

/// Kinds of log entry for a DSSE envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// `dsse` 0.0.1, as cosign since 2.2 writes.
    Dsse,
    /// `intoto` 0.0.2, as older tools wrote.
    Intoto,
}

impl Claims {
    /// Our release workflow, run by GitHub for a tag, a minute ago.
    pub fn release(tag: &str) -> Self {
        let workflow = release_workflow(tag);
        let some = |text: &str| Some(text.to_owned());
        Self {
            identity: workflow.clone(),
            issuer: some(ISSUER),
            trigger: some("push"),
            commit: some(COMMIT),
            build_signer: Some(workflow.clone()),
            runner: some("github-hosted"),
            repository: some(REPOSITORY),
            git_ref: Some(format!("refs/tags/{tag}")),
            repository_id: some(REPOSITORY_ID),
            owner: some("https://github.com/orangecheck"),
            owner_id: some("187654321"),
            build_config: Some(workflow),
            run: Some(format!("{REPOSITORY}/actions/runs/7423019876/attempts/1")),
            visibility: some("public"),
            signed_at: SystemTime::now() - Duration::from_secs(60),
            entry: EntryKind::Dsse,
            flaw: None,
        }
    }

    /// The SLSA generator, called by our release workflow: its identity, our repository.
    pub fn slsa_generator(tag: &str) -> Self {
        Self {
            identity: GENERATOR.into(),
            build_signer: Some(GENERATOR.into()),
            ..Self::release(tag)
        }
    }

    /// The same, signed this long ago.
    pub fn days_ago(mut self, days: u64) -> Self {
        self.signed_at = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
        self
    }

    /// The same, with something wrong.
    pub fn with(mut self, flaw: Flaw) -> Self {
        self.flaw = Some(flaw);
        self
    }

    /// The same under another name in the certificate, which `.9` repeats.
    pub fn named(mut self, identity: &str) -> Self {
        self.identity = identity.into();
        self.build_signer = Some(identity.into());
        self
    }

    /// Extension numbers with their values, in Fulcio's order.
    pub(super) fn extensions(&self) -> Vec<(u8, &str)> {
        let short = self
            .repository
            .as_deref()
            .map(|repository| repository.trim_start_matches("https://github.com/"));
        let values = [
            (1, self.issuer.as_deref()),
            (2, self.trigger.as_deref()),
            (3, self.commit.as_deref()),
            (4, Some("release")),
            (5, short),
            (6, self.git_ref.as_deref()),
            (8, self.issuer.as_deref()),
            (9, self.build_signer.as_deref()),
            (10, self.commit.as_deref()),
            (11, self.runner.as_deref()),
            (12, self.repository.as_deref()),
            (13, self.commit.as_deref()),
            (14, self.git_ref.as_deref()),
            (15, self.repository_id.as_deref()),
            (16, self.owner.as_deref()),
            (17, self.owner_id.as_deref()),
            (18, self.build_config.as_deref()),
            (19, self.commit.as_deref()),
            (20, self.trigger.as_deref()),
            (21, self.run.as_deref()),
            (22, self.visibility.as_deref()),
        ];
        values
            .into_iter()
            .filter_map(|(number, value)| Some((number, value?)))
            .collect()
    }
}
