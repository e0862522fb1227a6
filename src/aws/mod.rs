//! Everything that talks to AWS. The only room with SDK types.
//!
//! The daemon knows two traits of this room: [`AccountApi`], an account that can be looked at and repaired, and
//! [`Queue`], where events come from. Both have an implementation over the SDK and can be played in memory. A third,
//! [`DrillApi`], is what a drill does; a fourth, [`WiringApi`], an account that has a part of the feed's wiring. Who is notified beside the chain is reached by [`SnsTopic`] and [`HttpPoster`].

mod account;
mod apply;
mod arn;
mod bus;
mod classify;
mod clients;
mod drill;
mod error;
mod https;
mod intercept;
mod observe;
mod pages;
mod permission;
mod post;
mod principals;
mod queue;
mod regions;
mod renewal;
mod request;
mod role;
mod sdk_error;
mod topic;
mod wiring;

pub use account::{Account, AccountApi, Applied, ObserveScope, Remembered};
pub use bus::{Bus, BusEvent, DefaultBus};
pub use clients::{Aws, Identity, Role, SetupError};
pub use drill::{DrillApi, Part};
pub use error::{ApplyError, CallError, Class, ObserveError};
pub use permission::{Asked, NotSimulated, PermissionApi, Simulated};
pub use post::{HttpPoster, PostAnswer, PostError};
pub use queue::{
    Depth, EntryResult, Fill, MemoryQueue, Message, Queue, QueueAttributes, QueueGauge, Receipt,
    Redrive, SqsQueue,
};
pub use request::{NoObserver, Request, RequestObserver, RequestResult};
pub use topic::SnsTopic;
pub use wiring::{CheckError, Checked, WiringApi, WiringSite};
