use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::operation::get_alarm_mute_rule::GetAlarmMuteRuleOutput;
use aws_sdk_cloudwatch::types as sdk;
use aws_sdk_cloudwatch::types::{AlarmMuteRuleStatus, AlarmType};
use futures_util::future::{join, join_all};

use super::look::{Look, NoneIf, Seen, timestamp};
use crate::assess::searched;
use crate::aws::arn::{self, topic_region};
use crate::aws::sdk_error::call;
use crate::snapshot::{
    ActionConfiguration, Alarm, AlarmMuteRule, AlarmTagsPropagation, Dimension, EvaluationCriteria,
    EvaluationWindow, Metric, MetricDataQuery, MetricFilter, MetricStat, MuteRule, MuteSchedule,
    MuteTargets, PromQlCriteria, SlidingWindow, WallClockWindow, WarmUpConfiguration,
};

/// What was seen of `CloudWatch`.
#[derive(Debug, Default)]
pub(super) struct AlarmsSeen {
    /// None where not one region answered.
    pub(super) alarms: Option<Vec<Alarm>>,
    pub(super) mute_rules: Vec<AlarmMuteRule>,
}

impl AlarmsSeen {
    pub(super) fn add(&mut self, more: Self) {
        if let Some(alarms) = more.alarms {
            self.alarms.get_or_insert_default().extend(alarms);
        }
        self.mute_rules.extend(more.mute_rules);
    }
}

/// Looks at the alarms of a region and goes on with what they name; at its mute rules meanwhile.
pub(super) async fn see<T>(
    look: &Look<'_>,
    region: &str,
    go_on: impl AsyncFnOnce(&[Alarm]) -> T,
) -> (AlarmsSeen, T) {
    let alarms = async {
        let alarms = alarms(look, region).await;
        let named = go_on(alarms.as_deref().unwrap_or_default()).await;
        (alarms, named)
    };
    let ((alarms, named), mute_rules) = join(alarms, mute_rules(look, region)).await;
    (AlarmsSeen { alarms, mute_rules }, named)
}

/// The topics of the alarms that may be part of a chain whatever filters there are: on metrics of the controls, or on some that
/// they do not name, such as composite alarms.
pub(super) fn topics_of_candidates(
    alarms: &[Alarm],
    metrics: &BTreeSet<(String, String)>,
) -> Vec<String> {
    let metrics = metrics
        .iter()
        .map(|(namespace, name)| (namespace.as_str(), name.as_str()));
    let metrics: BTreeSet<(&str, &str)> = metrics.collect();
    let is_open = |alarm: &&Alarm| metrics_of(alarm).next().is_none() || searched(alarm).is_some();
    topics(
        alarms
            .iter()
            .filter(|alarm| is_open(alarm) || is_on(alarm, &metrics)),
    )
}

/// The topics of the alarms on the metrics that these filters write.
pub(super) fn topics_pointed_out(seen: &AlarmsSeen, filters: &[MetricFilter]) -> Vec<String> {
    let metrics: BTreeSet<(&str, &str)> = filters
        .iter()
        .flat_map(|filter| &filter.metric_transformations)
        .map(|into| (into.metric_namespace.as_str(), into.metric_name.as_str()))
        .collect();
    let alarms = seen.alarms.iter().flatten();
    topics(alarms.filter(|alarm| is_on(alarm, &metrics)))
}

fn is_on(alarm: &Alarm, metrics: &BTreeSet<(&str, &str)>) -> bool {
    metrics_of(alarm).any(|metric| metrics.contains(&metric))
}

/// Namespaces and names of the metrics that an alarm names; none for composite alarms and for queries that search.
fn metrics_of(alarm: &Alarm) -> impl Iterator<Item = (&str, &str)> {
    let of_queries = alarm
        .metrics
        .iter()
        .filter_map(|query| query.metric_stat.as_ref())
        .map(|stat| {
            (
                stat.metric.namespace.as_deref(),
                stat.metric.metric_name.as_deref(),
            )
        });
    [(alarm.namespace.as_deref(), alarm.metric_name.as_deref())]
        .into_iter()
        .chain(of_queries)
        .filter_map(|(namespace, name)| Some((namespace?, name?)))
}

fn topics<'a>(alarms: impl Iterator<Item = &'a Alarm>) -> Vec<String> {
    let named: BTreeSet<&String> = alarms
        .flat_map(|alarm| &alarm.alarm_actions)
        .filter(|action| topic_region(action).is_some())
        .collect();
    named.into_iter().cloned().collect()
}

async fn alarms(look: &Look<'_>, region: &str) -> Option<Vec<Alarm>> {
    let clients = look.region(region);
    let call = call("cloudwatch", "DescribeAlarms", region);
    let pages = look
        .ask_pages(
            call,
            NoneIf::Never,
            |token| {
                // Without the types composite alarms would be left out.
                clients
                    .cloudwatch()
                    .describe_alarms()
                    .alarm_types(AlarmType::MetricAlarm)
                    .alarm_types(AlarmType::CompositeAlarm)
                    .max_records(100)
                    .set_next_token(token)
                    .send()
            },
            aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput::next_token,
        )
        .await?;
    let mut alarms = Vec::new();
    for page in pages {
        alarms.extend(
            page.metric_alarms
                .unwrap_or_default()
                .into_iter()
                .map(metric_alarm),
        );
        alarms.extend(
            page.composite_alarms
                .unwrap_or_default()
                .into_iter()
                .map(composite_alarm),
        );
    }
    Some(alarms)
}

