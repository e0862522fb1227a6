//! The baselines: what has to be done and nothing else, with the SDK's own clients, as programs of their own.

use std::collections::BTreeSet;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_cloudwatch::types::{AlarmMuteRuleStatus, AlarmType};
use aws_sdk_cloudwatchlogs::types::PolicyType;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message};
use futures_util::future::{join, join_all, join4, join5};

/// The clients of one region.
struct Clients {
    cloudtrail: aws_sdk_cloudtrail::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
}

impl Clients {
    async fn new() -> Self {
        let config: SdkConfig = aws_config::load_defaults(BehaviorVersion::latest()).await;
        Self {
            cloudtrail: aws_sdk_cloudtrail::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
        }
    }

    async fn receive(&self, queue: &str, wait: i32) -> Vec<Message> {
        let call = self
            .sqs
            .receive_message()
            .queue_url(queue)
            .max_number_of_messages(10)
            .wait_time_seconds(wait);
        call.send()
            .await
            .expect("a receive")
            .messages
            .unwrap_or_default()
    }

    async fn delete(&self, queue: &str, messages: &[Message]) {
        let entries = messages.iter().enumerate().map(|(index, message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
            entry
                .set_receipt_handle(message.receipt_handle.clone())
                .build()
                .expect("an entry")
        });
        let call = self
            .sqs
            .delete_message_batch()
            .queue_url(queue)
            .set_entries(Some(entries.collect()));
        call.send().await.expect("a delete");
    }

    /// The calls of a look at an account with one trail, each as soon as what it needs is known. The topics of the last look
    /// are known beforehand, as they are to the daemon.
    async fn look(&self, known: &BTreeSet<String>) -> BTreeSet<String> {
        let alarms = async {
            let call = self.cloudwatch.describe_alarms().max_records(100);
            let call = call
                .alarm_types(AlarmType::MetricAlarm)
                .alarm_types(AlarmType::CompositeAlarm);
            let alarms = call
                .send()
                .await
                .expect("the alarms")
                .metric_alarms
                .unwrap_or_default();
            let topics: BTreeSet<String> = alarms
                .into_iter()
                .flat_map(|alarm| alarm.alarm_actions.unwrap_or_default())
                .collect();
            let new: BTreeSet<String> = topics.difference(known).cloned().collect();
            self.topics(&new).await;
            topics
        };
        let call = self.cloudwatch.list_alarm_mute_rules().max_records(50);
        let mute_rules = call
            .statuses(AlarmMuteRuleStatus::Active)
            .statuses(AlarmMuteRuleStatus::Scheduled)
            .send();
        let (topics, ..) = join5(
            Box::pin(alarms),
            Box::pin(mute_rules),
            Box::pin(self.topics(known)),
            Box::pin(self.trail()),
            Box::pin(self.policies()),
        )
        .await;
        topics
    }

    async fn trail(&self) {
        let trails = self
            .cloudtrail
            .describe_trails()
            .include_shadow_trails(true)
            .send()
            .await
            .expect("the trails");
        let trail = &trails.trail_list()[0];
        let name = trail.trail_arn().unwrap_or_default();
        let group = trail
            .cloud_watch_logs_log_group_arn()
            .and_then(|arn| arn.split(':').nth(6))
            .unwrap_or_default();
        let status = self.cloudtrail.get_trail_status().name(name).send();
        let selectors = self
            .cloudtrail
            .get_event_selectors()
            .trail_name(name)
            .send();
        let groups = self
            .logs
            .describe_log_groups()
            .log_group_name_prefix(group)
            .limit(50)
            .send();
        let filters = self
            .logs
            .describe_metric_filters()
            .log_group_name(group)
            .limit(50)
            .send();
        let protection = self
            .logs
            .get_data_protection_policy()
            .log_group_identifier(group)
            .send();
        let (status, selectors, groups, (filters, _)) = join4(
            Box::pin(status),
            Box::pin(selectors),
            Box::pin(groups),
            join(Box::pin(filters), Box::pin(protection)),
        )
        .await;
        let filters = filters
            .expect("the filters")
            .metric_filters
            .unwrap_or_default();
        assert!(status.is_ok() && selectors.is_ok() && groups.is_ok() && filters.len() > 13);
    }

    async fn policies(&self) {
        let of = |kind| {
            self.logs
                .describe_account_policies()
                .policy_type(kind)
                .send()
        };
        let (masking, transforming) = join(
            of(PolicyType::DataProtectionPolicy),
            of(PolicyType::TransformerPolicy),
        )
        .await;
        assert!(masking.is_ok() && transforming.is_ok());
    }

    async fn topics(&self, arns: &BTreeSet<String>) {
        join_all(arns.iter().map(|arn| async move {
            let attributes = self.sns.get_topic_attributes().topic_arn(arn).send();
            let subscriptions = async {
                let list = self
                    .sns
                    .list_subscriptions_by_topic()
                    .topic_arn(arn)
                    .send()
                    .await
                    .expect("the subscriptions");
                let one = |arn: &str| {
                    self.sns
                        .get_subscription_attributes()
                        .subscription_arn(arn)
                        .send()
                };
                join_all(
                    list.subscriptions()
                        .iter()
                        .filter_map(|found| found.subscription_arn())
                        .map(one),
                )
                .await
            };
            let (attributes, _) = join(attributes, subscriptions).await;
            assert!(attributes.is_ok());
        }))
        .await;
    }
}

/// Waits for a message, makes the calls of a look, says so; for ever.
pub(crate) async fn detect(queue: &str) {
    let clients = Clients::new().await;
    let mut known = clients.look(&BTreeSet::new()).await;
    eprintln!("ready");
    loop {
        let messages = clients.receive(queue, 20).await;
        if !messages.is_empty() {
            known = clients.look(&known).await;
            eprintln!("looked");
            clients.delete(queue, &messages).await;
        }
    }
}

/// Receives and deletes until nothing is left.
pub(crate) async fn drain(queue: &str) {
    let clients = Clients::new().await;
    loop {
        let messages = clients.receive(queue, 0).await;
        if messages.is_empty() {
            return;
        }
        clients.delete(queue, &messages).await;
    }
}
