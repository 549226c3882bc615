use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{Misbehaviour, RegistryError};
use super::http::Answer;
use super::limits::{Limits, MAX_MANIFEST, MAX_PAGES, MAX_REFERRERS};
use super::referrers;
use super::refusal::{cut, is_unknown, misbehaved, unexpected};
use super::session::{Session, Wanted};
use crate::image::digest::{Digest, DigestError};
use crate::image::manifest::OCI_INDEX;
use crate::image::reference::{Reference, is_tag};
use crate::image::source::{Manifest, Referrers, Source};

const ACCEPT_MANIFEST: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// What a client needs to know of its surroundings.
#[derive(Clone, Default)]
pub struct Options {
    /// Docker's `config.json`; need not be there.
    pub docker_config: Option<PathBuf>,
    /// Where credential helpers are looked for, as in the variable PATH.
    pub search_path: Option<OsString>,
    /// For https; what is on this machine is never asked through it.
    pub proxy: Option<ureq::Proxy>,
    /// How long things may take.
    pub limits: Limits,
    /// Told what is waited for, where that takes long. A sentence fragment without secrets.
    pub notice: Option<Notice>,
}

/// Where the client tells what it waits for.
pub type Notice = Arc<dyn Fn(&str) + Send + Sync>;

impl Options {
    /// As the environment says, which `variable` looks up: Docker's configuration in `DOCKER_CONFIG` or `HOME`, helpers
    /// along `PATH`. The proxy is left to the caller.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let folder = variable("DOCKER_CONFIG")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".docker")));
        Self {
            docker_config: folder.map(|folder| folder.join("config.json")),
            search_path: variable("PATH"),
            ..Self::default()
        }
    }
}

/// Fetches from registries. One is made for one verification: the time that [`Limits::total`] gives is its own.
pub struct Client {
    options: Options,
    sessions: Mutex<BTreeMap<String, Arc<Session>>>,
}

impl Client {
    /// Connects to nothing yet.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            sessions: Mutex::default(),
        }
    }

    fn session(&self, reference: &Reference) -> Arc<Session> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions
            .entry(reference.host().to_owned())
            .or_insert_with(|| Arc::new(Session::new(reference.host(), &self.options)));
        Arc::clone(session)
    }

    fn fetch_manifest(
        &self,
        reference: &Reference,
        name: &str,
        asked: Option<&Digest>,
    ) -> Result<Option<Manifest>, RegistryError> {
        let wanted = Wanted {
            path: &format!("manifests/{name}"),
            repository: reference.repository(),
            what: format!("manifest {name} of {}", reference.repository()),
            accept: ACCEPT_MANIFEST,
            limit: MAX_MANIFEST,
            may_redirect: false,
        };
        let answer = self.session(reference).fetch(&wanted)?;
        let problem = |problem| Err(misbehaved(reference.host(), &wanted.what, problem));
        match answer.status {
            200 => {}
            404 if is_unknown(&answer) => return Ok(None),
            _ => return problem(unexpected(&answer)),
        }
        if answer.is_web_page() {
            return problem(Misbehaviour::WebPage(answer.status));
        }
        let digest = Digest::of(&answer.body);
        check_digest(reference, &wanted.what, asked, &answer, &digest)?;
        let media_type = answer.media_type();
        if !ACCEPT_MANIFEST.split(", ").any(|accepted| accepted == media_type) {
            return problem(Misbehaviour::ContentType(cut(&media_type)));
        }
        Ok(Some(Manifest {
            digest,
            media_type,
            bytes: answer.body,
        }))
    }
}

impl Source for Client {
    fn manifest_by_tag(&self, reference: &Reference, tag: &str) -> Result<Option<Manifest>, RegistryError> {
        // It becomes part of a path. What cannot be a tag is not there.
        if !is_tag(tag) {
            return Ok(None);
        }
        self.fetch_manifest(reference, tag, None)
    }

    fn manifest(&self, reference: &Reference, digest: &Digest) -> Result<Option<Manifest>, RegistryError> {
        self.fetch_manifest(reference, &digest.to_string(), Some(digest))
    }

