//! A queue that keeps no more than SQS promises: errors, silence, repeats, deletions that do not last.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use tokio::time::{Instant, sleep};

use super::account::{Account, error};
use super::scenario::{Faults, happens, millis};
use super::stage::{Act, Letter, Stage};
use crate::aws::{CallError, EntryResult, MemoryQueue, Message, Queue, Receipt};

/// A queue has this by default.
const VISIBILITY: Duration = Duration::from_secs(30);
/// How long after the receipt of an event the gauge is right, if nothing disturbs it: the longest pause within a burst, the
/// confirmation, and the looks and repairs of both.
const PROMPTLY: Duration = Duration::from_secs(25);

/// The least that lies between a receive that failed and the next; it doubles with each further failure, up to the other.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

pub(super) struct Post {
    queue: MemoryQueue,
    stage: Arc<Stage>,
    faults: Faults,
    accounts: Vec<Arc<Account>>,
    state: Mutex<State>,
}

struct State {
    random: Rng,
    /// What was sent, by the queue's id; none: no evaluation is due to it.
    sent: BTreeMap<String, Sent>,
    received: BTreeMap<String, Received>,
    failures: Failures,
}

/// The receives of one process that failed since one did not.
#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    process: u32,
    count: u32,
    last: Option<Instant>,
}

struct Sent {
    account: Option<usize>,
    body: String,
    readable: bool,
    deleted: bool,
    at: Instant,
}

struct Received {
    id: String,
    at: Instant,
    process: u32,
    released: bool,
}

