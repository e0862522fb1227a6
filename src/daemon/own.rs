//! Which events are of the daemon's own writes: said by their request id and by nothing else, where that is known.

use jiff::Timestamp;

use super::happening::{Happening, What};
use crate::drill::Resource;
use crate::event::{Signal, Touched};
use crate::heal::Repair;
use crate::journal::OwnWrites;

/// The writes of this process and of those before it, and the events that were told of.
pub(super) struct Own {
    writes: OwnWrites,
    /// When this process began.
    began: Timestamp,
    /// What the processes before it wrote is known.
    resumed: bool,
}

impl Own {
    pub(super) fn new(began: Timestamp) -> Self {
        Self {
            writes: OwnWrites::default(),
            began,
            resumed: false,
        }
    }

    /// Goes on where an earlier process ended.
    pub(super) fn resume(&mut self, earlier: OwnWrites) {
        self.writes.resume(earlier, self.began);
        self.resumed = true;
    }

    /// What is to be kept.
    pub(super) const fn writes(&self) -> &OwnWrites {
        &self.writes
    }

    /// A repair is about to be written.
    pub(super) fn begin(&mut self, repair: &Repair, at: Timestamp) {
        let operation = repair.kind().operation();
        self.writes.begin(operation, names(repair), at);
    }

    /// A write was answered with this request id.
    pub(super) fn answered(&mut self, request_id: Option<String>) {
        self.writes.answered(request_id);
    }

    /// What was begun was not written.
    pub(super) fn refused(&mut self) {
        self.writes.refused();
    }

    /// What was begun was not answered.
    pub(super) fn lost(&mut self, at: Timestamp) {
        self.writes.lost(at);
    }

    /// What a drill left is about to be removed.
    pub(super) fn begin_removal(&mut self, resource: &Resource, at: Timestamp) {
        let names = match resource {
            Resource::Subscription { arn, .. } => Touched::Subscription(arn.clone()),
            Resource::Queue { url, .. } => Touched::Queue(url.clone()),
            Resource::Stream { log_group, .. } => Touched::LogGroup(log_group.clone()),
        };
        self.writes.begin(resource.removal(), names, at);
    }

    /// Whether a call was one of these writes.
    pub(super) fn made(&self, signal: &Signal) -> bool {
        self.writes.made(signal)
    }

    /// An incident, where an event names the daemon's own principal and a request that the daemon did not make. An event is
    /// told of once, however often it is delivered. `is_ours`: the principal that it names is the daemon's.
    pub(super) fn stolen(
        &mut self,
        signal: &Signal,
        is_ours: bool,
        now: Timestamp,
    ) -> Option<Happening> {
        let actor = &signal.actor;
        // Of a time that nobody knows about nobody is accused.
        let is_unknown = !self.resumed && actor.time <= self.began;
        if !is_ours
            || is_unknown
            || self.made(signal)
            || self.writes.may_have_made(signal)
            || !self.writes.tell(&actor.event_id)
        {
            return None;
        }
        Some(Happening {
            control: None,
            at: now,
            actor: Some(actor.clone()),
            what: What::Stolen {
                call: actor.event_name.clone(),
            },
        })
    }
}

/// What the event of a repair will name.
fn names(repair: &Repair) -> Touched {
    match repair {
        Repair::PutMetricFilter { filter } => Touched::MetricFilter {
            log_group: filter.log_group_name.clone(),
            filter: filter.filter_name.clone(),
        },
        Repair::PutMetricAlarm { alarm, .. } => Touched::Alarm(alarm.alarm_name.clone()),
        Repair::EnableAlarmActions { alarm_name, .. } => Touched::Alarm(alarm_name.clone()),
        Repair::CreateTopic { name, .. } => Touched::Topic(name.clone()),
        Repair::Subscribe { topic_arn, .. } => Touched::Topic(topic_arn.clone()),
        Repair::StartLogging { trail_arn, .. }
        | Repair::UpdateTrail { trail_arn, .. }
        | Repair::PutEventSelectors { trail_arn, .. } => Touched::Trail(trail_arn.clone()),
        Repair::CreateLogGroup { name, .. } => Touched::LogGroup(name.clone()),
    }
}
