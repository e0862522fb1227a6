//! The daemon's own writes in an account, by what their events will say.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::event::{Signal, Touched};

/// How many of each kind are remembered.
const REMEMBERED: usize = 256;
/// How far the time of an event may lie from that of a write whose answer was lost.
const UNANSWERED_FOR: SignedDuration = SignedDuration::from_secs(180);

/// What the daemon wrote, and which events it told of as not its own. Kept across restarts: the event of a write may come to
/// the next process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnWrites {
    request_ids: VecDeque<String>,
    /// Writes that may have been carried out and whose request id nobody knows.
    unanswered: VecDeque<Unanswered>,
    /// The write that is under way.
    begun: Option<Begun>,
    /// Ids of events of the own principal that were told of.
    told: VecDeque<String>,
}

/// A write that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    operation: String,
    names: Touched,
    at: Timestamp,
}

/// A write whose answer was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unanswered {
    operation: String,
    at: Timestamp,
    /// What it names, where that is known.
    names: Option<Touched>,
    /// When the process had ended that made it: nothing later is its event.
    ended: Option<Timestamp>,
}

impl OwnWrites {
    /// A call of this API operation that names this is about to be made. To be kept before that.
    pub fn begin(&mut self, operation: &str, names: Touched, at: Timestamp) {
        let operation = operation.to_owned();
        self.begun = Some(Begun {
            operation,
            names,
            at,
        });
    }

    /// A write was answered with this request id.
    pub fn answered(&mut self, request_id: Option<String>) {
        self.begun = None;
        if let Some(id) = request_id {
            remember(&mut self.request_ids, id);
        }
    }

    /// What was begun was not done, and no event will tell of it.
    pub fn refused(&mut self) {
        self.begun = None;
    }

    /// What was begun may have been done at about this time: the answer was lost.
    pub fn lost(&mut self, at: Timestamp) {
        if let Some(begun) = &mut self.begun {
            begun.at = at;
        }
        self.end(None);
    }

    /// Takes over what earlier processes kept, the last of which is known to have ended before this time.
    pub fn resume(&mut self, mut earlier: Self, ended: Timestamp) {
        earlier.end(Some(ended));
        let ours = std::mem::replace(self, earlier);
        self.begun = ours.begun;
        for id in ours.request_ids {
            remember(&mut self.request_ids, id);
        }
        for one in ours.unanswered {
            remember(&mut self.unanswered, one);
        }
        for id in ours.told {
            remember(&mut self.told, id);
        }
    }

    /// Whether a call was one of these writes, by its request id.
    pub fn made(&self, signal: &Signal) -> bool {
        let id = signal.request_id.as_ref();
        id.is_some_and(|id| self.request_ids.contains(id))
    }

    /// Whether a call may have been one of those whose request id nobody knows.
    pub fn may_have_made(&self, signal: &Signal) -> bool {
        let time = signal.actor.time;
        self.unanswered.iter().any(|one| {
            one.operation == signal.call.name
                && time.duration_since(one.at).abs() <= UNANSWERED_FOR
                && one.ended.is_none_or(|ended| time <= ended)
                && one
                    .names
                    .as_ref()
                    .is_none_or(|names| signal.touched.contains(names))
        })
    }

    /// Notes that an event was told of. True: for the first time.
    pub fn tell(&mut self, event_id: &str) -> bool {
        if self.told.iter().any(|id| id == event_id) {
            return false;
        }
        remember(&mut self.told, event_id.to_owned());
        true
    }

    /// Nobody will learn the request id of what is under way.
    fn end(&mut self, ended: Option<Timestamp>) {
        if let Some(begun) = self.begun.take() {
            let one = Unanswered {
                operation: begun.operation,
                at: begun.at,
                names: Some(begun.names),
                ended,
            };
            remember(&mut self.unanswered, one);
        }
    }
}

fn remember<T>(list: &mut VecDeque<T>, one: T) {
    if list.len() >= REMEMBERED {
        list.pop_front();
    }
    list.push_back(one);
}