impl Post {
    pub(super) fn new(
        stage: &Arc<Stage>,
        faults: &Faults,
        accounts: &[Arc<Account>],
        random: Rng,
    ) -> Self {
        Self {
            queue: MemoryQueue::new(VISIBILITY, stage.now()),
            stage: Arc::clone(stage),
            faults: faults.clone(),
            accounts: accounts.to_vec(),
            state: Mutex::new(State {
                random,
                sent: BTreeMap::new(),
                received: BTreeMap::new(),
                failures: Failures::default(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// An event of an account arrives.
    pub(super) fn deliver(&self, letter: Letter) {
        self.send(Some(letter.account), letter.body, true);
    }

    /// A message arrives that no evaluation is due to.
    pub(super) fn noise(&self, body: String) {
        let readable = body != "not even JSON";
        self.send(None, body, readable);
    }

    fn send(&self, account: Option<usize>, body: String, readable: bool) {
        let id = self.queue.send(body.clone());
        self.stage
            .note(format_args!("message {id} for {account:?}"));
        let sent = Sent {
            account,
            body,
            readable,
            deleted: false,
            at: Instant::now(),
        };
        self.state().sent.insert(id, sent);
    }

    /// A hidden message becomes visible: SQS delivers at least once.
    pub(super) async fn expose(&self, receipt: Receipt) {
        let results = self.queue.release(&[receipt]).await;
        self.stage
            .note(format_args!("exposed: {}", results[0].is_ok()));
    }

    /// Everything that could be read was received, evaluated and deleted.
    pub(super) fn watch_empty(&self) {
        let state = self.state();
        let left: Vec<_> = state
            .sent
            .iter()
            .filter(|(_, sent)| sent.readable && !sent.deleted)
            .map(|(id, sent)| (id, sent.account, sent.at.elapsed()))
            .collect();
        self.stage
            .law("no message stays", left.is_empty(), || format!("{left:?}"));
        let unreadable = state.sent.values().filter(|sent| !sent.readable);
        let kept = unreadable.clone().filter(|sent| !sent.deleted).count();
        self.stage.law(
            "what cannot be read is left to the queue",
            kept == unreadable.count(),
            String::new,
        );
    }

    /// What a process that was told to end had received and not evaluated is there for the next one.
    pub(super) fn watch_released(&self, process: u32) {
        let state = self.state();
        let kept = state.received.iter().find(|(_, received)| {
            let sent = &state.sent[&received.id];
            let hidden = received.at.elapsed() < VISIBILITY;
            received.process == process
                && sent.readable
                && !sent.deleted
                && !received.released
                && hidden
        });
        self.stage.law(
            "a stop gives back what nobody evaluated",
            kept.is_none(),
            || format!("{:?}", kept.map(|(receipt, _)| receipt)),
        );
    }

    fn take_in(&self, messages: &mut [Message]) {
        let now = Instant::now();
        let state = &mut *self.state();
        state.random.shuffle(messages);
        for message in messages {
            let received = Received {
                id: message.id.clone(),
                at: now,
                process: self.stage.process(),
                released: false,
            };
            state.received.insert(message.receipt.0.clone(), received);
            self.stage
                .note(format_args!("received {}", message.receipt.0));
            if let Some(account) = state.sent[&message.id].account {
                self.accounts[account].is_told(now);
                let probe = Act::Probe {
                    account,
                    since: now,
                };
                self.stage.schedule(now + PROMPTLY, probe);
            }
            if self.stage.faults() && happens(&mut state.random, self.faults.redelivery) {
                let at = now + millis(&mut state.random, 1..20_000);
                self.stage
                    .schedule(at, Act::Expose(message.receipt.clone()));
            }
        }
    }

    /// What fails is asked ever more rarely: whoever polls a queue that is out without a pause makes hundreds of calls a
    /// second, and each of them costs.
    fn watch_receive(&self) {
        let process = self.stage.process();
        let Failures {
            process: failed,
            count,
            last,
        } = self.state().failures;
        let Some(last) = last.filter(|_| failed == process) else {
            return;
        };
        let pause = FIRST_PAUSE * (1 << count.saturating_sub(1).min(16));
        let pause = pause.min(LONGEST_PAUSE);
        self.stage.law(
            "the longer nothing is received, the more rarely it is tried",
            last.elapsed() >= pause,
            || format!("{:?} after failure {count}", last.elapsed()),
        );
    }

    /// A receive failed, or did not.
    fn note_receive(&self, is_failure: bool) {
        let process = self.stage.process();
        let failures = &mut self.state().failures;
        if !is_failure || failures.process != process {
            *failures = Failures::default();
        }
        if is_failure {
            failures.process = process;
            failures.count += 1;
            failures.last = Some(Instant::now());
        }
    }

    /// A message may be deleted once an evaluation that began after its receipt is stored.
    fn watch_delete(&self, receipt: &Receipt) {
        let state = self.state();
        let received = &state.received[&receipt.0];
        let account = state.sent[&received.id].account;
        let evaluated =
            account.is_none_or(|account| self.accounts[account].was_evaluated_since(received.at));
        self.stage.law(
            "a message is deleted only after an evaluation that began after its receipt",
            evaluated,
            || format!("{} for account {account:?}", receipt.0),
        );
        self.stage.law(
            "what cannot be read is not deleted",
            state.sent[&received.id].readable,
            || receipt.0.clone(),
        );
    }

    async fn delete(&self, receipt: &Receipt) -> EntryResult {
        self.watch_delete(receipt);
        let fails = {
            let mut state = self.state();
            self.stage.faults() && happens(&mut state.random, self.faults.failing_delete)
        };
        if fails {
            self.stage.note(format_args!("not deleted {}", receipt.0));
            // The daemon is done with it.
            self.state().received.get_mut(&receipt.0).unwrap().released = true;
            return Err(error("sqs", "DeleteMessageBatch", "InternalError"));
        }
        let before = self.queue.len();
        let results = self.queue.delete_batch(std::slice::from_ref(receipt)).await;
        let is_gone = self.queue.len() < before;
        self.stage
            .note(format_args!("deleted {}: {is_gone}", receipt.0));
        if is_gone {
            let again = {
                let state = &mut *self.state();
                let id = &state.received[&receipt.0].id;
                let sent = state.sent.get_mut(id).unwrap();
                sent.deleted = true;
                let returns =
                    self.stage.faults() && happens(&mut state.random, self.faults.resurrection);
                returns.then(|| (sent.account, sent.body.clone()))
            };
            if let Some((account, body)) = again {
                self.send(account, body, true);
            }
        }
        results.into_iter().collect()
    }
}

impl Queue for Post {
    fn receive(
        &self,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'_, Result<Vec<Message>, CallError>> {
        async move {
            self.watch_receive();
            let (fails, hangs) = {
                let mut state = self.state();
                let faults = self.stage.faults();
                (
                    faults && happens(&mut state.random, self.faults.receive_error)
                        || self.stage.is_out(),
                    faults && happens(&mut state.random, self.faults.hanging_receive),
                )
            };
            if hangs {
                self.stage.note(format_args!("receive hangs"));
                // It will be cut.
                self.note_receive(true);
                pending::<()>().await;
            }
            sleep(Duration::from_millis(5)).await;
            if fails {
                self.stage.note(format_args!("receive fails"));
                self.note_receive(true);
                return Err(error("sqs", "ReceiveMessage", "ServiceUnavailable"));
            }
            let mut messages = Queue::receive(&self.queue, max, wait).await?;
            self.note_receive(false);
            self.take_in(&mut messages);
            Ok(messages)
        }
        .boxed()
    }

    fn delete_batch<'a>(&'a self, receipts: &'a [Receipt]) -> BoxFuture<'a, Vec<EntryResult>> {
        async move {
            sleep(Duration::from_millis(5)).await;
            let mut results = Vec::new();
            for receipt in receipts {
                results.push(self.delete(receipt).await);
            }
            results
        }
        .boxed()
    }

    fn extend_visibility<'a>(
        &'a self,
        receipts: &'a [Receipt],
        visibility: Duration,
    ) -> BoxFuture<'a, Vec<EntryResult>> {
        async move {
            sleep(Duration::from_millis(5)).await;
            let mut results = Vec::new();
            for receipt in receipts {
                let fails = {
                    let mut state = self.state();
                    // That it was tried is what can be asked of a daemon.
                    let received = state.received.get_mut(&receipt.0).unwrap();
                    received.released |= visibility.is_zero();
                    self.stage.faults() && happens(&mut state.random, self.faults.failing_extension)
                };
                results.push(if fails {
                    let operation = "ChangeMessageVisibilityBatch";
                    Err(error("sqs", operation, "InternalError"))
                } else {
                    let one = std::slice::from_ref(receipt);
                    let results = self.queue.extend_visibility(one, visibility).await;
                    results.into_iter().collect()
                });
            }
            results
        }
        .boxed()
    }
}
