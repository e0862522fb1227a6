//! Which events are of the daemon's own writes: said by their request id and by nothing else.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::happening::{Happening, What};
use crate::event::Signal;

/// How many of each kind are remembered.
const REMEMBERED: usize = 256;
/// How far the time of an event may lie from that of a write whose answer was lost.
const UNANSWERED_FOR: SignedDuration = SignedDuration::from_secs(180);

/// The writes of this process, and the events that were told of.
#[derive(Debug, Default)]
pub(super) struct OwnWrites {
    request_ids: VecDeque<String>,
    /// Writes that may have been carried out and whose request id nobody knows.
    unanswered: VecDeque<(&'static str, Timestamp)>,
    /// Ids of events of the own principal that were told of.
    told: VecDeque<String>,
}

impl OwnWrites {
    /// A write was answered with this request id.
    pub(super) fn answered(&mut self, request_id: Option<String>) {
        if let Some(id) = request_id {
            remember(&mut self.request_ids, id);
        }
    }

    /// A write, by its API operation, was not answered.
    pub(super) fn unanswered(&mut self, operation: &'static str, at: Timestamp) {
        remember(&mut self.unanswered, (operation, at));
    }

    /// Whether a call was one of these writes.
    pub(super) fn made(&self, signal: &Signal) -> bool {
        signal
            .request_id
            .as_ref()
            .is_some_and(|id| self.request_ids.contains(id))
    }

    /// An incident, where an event names the daemon's own principal and a request that the daemon did not make. An event is
    /// told of once, however often it is delivered. `principal` is the daemon's.
    pub(super) fn stolen(
        &mut self,
        signal: &Signal,
        principal: Option<&str>,
        now: Timestamp,
    ) -> Option<Happening> {
        let actor = &signal.actor;
        if principal.is_none()
            || actor.principal_arn.as_deref() != principal
            || self.made(signal)
            || self.may_have_made(signal)
            || self.told.contains(&actor.event_id)
        {
            return None;
        }
        remember(&mut self.told, actor.event_id.clone());
        Some(Happening {
            control: None,
            at: now,
            actor: Some(actor.clone()),
            what: What::Stolen {
                call: actor.event_name.clone(),
            },
        })
    }

    fn may_have_made(&self, signal: &Signal) -> bool {
        self.unanswered.iter().any(|(operation, at)| {
            *operation == signal.call.name
                && signal.actor.time.duration_since(*at).abs() <= UNANSWERED_FOR
        })
    }
}

fn remember<T>(list: &mut VecDeque<T>, one: T) {
    if list.len() == REMEMBERED {
        list.pop_front();
    }
    list.push_back(one);
}
