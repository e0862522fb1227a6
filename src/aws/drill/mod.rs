//! What a drill does in an account; see `crate::drill`.

mod leftovers;

use aws_sdk_cloudwatch::types::{
    AlarmType, Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat,
};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::operation::BuildError;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, try_join3};
use jiff::Timestamp;
use serde_json::json;

use super::account::{Account, Applied};
use super::arn::topic_region;
use super::clients::AccountClients;
use super::error::{CallError, Class};
use super::observe::timestamp;
use super::sdk_error::call;
use crate::drill::{AlarmSeen, Ground, MetricTarget, Notice, Observation, Plan, Resource};

/// How long an observation waits for messages: the pace of a drill.
const WAIT_SECONDS: i32 = 2;

/// Seconds of a data point: metric filters report by the minute.
const MINUTE: i32 = 60;

/// Something that a drill makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The queue that listens.
    Queue,
    /// Its subscription to this topic.
    Subscription(&'a str),
    /// The log stream of the record.
    Stream,
}

/// An account in which the chain can be drilled.
///
/// The permissions are other ones than those to observe and to repair: see the README.
pub trait DrillApi: Send + Sync {
    /// Makes a part; the caller owes its removal.
    ///
    /// # Errors
    /// AWS refused it or gave no answer in time; in the latter case it may have been made.
    fn make<'a>(
        &'a self,
        plan: &'a Plan,
        part: Part<'a>,
    ) -> BoxFuture<'a, Result<Resource, CallError>>;

    /// Writes the records into the drill's log stream.
    ///
    /// # Errors
    /// AWS did not take all of them.
    fn write<'a>(&'a self, plan: &'a Plan) -> BoxFuture<'a, Result<(), CallError>>;

    /// Looks at alarms, metrics and the queue at the same time; takes up to two seconds, waiting for messages.
    ///
    /// # Errors
    /// The first call that failed.
    fn watch<'a>(
        &'a self,
        plan: &'a Plan,
        queue_url: &'a str,
    ) -> BoxFuture<'a, Result<Observation, CallError>>;

    /// What drills, running ones included, have in the account: named exactly as drills name things, and of this account.
    /// With it the calls that failed, so that what was not seen is known.
    fn resources<'a>(
        &'a self,
        ground: &'a Ground,
    ) -> BoxFuture<'a, (Vec<Resource>, Vec<CallError>)>;

    /// Removes something that a drill made. What is gone already is no error.
    ///
    /// # Errors
    /// AWS refused it or gave no answer in time; in the latter case it may have been removed.
    fn remove<'a>(&'a self, resource: &'a Resource) -> BoxFuture<'a, Result<Applied, CallError>>;
}

impl DrillApi for Account {
    fn make<'a>(
        &'a self,
        plan: &'a Plan,
        part: Part<'a>,
    ) -> BoxFuture<'a, Result<Resource, CallError>> {
        let on = On(self.clients());
        async move {
            match part {
                Part::Queue => on.create_queue(plan).await,
                Part::Subscription(topic) => on.subscribe(plan, topic).await,
                Part::Stream => on.create_stream(plan).await,
            }
        }
        .boxed()
    }

    fn write<'a>(&'a self, plan: &'a Plan) -> BoxFuture<'a, Result<(), CallError>> {
        On(self.clients()).put_records(plan).boxed()
    }

    fn watch<'a>(
        &'a self,
        plan: &'a Plan,
        queue_url: &'a str,
    ) -> BoxFuture<'a, Result<Observation, CallError>> {
        let on = On(self.clients());
        async move {
            let (alarms, sums, notices) =
                try_join3(on.alarms(plan), on.sums(plan), on.receive(plan, queue_url)).await?;
            Ok(Observation {
                alarms,
                sums,
                notices,
            })
        }
        .boxed()
    }

    fn resources<'a>(
        &'a self,
        ground: &'a Ground,
    ) -> BoxFuture<'a, (Vec<Resource>, Vec<CallError>)> {
        On(self.clients()).resources(ground).boxed()
    }

    fn remove<'a>(&'a self, resource: &'a Resource) -> BoxFuture<'a, Result<Applied, CallError>> {
        On(self.clients()).remove(resource).boxed()
    }
}

