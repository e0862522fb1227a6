//! Everything that talks to AWS. The only room with SDK types.
//!
//! The daemon knows two traits of this room: [`AccountApi`], an account that can be looked at and repaired, and
//! [`Queue`], where events come from. Both have an implementation over the SDK and can be played in memory.

mod account;
mod error;
mod queue;
mod request;

pub use account::{AccountApi, Applied, ObserveScope, Remembered};
pub use error::{ApplyError, CallError, Class, ObserveError};
pub use queue::{EntryResult, Message, Queue, Receipt};
pub use request::{NoObserver, Request, RequestObserver, RequestResult};
