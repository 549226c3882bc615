//! POSIX access control lists as Linux stores them in `system.posix_acl_access`: lets single users reach a socket that
//! stays closed to everybody else.

use std::io;
use std::path::Path;

use rustix::fs::{XattrFlags, setxattr};
use rustix::io::Errno;

const NAME: &str = "system.posix_acl_access";

// linux/posix_acl_xattr.h and linux/posix_acl.h
const VERSION: u32 = 2;
const USER_OBJ: u16 = 0x01;
const USER: u16 = 0x02;
const GROUP_OBJ: u16 = 0x04;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;
const NO_ID: u32 = u32::MAX;

/// Permission bits, as in one digit of a mode.
pub(super) const READ_WRITE: u16 = 0o6;
/// Permission to go through a folder, not to list it.
pub(super) const SEARCH: u16 = 0o1;

/// Gives the owner `owner`, each of `users` (sorted, no doubles) `granted`, and nobody else anything.
pub(super) fn grant(path: &Path, owner: u16, users: &[u32], granted: u16) -> io::Result<()> {
    match setxattr(path, NAME, &encode(owner, users, granted), XattrFlags::empty()) {
        Ok(()) => Ok(()),
        Err(Errno::NOTSUP) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this file system has no access control lists",
        )),
        Err(error) => Err(error.into()),
    }
}

/// Entries are sorted by tag, then by id: the kernel refuses any other order.
fn encode(owner: u16, users: &[u32], granted: u16) -> Vec<u8> {
    let mut bytes = VERSION.to_le_bytes().to_vec();
    let mut entry = |tag: u16, permissions: u16, id: u32| {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(permissions.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    };
    entry(USER_OBJ, owner, NO_ID);
    for user in users {
        entry(USER, granted, *user);
    }
    entry(GROUP_OBJ, 0, NO_ID);
    entry(MASK, granted, NO_ID);
    entry(OTHER, 0, NO_ID);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_form_is_the_kernels() {
        let bytes = encode(0o7, &[65532], SEARCH);
        assert_eq!(
            crate::store::hex::encode(&bytes),
            concat!(
                "02000000",
                "01000700ffffffff",
                "02000100fcff0000",
                "04000000ffffffff",
                "10000100ffffffff",
                "20000000ffffffff"
            )
        );
    }
}
