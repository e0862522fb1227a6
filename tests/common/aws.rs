//! A seeded account of its own for each test, and the ways in which people break it.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use serde::Deserialize;

use super::emulator::Emulator;

/// What localstack/seed.py made.
#[derive(Debug, Clone, Deserialize)]
pub struct Seeded {
    pub account: String,
    pub region: String,
    pub trail: String,
    pub trail_arn: String,
    pub role_arn: String,
    pub log_group: String,
    pub metric_filter: String,
    pub metric_namespace: String,
    pub metric_name: String,
    pub alarm: String,
    pub topic_arn: String,
    pub subscription_arn: String,
    pub inbox_url: String,
    pub queue_url: String,
    pub dead_letter_url: String,
}

/// One call that the emulator answered.
#[derive(Debug, Clone, Deserialize)]
pub struct Call {
    pub service: String,
    pub operation: String,
    pub access_key: Option<String>,
    pub user_agent: Option<String>,
    pub status: u16,
    pub mutating: bool,
}

#[derive(Debug, Deserialize)]
struct Calls {
    calls: Vec<Call>,
}

/// An account with the compliant chain of the benchmark and the event wiring, and clients of the administrator who
/// breaks it: an assumed role, so that he is told from the daemon's own calls.
#[derive(Debug, Clone)]
pub struct Account {
    pub endpoint: String,
    pub seeded: Seeded,
    pub cloudtrail: aws_sdk_cloudtrail::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    pub sns: aws_sdk_sns::Client,
    pub sqs: aws_sdk_sqs::Client,
    /// With the credentials that the daemon has.
    pub logs_as_daemon: aws_sdk_cloudwatchlogs::Client,
}

/// Principal of the one who breaks things.
pub const MALLORY: &str = "assumed-role/admin/mallory";

impl Account {
    /// A fresh account, seeded in us-east-1.
    pub async fn fresh(emulator: &Emulator) -> Self {
        // Leading zeros are part of an account id: every second one has them.
        let account = format!(
            "{:012}",
            fastrand::u64(1_000_000..1_000_000_000_000) >> (fastrand::u32(0..2) * 7)
        );
        let url = format!(
            "{}/_trailwarden/seed?account={account}&period=10",
            emulator.endpoint
        );
        let seeded: Seeded = ureq::post(&url)
            .send_empty()
            .and_then(|mut answer| answer.body_mut().read_json())
            .unwrap_or_else(|error| panic!("the account {account} cannot be seeded: {error}"));
        let root = config(
            &emulator.endpoint,
            &seeded.region,
            credentials(&account, "test", None),
        );
        let assumed = aws_sdk_sts::Client::new(&root)
            .assume_role()
            .role_arn(format!("arn:aws:iam::{account}:role/admin"))
            .role_session_name("mallory")
            .send()
            .await
            .expect("the administrator's role is assumed");
        let keys = assumed.credentials().expect("its credentials");
        let keys = credentials(
            keys.access_key_id(),
            keys.secret_access_key(),
            Some(keys.session_token()),
        );
        let config = config(&emulator.endpoint, &seeded.region, keys);
        Self {
            endpoint: emulator.endpoint.clone(),
            cloudtrail: aws_sdk_cloudtrail::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            logs_as_daemon: aws_sdk_cloudwatchlogs::Client::new(&root),
            seeded,
        }
    }

