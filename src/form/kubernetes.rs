use serde_json::{Map, Value, json};

use super::container::{
    BUNDLE_TARGET, Container, DATA_VOLUME, DIGEST_VARIABLE, HEALTH_PATH, NAME, PORTS, STOP_GRACE, USER,
};
use super::image_policy::{Admission, ImagePolicyError};
use super::yaml;

const APPLY: &str = "kubectl apply -f FILE\n\
     # The policies at the end need the policy controller of Sigstore in the cluster, and count in namespaces with the\n\
     # label policy.sigstore.dev/include=true. Without it, leave them out: kubectl refuses what it does not know.";
const BUNDLE_KEY: &str = "config.json";
const NAME_LABEL: &str = "app.kubernetes.io/name";

pub(super) fn write(container: &Container, admission: &Admission) -> Result<String, ImagePolicyError> {
    let targets = container.signer.iter().map(|signer| &signer.target);
    for path in targets.chain([&container.data_dir]) {
        path.without(&[':'], "a Kubernetes mount")?;
    }
    let mut documents = Vec::new();
    if container.bundle_path.is_none() {
        documents.push(config_map(container));
    }
    documents.extend([claim(), deployment(container), service()]);
    documents.extend(admission.policies(&container.image)?);
    let documents: Vec<String> = documents.iter().map(yaml::document).collect();
    Ok(format!(
        "{}{note}---\n{}",
        container.heading(APPLY),
        documents.join("---\n"),
        note = admission.note()
    ))
}

fn config_map(container: &Container) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(),
        "data": { BUNDLE_KEY: container.bundle },
    })
}

fn claim() -> Value {
    let mut metadata = metadata();
    metadata["name"] = DATA_VOLUME.into();
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata,
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    })
}

fn service() -> Value {
    let ports = [("api", PORTS[0]), ("peers", PORTS[1])]
        .map(|(name, port)| json!({ "name": name, "port": port, "targetPort": name }));
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata(),
        "spec": { "selector": { NAME_LABEL: NAME }, "ports": ports },
    })
}

fn deployment(container: &Container) -> Value {
    let mut annotations: Map<String, Value> = container.labels();
    // A change of the bundle restarts the guardian: a file that is mounted alone is not renewed in a running container.
    let bundle = crate::image::Digest::of(container.bundle.as_bytes());
    annotations.insert("io.ochk.guardian.bundle".into(), json!(bundle));
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(),
        "spec": {
            "replicas": 1,
            // Never two on one data volume.
            "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": { NAME_LABEL: NAME } },
            "template": {
                "metadata": { "labels": { NAME_LABEL: NAME }, "annotations": annotations },
                "spec": pod(container),
            },
        },
    })
}

fn pod(container: &Container) -> Value {
    let mut mounts = vec![mount("bundle", BUNDLE_TARGET, true)];
    let bundle = match &container.bundle_path {
        None => {
            mounts[0]["subPath"] = BUNDLE_KEY.into();
            json!({ "name": "bundle", "configMap": { "name": NAME } })
        }
        Some(path) => host("bundle", path.as_str(), "File"),
    };
    mounts.push(mount("data", container.data_dir.as_str(), false));
    let mut volumes = vec![
        bundle,
        json!({ "name": "data", "persistentVolumeClaim": { "claimName": DATA_VOLUME } }),
    ];
    if let Some(signer) = &container.signer {
        mounts.push(mount("signer", signer.target.as_str(), false));
        volumes.push(host("signer", signer.host.as_str(), "Directory"));
    }
    let probe = |period: u32| {
        json!({
            "httpGet": { "path": HEALTH_PATH, "port": "api" },
            "periodSeconds": period, "timeoutSeconds": 5, "failureThreshold": 3,
        })
    };
    json!({
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": STOP_GRACE,
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "containers": [{
            "name": "guardian",
            "image": container.pinned(),
            "env": [{ "name": DIGEST_VARIABLE, "value": container.digest }],
            "ports": [
                { "name": "api", "containerPort": PORTS[0] },
                { "name": "peers", "containerPort": PORTS[1] },
            ],
            "securityContext": {
                "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"] },
            },
            "readinessProbe": probe(5),
            "livenessProbe": probe(15),
            "volumeMounts": mounts,
        }],
        "volumes": volumes,
    })
}

fn mount(name: &str, path: &str, read_only: bool) -> Value {
    json!({ "name": name, "mountPath": path, "readOnly": read_only })
}

fn host(name: &str, path: &str, kind: &str) -> Value {
    json!({ "name": name, "hostPath": { "path": path, "type": kind } })
}

fn metadata() -> Value {
    json!({ "name": NAME, "labels": { NAME_LABEL: NAME } })
}
