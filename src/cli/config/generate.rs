use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};

use super::examples;
use super::forms::{self, Form, FormArgs};
use crate::bundle::{self, Bundle, Checked, Draft, Finding, Name};
use crate::cli::context::Context;
use crate::cli::input::STDIN;
use crate::doctor;
use crate::operator::PublicKey;
use crate::store::{self, Access, StoreError};
use crate::ui::{Exit, Failure, GOOD, Lines, Report, paint, printable};

const FEDERATION: &str = "--federation SLUG";
/// The federation of the public portal.
const SUGGESTED_FEDERATION: &str = "oc-me-v1";

/// Write the guardian's config bundle, from the operator identity of this machine
///
/// There is nothing secret in it. An existing bundle that differs is replaced only with --force.
///
/// With --format compose, quadlet or kubernetes, also verifies the guardian image, and prints the container that `run` would
/// start, pinned to the verified digest, for Docker Compose, Podman and systemd, or Kubernetes. A bundle that is there already
/// is then used as it is, unless a flag asks for other values.
#[derive(Args)]
#[command(after_help = examples::CONFIG_GEN)]
pub(super) struct Generate {
    /// Name of the federation; asked for where it is not given
    #[arg(long, value_name = "SLUG")]
    federation: Option<String>,
    /// Least severe level that the guardian logs: error, warn, info, debug, trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Where the guardian posts its health envelope [default: https://me.ochk.io/api/operator/attestation]
    #[arg(long, value_name = "URL")]
    attestation_url: Option<String>,
    /// Where the federation's directory is read
    #[arg(long, value_name = "URL")]
    directory_url: Option<String>,
    /// Host name or IP address under which others reach this guardian
    #[arg(long, value_name = "HOST")]
    public_host: Option<String>,
    /// PEM file of the portal's own certificate authority, as the container sees it
    #[arg(long, value_name = "PATH")]
    extra_ca_file: Option<String>,
    /// Pin the guardian image: sha256:…
    #[arg(long, value_name = "DIGEST")]
    image_digest: Option<String>,
    /// Where the signing server listens: unix:/PATH or http://127.0.0.1:PORT
    #[arg(long, value_name = "URL")]
    signer_url: Option<String>,
    /// File with the access token of a signing server on http, as the container sees it
    #[arg(long, value_name = "PATH")]
    signer_token_file: Option<String>,
    /// Where the guardian keeps its state in the container [default: /var/lib/oc-guardian]
    #[arg(long, value_name = "PATH")]
    data_dir: Option<String>,
    /// Write it here; `-` is standard output [default: oc-guardian.config in the config folder]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Replace an existing bundle that differs
    #[arg(long)]
    force: bool,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    form: FormArgs,
}