    /// The calls that the emulator answered for this account, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        let url = format!(
            "{}/_trailwarden/calls?account={}",
            self.endpoint, self.seeded.account
        );
        let calls: Calls = ureq::get(&url)
            .call()
            .and_then(|mut answer| answer.body_mut().read_json())
            .expect("the emulator lists its calls");
        calls.calls
    }

    /// The writing calls that a daemon made, by service and operation; its feed's own calls on the queue aside.
    pub fn daemon_writes(&self) -> Vec<String> {
        self.calls()
            .into_iter()
            .filter(|call| call.mutating)
            .filter(|call| {
                call.user_agent
                    .as_ref()
                    .is_some_and(|agent| agent.contains("trailwarden"))
            })
            .map(|call| format!("{}:{}", call.service, call.operation))
            .collect()
    }

    /// Refuses an operation to everybody in this account, as AWS does where no policy allows it.
    pub fn deny(&self, service: &str, operation: &str) {
        let url = format!("{}&service={service}&operation={operation}", self.denials());
        ureq::post(&url)
            .send_empty()
            .expect("the emulator takes the permission away");
    }

    /// Gives back what [`Self::deny`] took away.
    pub fn allow_everything(&self) {
        ureq::delete(&self.denials())
            .call()
            .expect("the emulator gives the permissions back");
    }

    fn denials(&self) -> String {
        format!(
            "{}/_trailwarden/deny?account={}",
            self.endpoint, self.seeded.account
        )
    }

    /// How many messages wait in the queue, visible and in flight.
    pub async fn queue_depth(&self) -> (usize, usize) {
        use aws_sdk_sqs::types::QueueAttributeName as Name;
        let names = [
            Name::ApproximateNumberOfMessages,
            Name::ApproximateNumberOfMessagesNotVisible,
        ];
        let answer = self
            .sqs
            .get_queue_attributes()
            .queue_url(&self.seeded.queue_url)
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await
            .expect("the queue's attributes");
        let number = |name| {
            let text = answer.attributes().and_then(|all| all.get(name));
            text.and_then(|text| text.parse().ok()).unwrap_or_default()
        };
        (number(&names[0]), number(&names[1]))
    }

    /// Waits until the queue is empty: every message was evaluated and deleted.
    pub async fn until_queue_is_empty(&self, limit: Duration) {
        super::eventually(
            "an empty queue",
            limit,
            async || (self.queue_depth().await == (0, 0)).then_some(()),
            async || format!("{:?} wait (visible, in flight)", self.queue_depth().await),
        )
        .await;
    }

    /// Puts many messages into the queue of the feed.
    pub async fn send_all(&self, bodies: &[&str]) {
        use aws_sdk_sqs::types::SendMessageBatchRequestEntry as Entry;
        for batch in bodies.chunks(10) {
            let entries = batch.iter().enumerate().map(|(index, body)| {
                let entry = Entry::builder().id(index.to_string()).message_body(*body);
                entry.build().expect("an entry")
            });
            let call = self
                .sqs
                .send_message_batch()
                .queue_url(&self.seeded.queue_url);
            let answer = call.set_entries(Some(entries.collect())).send().await;
            let answer = answer.expect("the batch is sent");
            assert!(answer.failed().is_empty(), "{:?}", answer.failed());
        }
    }

    /// Sets how long the queue hides a message that was received.
    pub async fn set_visibility_timeout(&self, seconds: u32) {
        let name = aws_sdk_sqs::types::QueueAttributeName::VisibilityTimeout;
        let call = self
            .sqs
            .set_queue_attributes()
            .queue_url(&self.seeded.queue_url);
        let call = call.attributes(name, seconds.to_string());
        call.send().await.expect("the queue's attribute is set");
    }

    /// What a repair must bring back: the names and attributes of filter, alarm, topic, trail and subscriptions, without what
    /// AWS makes anew each time.
    pub async fn describe(&self) -> String {
        let seeded = &self.seeded;
        let filters = self
            .logs
            .describe_metric_filters()
            .log_group_name(&seeded.log_group)
            .send()
            .await
            .expect("the metric filters");
        let filters: Vec<_> = filters
            .metric_filters()
            .iter()
            .map(|one| {
                (
                    one.filter_name().map(str::to_owned),
                    one.filter_pattern().map(str::to_owned),
                    one.metric_transformations().to_vec(),
                )
            })
            .collect();
        let alarms = self
            .cloudwatch
            .describe_alarms()
            .send()
            .await
            .expect("the alarms");
        let alarms: Vec<_> = alarms
            .metric_alarms()
            .iter()
            .map(|one| {
                (
                    one.alarm_name().map(str::to_owned),
                    (
                        one.metric_name().map(str::to_owned),
                        one.namespace().map(str::to_owned),
                    ),
                    (
                        one.statistic().cloned(),
                        one.period(),
                        one.evaluation_periods(),
                        one.threshold(),
                    ),
                    (
                        one.comparison_operator().cloned(),
                        one.treat_missing_data().map(str::to_owned),
                    ),
                    (one.actions_enabled(), one.alarm_actions().to_vec()),
                )
            })
            .collect();
        let subscriptions = self
            .sns
            .list_subscriptions_by_topic()
            .topic_arn(&seeded.topic_arn)
            .send()
            .await
            .expect("the subscriptions");
        let subscriptions: Vec<_> = subscriptions
            .subscriptions()
            .iter()
            .map(|one| {
                (
                    one.protocol().map(str::to_owned),
                    one.endpoint().map(str::to_owned),
                )
            })
            .collect();
        let trails = self
            .cloudtrail
            .describe_trails()
            .send()
            .await
            .expect("the trails");
        let status = self
            .cloudtrail
            .get_trail_status()
            .name(&seeded.trail)
            .send()
            .await;
        let logging = status.expect("the trail's status").is_logging();
        let selectors = self
            .cloudtrail
            .get_event_selectors()
            .trail_name(&seeded.trail)
            .send()
            .await;
        let selectors = selectors.expect("the selectors");
        format!(
            "filters {filters:#?}\nalarms {alarms:#?}\nsubscriptions {subscriptions:#?}\ntrails {:#?}\nlogging {logging:?}\nselectors {:#?} {:#?}",
            trails.trail_list(),
            selectors.event_selectors(),
            selectors.advanced_event_selectors(),
        )
    }

    /// Puts a message into the queue of the feed.
    pub async fn send(&self, body: &str) {
        let message = self.sqs.send_message().queue_url(&self.seeded.queue_url);
        message
            .message_body(body)
            .send()
            .await
            .expect("the message is sent");
    }
}

fn credentials(key: &str, secret: &str, token: Option<&str>) -> Credentials {
    Credentials::new(key, secret, token.map(str::to_owned), None, "test")
}

fn config(endpoint: &str, region: &str, credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(region.to_owned()))
        .credentials_provider(
            aws_credential_types::provider::SharedCredentialsProvider::new(credentials),
        )
        .build()
}