/// The calls, each boxed before anything holds it: the SDK's futures are kilobytes.
#[derive(Clone, Copy)]
struct On<'c>(&'c AccountClients);

impl On<'_> {
    async fn create_queue(self, plan: &Plan) -> Result<Resource, CallError> {
        let region = queue_region(plan)?;
        let call = call("sqs", "CreateQueue", region);
        let request = self
            .0
            .region(region)
            .sqs()
            .create_queue()
            .queue_name(plan.name.as_str())
            .attributes(QueueAttributeName::Policy, queue_policy(plan)?)
            .send();
        let answer = self.0.send(call, Box::pin(request)).await?;
        Ok(Resource::Queue {
            name: plan.name.clone(),
            region: region.to_owned(),
            url: answer.queue_url.unwrap_or_default(),
        })
    }

    async fn subscribe(self, plan: &Plan, topic_arn: &str) -> Result<Resource, CallError> {
        let region = region_of(topic_arn)?;
        let request = self
            .0
            .region(region)
            .sns()
            .subscribe()
            .topic_arn(topic_arn)
            .protocol("sqs")
            .endpoint(queue_arn(plan)?)
            .return_subscription_arn(true)
            .send();
        let call = call("sns", "Subscribe", topic_arn);
        let answer = self.0.send(call, Box::pin(request)).await?;
        Ok(Resource::Subscription {
            name: plan.name.clone(),
            region: region.to_owned(),
            arn: answer.subscription_arn.unwrap_or_default(),
        })
    }

    async fn create_stream(self, plan: &Plan) -> Result<Resource, CallError> {
        let request = self
            .0
            .region(&plan.region)
            .logs()
            .create_log_stream()
            .log_group_name(&plan.log_group)
            .log_stream_name(plan.name.as_str())
            .send();
        let call = call("logs", "CreateLogStream", &plan.log_group);
        self.0.send(call, Box::pin(request)).await?;
        Ok(Resource::Stream {
            name: plan.name.clone(),
            region: plan.region.clone(),
            log_group: plan.log_group.clone(),
        })
    }

    async fn put_records(self, plan: &Plan) -> Result<(), CallError> {
        let call = call("logs", "PutLogEvents", &plan.log_group);
        let now = Timestamp::now().as_millisecond();
        let events: Result<Vec<InputLogEvent>, BuildError> = plan
            .records
            .iter()
            .map(|record| {
                let event = InputLogEvent::builder().timestamp(now);
                event.message(record.to_string()).build()
            })
            .collect();
        let events = events
            .map_err(|error| call.error("RequestNotBuilt", Class::Bug, &error.to_string()))?;
        let request = self
            .0
            .region(&plan.region)
            .logs()
            .put_log_events()
            .log_group_name(&plan.log_group)
            .log_stream_name(plan.name.as_str())
            .set_log_events(Some(events))
            .send();
        let answer = self.0.send(call, Box::pin(request)).await?;
        match answer.rejected_log_events_info {
            Some(rejected) => Err(call.error(
                "RejectedLogEvents",
                Class::Invalid,
                &format!(
                    "the record was not taken, perhaps because this clock is wrong: {rejected:?}"
                ),
            )),
            None => Ok(()),
        }
    }

    async fn alarms(self, plan: &Plan) -> Result<Vec<AlarmSeen>, CallError> {
        let names = plan.alarms.iter().map(|alarm| alarm.name.clone());
        let request = self
            .0
            .region(&plan.region)
            .cloudwatch()
            .describe_alarms()
            .set_alarm_names(Some(names.collect()))
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .send();
        let call = call("cloudwatch", "DescribeAlarms", &plan.region);
        let answer = self.0.send(call, Box::pin(request)).await?;
        let single = answer.metric_alarms().iter().map(|alarm| AlarmSeen {
            arn: alarm.alarm_arn().unwrap_or_default().to_owned(),
            state: alarm.state_value().map(|state| state.as_str().to_owned()),
            since: timestamp(
                alarm
                    .state_transitioned_timestamp()
                    .or(alarm.state_updated_timestamp()),
            ),
        });
        let composite = answer.composite_alarms().iter().map(|alarm| AlarmSeen {
            arn: alarm.alarm_arn().unwrap_or_default().to_owned(),
            state: alarm.state_value().map(|state| state.as_str().to_owned()),
            since: timestamp(
                alarm
                    .state_transitioned_timestamp()
                    .or(alarm.state_updated_timestamp()),
            ),
        });
        Ok(single.chain(composite).collect())
    }

    async fn sums(self, plan: &Plan) -> Result<Vec<f64>, CallError> {
        let id = |at: usize| format!("m{at}");
        let queries = plan.metrics.iter().enumerate().map(|(at, metric)| {
            let stat = MetricStat::builder()
                .metric(metric_of(metric))
                .period(MINUTE)
                .stat("Sum");
            MetricDataQuery::builder()
                .id(id(at))
                .metric_stat(stat.build())
                .build()
        });
        // From the begin of the minute, since a data point is filed under it; to a minute that has not come.
        let begin = plan.name.started().as_second() / i64::from(MINUTE) * i64::from(MINUTE);
        let end = Timestamp::now().as_second() + 2 * i64::from(MINUTE);
        let request = self
            .0
            .region(&plan.region)
            .cloudwatch()
            .get_metric_data()
            .set_metric_data_queries(Some(queries.collect()))
            .start_time(DateTime::from_secs(begin))
            .end_time(DateTime::from_secs(end))
            .send();
        let call = call("cloudwatch", "GetMetricData", &plan.region);
        let answer = self.0.send(call, Box::pin(request)).await?;
        let results = answer.metric_data_results();
        let sum = |at: usize| {
            let own = results.iter().filter(|result| result.id() == Some(&id(at)));
            own.flat_map(MetricDataResult::values).sum()
        };
        Ok((0..plan.metrics.len()).map(sum).collect())
    }

    async fn receive(self, plan: &Plan, queue_url: &str) -> Result<Vec<Notice>, CallError> {
        let request = self
            .0
            .region(queue_region(plan)?)
            .sqs()
            .receive_message()
            .queue_url(queue_url)
            .max_number_of_messages(10)
            .wait_time_seconds(WAIT_SECONDS)
            .send();
        let call = call("sqs", "ReceiveMessage", queue_url);
        let answer = self.0.send(call, Box::pin(request)).await?;
        let bodies = answer
            .messages()
            .iter()
            .filter_map(|message| message.body());
        Ok(bodies.filter_map(Notice::read).collect())
    }
}

