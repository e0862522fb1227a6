//! What an interrupted drill left in the account: the daemon removes it where it may write.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, info};

use super::heal::Healer;
use crate::aws::{AccountApi, Class};
use crate::drill::Ground;
use crate::snapshot::Snapshot;

/// How long it may take; the next sweep goes on with it.
const LIMIT: Duration = Duration::from_secs(30);

/// Removes what drills of long ago made, around the log groups and topics of a look. A missing permission is no news: the
/// daemon need not have it. `healer` lets each removal pass, and keeps it, so that its event is not taken for a theft of the
/// credentials.
pub(super) async fn remove(
    account: &dyn AccountApi,
    seen: &Snapshot,
    now: Timestamp,
    healer: &mut Healer,
) {
    let Some(api) = account.drills() else { return };
    let ground = Ground::of(seen);
    let limit = Instant::now() + LIMIT;
    let Ok((mut found, failed)) = timeout_at(limit, api.resources(&ground)).await else {
        debug!("leftovers of drills took too long to be found");
        return;
    };
    for error in failed {
        debug!(%error, "leftovers of drills cannot be looked for");
    }
    found.retain(|resource| resource.is_left_behind(now));
    found.sort();
    for resource in &found {
        let (kind, drill) = (resource.kind(), resource.name());
        if !healer.begin_removal(&ground.account, resource).await {
            debug!(kind, %drill, "a leftover of a drill stays: nothing may be written now");
            return;
        }
        let answer = timeout_at(limit, api.remove(resource)).await;
        let is_late = answer.is_err();
        match &answer {
            Ok(Ok(_)) => {
                info!(account = %ground.account, kind, %drill, "removed a leftover of a drill");
            }
            Ok(Err(error)) => debug!(%error, kind, %drill, "a leftover of a drill stays"),
            Err(_) => debug!("leftovers of drills took too long"),
        }
        let answer = answer.map_or(Err(Class::Transient), |answer| {
            answer.map_err(|error| error.class)
        });
        healer.end_removal(&answer);
        if is_late {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::aws::{Applied, ApplyError, CallError, DrillApi, ObserveError, Part, Remembered};
    use crate::config::HealMode;
    use crate::drill::{DrillName, Observation, Plan, Resource};
    use crate::event::{Actor, Call, Signal, Touched};
    use crate::heal::{HealPolicy, Limits, Repair};
    use crate::journal::{Journal, Memory};
    use crate::snapshot::AccountId;
    use crate::telemetry::{Events, Metrics};

    const PRINCIPAL: &str = "arn:aws:sts::111122223333:assumed-role/trailwarden/trailwarden-1";

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    const SUBSCRIPTION: &str = "arn:aws:sns:us-east-1:111122223333:cis-alarms:1";

    /// An account with the subscription and the queue of a drill of yesterday; the queue's removal is not answered.
    struct Left {
        journal: Journal,
        /// What was removed, and what the journal had before.
        removed: Mutex<Vec<(&'static str, Memory)>>,
    }

    impl Left {
        fn new(journal: &Journal) -> Self {
            Self {
                journal: journal.clone(),
                removed: Mutex::default(),
            }
        }

        fn removed(&self) -> Vec<&'static str> {
            let removed = self.removed.lock().unwrap();
            removed.iter().map(|(operation, _)| *operation).collect()
        }
    }

    impl AccountApi for Left {
        fn observe<'a>(
            &'a self,
            _: &'a Remembered,
        ) -> BoxFuture<'a, Result<Snapshot, ObserveError>> {
            unreachable!("nobody looks")
        }

        fn apply<'a>(&'a self, _: &'a Repair) -> BoxFuture<'a, Result<Applied, ApplyError>> {
            unreachable!("nobody mends")
        }

        fn drills(&self) -> Option<&dyn DrillApi> {
            Some(self)
        }

        fn is_principal(&self, arn: &str) -> bool {
            arn == PRINCIPAL
        }
    }

    impl DrillApi for Left {
        fn make<'a>(
            &'a self,
            _: &'a Plan,
            _: Part<'a>,
        ) -> BoxFuture<'a, Result<Resource, CallError>> {
            unreachable!("nobody drills")
        }

        fn write<'a>(&'a self, _: &'a Plan) -> BoxFuture<'a, Result<(), CallError>> {
            unreachable!("nobody drills")
        }

        fn watch<'a>(
            &'a self,
            _: &'a Plan,
            _: &'a str,
        ) -> BoxFuture<'a, Result<Observation, CallError>> {
            unreachable!("nobody drills")
        }

        fn resources<'a>(
            &'a self,
            _: &'a Ground,
        ) -> BoxFuture<'a, (Vec<Resource>, Vec<CallError>)> {
            let name = drill();
            let region = "us-east-1".to_owned();
            let subscription = Resource::Subscription {
                name: name.clone(),
                region: region.clone(),
                arn: SUBSCRIPTION.to_owned(),
            };
            let url = queue_url();
            let queue = Resource::Queue { name, region, url };
            async { (vec![subscription, queue], Vec::new()) }.boxed()
        }

        fn remove<'a>(
            &'a self,
            resource: &'a Resource,
        ) -> BoxFuture<'a, Result<Applied, CallError>> {
            let answer = match resource {
                Resource::Queue { .. } => Err(CallError {
                    service: "sqs",
                    operation: "DeleteQueue",
                    scope: String::new(),
                    code: CallError::TIMEOUT.to_owned(),
                    class: Class::Transient,
                    message: String::new(),
                }),
                _ => Ok(Applied {
                    request_id: Some("ours".to_owned()),
                }),
            };
            async move {
                let account = "111122223333".parse().unwrap();
                let kept = self.journal.recall(&account).await.unwrap();
                let operation = resource.removal();
                self.removed.lock().unwrap().push((operation, kept));
                answer
            }
            .boxed()
        }
    }

    fn drill() -> DrillName {
        let began: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        DrillName::new(began, "cloudtrail-config-changes")
    }

    fn queue_url() -> String {
        format!(
            "https://sqs.us-east-1.amazonaws.com/111122223333/{}",
            drill()
        )
    }

    /// One that has not read the journal.
    fn unread_healer(limits: Limits, journal: &Journal) -> Healer {
        let metrics = Arc::new(Metrics::new().unwrap());
        Healer::new(
            HealMode::Apply,
            HealPolicy::default(),
            limits,
            Events::new(metrics),
            Arc::new(now),
            journal.clone(),
        )
    }

    fn healer(limits: Limits, journal: &Journal, memory: &Memory) -> Healer {
        let mut healer = unread_healer(limits, journal);
        healer.resume(memory);
        healer
    }

    async fn swept(left: &Left, healer: &mut Healer) {
        let account = "111122223333".parse().unwrap();
        let seen = Snapshot::unseen(account, now(), "", "");
        remove(left, &seen, now(), healer).await;
    }

    fn is_theft(healer: &mut Healer, event: &Signal) -> bool {
        healer.is_own(event, true, now());
        !healer.happenings().is_empty()
    }

    fn unsubscription(request_id: &str) -> Signal {
        let names = Touched::Subscription(SUBSCRIPTION.to_owned());
        event("sns.amazonaws.com", "Unsubscribe", request_id, names)
    }

    fn queue_deletion(request_id: &str) -> Signal {
        let names = Touched::Queue(queue_url());
        event("sqs.amazonaws.com", "DeleteQueue", request_id, names)
    }

    fn event(source: &str, name: &str, request_id: &str, names: Touched) -> Signal {
        Signal {
            account: "111122223333".parse::<AccountId>().unwrap(),
            region: "us-east-1".to_owned(),
            call: Call::lookup(source, name).unwrap(),
            request_id: Some(request_id.to_owned()),
            actor: Actor {
                principal_arn: Some(PRINCIPAL.to_owned()),
                source_address: None,
                user_agent: None,
                event_name: name.to_owned(),
                event_id: format!("event of {request_id}"),
                time: now(),
            },
            touched: vec![names],
        }
    }

    #[tokio::test]
    async fn the_events_of_removals_are_no_theft() {
        let journal = Journal::in_memory().unwrap();
        let left = Left::new(&journal);
        let mut healer = healer(Limits::default(), &journal, &Memory::default());
        swept(&left, &mut healer).await;
        assert_eq!(left.removed(), ["Unsubscribe", "DeleteQueue"]);
        assert!(!is_theft(&mut healer, &unsubscription("ours")));
        assert!(!is_theft(&mut healer, &queue_deletion("unknown")));
        assert!(is_theft(&mut healer, &unsubscription("theirs")));
    }

    #[tokio::test]
    async fn a_removal_is_in_the_journal_before_it_is_made() {
        let journal = Journal::in_memory().unwrap();
        let left = Left::new(&journal);
        swept(
            &left,
            &mut healer(Limits::default(), &journal, &Memory::default()),
        )
        .await;
        // Whoever comes after a crash knows what was kept until then.
        let kept = left.removed.lock().unwrap().pop().unwrap().1;
        let mut next = healer(Limits::default(), &journal, &kept);
        assert!(!is_theft(&mut next, &unsubscription("ours")));
        assert!(!is_theft(&mut next, &queue_deletion("unknown")));
        assert!(is_theft(&mut next, &unsubscription("theirs")));
    }

    #[tokio::test]
    async fn nothing_is_removed_in_a_maintenance_window_nor_before_the_journal_was_read() {
        let journal = Journal::in_memory().unwrap();
        let left = Left::new(&journal);
        let closed = Limits {
            windows: vec!["11:00/13:00".parse().unwrap()],
            ..Limits::default()
        };
        let mut in_a_window = healer(closed, &journal, &Memory::default());
        assert!(!in_a_window.may_write());
        swept(&left, &mut in_a_window).await;

        let mut without_a_past = unread_healer(Limits::default(), &journal);
        swept(&left, &mut without_a_past).await;
        assert_eq!(left.removed(), [""; 0]);
    }

    #[tokio::test]
    async fn nothing_is_removed_that_the_journal_does_not_promise_to_remember() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        std::fs::write(&path, "no directory").unwrap();
        let metrics = Arc::new(Metrics::new().unwrap());
        let observer = Box::new(Events::new(metrics));
        let journal = Journal::in_directory(path, Duration::from_hours(24), observer).unwrap();
        let left = Left::new(&journal);
        let mut healer = healer(Limits::default(), &journal, &Memory::default());
        swept(&left, &mut healer).await;
        assert_eq!(left.removed(), [""; 0]);
        assert!(!healer.may_write());
    }
}
