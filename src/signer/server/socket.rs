use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use super::acl;
use crate::store::{self, Folders, StoreError};

/// `sun_path` of `sockaddr_un` has 108 bytes, the last of them zero.
const MAX_PATH: usize = 107;

/// Why a socket could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Longer than the kernel takes.
    #[error("the path of the socket {path} has more than {MAX_PATH} bytes")]
    TooLong {
        /// Which.
        path: PathBuf,
    },
    /// Something that is not a socket has its name.
    #[error("{path} is in the way: it is not a socket")]
    InTheWay {
        /// Which.
        path: PathBuf,
    },
    /// Its folder cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refused to bind it.
    #[error("cannot listen on {path}: {source}")]
    Bind {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Other users could not be let in.
    #[error("cannot let the allowed users reach {path}: {source}")]
    Grant {
        /// The socket or its folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Where the guardian's socket is; its folder may be mounted into a container.
pub fn guardian_socket(folders: &Folders) -> PathBuf {
    folders.runtime.join("guardian").join("signer.sock")
}

/// Where the operator's socket is; never mounted anywhere.
pub fn operator_socket(folders: &Folders) -> PathBuf {
    folders.runtime.join("operator").join("operator.sock")
}

/// The first folder on the way to `socket` through which a user cannot come, whatever the socket and its own folder allow;
/// `None` where the way is open as far as can be seen from here.
pub fn closed_on_the_way(socket: &Path, uid: u32) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    // Through the mask of an access control list the group bits also stand for listed users: with one set, who is let in
    // is not ours to say.
    const SEARCH: u32 = 0o011;
    let above: Vec<&Path> = socket.ancestors().skip(2).collect();
    let closed =
        |folder: &&Path| fs::metadata(folder).is_ok_and(|it| it.uid() != uid && it.mode() & SEARCH == 0);
    above
        .into_iter()
        .rev()
        .find(|it| uid != 0 && closed(it))
        .map(Path::to_owned)
}

/// A listening socket. Its name goes when this is dropped, if nobody else has taken it.
pub(super) struct Bound {
    path: PathBuf,
    inode: Option<u64>,
}

impl Bound {
    /// Listens at `path` in a folder of its own (0700; socket 0600). `users` are let in too, by access control lists.
    ///
    /// What a crashed server left there is replaced. Only for the holder of the identity's lock: nobody else can then be
    /// listening.
    pub(super) fn listen(path: &Path, users: &[u32]) -> Result<(UnixListener, Self), SocketError> {
        use std::os::unix::ffi::OsStrExt;
        if path.as_os_str().as_bytes().len() > MAX_PATH {
            return Err(SocketError::TooLong {
                path: path.to_owned(),
            });
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        make_private(folder)?;
        remove_stale(path)?;
        let failed = |source| SocketError::Bind {
            path: path.to_owned(),
            source,
        };
        // Nobody else can come through the folder until it is opened to them, which is after the socket's own
        // permissions are set.
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        let bound = Self {
            inode: inode(path),
            path: path.to_owned(),
        };
        if !users.is_empty() {
            let mut users = users.to_vec();
            users.sort_unstable();
            users.dedup();
            grant(path, acl::READ_WRITE, &users, acl::READ_WRITE)?;
            grant(folder, 0o7, &users, acl::SEARCH)?;
        }
        listener.set_nonblocking(true).map_err(failed)?;
        Ok((listener, bound))
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if self.inode.is_some() && inode(&self.path) == self.inode {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn grant(path: &Path, owner: u16, users: &[u32], granted: u16) -> Result<(), SocketError> {
    acl::grant(path, owner, users, granted).map_err(|source| SocketError::Grant {
        path: path.to_owned(),
        source,
    })
}

/// Closes the folder to others, whatever an earlier run with other users left: removing all group bits also empties the
/// mask of an access control list.
fn make_private(folder: &Path) -> Result<(), SocketError> {
    match store::create_dir_private(folder) {
        Err(StoreError::Exposed { .. }) => {
            fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(|source| {
                StoreError::Write {
                    path: folder.to_owned(),
                    source,
                }
            })?;
            Ok(store::check_dir_private(folder)?)
        }
        other => Ok(other?),
    }
}

fn remove_stale(path: &Path) -> Result<(), SocketError> {
    use std::os::unix::fs::FileTypeExt;
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => Ok(store::remove(path)?),
        Ok(_) => Err(SocketError::InTheWay {
            path: path.to_owned(),
        }),
        Err(_) => Ok(()),
    }
}

fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    Some(fs::symlink_metadata(path).ok()?.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn closed_to_others_unless_they_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("guardian/signer.sock");
        let (listener, bound) = Bound::listen(&path, &[]).unwrap();
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
        // As a crash leaves it.
        std::mem::forget(bound);
        drop(listener);
        let Ok((_listener, bound)) = Bound::listen(&path, &[65532, 1, 1]) else {
            // A file system without access control lists.
            return;
        };
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o710, 0o660));
        drop(bound);
        assert!(!path.exists());
        let (_listener, _bound) = Bound::listen(&path, &[]).unwrap();
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    }

    #[test]
    fn a_closed_folder_on_the_way_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        fs::create_dir_all(run.join("guardian")).unwrap();
        let socket = run.join("guardian/signer.sock");
        let open = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        open(dir.path(), 0o755);
        open(&run, 0o700);
        assert_eq!(closed_on_the_way(&socket, 65532), Some(run.clone()));
        assert_eq!(closed_on_the_way(&socket, 0), None);
        open(dir.path(), 0o700);
        assert_eq!(closed_on_the_way(&socket, 65532).as_deref(), Some(dir.path()));
        open(dir.path(), 0o755);
        open(&run, 0o711);
        assert_eq!(closed_on_the_way(&socket, 65532), None);
    }

    #[test]
    fn nothing_but_a_socket_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("guardian/signer.sock");
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "kept").unwrap();
        assert!(matches!(
            Bound::listen(&path, &[]),
            Err(SocketError::InTheWay { .. })
        ));
        assert_eq!(fs::read(&path).unwrap(), b"kept");
        let long = dir.path().join("x".repeat(120)).join("signer.sock");
        assert!(matches!(
            Bound::listen(&long, &[]),
            Err(SocketError::TooLong { .. })
        ));
    }
}
