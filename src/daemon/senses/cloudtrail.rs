use jiff::{SignedDuration, Timestamp};

use crate::assess::records_writes;
use crate::snapshot::Snapshot;

/// How long an event shows that CloudTrail's events come. A day: an account in which nobody changes anything of the chain for
/// longer is not rare, and what is older says little of now.
const SHOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What one scope heard from CloudTrail, and whether that is as it should be.
///
/// The heartbeat proves bus, rule and queue; it is no event of CloudTrail and proves nothing about it. What is told of
/// CloudTrail's part is:
///
/// - **no** (0): at the last look there was a region in which no trail logs writing management calls. EventBridge hands on what
///   a trail records and nothing else, so no change there can be heard. That is seen, not concluded.
/// - **yes** (1): a trail does in every region, and within the last day an event of this account that can change a verdict
///   came out of the queue.
/// - **not known** (NaN): all else. The trails could not be seen; or they are as they should be, and no event came lately.
///
/// Age alone is no fault: in a quiet account nobody makes such a call for weeks, and the silence of a deaf feed sounds the
/// same. That the trail's `LatestCloudWatchLogsDeliveryTime` moves on meanwhile does not tell them apart: it moves with every
/// call that the trail records, and the feed's rules name few of thousands. So silence is never told as a fault, and never as
/// health.
#[derive(Debug, Clone, Default)]
pub(in crate::daemon) struct Ear {
    last_event: Option<Timestamp>,
}

impl Ear {
    /// Events of the account came, the last at this time.
    pub(in crate::daemon) fn heard(&mut self, at: Timestamp) {
        self.last_event = self.last_event.max(Some(at));
    }

    /// When the last one came.
    pub(in crate::daemon) const fn last_event(&self) -> Option<Timestamp> {
        self.last_event
    }

    /// Whether CloudTrail does its part, as defined above.
    pub(in crate::daemon) fn cloudtrail_ok(&self, snapshot: &Snapshot) -> Option<bool> {
        if !records_writes(snapshot)? {
            return Some(false);
        }
        let age = snapshot.now.duration_since(self.last_event?);
        (age <= SHOWN_FOR).then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLIANT: &str = include_str!("../../../tests/fixtures/compliant-snapshot.json");

    #[test]
    fn silence_is_neither_fault_nor_health() {
        let mut snapshot = Snapshot::from_json(COMPLIANT).unwrap();
        let mut ear = Ear::default();
        assert_eq!(ear.cloudtrail_ok(&snapshot), None, "never heard");
        let hours = |hours| snapshot.now - SignedDuration::from_hours(hours);
        ear.heard(hours(25));
        assert_eq!(ear.cloudtrail_ok(&snapshot), None, "long ago");
        ear.heard(hours(23));
        ear.heard(hours(24));
        assert_eq!(ear.last_event(), Some(hours(23)));
        assert_eq!(ear.cloudtrail_ok(&snapshot), Some(true));
        for status in snapshot.trail_status.values_mut() {
            status.is_logging = Some(false);
        }
        assert_eq!(ear.cloudtrail_ok(&snapshot), Some(false));
        snapshot.trails = None;
        assert_eq!(ear.cloudtrail_ok(&snapshot), None, "not seen");
    }
}
