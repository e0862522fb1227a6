//! Everything that talks to AWS. The only room with SDK types.
//!
//! The daemon knows two traits of this room: [`AccountApi`], an account that can be looked at and repaired, and
//! [`Queue`], where events come from. Both have an implementation over the SDK and can be played in memory. A third,
//! [`DrillApi`], is what a drill does. Who is notified beside the chain is reached by [`SnsTopic`] and [`HttpPoster`].

mod account;
mod apply;
mod arn;
mod classify;
mod clients;
mod drill;
mod error;
mod intercept;
mod observe;
mod post;
mod queue;
mod request;
mod sdk_error;
mod topic;

pub use account::{Account, AccountApi, Applied, ObserveScope, Remembered};
pub use clients::{Aws, Role, SetupError};
pub use drill::{DrillApi, Part};
pub use error::{ApplyError, CallError, Class, ObserveError};
pub use post::{HttpPoster, PostAnswer, PostError};
pub use queue::{EntryResult, MemoryQueue, Message, Queue, Receipt, SqsQueue};
pub use request::{NoObserver, Request, RequestObserver, RequestResult};
pub use topic::SnsTopic;
