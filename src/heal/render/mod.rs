use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde_json::{Value, json};

use crate::snapshot::Snapshot;

use super::escape::escaped;
use super::model::{carry_out, find_alarm, find_filter, find_trail, settings_of};
use super::{Plan, Repair, Step, StepAction};

/// The plan for people, as Terraform prints one: `+` creates, `~` updates in place with what changes, `?` asks. `before` is
/// the account that the plan was made for. No colour; text from outside is escaped.
pub fn render(plan: &Plan, before: &Snapshot) -> String {
    if plan.is_empty() {
        return "Nothing to do.\n".to_owned();
    }
    let mut text = String::new();
    let mut counts = Counts::default();
    let mut account = before.clone();
    for step in &plan.steps {
        render_step(&mut text, &mut counts, step, &account);
        text.push('\n');
        if let StepAction::Repair(repair) = &step.action {
            carry_out(&mut account, repair);
        }
    }
    let Counts {
        create,
        update,
        ask,
    } = counts;
    line(
        &mut text,
        0,
        &format!("Plan: {create} to create, {update} to update, {ask} to ask."),
    );
    text
}

#[derive(Default)]
struct Counts {
    create: usize,
    update: usize,
    ask: usize,
}

/// Appends a line; everything in it is escaped.
fn line(text: &mut String, indent: usize, content: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:indent$}{}", "", escaped(content));
}

fn render_step(text: &mut String, counts: &mut Counts, step: &Step, before: &Snapshot) {
    line(text, 2, &format!("# {}: {}", step.link, step.summary));
    match &step.action {
        StepAction::Ask { reason, command } => {
            counts.ask += 1;
            line(text, 2, &format!("? {reason}"));
            line(text, 6, &format!("$ {command}"));
        }
        StepAction::Repair(repair) => {
            let (old, new) = states(repair, before);
            let sign = if old.is_some() { '~' } else { '+' };
            if old.is_some() {
                counts.update += 1;
            } else {
                counts.create += 1;
            }
            let verb = if old.is_some() {
                "update in place"
            } else {
                "create"
            };
            line(text, 2, &format!("{sign} {verb} {}", repair.target()));
            let old = old.map(attributes);
            let new = attributes(new);
            render_attributes(text, old.as_ref(), &new);
        }
    }
}

fn render_attributes(
    text: &mut String,
    old: Option<&BTreeMap<String, String>>,
    new: &BTreeMap<String, String>,
) {
    let Some(old) = old else {
        for (name, value) in new {
            line(text, 6, &format!("+ {name} = {value}"));
        }
        return;
    };
    for (name, value) in new {
        match old.get(name) {
            Some(former) if former == value => {}
            Some(former) => line(text, 6, &format!("~ {name} = {former} -> {value}")),
            None => line(text, 6, &format!("+ {name} = {value}")),
        }
    }
    for (name, former) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
        line(text, 6, &format!("- {name} = {former}"));
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