/// The mute rules that silence now or will; an endpoint that does not know them has none.
async fn mute_rules(look: &Look<'_>, region: &str) -> Vec<AlarmMuteRule> {
    let clients = look.region(region);
    let call = call("cloudwatch", "ListAlarmMuteRules", region);
    let pages = look
        .ask_pages(
            call,
            NoneIf::GoneOrUnknownCall,
            |token| {
                clients
                    .cloudwatch()
                    .list_alarm_mute_rules()
                    .statuses(AlarmMuteRuleStatus::Active)
                    .statuses(AlarmMuteRuleStatus::Scheduled)
                    .max_records(50)
                    .set_next_token(token)
                    .send()
            },
            aws_sdk_cloudwatch::operation::list_alarm_mute_rules::ListAlarmMuteRulesOutput::next_token,
        )
        .await
        .unwrap_or_default();
    let arns = pages
        .iter()
        .flat_map(aws_sdk_cloudwatch::operation::list_alarm_mute_rules::ListAlarmMuteRulesOutput::alarm_mute_rule_summaries)
        .filter_map(|summary| summary.alarm_mute_rule_arn.as_deref());
    join_all(arns.map(|arn| mute_rule(look, region, arn)))
        .await
        .into_iter()
        .flatten()
        .collect()
}

async fn mute_rule(look: &Look<'_>, region: &str, arn: &str) -> Option<AlarmMuteRule> {
    let clients = look.region(region);
    let call = call("cloudwatch", "GetAlarmMuteRule", region);
    let name = arn::parse(arn)?.resource.strip_prefix("alarm-mute-rule:")?;
    let request = clients
        .cloudwatch()
        .get_alarm_mute_rule()
        .alarm_mute_rule_name(name)
        .send();
    match look.ask(call, NoneIf::Gone, request).await {
        Seen::Some(answer) => Some(rule(answer)),
        Seen::Nothing | Seen::Hole => None,
    }
}

fn rule(answer: GetAlarmMuteRuleOutput) -> AlarmMuteRule {
    AlarmMuteRule {
        name: answer.name,
        alarm_mute_rule_arn: answer.alarm_mute_rule_arn,
        status: answer.status.map(|status| status.as_str().to_owned()),
        rule: answer.rule.map(|rule| MuteRule {
            schedule: rule.schedule.map(|schedule| MuteSchedule {
                expression: schedule.expression,
                duration: schedule.duration,
                timezone: schedule.timezone,
            }),
        }),
        mute_targets: answer.mute_targets.map(|targets| MuteTargets {
            alarm_names: targets.alarm_names.unwrap_or_default(),
        }),
        start_date: timestamp(answer.start_date.as_ref()),
        expire_date: timestamp(answer.expire_date.as_ref()),
        ..AlarmMuteRule::default()
    }
}

fn metric_alarm(found: sdk::MetricAlarm) -> Alarm {
    Alarm {
        alarm_arn: found.alarm_arn.unwrap_or_default(),
        alarm_name: found.alarm_name.unwrap_or_default(),
        alarm_description: found.alarm_description,
        actions_enabled: found.actions_enabled,
        alarm_actions: found.alarm_actions.unwrap_or_default(),
        ok_actions: found.ok_actions.unwrap_or_default(),
        insufficient_data_actions: found.insufficient_data_actions.unwrap_or_default(),
        metric_name: found.metric_name,
        namespace: found.namespace,
        statistic: found
            .statistic
            .map(|statistic| statistic.as_str().to_owned()),
        extended_statistic: found.extended_statistic,
        dimensions: dimensions(found.dimensions),
        period: found.period.map(i64::from),
        unit: found.unit.map(|unit| unit.as_str().to_owned()),
        evaluation_periods: found.evaluation_periods.map(i64::from),
        datapoints_to_alarm: found.datapoints_to_alarm.map(i64::from),
        threshold: found.threshold,
        comparison_operator: found
            .comparison_operator
            .map(|operator| operator.as_str().to_owned()),
        treat_missing_data: found.treat_missing_data,
        evaluate_low_sample_count_percentile: found.evaluate_low_sample_count_percentile,
        metrics: found
            .metrics
            .unwrap_or_default()
            .into_iter()
            .map(query)
            .collect(),
        threshold_metric_id: found.threshold_metric_id,
        evaluation_window: found.evaluation_window.map(evaluation_window),
        warm_up_configuration: found
            .warm_up_configuration
            .map(|warm_up| WarmUpConfiguration {
                warm_up_period_duration_in_minutes: warm_up
                    .warm_up_period_duration_in_minutes
                    .map(i64::from),
                only_start_evaluating_after_warm_up_period_ends: warm_up
                    .only_start_evaluating_after_warm_up_period_ends,
            }),
        evaluation_criteria: found.evaluation_criteria.map(evaluation_criteria),
        evaluation_interval: found.evaluation_interval.map(i64::from),
        action_configuration: found.action_configuration.map(action_configuration),
        evaluation_state: found
            .evaluation_state
            .map(|state| state.as_str().to_owned()),
        alarm_configuration_updated_timestamp: timestamp(
            found.alarm_configuration_updated_timestamp.as_ref(),
        ),
        state_value: found.state_value.map(|state| state.as_str().to_owned()),
        state_reason: found.state_reason,
        state_updated_timestamp: timestamp(found.state_updated_timestamp.as_ref()),
        state_transitioned_timestamp: timestamp(found.state_transitioned_timestamp.as_ref()),
        ..Alarm::default()
    }
}

