//! Files without meaning: bounded read, atomic write, fsync, lock, folders.

mod error;
mod file;
mod folders;
pub mod hex;
mod lock;

pub use error::StoreError;
pub use file::{
    Access, check_creatable, check_dir_private, check_private_file, create_dir_private, create_new, exists,
    open_private, read, read_private, remove, rename, replace, stage, staging_name, sweep_temporaries,
    sync_dir, visible_staging_name,
};
pub use folders::Folders;
pub use lock::Lock;
