//! What an interrupted drill left in the account: the daemon removes it where it may write.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use tracing::{debug, info};

use super::own::Own;
use crate::aws::{AccountApi, Class};
use crate::drill::Ground;
use crate::snapshot::Snapshot;

/// How long it may take; the next sweep goes on with it.
const LIMIT: Duration = Duration::from_secs(30);

/// Removes what drills of long ago made, around the log groups and topics of a look. A missing permission is no news: the
/// daemon need not have it. `own` is told of each removal, so that its event is not taken for a theft of the credentials.
pub(super) async fn remove(
    account: &dyn AccountApi,
    seen: &Snapshot,
    now: Timestamp,
    own: &mut Own,
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
        match timeout_at(limit, api.remove(resource)).await {
            Ok(Ok(removed)) => {
                own.answered(removed.request_id);
                info!(account = %ground.account, kind, %drill, "removed a leftover of a drill");
            }
            Ok(Err(error)) => {
                if error.class == Class::Transient {
                    own.unanswered(resource.removal(), now);
                }
                debug!(%error, kind, %drill, "a leftover of a drill stays");
            }
            Err(_) => {
                own.unanswered(resource.removal(), now);
                debug!("leftovers of drills took too long");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::aws::{Applied, ApplyError, CallError, DrillApi, ObserveError, Part, Remembered};
    use crate::drill::{DrillName, Observation, Plan, Resource};
    use crate::event::{Actor, Call, Signal};
    use crate::heal::Repair;
    use crate::journal::OwnWrites;
    use crate::snapshot::AccountId;

    const PRINCIPAL: &str = "arn:aws:sts::111122223333:assumed-role/trailwarden/trailwarden-1";

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    /// An account with the subscription and the queue of a drill of yesterday; the queue's removal is not answered.
    struct Left;

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
            let began: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
            let name = DrillName::new(began, "cloudtrail-config-changes");
            let region = "us-east-1".to_owned();
            let subscription = Resource::Subscription {
                name: name.clone(),
                region: region.clone(),
                arn: "arn:aws:sns:us-east-1:111122223333:cis-alarms:1".to_owned(),
            };
            let url = format!("https://sqs.us-east-1.amazonaws.com/111122223333/{name}");
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
            async { answer }.boxed()
        }
    }

    fn event(source: &str, name: &str, request_id: &str) -> Signal {
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
            touched: Vec::new(),
        }
    }

    #[tokio::test]
    async fn the_events_of_removals_are_no_theft() {
        let account = "111122223333".parse().unwrap();
        let seen = Snapshot::unseen(account, now(), "", "");
        let mut own = Own::new(now());
        own.resume(OwnWrites::default());
        remove(&Left, &seen, now(), &mut own).await;
        let mut is_theft = |event: &Signal| own.stolen(event, true, now()).is_some();
        assert!(!is_theft(&event(
            "sns.amazonaws.com",
            "Unsubscribe",
            "ours"
        )));
        assert!(!is_theft(&event(
            "sqs.amazonaws.com",
            "DeleteQueue",
            "unknown"
        )));
        assert!(is_theft(&event(
            "sns.amazonaws.com",
            "Unsubscribe",
            "theirs"
        )));
    }
}