    fn blob(&self, reference: &Reference, digest: &Digest, limit: usize) -> Result<Vec<u8>, RegistryError> {
        let wanted = Wanted {
            path: &format!("blobs/{digest}"),
            repository: reference.repository(),
            what: format!("blob {digest} of {}", reference.repository()),
            accept: "*/*",
            limit,
            may_redirect: true,
        };
        let answer = self.session(reference).fetch(&wanted)?;
        match answer.status {
            200 => {}
            404 if is_unknown(&answer) => {
                return Err(RegistryError::NotFound {
                    host: reference.host().to_owned(),
                    what: wanted.what,
                });
            }
            _ => return Err(misbehaved(reference.host(), &wanted.what, unexpected(&answer))),
        }
        let found = Digest::of(&answer.body);
        if found != *digest && answer.is_web_page() {
            return Err(misbehaved(
                reference.host(),
                &wanted.what,
                Misbehaviour::WebPage(answer.status),
            ));
        }
        check_digest(reference, &wanted.what, Some(digest), &answer, &found)?;
        Ok(answer.body)
    }

    fn referrers(&self, reference: &Reference, digest: &Digest) -> Result<Referrers, RegistryError> {
        let session = self.session(reference);
        let what = format!("referrers of {digest} in {}", reference.repository());
        let problem = |problem| misbehaved(reference.host(), &what, problem);
        let mut path = format!("referrers/{digest}");
        let (mut pages, mut size) = (Vec::new(), 0);
        for _ in 0..MAX_PAGES {
            let answer = session.fetch(&Wanted {
                path: &path,
                repository: reference.repository(),
                what: what.clone(),
                accept: OCI_INDEX,
                limit: MAX_REFERRERS - size,
                may_redirect: false,
            })?;
            match answer.status {
                200 => {}
                // Registries without the API answer 404 (distribution-spec), or whatever they answer to a path that they
                // do not know. The fallback tag is no less their word than this.
                303 | 400 | 404..=406 if pages.is_empty() => return Ok(Referrers::NoApi),
                _ => return Err(problem(unexpected(&answer))),
            }
            match answer.media_type().as_str() {
                OCI_INDEX => {}
                _ if answer.is_web_page() => return Err(problem(Misbehaviour::WebPage(answer.status))),
                other => return Err(problem(Misbehaviour::ContentType(cut(other)))),
            }
            let next = match answer.header("link") {
                None => None,
                Some(link) => session.next_page(link, reference.repository()).map_err(problem)?,
            };
            size += answer.body.len();
            pages.push(answer.body);
            match next {
                None => return Ok(Referrers::Index(referrers::join(pages).map_err(problem)?)),
                Some(next) => path = next,
            }
        }
        Err(problem(Misbehaviour::Referrers("it has too many pages")))
    }
}

/// Compares what came with what was asked for, and with what the registry says that it is.
fn check_digest(
    reference: &Reference,
    what: &str,
    asked: Option<&Digest>,
    answer: &Answer,
    found: &Digest,
) -> Result<(), RegistryError> {
    let stated = match answer.header("docker-content-digest").map(str::parse) {
        Some(Ok(digest)) => Some(digest),
        Some(Err(DigestError::Malformed)) => {
            return Err(misbehaved(reference.host(), what, Misbehaviour::StatedDigest));
        }
        // It may count by another algorithm; ours is computed in any case.
        None | Some(Err(DigestError::Algorithm)) => None,
    };
    match asked
        .copied()
        .into_iter()
        .chain(stated)
        .find(|wanted| wanted != found)
    {
        None => Ok(()),
        Some(wanted) => Err(RegistryError::DigestMismatch {
            host: reference.host().to_owned(),
            what: what.to_owned(),
            wanted,
            found: *found,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_where_credentials_are() {
        let of = |set: &'static [(&str, &str)]| {
            let options = Options::from_variables(|name| {
                let found = set.iter().find(|(its, _)| *its == name);
                found.map(|(_, value)| OsString::from(value))
            });
            let config = options.docker_config.map(|path| path.display().to_string());
            (
                config.unwrap_or_default(),
                options.search_path.unwrap_or_default(),
            )
        };
        assert_eq!(
            of(&[("HOME", "/h"), ("PATH", "/b")]),
            ("/h/.docker/config.json".into(), "/b".into())
        );
        assert_eq!(of(&[("HOME", "/h"), ("DOCKER_CONFIG", "/d")]).0, "/d/config.json");
        assert_eq!(
            of(&[("HOME", "/h"), ("DOCKER_CONFIG", "")]).0,
            "/h/.docker/config.json"
        );
        assert_eq!(of(&[("HOME", "")]), (String::new(), OsString::new()));
    }
}
