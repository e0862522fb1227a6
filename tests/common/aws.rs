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
    pub rules: Vec<String>,
}

/// One call that the emulator answered.
#[derive(Debug, Clone, Deserialize)]
pub struct Call {
    pub service: String,
    /// Empty where the request named none that the emulator knows.
    #[serde(deserialize_with = "or_empty")]
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
    pub events: aws_sdk_eventbridge::Client,
    /// What the clients of the one who breaks things are made of.
    pub mallory: SdkConfig,
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
        Self::named(emulator, &account).await
    }

    /// The account of this id, seeded in us-east-1.
    pub async fn named(emulator: &Emulator, account: &str) -> Self {
        let url = format!(
            "{}/_trailwarden/seed?account={account}&period=10",
            emulator.endpoint
        );
        let mut answer = ureq::post(&url)
            .config()
            .http_status_as_error(false)
            .build()
            .send_empty()
            .unwrap_or_else(|error| panic!("LocalStack does not seed {account}: {error}"));
        let answer = answer.body_mut().read_to_string().expect("an answer");
        let seeded: Seeded = serde_json::from_str(&answer)
            .unwrap_or_else(|_| panic!("the account {account} cannot be seeded: {answer}"));
        let root = config(
            &emulator.endpoint,
            &seeded.region,
            credentials(account, "test", None),
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
            events: aws_sdk_eventbridge::Client::new(&config),
            logs_as_daemon: aws_sdk_cloudwatchlogs::Client::new(&root),
            mallory: config,
            seeded,
        }
    }

    /// EventBridge with the administrator's credentials.
    pub fn events(&self, region: &str) -> aws_sdk_eventbridge::Client {
        let config = self.mallory.to_builder();
        aws_sdk_eventbridge::Client::new(&config.region(Region::new(region.to_owned())).build())
    }

    /// Encrypts the topic with a key of the account, and answers the key's id.
    pub async fn encrypt_topic(&self) -> String {
        let keys = credentials(&self.seeded.account, "test", None);
        let kms = aws_sdk_kms::Client::new(&config(&self.endpoint, &self.seeded.region, keys));
        let made = kms.create_key().send().await.expect("the key is made");
        let id = made.key_metadata().expect("the key").key_id().to_owned();
        let call = self.sns.set_topic_attributes();
        call.topic_arn(&self.seeded.topic_arn)
            .attribute_name("KmsMasterKeyId")
            .attribute_value(&id)
            .send()
            .await
            .expect("the topic is encrypted");
        id
    }

    /// Mutes the alarm at night.
    pub async fn mute_alarm(&self) {
        use aws_sdk_cloudwatch::types::{MuteTargets, Rule, Schedule};
        let schedule = Schedule::builder()
            .expression("cron(0 2 * * *)")
            .duration("PT1H");
        let targets = MuteTargets::builder().alarm_names(&self.seeded.alarm);
        let call = self.cloudwatch.put_alarm_mute_rule().name("nightly");
        call.rule(Rule::builder().schedule(schedule.build()).build())
            .mute_targets(targets.build())
            .send()
            .await
            .expect("the mute rule is made");
    }

    /// ARN of a queue in the seeded region.
    pub fn queue_arn(&self, name: &str) -> String {
        let Seeded {
            region, account, ..
        } = &self.seeded;
        format!("arn:aws:sqs:{region}:{account}:{name}")
    }

    /// The same account with a feed of its own: another queue on the same rules.
    pub async fn with_second_queue(&self, name: &str) -> Self {
        let made = self.sqs.create_queue().queue_name(name).send().await;
        let url = made.expect("the queue is made").queue_url;
        let events = self.events(&self.seeded.region);
        for rule in &self.seeded.rules {
            let target = aws_sdk_eventbridge::types::Target::builder()
                .id(name)
                .arn(self.queue_arn(name))
                .build()
                .expect("a target");
            let call = events.put_targets().rule(rule).targets(target);
            call.send().await.expect("PutTargets");
        }
        let mut second = self.clone();
        second.seeded.queue_url = url.expect("its URL");
        second
    }

    /// Keys of a session of the daemon's role.
    pub async fn session(&self, name: &str) -> Credentials {
        let keys = credentials(&self.seeded.account, "test", None);
        let sts = aws_sdk_sts::Client::new(&config(&self.endpoint, &self.seeded.region, keys));
        let role = format!("arn:aws:iam::{}:role/trailwarden", self.seeded.account);
        let call = sts.assume_role().role_arn(role).role_session_name(name);
        let answer = call.send().await.expect("the role is assumed");
        let keys = answer.credentials().expect("its credentials");
        credentials(
            keys.access_key_id(),
            keys.secret_access_key(),
            Some(keys.session_token()),
        )
    }

    /// The calls that the emulator answered for this account, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        calls(&self.endpoint, Some(&self.seeded.account))
    }

    /// The writing calls that a daemon made, by service and operation; its feed's own calls on the queue aside.
    pub fn daemon_writes(&self) -> Vec<String> {
        self.calls()
            .into_iter()
            // Half a request of a daemon that was killed names no operation, and did nothing.
            .filter(|call| call.mutating && !call.operation.is_empty())
            .filter(|call| {
                call.user_agent
                    .as_ref()
                    .is_some_and(|agent| agent.contains("trailwarden"))
            })
            .map(|call| format!("{}:{}", call.service, call.operation))
            .collect()
    }

    /// Makes a role with this policy and answers the keys of a session of it.
    pub async fn role(&self, name: &str, policy: &serde_json::Value) -> (String, String, String) {
        let root = config(
            &self.endpoint,
            &self.seeded.region,
            credentials(&self.seeded.account, "test", None),
        );
        let iam = aws_sdk_iam::Client::new(&root);
        let trust = serde_json::json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{}:root", self.seeded.account)},
            "Action": "sts:AssumeRole",
        }]});
        let role = iam
            .create_role()
            .role_name(name)
            .assume_role_policy_document(trust.to_string());
        let role = role.send().await.expect("the role is made");
        let arn = role.role().expect("the role").arn().to_owned();
        let put = iam.put_role_policy().role_name(name).policy_name("does");
        let put = put.policy_document(policy.to_string());
        put.send().await.expect("its policy is put");
        let assume = aws_sdk_sts::Client::new(&root).assume_role();
        let assume = assume.role_arn(arn).role_session_name("test");
        let session = assume.send().await.expect("the role is assumed");
        let keys = session.credentials().expect("its keys");
        (
            keys.access_key_id().to_owned(),
            keys.secret_access_key().to_owned(),
            keys.session_token().to_owned(),
        )
    }

    /// Takes everything out of the queue of the feed, once what is on its way has come.
    pub async fn forget_messages(&self) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let purge = self.sqs.purge_queue().queue_url(&self.seeded.queue_url);
        purge.send().await.expect("PurgeQueue");
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

/// The calls that the emulator answered for an account, or for all; oldest first.
pub fn calls(endpoint: &str, account: Option<&str>) -> Vec<Call> {
    let query = account.map_or_else(String::new, |account| format!("?account={account}"));
    let calls: Calls = ureq::get(format!("{endpoint}/_trailwarden/calls{query}"))
        .call()
        .and_then(|answer| {
            let mut body = answer.into_body();
            // Tens of thousands of calls are more than ureq reads where nobody says otherwise.
            body.with_config().limit(1 << 30).read_json()
        })
        .expect("the emulator lists its calls");
    calls.calls
}

fn or_empty<'de, D: serde::Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(text)?.unwrap_or_default())
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
