//! Who broke it, as reported: the latest call that could have cut the link and named what is broken. Pure.

mod part;

use std::collections::VecDeque;

use jiff::Timestamp;
use tokio::time::Instant;

use self::part::is_part;
use super::feed::Ticket;
use super::suspect::Suspect;
use crate::assess::{Chain, Link};
use crate::event::{Actor, Call, Service, Signal};

/// Calls that are remembered for a scope; an intruder who drowns his own call in more than these is reported as nobody,
/// never as somebody else.
const REMEMBERED: usize = 512;

/// The calls that may explain what is broken.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    calls: VecDeque<Suspect>,
}

impl Suspects {
    /// Remembers the call that a message told of.
    pub(super) fn add(&mut self, ticket: &Ticket, signal: Signal) {
        self.remember(Suspect {
            received: ticket.received(),
            sent: ticket.sent(),
            signal,
        });
    }

    fn remember(&mut self, suspect: Suspect) {
        if self.calls.len() == REMEMBERED {
            self.calls.pop_front();
        }
        self.calls.push_back(suspect);
    }

    /// The chain was seen whole by a look that began at `began`: earlier calls broke nothing.
    pub(super) fn acquit(&mut self, began: Instant) {
        self.calls.retain(|suspect| !suspect.is_spent(began));
    }

    /// The latest call, by its own time, that can cut this link and named a resource of it in one of the chains.
    pub(super) fn culprit(&self, link: Link, chains: &[&Chain]) -> Option<&Actor> {
        self.latest(&[link], chains, |signal| can_cut(signal.call, link))
    }

    /// The latest of those that were made until then.
    pub(super) fn culprit_until(
        &self,
        until: Timestamp,
        link: Link,
        chains: &[&Chain],
    ) -> Option<&Actor> {
        self.latest(&[link], chains, |signal| {
            signal.actor.time <= until && can_cut(signal.call, link)
        })
    }

    /// The latest call that can change who is told by one of these chains, and named a resource of it.
    pub(super) fn rerouter(&self, chains: &[&Chain]) -> Option<&Actor> {
        let links = [Link::Action, Link::Topic, Link::Subscription];
        self.latest(&links, chains, |signal| can_reroute(signal.call))
    }

    fn latest(
        &self,
        links: &[Link],
        chains: &[&Chain],
        can_do: impl Fn(&Signal) -> bool,
    ) -> Option<&Actor> {
        let named = |signal: &Signal| {
            let of = |chain| links.iter().any(|link| is_part(signal, *link, chain));
            chains.iter().any(|chain| of(chain))
        };
        self.calls
            .iter()
            .filter(|suspect| {
                let signal = &suspect.signal;
                can_do(signal) && named(signal)
            })
            .max_by_key(|suspect| suspect.order())
            .map(|suspect| &suspect.signal.actor)
    }
}

/// Whether a call can turn a whole link into a broken one.
fn can_cut(call: Call, link: Link) -> bool {
    let links: &[Link] = match (call.service, call.name) {
        (Service::CloudTrail, "DeleteTrail" | "StopLogging") => &[Link::Trail],
        (Service::CloudTrail, "UpdateTrail") => &[Link::Trail, Link::LogGroup, Link::Pattern],
        (Service::CloudTrail, "PutEventSelectors") => &[Link::Selector],
        (Service::Logs, "DeleteLogGroup" | "PutDataProtectionPolicy" | "PutAccountPolicy") => {
            &[Link::LogGroup, Link::Pattern]
        }
        (Service::Logs, "PutTransformer" | "DeleteTransformer") => &[Link::Pattern, Link::Metric],
        (Service::Logs, "DeleteMetricFilter" | "DeleteAccountPolicy") => &[Link::Pattern],
        (Service::Logs, "PutMetricFilter") => &[Link::Pattern, Link::Metric, Link::Alarm],
        (
            Service::Monitoring,
            "DeleteAlarms" | "DisableAlarmActions" | "SetAlarmState" | "PutAlarmMuteRule",
        ) => &[Link::Alarm],
        (Service::Monitoring, "PutMetricAlarm" | "PutCompositeAlarm" | "PutLogAlarm") => {
            &[Link::Alarm, Link::Action]
        }
        (Service::Sns, "DeleteTopic") => &[Link::Topic, Link::Subscription],
        (Service::Sns, "SetTopicAttributes" | "AddPermission" | "RemovePermission") => {
            &[Link::Topic]
        }
        (Service::Sns, "Unsubscribe" | "SetSubscriptionAttributes") => &[Link::Subscription],
        (
            Service::Kms,
            "PutKeyPolicy"
            | "DisableKey"
            | "ScheduleKeyDeletion"
            | "UpdateAlias"
            | "DeleteAlias"
            | "DeleteImportedKeyMaterial",
        ) => &[Link::Topic],
        (Service::Logs, "AssociateKmsKey") | (Service::Iam, _) => &[Link::LogGroup],
        _ => &[],
    };
    links.contains(&link)
}