impl Generate {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let wanted = self.form.wanted()?;
        let to_stdout = self.out.as_deref() == Some(Path::new(STDIN));
        if wanted.is_some() && to_stdout {
            return Err(Failure::usage(
                "--out -: the container is printed to standard output, not the bundle",
            )
            .hint("Name a file for the bundle, or leave --out away."));
        }
        let folders = context.folders()?;
        let identity = context.identity(&folders)?;
        let usual = doctor::default_bundle_path(&folders);
        let path = self.out.clone().unwrap_or_else(|| usual.clone());
        let there = match wanted {
            Some(_) if self.given().next().is_none() => existing(&path, &identity.public)?,
            _ => None,
        };
        let text = match there {
            Some(text) => text,
            None => self.draft(context, &identity.public)?.to_json(),
        };
        if to_stdout {
            context.ui.raw(&text)?;
            return Ok(Exit::Done);
        }
        let form = match wanted {
            None => None,
            Some(format) => {
                let bundle = Bundle::parse(text.as_bytes())
                    .map_err(|error| Failure::new("config-schema-mismatch", error.to_string()))?;
                let written = forms::Written {
                    bundle: &bundle,
                    text: &text,
                    path: &path,
                };
                Some(self.form.write(context, &folders, format, &written)?)
            }
        };
        let changed = self.write(context, &path, text.as_bytes())?;
        let written = Written {
            next: if path == usual {
                "oc-guardian config check".into()
            } else {
                format!("oc-guardian config check {}", crate::ui::shell_quoted(&path))
            },
            path,
            changed,
            text,
            form,
        };
        match &written.form {
            Some(form) if !context.ui.is_json() => {
                // What is on standard output is for the other program.
                context.ui.note(&written.told());
                context.ui.raw(&form.text)?;
            }
            _ => context.ui.result(&written)?,
        }
        Ok(Exit::Done)
    }

    /// The bundle that the flags and answers describe.
    fn draft(&self, context: &Context, operator: &PublicKey) -> Result<Draft, Failure> {
        let mut draft = Draft::new(operator);
        // A good name for now, so that the other flags can be checked before a question is asked.
        draft.set(Name::FederationSlug, SUGGESTED_FEDERATION);
        for (name, value) in self.given() {
            draft.set(name, value);
        }
        refuse_bad(&draft.check())?;
        if self.federation.is_none() {
            let slug = context.ui.ask_text(
                "Name of the federation",
                Some(SUGGESTED_FEDERATION),
                FEDERATION,
                |answer| {
                    let mut draft = draft.clone();
                    draft.set(Name::FederationSlug, answer);
                    refuse_bad(&draft.check()).map(|()| answer.to_owned())
                },
            )?;
            draft.set(Name::FederationSlug, slug);
        }
        Ok(draft)
    }

    fn given(&self) -> impl Iterator<Item = (Name, &str)> {
        [
            (Name::FederationSlug, &self.federation),
            (Name::LogLevel, &self.log_level),
            (Name::AttestationPostUrl, &self.attestation_url),
            (Name::DirectoryUrl, &self.directory_url),
            (Name::PublicHost, &self.public_host),
            (Name::ExtraCaFile, &self.extra_ca_file),
            (Name::ImageDigest, &self.image_digest),
            (Name::SignerUrl, &self.signer_url),
            (Name::SignerTokenFile, &self.signer_token_file),
            (Name::DataDir, &self.data_dir),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// Whether the file was changed.
    fn write(&self, context: &Context, path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
        match store::read(path, bundle::MAX_BYTES) {
            Ok(existing) if existing == bytes => return Ok(false),
            Err(StoreError::NotFound { .. }) => {
                store::create_new(path, bytes, Access::Public)?;
                return Ok(true);
            }
            Ok(_) | Err(StoreError::TooLarge { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let question = format!("{} exists and differs. Replace it?", path.display());
        let replace =
            self.force || (context.ui.is_interactive() && context.ui.confirm(&question, "--force")?);
        if !replace {
            return Err(Failure::new(
                "exists",
                format!("{} exists already, and differs", path.display()),
            )
            .hint("Replace it with --force, or name another file with --out PATH."));
        }
        store::replace(path, bytes, Access::Public)?;
        Ok(true)
    }
}

/// The bundle that is there already, if it is this operator's and a good one.
fn existing(path: &Path, operator: &PublicKey) -> Result<Option<String>, Failure> {
    let bytes = match store::read(path, bundle::MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let file = path.display().to_string();
    let checked = bundle::check(&bytes, Some(operator));
    if checked.bundle().is_none() {
        return Err(Failure::bad_bundle(&file, &checked).hint_check(&file));
    }
    // What was checked is text.
    Ok(String::from_utf8(bytes).ok())
}

fn flag(name: Name) -> &'static str {
    match name {
        Name::FederationSlug => "--federation",
        Name::LogLevel => "--log-level",
        Name::AttestationPostUrl => "--attestation-url",
        Name::DirectoryUrl => "--directory-url",
        Name::PublicHost => "--public-host",
        Name::ExtraCaFile => "--extra-ca-file",
        Name::ImageDigest => "--image-digest",
        Name::SignerUrl => "--signer-url",
        Name::SignerTokenFile => "--signer-token-file",
        Name::DataDir => "--data-dir",
        // From the identity, not from a flag.
        Name::OperatorId | Name::OperatorPubkeyHex | Name::Scheme => name.as_str(),
    }
}

/// Bad values are wrong usage: each is named by its flag.
fn refuse_bad(checked: &Checked) -> Result<(), Failure> {
    let errors: Vec<&Finding> = checked.findings().iter().filter(|it| it.is_error()).collect();
    let Some(first) = errors.first() else {
        return Ok(());
    };
    let told = |finding: &&Finding| {
        let flag = finding.field.map_or("the bundle", flag);
        format!("{flag}: {}", finding.message)
    };
    let detail = errors.iter().map(told).collect::<Vec<_>>().join("; ");
    let failure = if checked.has_secret() {
        Failure::new("secret-in-config", detail).with_exit(Exit::Usage)
    } else {
        Failure::usage(detail)
    };
    Err(match (&first.help, &first.allowed) {
        (Some(help), _) => failure.hint(help.as_str()),
        (None, Some(allowed)) => failure.hint(format!("Give {allowed}.")),
        (None, None) => failure,
    })
}

struct Written {
    path: PathBuf,
    changed: bool,
    text: String,
    next: String,
    form: Option<Form>,
}

impl Written {
    fn done(&self) -> &'static str {
        if self.changed {
            "The config bundle is written."
        } else {
            "The config bundle is there already, unchanged."
        }
    }

    /// In one line, for people whose terminal shows the container.
    fn told(&self) -> String {
        format!("{} {}", self.done(), printable(&self.path.display().to_string()))
    }
}

impl Report for Written {
    fn fields(&self) -> Map<String, Value> {
        let bundle: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let mut fields = Map::from_iter([
            ("path".into(), json!(self.path.display().to_string())),
            ("changed".into(), json!(self.changed)),
            ("bundle".into(), bundle),
            ("next".into(), json!(self.next)),
        ]);
        if let Some(form) = &self.form {
            fields.insert("format".into(), json!(form.format.as_str()));
            fields.insert("container".into(), json!(form.text));
            fields.insert("image".into(), Value::Object(form.verified.fields()));
        }
        fields
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.line(paint(GOOD, self.done()));
        lines.field("file", self.path.display().to_string());
        lines.field("secrets", "none in it: it may be copied and mounted as it is");
        lines.next(&self.next).finish()
    }
}
