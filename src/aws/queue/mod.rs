//! Where events come from: the contract of a queue, its SQS adapter, and one in memory.

mod attributes;
mod memory;
mod sqs;

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

pub use self::attributes::{Depth, Fill, QueueAttributes, QueueGauge, Redrive};
pub use self::memory::MemoryQueue;
pub use self::sqs::SqsQueue;
pub(super) use self::sqs::region_of_url;
use super::error::CallError;

/// The handle of one delivery of a message: what deletes it or moves its deadline. Every delivery has its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt(pub String);

/// One delivery of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The message's id; the same at every delivery.
    pub id: String,
    /// The handle of this delivery.
    pub receipt: Receipt,
    /// The body. SQS bodies are Unicode text by its API; nothing else about it may be trusted.
    pub body: String,
    /// How often it was delivered, this one included: at least 1.
    pub receive_count: u32,
    /// When it was put into the queue; none where the queue does not say.
    pub sent_at: Option<Timestamp>,
}

/// What became of one entry of a batch.
pub type EntryResult = Result<(), CallError>;

/// A queue that delivers at least once, in no promised order.
///
/// The contract, which every implementation is tested against:
/// - A received message is hidden from every receiver until its visibility time is over, then delivered again, with
///   another receipt and a count one higher. The caller owes an extension in time, a deletion, or a release.
/// - A message that is deleted with its latest receipt is never delivered again. Deleting twice is no error. An older
///   receipt promises nothing.
/// - Batches of any length are accepted; there is one result for each receipt, in the order given. A batch that fails
///   as a whole fails each of its entries. Nothing is retried across calls: a failed deletion is made good by the
///   redelivery.
/// - The futures may be dropped. A dropped `receive` can leave messages hidden until their visibility time is over;
///   none is lost.
pub trait Queue: Send + Sync {
    /// Waits up to `wait` (at most 20 s, more is cut to that) for at least one message and returns at most `max` of
    /// them (1 to 10, cut to that); none if the wait ends first. Ends with a timeout error soon after `wait` if the
    /// other side hangs.
    ///
    /// # Errors
    /// The queue could not be asked, or gave no answer in time.
    fn receive(&self, max: usize, wait: Duration)
    -> BoxFuture<'_, Result<Vec<Message>, CallError>>;

    /// Deletes the messages of these deliveries.
    fn delete_batch<'a>(&'a self, receipts: &'a [Receipt]) -> BoxFuture<'a, Vec<EntryResult>>;

    /// Hides the messages of these deliveries for `visibility` (whole seconds, at most 12 h) from now on.
    fn extend_visibility<'a>(
        &'a self,
        receipts: &'a [Receipt],
        visibility: Duration,
    ) -> BoxFuture<'a, Vec<EntryResult>>;

    /// Makes the messages of these deliveries visible at once.
    fn release<'a>(&'a self, receipts: &'a [Receipt]) -> BoxFuture<'a, Vec<EntryResult>> {
        self.extend_visibility(receipts, Duration::ZERO)
    }
}