/// Whether a call can change who is told by a chain that stays whole.
fn can_reroute(call: Call) -> bool {
    match call.service {
        Service::Sns => true,
        Service::Monitoring => can_cut(call, Link::Action) || can_cut(call, Link::Alarm),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::event::{Incoming, Touched, decode, listed_calls};
    use crate::snapshot::{Alarm, LogGroup, MetricFilter, Subscription, Topic, Trail};

    fn signal(service: Service, name: &'static str, at: &str, touched: Touched) -> Signal {
        Signal {
            account: "111122223333".parse().unwrap(),
            region: "us-east-1".to_owned(),
            call: Call { service, name },
            request_id: None,
            actor: Actor {
                principal_arn: Some(format!("arn:aws:iam::111122223333:user/{at}")),
                source_address: None,
                user_agent: None,
                event_name: name.to_owned(),
                event_id: String::new(),
                time: format!("2026-11-23T10:00:{at}Z").parse().unwrap(),
            },
            touched: vec![touched],
        }
    }

    fn suspect(received: Instant, sent: Option<Timestamp>, signal: Signal) -> Suspect {
        Suspect {
            received,
            sent,
            signal,
        }
    }

    fn filter(name: &str) -> Touched {
        Touched::MetricFilter {
            log_group: "ct".to_owned(),
            filter: name.to_owned(),
        }
    }

    fn chain() -> Chain {
        Chain {
            filters: vec![MetricFilter {
                region: "us-east-1".to_owned(),
                log_group_name: "ct".to_owned(),
                filter_name: "changes".to_owned(),
                ..MetricFilter::default()
            }],
            alarms: vec![Alarm {
                alarm_arn: "arn:aws:cloudwatch:us-east-1:111122223333:alarm:alarm".to_owned(),
                alarm_name: "alarm".to_owned(),
                ..Alarm::default()
            }],
            ..Chain::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_burst_only_the_latest_call_that_named_the_broken_resource_is_blamed() {
        let now = Instant::now();
        let mut suspects = Suspects::default();
        let calls = [
            signal(Service::Logs, "DeleteMetricFilter", "01", filter("other")),
            signal(Service::Logs, "PutMetricFilter", "04", filter("changes")),
            signal(Service::Logs, "DeleteMetricFilter", "03", filter("changes")),
            signal(
                Service::Monitoring,
                "DeleteAlarms",
                "05",
                Touched::Alarm("alarm".to_owned()),
            ),
            signal(
                Service::Monitoring,
                "EnableAlarmActions",
                "06",
                Touched::Alarm("alarm".to_owned()),
            ),
        ];
        for call in calls {
            suspects.remember(suspect(now, None, call));
        }
        let chain = chain();
        let blamed = |link| {
            suspects
                .culprit(link, &[&chain])
                .map(|actor| actor.event_name.as_str())
        };
        assert_eq!(blamed(Link::Pattern), Some("PutMetricFilter"));
        assert_eq!(blamed(Link::Alarm), Some("DeleteAlarms"));
        assert_eq!(blamed(Link::Topic), None);
        assert_eq!(blamed(Link::Visibility), None);
    }

    /// The least that a call that can cut has in its parameters, as `CloudTrail` writes them.
    fn parameters(call: Call) -> Value {
        let key = "1234abcd-12ab-34cd-56ef-1234567890ab";
        match (call.service, call.name) {
            (Service::CloudTrail, "PutEventSelectors") => json!({"trailName": TRAIL}),
            (Service::CloudTrail, _) => json!({"name": TRAIL}),
            (Service::Logs, "PutMetricFilter" | "DeleteMetricFilter") => {
                json!({"logGroupName": "ct", "filterName": "changes"})
            }
            (Service::Logs, "DeleteLogGroup" | "AssociateKmsKey") => json!({"logGroupName": "ct"}),
            (Service::Logs, "PutAccountPolicy" | "DeleteAccountPolicy") => {
                json!({"policyName": "p", "policyType": "TRANSFORMER_POLICY"})
            }
            (Service::Logs, _) => json!({"logGroupIdentifier": "ct"}),
            (Service::Monitoring, "DeleteAlarms" | "DisableAlarmActions") => {
                json!({"alarmNames": ["alarm"]})
            }
            (Service::Monitoring, "PutAlarmMuteRule") => json!({
                "name": "quiet",
                "rule": {"schedule": {"expression": "cron(* * * * *)", "duration": "PT1H"}},
                "muteTargets": {"alarmNames": ["other", "alarm"]}
            }),
            (Service::Monitoring, _) => json!({"alarmName": "alarm"}),
            (Service::Sns, "Unsubscribe" | "SetSubscriptionAttributes") => {
                json!({"subscriptionArn": SUBSCRIPTION})
            }
            (Service::Sns, _) => json!({"topicArn": TOPIC}),
            (Service::Kms, "UpdateAlias") => json!({"aliasName": KEY, "targetKeyId": key}),
            (Service::Kms, "DeleteAlias") => json!({"aliasName": KEY}),
            // By whatever id the topic names it.
            (Service::Kms, _) => json!({"keyId": KEY}),
            (Service::Iam, _) => json!({"roleName": "delivers"}),
            (service, name) => {
                panic!("what does {name} of {service:?} cut, and whom does it name?")
            }
        }
    }

    const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
    const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alarms";
    const SUBSCRIPTION: &str = "arn:aws:sns:us-east-1:111122223333:alarms:1";
    const KEY: &str = "alias/alarms";

    fn whole_chain() -> Chain {
        let mut topic = Topic {
            topic_arn: TOPIC.to_owned(),
            ..Topic::default()
        };
        topic.attributes.kms_master_key_id = Some(KEY.to_owned());
        Chain {
            trail: Some(
                Trail {
                    trail_arn: TRAIL.to_owned(),
                    cloud_watch_logs_role_arn: Some(
                        "arn:aws:iam::111122223333:role/delivers".to_owned(),
                    ),
                    ..Trail::default()
                }
                .into(),
            ),
            log_group: Some(
                LogGroup {
                    region: "us-east-1".to_owned(),
                    log_group_name: "ct".to_owned(),
                    ..LogGroup::default()
                }
                .into(),
            ),
            topic: Some(topic.into()),
            subscriptions: vec![
                Subscription {
                    subscription_arn: SUBSCRIPTION.to_owned(),
                    ..Subscription::default()
                }
                .into(),
            ],
            ..chain()
        }
    }

    /// The call as it comes out of the queue.
    fn heard(call: Call, region: &str, parameters: &Value) -> Signal {
        let event = json!({
            "detail-type": "AWS API Call via CloudTrail",
            "source": call.service.bus_source(),
            "account": "111122223333",
            "region": region,
            "detail": {
                "eventTime": "2026-11-23T10:00:00Z",
                "eventSource": call.service.event_source(),
                "eventName": call.name,
                "requestParameters": parameters,
                "eventID": "e",
                "readOnly": false
            }
        });
        match decode(&event.to_string()).unwrap() {
            Incoming::Signal(signal) => *signal,
            other => panic!("{other:?}"),
        }
    }

    fn is_blamed(link: Link, signal: Signal) -> bool {
        let mut suspects = Suspects::default();
        suspects.remember(suspect(Instant::now(), None, signal));
        suspects.culprit(link, &[&whole_chain()]).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn every_call_that_can_cut_a_link_is_blamed_for_it_by_what_it_names() {
        for call in listed_calls() {
            for link in Link::CHAIN.into_iter().filter(|link| can_cut(call, *link)) {
                let signal = heard(call, "us-east-1", &parameters(call));
                assert!(
                    is_blamed(link, signal),
                    "{call:?} is not blamed for {link:?}"
                );
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_did_the_same_to_a_namesake_in_another_region_is_not_blamed() {
        for call in listed_calls().filter(|call| call.service != Service::Iam) {
            for link in Link::CHAIN.into_iter().filter(|link| can_cut(call, *link)) {
                let signal = heard(call, "eu-west-1", &parameters(call));
                assert!(!is_blamed(link, signal), "{call:?} is blamed for {link:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_mutes_the_alarm_is_blamed_and_whoever_mutes_another_is_not() {
        let mute = Call::lookup("monitoring.amazonaws.com", "PutAlarmMuteRule").unwrap();
        assert!(is_blamed(
            Link::Alarm,
            heard(mute, "us-east-1", &parameters(mute))
        ));
        // The rule's own name is no alarm's.
        let other = json!({"name": "alarm", "muteTargets": {"alarmNames": ["other"]}});
        assert!(!is_blamed(Link::Alarm, heard(mute, "us-east-1", &other)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_of_the_account_is_blamed_where_it_holds_and_changes_what_filters_read() {
        let put = Call::lookup("logs.amazonaws.com", "PutAccountPolicy").unwrap();
        let delete = Call::lookup("logs.amazonaws.com", "DeleteAccountPolicy").unwrap();
        let of = |kind: &str| json!({"policyName": "p", "policyType": kind});
        let masks = of("DATA_PROTECTION_POLICY");
        assert!(is_blamed(Link::LogGroup, heard(put, "us-east-1", &masks)));
        assert!(is_blamed(Link::Pattern, heard(put, "us-east-1", &masks)));
        assert!(!is_blamed(Link::LogGroup, heard(put, "eu-west-1", &masks)));
        assert!(!is_blamed(
            Link::Pattern,
            heard(delete, "us-east-1", &masks)
        ));
        for harmless in ["SUBSCRIPTION_FILTER_POLICY", "FIELD_INDEX_POLICY"] {
            assert!(!is_blamed(
                Link::LogGroup,
                heard(put, "us-east-1", &of(harmless))
            ));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_before_the_chain_was_last_seen_whole_is_not_blamed() {
        let mut suspects = Suspects::default();
        let call = signal(Service::Logs, "PutMetricFilter", "01", filter("changes"));
        suspects.remember(suspect(Instant::now(), None, call));
        let chain = chain();
        suspects.acquit(Instant::now() + Duration::from_secs(59));
        assert!(
            suspects.culprit(Link::Pattern, &[&chain]).is_some(),
            "reads may still lag"
        );
        suspects.acquit(Instant::now() + Duration::from_secs(61));
        assert!(suspects.culprit(Link::Pattern, &[&chain]).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_calls_in_one_second_the_one_that_was_sent_later_is_blamed_however_often_the_other_comes()
     {
        let mut suspects = Suspects::default();
        let cut = signal(Service::Logs, "DeleteMetricFilter", "01", filter("changes"));
        let mend = signal(Service::Logs, "PutMetricFilter", "01", filter("changes"));
        for (call, sent) in [
            (&mend, "2026-11-23T10:00:02.1Z"),
            (&cut, "2026-11-23T10:00:02.4Z"),
            (&mend, "2026-11-23T10:00:02.1Z"),
        ] {
            let sent = sent.parse().ok();
            suspects.remember(suspect(Instant::now(), sent, call.clone()));
        }
        let chain = chain();
        let blamed = suspects.culprit(Link::Pattern, &[&chain]).unwrap();
        assert_eq!(blamed.event_name, "DeleteMetricFilter");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let mut suspects = Suspects::default();
        for _ in 0..2 * REMEMBERED {
            let call = signal(Service::Logs, "DeleteMetricFilter", "01", filter("x"));
            suspects.remember(suspect(Instant::now(), None, call));
        }
        assert_eq!(suspects.calls.len(), REMEMBERED);
    }
}
