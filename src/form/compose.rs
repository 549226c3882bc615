use serde_json::{Value, json};

use super::container::{BUNDLE_TARGET, Container, DATA_VOLUME, DIGEST_VARIABLE, NAME, PORTS, STOP_GRACE};
use super::yaml;

const APPLY: &str = "docker compose up --detach";
/// The volume, as the services name it.
const DATA: &str = "data";

/// <https://github.com/compose-spec/compose-spec/blob/main/spec.md>
pub(super) fn write(container: &Container) -> String {
    let bind = |source: &str, target: &str, read_only: bool| json!({ "type": "bind", "source": source, "target": target, "read_only": read_only });
    let mut volumes = Vec::new();
    if let Some(path) = &container.bundle_path {
        volumes.push(bind(path.as_str(), BUNDLE_TARGET, true));
    }
    volumes.push(json!({ "type": "volume", "source": DATA, "target": container.data_dir.as_str() }));
    if let Some(signer) = &container.signer {
        volumes.push(bind(signer.host.as_str(), signer.target.as_str(), false));
    }
    let document = json!({
        "services": { "guardian": {
            "image": container.pinned(),
            "container_name": NAME,
            "restart": "unless-stopped",
            "read_only": true,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "stop_grace_period": format!("{STOP_GRACE}s"),
            "ports": PORTS.map(|port| format!("{port}:{port}")),
            "environment": { DIGEST_VARIABLE: container.digest },
            "labels": container.labels(),
            "volumes": volumes,
            "logging": { "driver": "json-file", "options": { "max-size": "10m", "max-file": "3" } },
        } },
        "volumes": { DATA: { "name": DATA_VOLUME } },
    });
    format!(
        "{}\n{}",
        container.heading(APPLY),
        yaml::document(&without_variables(document))
    )
}

/// Compose replaces `$NAME` in every value, from the environment of whoever runs it; `$$` is a dollar sign.
fn without_variables(value: Value) -> Value {
    match value {
        Value::String(text) => text.replace('$', "$$").into(),
        Value::Array(items) => items.into_iter().map(without_variables).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (name, without_variables(member)))
            .collect(),
        other => other,
    }
}