fn composite_alarm(found: sdk::CompositeAlarm) -> Alarm {
    Alarm {
        alarm_arn: found.alarm_arn.unwrap_or_default(),
        alarm_name: found.alarm_name.unwrap_or_default(),
        alarm_type: Some(AlarmType::CompositeAlarm.as_str().to_owned()),
        alarm_description: found.alarm_description,
        actions_enabled: found.actions_enabled,
        alarm_actions: found.alarm_actions.unwrap_or_default(),
        ok_actions: found.ok_actions.unwrap_or_default(),
        insufficient_data_actions: found.insufficient_data_actions.unwrap_or_default(),
        state_value: found.state_value.map(|state| state.as_str().to_owned()),
        state_reason: found.state_reason,
        state_updated_timestamp: timestamp(found.state_updated_timestamp.as_ref()),
        state_transitioned_timestamp: timestamp(found.state_transitioned_timestamp.as_ref()),
        alarm_configuration_updated_timestamp: timestamp(
            found.alarm_configuration_updated_timestamp.as_ref(),
        ),
        action_configuration: found.action_configuration.map(action_configuration),
        alarm_rule: found.alarm_rule,
        actions_suppressor: found.actions_suppressor,
        actions_suppressor_wait_period: found.actions_suppressor_wait_period.map(i64::from),
        actions_suppressor_extension_period: found
            .actions_suppressor_extension_period
            .map(i64::from),
        actions_suppressed_by: found.actions_suppressed_by.map(|by| by.as_str().to_owned()),
        ..Alarm::default()
    }
}

/// A window of a kind that the SDK does not know comes without what it says.
fn evaluation_window(found: sdk::EvaluationWindow) -> EvaluationWindow {
    match found {
        sdk::EvaluationWindow::SlidingWindow(_) => EvaluationWindow::Sliding {
            sliding_window: SlidingWindow {},
        },
        sdk::EvaluationWindow::WallClockWindow(window) => EvaluationWindow::WallClock {
            wall_clock_window: WallClockWindow {
                timezone: window.timezone,
            },
        },
        _ => EvaluationWindow::Other(BTreeMap::new()),
    }
}

fn evaluation_criteria(found: sdk::EvaluationCriteria) -> EvaluationCriteria {
    match found {
        sdk::EvaluationCriteria::PromQlCriteria(criteria) => EvaluationCriteria::PromQl {
            criteria: PromQlCriteria {
                query: criteria.query.unwrap_or_default(),
                pending_period: criteria.pending_period.map(i64::from),
                recovery_period: criteria.recovery_period.map(i64::from),
            },
        },
        _ => EvaluationCriteria::Other(BTreeMap::new()),
    }
}

fn action_configuration(found: sdk::ActionConfiguration) -> ActionConfiguration {
    ActionConfiguration {
        alarm_tags_propagation: found
            .alarm_tags_propagation
            .map(|tags| AlarmTagsPropagation {
                enabled: tags.enabled,
                included_tag_keys: tags.included_tag_keys.unwrap_or_default(),
                excluded_tag_keys: tags.excluded_tag_keys.unwrap_or_default(),
            }),
    }
}

fn query(found: sdk::MetricDataQuery) -> MetricDataQuery {
    MetricDataQuery {
        id: found.id.unwrap_or_default(),
        metric_stat: found.metric_stat.map(|stat| MetricStat {
            metric: stat.metric.map(metric).unwrap_or_default(),
            period: stat.period.map(i64::from),
            stat: stat.stat.unwrap_or_default(),
            unit: stat.unit.map(|unit| unit.as_str().to_owned()),
        }),
        expression: found.expression,
        label: found.label,
        return_data: found.return_data,
        period: found.period.map(i64::from),
        account_id: found.account_id,
    }
}

fn metric(found: sdk::Metric) -> Metric {
    Metric {
        namespace: found.namespace,
        metric_name: found.metric_name,
        dimensions: dimensions(found.dimensions),
    }
}

fn dimensions(found: Option<Vec<sdk::Dimension>>) -> Vec<Dimension> {
    found
        .unwrap_or_default()
        .into_iter()
        .map(|dimension| Dimension {
            name: dimension.name.unwrap_or_default(),
            value: dimension.value.unwrap_or_default(),
        })
        .collect()
}
