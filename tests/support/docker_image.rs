//! An image of the built binary and its shared libraries, made without a base image and without a network.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::needs;

/// Whether a Docker daemon answers; see [`needs`].
#[track_caller]
pub fn can_docker() -> bool {
    needs("DOCKER", "a Docker daemon", || {
        Command::new("docker")
            .args(["version", "--format", "{{.Server.Version}}"])
            .output()
            .is_ok_and(|output| output.status.success())
    })
}

/// An image, removed when dropped.
pub struct Image(pub String);

impl Image {
    /// As the Dockerfile makes it, but with a binary that is linked to the libraries of this machine.
    pub fn build() -> Self {
        let root = tempfile::tempdir().unwrap();
        let binary = Path::new(env!("CARGO_BIN_EXE_oc-guardian"));
        put(root.path(), binary, Path::new("/oc-guardian"));
        for library in libraries(binary) {
            put(root.path(), &library, &library);
        }
        // A new volume takes owner and permissions from it.
        let data = root.path().join("var/lib/oc-guardian");
        std::fs::create_dir_all(&data).unwrap();
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
        let tar = tempfile::NamedTempFile::new().unwrap();
        let packed = Command::new("tar")
            .args(["--owner=65532", "--group=65532", "-cf"])
            .arg(tar.path())
            .arg("-C")
            .arg(root.path())
            .arg(".")
            .status()
            .unwrap();
        assert!(packed.success());
        // Two tests of one process have one each: the first to end would take it from the other.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("oc-guardian-test:{}-{number}", std::process::id());
        let mut import = Command::new("docker");
        import.arg("import");
        for change in [
            "USER 65532:65532",
            "VOLUME /var/lib/oc-guardian",
            "EXPOSE 9000 9001",
            "LABEL io.ochk.guardian.data-version=1",
            r#"HEALTHCHECK --interval=1s --timeout=5s --start-period=1s CMD ["/oc-guardian", "guardian", "healthcheck"]"#,
            r#"ENTRYPOINT ["/oc-guardian", "guardian"]"#,
        ] {
            import.args(["--change", change]);
        }
        let imported = import.arg(tar.path()).arg(&name).output().unwrap();
        assert!(
            imported.status.success(),
            "{}",
            String::from_utf8_lossy(&imported.stderr)
        );
        Self(name)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["image", "rm", "-f", &self.0])
            .output();
    }
}

/// What the dynamic linker loads for a program, itself included.
pub fn libraries(binary: &Path) -> Vec<PathBuf> {
    let listed = Command::new("ldd").arg(binary).output().unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    text.split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}

pub fn put(root: &Path, from: &Path, to: &Path) {
    let to = root.join(to.strip_prefix("/").unwrap());
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(from, to).unwrap();
}

/// What `dist/linux-<arch>` holds for the Dockerfile's stage `prebuilt`, below `context`: the static binary that
/// `OC_GUARDIAN_STATIC` names, or the one of the tests with its libraries.
pub fn put_prebuilt(context: &Path) {
    let root = context.join("dist/linux-amd64");
    let target = Path::new("/oc-guardian");
    if let Some(binary) = std::env::var_os("OC_GUARDIAN_STATIC") {
        put(&root, Path::new(&binary), target);
    } else {
        let binary = Path::new(env!("CARGO_BIN_EXE_oc-guardian"));
        put(&root, binary, target);
        for library in libraries(binary) {
            put(&root, &library, &library);
        }
    }
    let data = root.join("var/lib/oc-guardian");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("Dockerfile"),
        context.join("Dockerfile"),
    )
    .unwrap();
}
