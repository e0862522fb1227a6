mod mark;

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde_json::{Value, json};

use crate::snapshot::Snapshot;

use super::model::{carry_out, find_alarm, find_filter, find_trail, settings_of};
use super::{Plan, Repair, Step, StepAction};
use crate::escape::sanitize;
pub use mark::Mark;

/// The plan for people, as Terraform prints one: `+` creates, `~` changes in place with each attribute that does, `?` asks.
/// `before` is the account that the plan was made for. `colour` adds ANSI colours and changes no word; text from outside is
/// escaped.
pub fn render(plan: &Plan, before: &Snapshot, colour: bool) -> String {
    if plan.is_empty() {
        return "Nothing to do.\n".to_owned();
    }
    let mut page = Page {
        text: String::new(),
        colour,
        create: 0,
        change: 0,
        ask: 0,
    };
    let mut account = before.clone();
    for step in &plan.steps {
        page.step(step, &account);
        page.text.push('\n');
        if let StepAction::Repair(repair) = &step.action {
            carry_out(&mut account, repair);
        }
    }
    let Page {
        mut text,
        create,
        change,
        ask,
        ..
    } = page;
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "Plan: {create} to create, {change} to change, {ask} to ask."
    );
    text
}

/// Whether a repair makes something that is not there; the others change what is.
pub fn creates(repair: &Repair, before: &Snapshot) -> bool {
    states(repair, before).0.is_none()
}

struct Page {
    text: String,
    colour: bool,
    create: usize,
    change: usize,
    ask: usize,
}

impl Page {
    /// Appends a line; everything in it is escaped.
    fn line(&mut self, indent: usize, content: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{}", "", sanitize(content));
    }

    fn marked(&mut self, indent: usize, mark: Mark, content: &str) {
        mark.line(&mut self.text, indent, &sanitize(content), self.colour);
    }

    fn step(&mut self, step: &Step, before: &Snapshot) {
        self.line(2, &format!("# {}: {}", step.link, step.summary));
        match &step.action {
            StepAction::Ask { reason, command } => {
                self.ask += 1;
                self.marked(2, Mark::Ask, reason);
                self.line(6, &format!("$ {command}"));
            }
            StepAction::Repair(repair) => {
                let (old, new) = states(repair, before);
                let target = repair.target();
                if old.is_some() {
                    self.change += 1;
                    self.marked(2, Mark::Change, &format!("change in place {target}"));
                } else {
                    self.create += 1;
                    self.marked(2, Mark::Create, &format!("create {target}"));
                }
                let old = old.map(attributes).unwrap_or_default();
                self.attributes(&old, &attributes(new));
            }
        }
    }

    fn attributes(&mut self, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) {
        for (name, value) in new {
            match old.get(name) {
                Some(former) if former == value => {}
                Some(former) => {
                    self.marked(6, Mark::Change, &format!("{name} = {former} -> {value}"));
                }
                None => self.marked(6, Mark::Create, &format!("{name} = {value}")),
            }
        }
        for (name, former) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
            self.marked(6, Mark::Remove, &format!("{name} = {former}"));
        }
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
