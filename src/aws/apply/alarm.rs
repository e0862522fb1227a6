//! PutMetricAlarm, with everything that an alarm says.

use aws_sdk_cloudwatch::types as watch;

use super::Write;
use crate::aws::account::Applied;
use crate::aws::error::ApplyError;
use crate::snapshot::{
    Alarm, Dimension, EvaluationCriteria, EvaluationWindow, Metric, MetricDataQuery, MetricStat,
};

/// PutMetricAlarm replaces the whole alarm, so every setting is said.
pub(super) async fn put(
    write: Write<'_>,
    region: &str,
    alarm: &Alarm,
) -> Result<Applied, ApplyError> {
    if alarm.alarm_type.as_deref() == Some(watch::AlarmType::CompositeAlarm.as_str()) {
        return Err(write.unsayable(format!("{:?} is a composite alarm", alarm.alarm_name)));
    }
    let metrics = alarm
        .metrics
        .iter()
        .map(|query| metric_data_query(write, query))
        .collect::<Result<Vec<_>, _>>()?;
    let to = write.clients.region(region);
    let request = to
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name(&alarm.alarm_name)
        .set_alarm_description(alarm.alarm_description.clone())
        .set_actions_enabled(alarm.actions_enabled)
        .set_alarm_actions(Some(alarm.alarm_actions.clone()))
        .set_ok_actions(Some(alarm.ok_actions.clone()))
        .set_insufficient_data_actions(Some(alarm.insufficient_data_actions.clone()))
        .set_metric_name(alarm.metric_name.clone())
        .set_namespace(alarm.namespace.clone())
        .set_statistic(alarm.statistic.as_deref().map(Into::into))
        .set_extended_statistic(alarm.extended_statistic.clone())
        .set_dimensions(dimensions(&alarm.dimensions))
        .set_period(write.number("Period", alarm.period)?)
        .set_unit(alarm.unit.as_deref().map(Into::into))
        .set_evaluation_periods(write.number("EvaluationPeriods", alarm.evaluation_periods)?)
        .set_datapoints_to_alarm(write.number("DatapointsToAlarm", alarm.datapoints_to_alarm)?)
        .set_threshold(alarm.threshold)
        .set_comparison_operator(alarm.comparison_operator.as_deref().map(Into::into))
        .set_treat_missing_data(alarm.treat_missing_data.clone())
        .set_evaluate_low_sample_count_percentile(
            alarm.evaluate_low_sample_count_percentile.clone(),
        )
        .set_metrics((!metrics.is_empty()).then_some(metrics))
        .set_threshold_metric_id(alarm.threshold_metric_id.clone())
        .set_evaluation_window(window(write, alarm)?)
        .set_warm_up_configuration(warm_up(write, alarm)?)
        .set_evaluation_criteria(criteria(write, alarm)?)
        .set_evaluation_interval(write.number("EvaluationInterval", alarm.evaluation_interval)?)
        .set_action_configuration(action_configuration(alarm))
        .send();
    write.send("cloudwatch", region, request).await
}

fn metric_data_query(
    write: Write<'_>,
    query: &MetricDataQuery,
) -> Result<watch::MetricDataQuery, ApplyError> {
    let stat = query.metric_stat.as_ref();
    Ok(watch::MetricDataQuery::builder()
        .id(&query.id)
        .set_metric_stat(stat.map(|stat| metric_stat(write, stat)).transpose()?)
        .set_expression(query.expression.clone())
        .set_label(query.label.clone())
        .set_return_data(query.return_data)
        .set_period(write.number("Period", query.period)?)
        .set_account_id(query.account_id.clone())
        .build())
}

fn metric_stat(write: Write<'_>, stat: &MetricStat) -> Result<watch::MetricStat, ApplyError> {
    let Metric {
        namespace,
        metric_name,
        dimensions: named,
    } = &stat.metric;
    let metric = watch::Metric::builder()
        .set_namespace(namespace.clone())
        .set_metric_name(metric_name.clone())
        .set_dimensions(dimensions(named))
        .build();
    Ok(watch::MetricStat::builder()
        .metric(metric)
        .set_period(write.number("Period", stat.period)?)
        .stat(&stat.stat)
        .set_unit(stat.unit.as_deref().map(Into::into))
        .build())
}

fn dimensions(named: &[Dimension]) -> Option<Vec<watch::Dimension>> {
    let said = named.iter().map(|dimension| {
        watch::Dimension::builder()
            .name(&dimension.name)
            .value(&dimension.value)
            .build()
    });
    (!named.is_empty()).then(|| said.collect())
}

fn window(write: Write<'_>, alarm: &Alarm) -> Result<Option<watch::EvaluationWindow>, ApplyError> {
    alarm
        .evaluation_window
        .as_ref()
        .map(|window| match window {
            EvaluationWindow::Sliding { .. } => Ok(watch::EvaluationWindow::SlidingWindow(
                watch::SlidingWindow::builder().build(),
            )),
            EvaluationWindow::WallClock { wall_clock_window } => {
                Ok(watch::EvaluationWindow::WallClockWindow(
                    watch::WallClockWindow::builder()
                        .set_timezone(wall_clock_window.timezone.clone())
                        .build(),
                ))
            }
            EvaluationWindow::Other(_) => Err(write.unsayable(format!(
                "the evaluation window of {:?} is of a kind that is not known here",
                alarm.alarm_name
            ))),
        })
        .transpose()
}

fn warm_up(
    write: Write<'_>,
    alarm: &Alarm,
) -> Result<Option<watch::WarmUpConfiguration>, ApplyError> {
    let Some(warm_up) = &alarm.warm_up_configuration else {
        return Ok(None);
    };
    let minutes = write.number(
        "WarmUpPeriodDurationInMinutes",
        warm_up.warm_up_period_duration_in_minutes,
    )?;
    Ok(Some(
        watch::WarmUpConfiguration::builder()
            .set_warm_up_period_duration_in_minutes(minutes)
            .set_only_start_evaluating_after_warm_up_period_ends(
                warm_up.only_start_evaluating_after_warm_up_period_ends,
            )
            .build(),
    ))
}

fn criteria(
    write: Write<'_>,
    alarm: &Alarm,
) -> Result<Option<watch::EvaluationCriteria>, ApplyError> {
    match &alarm.evaluation_criteria {
        None => Ok(None),
        Some(EvaluationCriteria::PromQl { criteria }) => {
            let built = watch::AlarmPromQlCriteria::builder()
                .query(&criteria.query)
                .set_pending_period(write.number("PendingPeriod", criteria.pending_period)?)
                .set_recovery_period(write.number("RecoveryPeriod", criteria.recovery_period)?)
                .build();
            Ok(Some(watch::EvaluationCriteria::PromQlCriteria(built)))
        }
        Some(EvaluationCriteria::Other(_)) => Err(write.unsayable(format!(
            "the evaluation criteria of {:?} are of a kind that is not known here",
            alarm.alarm_name
        ))),
    }
}

fn action_configuration(alarm: &Alarm) -> Option<watch::ActionConfiguration> {
    let configuration = alarm.action_configuration.as_ref()?;
    let tags = configuration.alarm_tags_propagation.as_ref().map(|tags| {
        watch::AlarmTagsPropagation::builder()
            .set_enabled(tags.enabled)
            .set_included_tag_keys(super::some(&tags.included_tag_keys))
            .set_excluded_tag_keys(super::some(&tags.excluded_tag_keys))
            .build()
    });
    Some(
        watch::ActionConfiguration::builder()
            .set_alarm_tags_propagation(tags)
            .build(),
    )
}
