//! What a drill says to people: what it is about to do, and what it proved. Names come from AWS and are made visible.

use std::fmt::Write;

use jiff::Timestamp;

use crate::drill::{End, Plan, Report, Spent, State};
use crate::telemetry::sanitize;

/// What the drill would do, and what comes with it.
pub(super) fn explanation(plan: &Plan) -> String {
    let mut text = format!(
        "A drill of {} in account {} would:\n",
        plan.control, plan.account
    );
    let records = match plan.records.len() {
        1 => "one synthetic record".to_owned(),
        several => format!("{several} synthetic records"),
    };
    item(
        &mut text,
        &format!(
            "write {records}, marked `trailwardenDrill`, into log group {} ({}): whatever else reads that log group reads it, too",
            plan.log_group, plan.region
        ),
    );
    let alarms = plan.alarms.iter().map(|alarm| alarm.name.as_str());
    item(
        &mut text,
        &format!(
            "put {} into ALARM, as a real event would: until it is OK again a real event causes no notification of its own",
            list(alarms)
        ),
    );
    if !plan.also.is_empty() {
        let also = plan.also.iter().map(String::as_str);
        item(
            &mut text,
            &format!(
                "trip as well, since their filters match the record: {}",
                list(also)
            ),
        );
    }
    let told = plan.told.iter().map(|one| one.endpoint.as_str());
    item(
        &mut text,
        &format!("tell, as a real event would: {}", list(told)),
    );
    let actions = plan.actions.iter().map(String::as_str);
    item(
        &mut text,
        &format!("run these actions of the alarms: {}", list(actions)),
    );
    item(
        &mut text,
        &format!(
            "make a queue, its subscription to the topic, and a log stream, all named {}, and remove them at the end",
            plan.name
        ),
    );
    text
}

fn item(text: &mut String, content: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(text, "  - {}", sanitize(content));
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// What the drill proved.
pub(super) fn report(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |content: &str| {
        let _ = writeln!(text, "{}", sanitize(content));
    };
    line(&format!(
        "{} of {} in account {}",
        report.drill, report.control, report.account_id
    ));
    for link in &report.links {
        let when = match (link.state, link.seconds) {
            (State::Ok, Some(seconds)) => format!("ok       {seconds:>7.1} s"),
            (State::Ok | State::Inferred, _) => "inferred          ".to_owned(),
            (State::Missing, _) => "NOT SEEN          ".to_owned(),
        };
        line(&format!("  {:<12}  {when}  {}", link.link, link.resource));
    }
    for spent in &report.spent {
        line(&interval(spent));
    }
    let heard = report
        .links
        .iter()
        .any(|link| link.link == "notification" && link.state == State::Ok);
    if heard && !report.told.is_empty() {
        let told = list(report.told.iter().map(|one| one.endpoint.as_str()));
        line(&format!(
            "Told, too, and not asked whether it arrived: {told}."
        ));
    }
    if let Some(trouble) = &report.trouble {
        line(&format!("While watching a call failed: {trouble}"));
    }
    if !report.left_behind.is_empty() {
        line(&format!("Left behind: {}.", report.left_behind.join(", ")));
    }
    line(&verdict(report));
    text
}

fn interval(spent: &Spent) -> String {
    let Spent { alarm, from, to } = spent;
    match to {
        Some(to) => format!(
            "Alarm {alarm} was spent from {} to {} ({} s): a real event caused no notification of its own.",
            second(*from),
            second(*to),
            to.duration_since(*from).as_secs_f64().round()
        ),
        None => format!(
            "Alarm {alarm} is spent since {}: until it is OK again a real event causes no notification of its own.",
            second(*from)
        ),
    }
}

fn second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn verdict(report: &Report) -> String {
    let proven = "from the log group to the topic's subscribers (trail and selectors are not part of a drill)";
    let missing = report
        .links
        .iter()
        .find(|link| link.state == State::Missing)
        .map(|link| link.link);
    match (&report.end, missing) {
        (End::Complete, None) => format!("Proven: the chain works {proven}."),
        (End::Complete | End::TimedOut, missing) => format!(
            "Not proven: {} did not come in time.",
            missing.unwrap_or("something")
        ),
        (End::Interrupted, _) => "Not proven: the drill was interrupted.".to_owned(),
        (End::Failed(reason), _) => format!("Not proven: the drill could not go on: {reason}"),
    }
}
