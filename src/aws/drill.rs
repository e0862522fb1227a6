//! What a drill does in an account; see `crate::drill`.

use std::error::Error;

use aws_sdk_cloudwatch::types::{
    AlarmType, Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat,
};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::error::operation::BuildError;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, try_join3};
use jiff::Timestamp;
use serde_json::json;

use super::account::Account;
use super::arn::{Arn, topic_region};
use super::clients::AccountClients;
use super::error::{CallError, Class};
use super::observe::timestamp;
use super::sdk_error::Call;
use crate::assess::DRILL_PREFIX;
use crate::drill::{
    AlarmSeen, DrillName, Ground, MetricTarget, Notice, Observation, Plan, Resource,
};

/// How long an observation waits for messages: the pace of a drill.
const WAIT_SECONDS: i32 = 2;

/// Seconds of a data point: metric filters report by the minute.
const MINUTE: i32 = 60;

/// Pages read of one list: each holds 50 entries or more.
const PAGE_LIMIT: usize = 200;

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
    /// AWS refused it or gave no answer in time.
    fn remove<'a>(&'a self, resource: &'a Resource) -> BoxFuture<'a, Result<(), CallError>>;
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

    fn remove<'a>(&'a self, resource: &'a Resource) -> BoxFuture<'a, Result<(), CallError>> {
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

    async fn resources(self, ground: &Ground) -> (Vec<Resource>, Vec<CallError>) {
        let mut found = Vec::new();
        let mut failed = Vec::new();
        let mut regions: Vec<&str> = Vec::new();
        for topic in &ground.topic_arns {
            let Some(region) = topic_region(topic) else {
                continue;
            };
            if !regions.contains(&region) {
                regions.push(region);
            }
            let seen = self.subscriptions(ground, region, topic).await;
            keep(seen, &mut found, &mut failed);
        }
        for region in regions {
            let seen = self.queues(ground, region).await;
            keep(seen, &mut found, &mut failed);
        }
        for (region, log_group) in &ground.log_groups {
            let seen = self.streams(region, log_group).await;
            keep(seen, &mut found, &mut failed);
        }
        (found, failed)
    }

    async fn subscriptions(
        self,
        ground: &Ground,
        region: &str,
        topic_arn: &str,
    ) -> Result<Vec<Resource>, CallError> {
        let call = call("sns", "ListSubscriptionsByTopic", topic_arn);
        let to = self.0.region(region);
        let pages = self.pages(
            call,
            |token| {
                let request = to.sns().list_subscriptions_by_topic();
                request.topic_arn(topic_arn).set_next_token(token).send()
            },
            |page| page.next_token.clone(),
        );
        let listed = pages
            .await?
            .into_iter()
            .flat_map(|page| page.subscriptions.unwrap_or_default());
        let ours = listed.filter_map(|one| {
            let endpoint = one.endpoint?;
            let queue = Arn::parse(&endpoint)?;
            let arn = one.subscription_arn.filter(|arn| arn.starts_with("arn:"))?;
            let own = queue.service == "sqs" && queue.account == ground.account.as_str();
            own.then_some(Resource::Subscription {
                name: DrillName::parse(queue.resource)?,
                region: region.to_owned(),
                arn,
            })
        });
        Ok(ours.collect())
    }

    async fn queues(self, ground: &Ground, region: &str) -> Result<Vec<Resource>, CallError> {
        let to = self.0.region(region);
        let pages = self.pages(
            call("sqs", "ListQueues", region),
            |token| {
                let request = to.sqs().list_queues().queue_name_prefix(DRILL_PREFIX);
                request.max_results(1000).set_next_token(token).send()
            },
            |page| page.next_token.clone(),
        );
        let listed = pages
            .await?
            .into_iter()
            .flat_map(|page| page.queue_urls.unwrap_or_default());
        let ours = listed.filter_map(|url| {
            let mut parts = url.rsplit('/');
            let name = DrillName::parse(parts.next()?)?;
            (parts.next()? == ground.account.as_str()).then(|| Resource::Queue {
                name,
                region: region.to_owned(),
                url: url.clone(),
            })
        });
        Ok(ours.collect())
    }

    async fn streams(self, region: &str, log_group: &str) -> Result<Vec<Resource>, CallError> {
        let to = self.0.region(region);
        let pages = self.pages(
            call("logs", "DescribeLogStreams", log_group),
            |token| {
                let request = to.logs().describe_log_streams().log_group_name(log_group);
                let request = request.log_stream_name_prefix(DRILL_PREFIX);
                request.set_next_token(token).send()
            },
            |page| page.next_token.clone(),
        );
        let listed = pages
            .await?
            .into_iter()
            .flat_map(|page| page.log_streams.unwrap_or_default());
        let ours = listed.filter_map(|stream| {
            Some(Resource::Stream {
                name: DrillName::parse(&stream.log_stream_name?)?,
                region: region.to_owned(),
                log_group: log_group.to_owned(),
            })
        });
        Ok(ours.collect())
    }

    async fn remove(self, resource: &Resource) -> Result<(), CallError> {
        let answer = match resource {
            Resource::Subscription { region, arn, .. } => {
                let to = self.0.region(region);
                let request = to.sns().unsubscribe().subscription_arn(arn).send();
                let call = call("sns", "Unsubscribe", arn);
                self.0.send(call, Box::pin(request)).await.map(drop)
            }
            Resource::Queue { region, url, .. } => {
                let to = self.0.region(region);
                let request = to.sqs().delete_queue().queue_url(url).send();
                let call = call("sqs", "DeleteQueue", url);
                self.0.send(call, Box::pin(request)).await.map(drop)
            }
            Resource::Stream {
                name,
                region,
                log_group,
            } => {
                let to = self.0.region(region);
                let request = to.logs().delete_log_stream().log_group_name(log_group);
                let request = request.log_stream_name(name.as_str()).send();
                let call = call("logs", "DeleteLogStream", log_group);
                self.0.send(call, Box::pin(request)).await.map(drop)
            }
        };
        match answer {
            Err(error) if error.class == Class::Gone => Ok(()),
            answer => answer,
        }
    }

    /// Reads a list to its end.
    async fn pages<T, E, F>(
        self,
        call: Call<'_>,
        page: impl Fn(Option<String>) -> F,
        next_token: impl Fn(&T) -> Option<String>,
    ) -> Result<Vec<T>, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut pages = Vec::new();
        let mut token = None;
        while pages.len() < PAGE_LIMIT {
            let answer = self.0.send(call, Box::pin(page(token.clone()))).await?;
            let next = next_token(&answer).filter(|next| !next.is_empty());
            pages.push(answer);
            if next.is_none() || next == token {
                break;
            }
            token = next;
        }
        Ok(pages)
    }
}

fn keep(
    seen: Result<Vec<Resource>, CallError>,
    found: &mut Vec<Resource>,
    failed: &mut Vec<CallError>,
) {
    match seen {
        Ok(more) => found.extend(more),
        // No topic or group, no leftovers.
        Err(error) if error.class == Class::Gone => {}
        Err(error) => failed.push(error),
    }
}

fn call<'a>(service: &'static str, operation: &'static str, scope: &'a str) -> Call<'a> {
    Call {
        service,
        operation,
        scope,
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