fn metric_of(target: &MetricTarget) -> Metric {
    let dimensions = target.dimensions.iter().map(|one| {
        let dimension = Dimension::builder().name(&one.name);
        dimension.value(&one.value).build()
    });
    Metric::builder()
        .namespace(&target.namespace)
        .metric_name(&target.name)
        .set_dimensions(Some(dimensions.collect()))
        .build()
}

fn region_of(topic_arn: &str) -> Result<&str, CallError> {
    topic_region(topic_arn).ok_or_else(|| {
        call("sns", "Subscribe", topic_arn).error(
            "RequestNotBuilt",
            Class::Bug,
            "this is no topic's ARN",
        )
    })
}

/// The region of the first topic: one queue listens to all.
fn queue_region(plan: &Plan) -> Result<&str, CallError> {
    region_of(plan.bells.first().map_or("", |bell| &bell.topic_arn))
}

fn queue_arn(plan: &Plan) -> Result<String, CallError> {
    let region = queue_region(plan)?;
    let partition = plan
        .bells
        .first()
        .and_then(|bell| bell.topic_arn.split(':').nth(1))
        .unwrap_or("aws");
    Ok(format!(
        "arn:{partition}:sqs:{region}:{}:{}",
        plan.account, plan.name
    ))
}

/// Only the drilled topics may send.
fn queue_policy(plan: &Plan) -> Result<String, CallError> {
    let topics: Vec<&str> = plan
        .bells
        .iter()
        .map(|bell| bell.topic_arn.as_str())
        .collect();
    let statement = json!({
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn(plan)?,
        "Condition": {"ArnEquals": {"aws:SourceArn": topics}},
    });
    Ok(json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())
}
