mod page;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::snapshot::Snapshot;

use super::model::{carry_out, find_alarm, find_filter, find_trail, settings_of};
use super::{Plan, Repair, StepAction};
pub use page::{Mark, Page};

/// The plan for people, as Terraform prints one: `+` creates, `~` changes in place with each attribute that does, `?` asks.
/// `before` is the account that the plan was made for. `colour` adds ANSI colours and changes no word; text from outside is
/// escaped.
pub fn render(plan: &Plan, before: &Snapshot, colour: bool) -> String {
    if plan.is_empty() {
        return "Nothing to do.\n".to_owned();
    }
    let mut page = Page::new(colour);
    let (mut create, mut change, mut ask) = (0, 0, 0);
    let mut account = before.clone();
    for step in &plan.steps {
        page.line(2, &format!("# {}: {}", step.link, step.summary));
        match &step.action {
            StepAction::Ask { reason, command } => {
                ask += 1;
                page.marked(2, Mark::Ask, reason);
                page.line(6, &format!("$ {command}"));
            }
            StepAction::Repair(repair) => {
                let (old, new) = states(repair, &account);
                let target = repair.target();
                if old.is_some() {
                    change += 1;
                    page.marked(2, Mark::Change, &format!("change in place {target}"));
                } else {
                    create += 1;
                    page.marked(2, Mark::Create, &format!("create {target}"));
                }
                let old = old.map(attributes).unwrap_or_default();
                compare(&mut page, &old, &attributes(new));
                carry_out(&mut account, repair);
            }
        }
        page.gap();
    }
    page.line(
        0,
        &format!("Plan: {create} to create, {change} to change, {ask} to ask."),
    );
    page.into_text()
}

/// Whether a repair makes something that is not there; the others change what is.
pub fn creates(repair: &Repair, before: &Snapshot) -> bool {
    states(repair, before).0.is_none()
}

/// What becomes of each attribute, those that go last.
fn compare(page: &mut Page, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) {
    for (name, value) in new {
        page.attribute(name, old.get(name).map(String::as_str), Some(value));
    }
    for (name, former) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
        page.attribute(name, Some(former), None);
    }
}

/// What the repair writes to, before (none: it is not there) and after.
fn states(repair: &Repair, before: &Snapshot) -> (Option<Value>, Value) {
    match repair {
        Repair::PutMetricFilter { filter } => (
            find_filter(
                before,
                &filter.region,
                &filter.log_group_name,
                &filter.filter_name,
            )
            .map(value),
            value(filter),
        ),
        Repair::PutMetricAlarm { region, alarm } => (
            find_alarm(before, region, &alarm.alarm_name)
                .map(|present| value(&settings_of(present))),
            value(&settings_of(alarm)),
        ),
        Repair::EnableAlarmActions { .. } => (
            Some(json!({"ActionsEnabled": false})),
            json!({"ActionsEnabled": true}),
        ),
        Repair::CreateTopic { name, .. } => (None, json!({"Name": name})),
        Repair::Subscribe {
            topic_arn,
            protocol,
            endpoint,
        } => (
            None,
            json!({"TopicArn": topic_arn, "Protocol": protocol, "Endpoint": endpoint}),
        ),
        Repair::StartLogging { .. } => (
            Some(json!({"IsLogging": false})),
            json!({"IsLogging": true}),
        ),
        Repair::UpdateTrail {
            trail_arn,
            multi_region,
            delivery,
            ..
        } => {
            let present = find_trail(before, trail_arn).cloned().unwrap_or_default();
            let mut changed = present.clone();
            if let Some(multi_region) = multi_region {
                changed.is_multi_region_trail = *multi_region;
            }
            if let Some(delivery) = delivery {
                changed.cloud_watch_logs_log_group_arn = Some(delivery.log_group_arn.clone());
                changed.cloud_watch_logs_role_arn = Some(delivery.role_arn.clone());
            }
            (Some(value(&present)), value(&changed))
        }
        Repair::PutEventSelectors {
            trail_arn,
            selectors,
            ..
        } => (
            before
                .event_selectors
                .get(trail_arn)
                .map(value)
                .or_else(|| Some(json!({}))),
            value(selectors),
        ),
        Repair::CreateLogGroup { name, .. } => (None, json!({"logGroupName": name})),
    }
}

fn value(part: &impl Serialize) -> Value {
    // Types of ours always serialise.
    serde_json::to_value(part).unwrap_or_default()
}

/// Attributes by their path, such as `metricTransformations[0].metricValue`; empty and absent ones are left out.
fn attributes(value: Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(&mut found, String::new(), value);
    found
}

fn collect(found: &mut BTreeMap<String, String>, path: String, value: Value) {
    match value {
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() {
                    name
                } else {
                    format!("{path}.{name}")
                };
                collect(found, path, value);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.into_iter().enumerate() {
                collect(found, format!("{path}[{index}]"), item);
            }
        }
        scalar => {
            found.insert(path, scalar.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
