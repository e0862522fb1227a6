//! What outlives a restart: incidents, the chains to go back to, budgets and cooldowns.
//!
//! A SQLite file under `state_dir`. The daemon writes it through a [`Journal`], which never makes an evaluation wait and
//! keeps what a full disk refuses until it can be written; commands read it through a [`Store`]. What is known of the
//! records themselves, and the report that is made of them, is pure.

mod entry;
mod handle;
mod keeper;
mod memory;
mod own;
mod record;
mod report;
mod store;
#[cfg(test)]
mod tests;

pub use entry::Entry;
pub use handle::{Journal, JournalObserver, NotKept};
#[cfg(test)]
pub(crate) use keeper::{Directory, Disk, Keeper};
pub use memory::{Candidate, Changed, ControlMemory, KnownGood, Memory, Origin, Setup, Unread};
pub use own::OwnWrites;
pub use record::{Deed, Incident, Occurrence, OccurrenceKind, Spell, Watched};
pub use report::{ComplianceReport, ControlCompliance, Gap, compliance};
pub use store::{Opened, Range, Store, StoreError};
