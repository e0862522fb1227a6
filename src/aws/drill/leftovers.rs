//! What drills have in an account: found by the exact form of their names, and removed.

use std::error::Error;

use aws_sdk_cloudwatchlogs::operation::describe_log_streams::DescribeLogStreamsOutput;
use aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicOutput;
use aws_sdk_sqs::operation::list_queues::ListQueuesOutput;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::On;
use crate::assess::DRILL_PREFIX;
use crate::aws::account::Applied;
use crate::aws::arn::{self, topic_region};
use crate::aws::error::{CallError, Class};
use crate::aws::sdk_error::{Call, call};
use crate::drill::{DrillName, Ground, Resource};

impl On<'_> {
    pub(super) async fn resources(self, ground: &Ground) -> (Vec<Resource>, Vec<CallError>) {
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
        let pages = self.0.pages(
            call,
            |token| {
                let request = to.sns().list_subscriptions_by_topic();
                request.topic_arn(topic_arn).set_next_token(token).send()
            },
            ListSubscriptionsByTopicOutput::next_token,
        );
        let listed = pages
            .await?
            .into_iter()
            .flat_map(|page| page.subscriptions.unwrap_or_default());
        let ours = listed.filter_map(|one| {
            let endpoint = one.endpoint?;
            let queue = arn::parse(&endpoint)?;
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
        let pages = self.0.pages(
            call("sqs", "ListQueues", region),
            |token| {
                let request = to.sqs().list_queues().queue_name_prefix(DRILL_PREFIX);
                request.max_results(1000).set_next_token(token).send()
            },
            ListQueuesOutput::next_token,
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
        let pages = self.0.pages(
            call("logs", "DescribeLogStreams", log_group),
            |token| {
                let request = to.logs().describe_log_streams().log_group_name(log_group);
                let request = request.log_stream_name_prefix(DRILL_PREFIX);
                request.set_next_token(token).send()
            },
            DescribeLogStreamsOutput::next_token,
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

    pub(super) async fn remove(self, resource: &Resource) -> Result<Applied, CallError> {
        let operation = resource.removal();
        let request_id = match resource {
            Resource::Subscription { region, arn, .. } => {
                let to = self.0.region(region);
                let request = to.sns().unsubscribe().subscription_arn(arn).send();
                self.write(call("sns", operation, arn), request).await
            }
            Resource::Queue { region, url, .. } => {
                let to = self.0.region(region);
                let request = to.sqs().delete_queue().queue_url(url).send();
                self.write(call("sqs", operation, url), request).await
            }
            Resource::Stream {
                name,
                region,
                log_group,
            } => {
                let to = self.0.region(region);
                let request = to.logs().delete_log_stream().log_group_name(log_group);
                let request = request.log_stream_name(name.as_str()).send();
                self.write(call("logs", operation, log_group), request)
                    .await
            }
        };
        match request_id {
            Ok(request_id) => Ok(Applied { request_id }),
            Err(error) if error.class == Class::Gone => Ok(Applied { request_id: None }),
            Err(error) => Err(error),
        }
    }

    /// Answers the id that AWS gave the call.
    async fn write<T, E>(
        self,
        call: Call<'_>,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<Option<String>, CallError>
    where
        T: RequestId,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let answer = self.0.send(call, Box::pin(request)).await?;
        Ok(answer.request_id().map(ToOwned::to_owned))
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
