//! What a running container has in common with the runbook's, and what sets it apart: that is carried over, and this is not,
//! unless the operator names it. A bind over the binary or an `LD_PRELOAD` would have a verified image run other code.

use super::desired::{DIGEST_VARIABLE, Wanted};
use super::difference::{Adopt, Difference, Fate, Kind, Weight, shown};
use super::mounts;
use super::{NETWORK, Names, labels};
use crate::bundle::{Bundle, Signer};
use crate::engine::{Container, LocalImage, Port};

/// Variables that say where, when and in which language; they carry over.
const KNOWN: [&str; 8] = [
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "NO_PROXY",
    "TZ",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];
/// Variables that engines set by themselves, and the one that is set anew.
const SET_ANEW: [&str; 5] = [DIGEST_VARIABLE, "HOME", "HOSTNAME", "TERM", "container"];
/// What engines give to processes whose image says nothing.
const USUAL_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Beginnings of the labels of other tools that make containers, and make them again.
const SUPERVISORS: [(&str, &str); 5] = [
    ("com.docker.compose.project", "Docker Compose"),
    ("com.docker.swarm.", "Docker Swarm"),
    ("io.kubernetes.", "Kubernetes"),
    ("io.podman.compose.", "Podman Compose"),
    ("PODMAN_SYSTEMD_UNIT", "systemd"),
];

/// Where the guardian of a config bundle has its things, in the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The data folder.
    pub data_dir: String,
    /// The folder with the signing server's socket, if the bundle names one.
    pub signer: Option<String>,
    /// Further files that the bundle names.
    pub files: Vec<String>,
}

impl Expected {
    /// Where nothing is known of the bundle: as the runbook has it.
    pub fn usual() -> Self {
        Self {
            data_dir: super::DATA_DIR.into(),
            signer: None,
            files: Vec::new(),
        }
    }

    /// As the bundle says.
    pub fn of(bundle: &Bundle) -> Self {
        let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
        let mut files: Vec<String> = bundle.extra_ca_file.as_deref().map(text).into_iter().collect();
        let mut signer = None;
        match &bundle.signer {
            Some(Signer::Unix(socket)) => signer = socket.parent().map(text),
            Some(Signer::Http { token_file, .. }) => files.push(text(token_file)),
            None => {}
        }
        Self {
            data_dir: text(&bundle.data_dir),
            signer,
            files,
        }
    }
}

/// What comes of looking at a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// What the new container has of it.
    pub carried: Wanted,
    /// What sets it apart, by kind; those that were named as well.
    pub differences: Vec<Difference>,
    /// Words of the operator about something that it does not have.
    pub unmatched: Vec<Adopt>,
}

impl Adoption {
    /// What an upgrade stops at.
    pub fn obstacles(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|it| it.weight > Weight::Told)
    }
}

/// Compares a container with the runbook's. `image` is the one that it was made from; where the engine has it no more, an
/// empty one: then nothing of the container is taken for the image's.
pub fn compare(
    container: &Container,
    image: &LocalImage,
    expected: &Expected,
    names: &Names,
    adopt: &[Adopt],
) -> Adoption {
    let mut found = Found {
        carried: Wanted::runbook(""),
        differences: Vec::new(),
        named: adopt.iter().map(|it| (it, false)).collect(),
    };
    found.carried.data_dir.clone_from(&expected.data_dir);
    found.carried.restart = container.restart.clone();
    found.carried.ports.clone_from(&container.ports);
    ports(&container.ports, &mut found);
    mounts::compare(container, image, expected, &mut found);
    variables(container, image, &mut found);
    process(container, image, &mut found);
    privileges(container, &mut found);
    networks(container, names, &mut found);
    foreign_labels(container, image, &mut found);
    found.end()
}

/// What was found so far.
pub(super) struct Found<'a> {
    pub(super) carried: Wanted,
    differences: Vec<Difference>,
    named: Vec<(&'a Adopt, bool)>,
}

