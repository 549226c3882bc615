//! Which verb each process of a devnet runs, with which arguments.

use std::path::Path;

use super::operators::Operator;
use super::parts::Recipe;
use super::settings::Settings;

/// Environment variable by which `oc-guardian run` tells a guardian which image it is.
const IMAGE_DIGEST: &str = "OC_GUARDIAN_IMAGE_DIGEST";

pub(super) fn portal(settings: &Settings, folder: &Path, directory: &Path, port: u16) -> Recipe {
    let arguments = [
        "devnet".into(),
        "portal".into(),
        "--listen".into(),
        format!("127.0.0.1:{port}"),
        "--stale-after".into(),
        format!("{}s", settings.stale_after),
        "--directory".into(),
        directory.display().to_string(),
        "--folder".into(),
        folder.display().to_string(),
    ];
    Recipe {
        program: settings.program.clone(),
        arguments: arguments.into(),
        home: folder.to_owned(),
        variables: Vec::new(),
        log: folder.join("portal.log"),
    }
}

pub(super) fn signer(settings: &Settings, operator: &Operator) -> Recipe {
    // Unless it pulls, its guardian asks it by itself; a container of the same machine is another operator's business.
    let guardian = if settings.pull {
        operator.rpc_socket().display().to_string()
    } else {
        "none".into()
    };
    let arguments = vec![
        "sign".into(),
        "--serve".into(),
        "--passphrase-file".into(),
        operator.passphrase_file().display().to_string(),
        "--guardian".into(),
        guardian,
    ];
    Recipe {
        program: settings.program.clone(),
        arguments,
        home: operator.home.clone(),
        variables: Vec::new(),
        log: operator.home.join("signer.log"),
    }
}

pub(super) fn guardian(settings: &Settings, operator: &Operator) -> Recipe {
    let arguments = [
        "guardian".into(),
        "--config".into(),
        operator.bundle_file().display().to_string(),
        "--api-listen".into(),
        format!("127.0.0.1:{}", operator.api_port),
        "--p2p-listen".into(),
        format!("127.0.0.1:{}", operator.p2p_port),
        "--attest-interval".into(),
        format!("{}ms", settings.attest_interval.as_millis()),
    ];
    Recipe {
        program: settings.program.clone(),
        arguments: arguments.into(),
        home: operator.home.clone(),
        variables: vec![(IMAGE_DIGEST, settings.image_digest.clone())],
        log: operator.home.join("guardian.log"),
    }
}
