//! The guardian process: the container's own.
//!
//! It has no operator key. What it wants signed it asks of the operator's signing server, by its address or by waiting until
//! the kit comes for it over the RPC socket in the data folder. Of several processes that share a data folder, the one that
//! holds its lock serves; the others stand by, warm.

mod attest;
mod clock;
mod directory;
mod health;
mod http;
mod lifecycle;
mod log;
mod machine;
mod news;
mod notices;
mod peers;
mod places;
mod process;
mod queue;
mod remembered;
mod rpc;
mod schedule;
mod settings;
mod shared;
mod signing;
mod transport;
mod version;

pub use lifecycle::{Command, DRAIN, Event, Lifecycle, RETRY, State, YIELD};
pub use log::Log;
pub use peers::{
    Believed, Body, MAX_SKEW, Message, MessageError, PeerHealth, PeerState, Replay, RequestNotice, believe,
};
pub use process::{Control, Guardian, GuardianError};
pub use queue::{MAX_WAITING, Queue, QueueError, Waiting};
pub use schedule::Schedule;
pub use settings::{DELEGATION, RPC_IDLE, RPC_SOCKET, Settings, lock_file, rpc_socket};
pub use version::version;