impl Found<'_> {
    /// Notes something that can be carried over; returns whether the operator named it.
    pub(super) fn may_carry(&mut self, kind: Kind, value: &str, why: &'static str) -> bool {
        let value = shown(value);
        let is_named = self.is_named(kind, &value);
        let (weight, fate) = if is_named {
            (Weight::Told, Fate::Carried)
        } else {
            (Weight::Stops, Fate::Left)
        };
        self.add(kind, value, why, weight, fate);
        is_named
    }

    /// Notes something that cannot be carried over.
    pub(super) fn note(&mut self, weight: Weight, kind: Kind, value: &str, why: &'static str) {
        self.add(kind, shown(value), why, weight, Fate::CannotBeCarried);
    }

    fn add(&mut self, kind: Kind, value: String, why: &'static str, weight: Weight, fate: Fate) {
        self.differences.push(Difference {
            kind,
            value,
            why,
            weight,
            fate,
        });
    }

    fn is_named(&mut self, kind: Kind, value: &str) -> bool {
        let mut found = false;
        for (adopt, is_used) in &mut self.named {
            if matches!(adopt, Adopt::This(of, text) if *of == kind && text == value) {
                (*is_used, found) = (true, true);
            }
        }
        found
    }

    fn end(mut self) -> Adoption {
        let may_leave = self.named.iter().any(|(adopt, _)| **adopt == Adopt::None);
        for difference in &mut self.differences {
            if may_leave && difference.weight == Weight::Stops {
                difference.weight = Weight::Told;
            }
        }
        self.differences.sort_by_key(|it| it.kind);
        let unmatched = self
            .named
            .iter()
            .filter(|(adopt, is_used)| !is_used && **adopt != Adopt::None);
        Adoption {
            unmatched: unmatched.map(|(adopt, _)| (*adopt).clone()).collect(),
            carried: self.carried,
            differences: self.differences,
        }
    }
}

fn ports(ports: &[Port], found: &mut Found<'_>) {
    for wanted in Wanted::runbook("").ports {
        let is_published = |it: &Port| it.container == wanted.container && it.protocol == wanted.protocol;
        if !ports.iter().any(is_published) {
            let port = wanted.container.to_string();
            found.note(
                Weight::Told,
                Kind::Port,
                &port,
                "it is not published, and stays so",
            );
        }
    }
}

fn variables(container: &Container, image: &LocalImage, found: &mut Found<'_>) {
    let name_of = |variable: &str| variable.split('=').next().unwrap_or_default().to_owned();
    for variable in &container.process.environment {
        if image.process.environment.contains(variable) {
            continue;
        }
        let name = name_of(variable);
        let is_of_image = image.process.environment.iter().any(|it| name_of(it) == name);
        if is_of_image {
            let why = "the image has it with another value";
            if found.may_carry(Kind::Variable, &name, why) {
                found.carried.extra.environment.push(variable.clone());
            }
        } else if KNOWN.contains(&name.as_str()) || name.starts_with("LC_") {
            found.carried.environment.push(variable.clone());
        } else if !SET_ANEW.contains(&name.as_str()) && variable != USUAL_PATH {
            let why = if name.starts_with("LD_") || name == "GLIBC_TUNABLES" {
                "it has the program load other code than the image's"
            } else {
                "the guardian does not read it, and what loads the program might"
            };
            if found.may_carry(Kind::Variable, &name, why) {
                found.carried.extra.environment.push(variable.clone());
            }
        }
    }
}

fn process(container: &Container, image: &LocalImage, found: &mut Found<'_>) {
    let (runs, meant) = (&container.process, &image.process);
    if runs.entrypoint != meant.entrypoint
        && found.may_carry(
            Kind::Entrypoint,
            &runs.entrypoint.join(" "),
            "it runs another program than the image says",
        )
    {
        found.carried.extra.entrypoint = Some(runs.entrypoint.clone());
    }
    if runs.command != meant.command
        && found.may_carry(
            Kind::Command,
            &runs.command.join(" "),
            "the program gets other arguments than the image says",
        )
    {
        found.carried.extra.command = Some(runs.command.clone());
    }
    if runs.user != meant.user {
        let user = if runs.user.is_empty() { "root" } else { &runs.user };
        if found.may_carry(Kind::User, user, "it runs as another user than the image says") {
            found.carried.extra.user = Some(user.to_owned());
        }
    }
    if runs.working_dir != meant.working_dir {
        let why = "relative paths lead elsewhere";
        found.note(Weight::Stops, Kind::WorkingFolder, &runs.working_dir, why);
    }
}

fn privileges(container: &Container, found: &mut Found<'_>) {
    let has = &container.privileges;
    if has.privileged {
        let why = "it can do on the machine whatever root can";
        found.carried.extra.privileged = found.may_carry(Kind::Privileged, "true", why);
    }
    for capability in &has.added {
        if found.may_carry(Kind::Capability, capability, "a guardian needs none") {
            found.carried.extra.capabilities.push(capability.clone());
        }
    }
    for device in &has.devices {
        let why = "a guardian needs none";
        if !device.starts_with('/') {
            found.note(Weight::Stops, Kind::Device, device, why);
        } else if found.may_carry(Kind::Device, device, why) {
            found.carried.extra.devices.push(device.clone());
        }
    }
    // The network's is told as such.
    for namespace in has
        .shared_namespaces
        .iter()
        .filter(|it| !it.starts_with("network="))
    {
        let why = "processes outside reach into it";
        found.note(Weight::Stops, Kind::Namespace, namespace, why);
    }
    for option in &has.security_options {
        // The new one has it, however it is spelled.
        if !matches!(
            option.as_str(),
            "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true"
        ) {
            found.note(
                Weight::Stops,
                Kind::Security,
                option,
                "the new one has the engine's own",
            );
        }
    }
    for option in &has.unusual {
        if option.starts_with("auto_remove=") {
            let why = "the engine removes it when it stops, so that there is no way back";
            found.note(Weight::Forbids, Kind::Option, option, why);
        } else {
            let why = "the new one has the engine's own";
            found.note(Weight::Stops, Kind::Option, option, why);
        }
    }
}

/// By what it is attached to: one that was warmed was made in the stage network, and has left it since.
fn networks(container: &Container, names: &Names, found: &mut Found<'_>) {
    let mode = container.network_mode.as_str();
    if matches!(mode, "host" | "none") || mode.starts_with("container:") {
        let why = "ports are not published there, and two cannot serve in turn";
        found.note(Weight::Stops, Kind::Network, mode, why);
        return;
    }
    let stage = names.stage();
    let mut attached: Vec<&str> = container.networks.keys().map(String::as_str).collect();
    attached.retain(|name| *name != stage);
    if let [name] = attached[..] {
        if name != NETWORK
            && found.may_carry(
                Kind::Network,
                name,
                "the runbook's is in the engine's own network",
            )
        {
            name.clone_into(&mut found.carried.network);
        }
        return;
    }
    for name in attached.into_iter().filter(|name| *name != NETWORK) {
        found.note(
            Weight::Stops,
            Kind::Network,
            name,
            "the new one is attached to one network",
        );
    }
}

fn foreign_labels(container: &Container, image: &LocalImage, found: &mut Found<'_>) {
    for (name, value) in &container.labels {
        if image.labels.get(name) == Some(value) || is_ours(name) {
            continue;
        }
        if let Some((_, tool)) = SUPERVISORS.iter().find(|(start, _)| name.starts_with(start)) {
            // A tool has many labels, and is told once.
            let is_told = |it: &Difference| it.kind == Kind::Supervisor && it.value == *tool;
            if !found.differences.iter().any(is_told) {
                let why = "it made this container, and would make it again beside the new one";
                found.note(Weight::Stops, Kind::Supervisor, tool, why);
            }
        } else if found.is_named(Kind::Label, &shown(name)) {
            found.carried.extra.labels.insert(name.clone(), value.clone());
            found.add(Kind::Label, shown(name), "", Weight::Told, Fate::Carried);
        } else {
            let why = "other tools may look for it";
            found.add(Kind::Label, shown(name), why, Weight::Told, Fate::Left);
        }
    }
}

fn is_ours(name: &str) -> bool {
    [
        labels::TRANSACTION,
        labels::ROLE,
        labels::DIGEST,
        labels::IMAGE,
        labels::VERSION,
        labels::BUNDLE,
        labels::SPEC,
    ]
    .contains(&name)
}

#[cfg(test)]
#[path = "adopt_tests.rs"]
mod tests;
