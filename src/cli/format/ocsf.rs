//! Compliance Finding (class 2003) of the Open Cybersecurity Schema Framework, version 1.5.0, with its cloud profile.
//!
//! <https://schema.ocsf.io/1.5.0/classes/compliance_finding?profiles=cloud>

use serde_json::{Value, json};

use super::{Judged, One, RESOURCE_TYPE, STANDARD};
use crate::assess::Verdict;
use crate::control::Severity;
use crate::snapshot::partition_of;
use crate::telemetry::sanitize;

const VERSION: &str = "1.5.0";
const CLASS: u32 = 2003;
/// Create: a look reports what it finds, and knows of no earlier one.
const ACTIVITY: u32 = 1;
/// AWS Account, of the object `account`.
const AWS_ACCOUNT: u32 = 10;

/// One event a control and account.
pub(super) fn findings(judged: &Judged<'_>) -> Vec<Value> {
    judged.each().map(|one| finding(judged, &one)).collect()
}

fn finding(judged: &Judged<'_>, one: &One<'_>) -> Value {
    let account = one.account.account_id.as_str();
    let region = &one.account.region;
    let partition = partition_of(region);
    let time = one.account.evaluated_at.as_millisecond();
    let (severity_id, severity) = severity(one.control.severity, one.report.verdict);
    let (status_id, status) = match one.report.verdict {
        Verdict::Pass => (1, "Pass"),
        Verdict::Fail => (3, "Fail"),
        Verdict::Unknown => (0, "Unknown"),
    };
    let messages = one.report.findings.iter();
    let messages: Vec<_> = messages.map(|finding| sanitize(&finding.message)).collect();
    let is_benchmark = one.control.number.is_some();
    let mut event = json!({
        "activity_id": ACTIVITY,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Compliance Finding",
        "type_uid": CLASS * 100 + ACTIVITY,
        "type_name": "Compliance Finding: Create",
        "time": time,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "status": "New",
        "message": one.description(),
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "event_code": one.control.key,
            "product": {
                "uid": "trailwarden",
                "name": "trailwarden",
                "vendor_name": "trailwarden",
                "version": env!("CARGO_PKG_VERSION"),
            },
        },
        "cloud": {
            "provider": "AWS",
            "cloud_partition": partition,
            "region": region,
            "account": {"uid": account, "type_id": AWS_ACCOUNT, "type": "AWS Account"},
        },
        "compliance": {
            "control": one.control.key,
            "desc": sanitize(&one.control.description),
            "standards": if is_benchmark { vec![STANDARD] } else { Vec::new() },
            "requirements": judged.requirements(one.control),
            "status_id": status_id,
            "status": status,
            "status_details": messages,
        },
        "finding_info": {
            "uid": one.id(),
            "title": one.title(),
            "desc": one.description(),
            "created_time": time,
        },
        "resources": [{
            "uid": one.resource(),
            "name": account,
            "type": RESOURCE_TYPE,
            "cloud_partition": partition,
            "region": region,
        }],
    });
    if one.report.verdict != Verdict::Pass
        && let Some(event) = event.as_object_mut()
    {
        event.insert("remediation".to_owned(), remediation(one));
    }
    event
}

/// The id and its caption. A control that passes has nothing to be grave about.
const fn severity(severity: Severity, verdict: Verdict) -> (u32, &'static str) {
    match (verdict, severity) {
        (Verdict::Pass, _) => (1, "Informational"),
        (_, Severity::Low) => (2, "Low"),
        (_, Severity::Medium) => (3, "Medium"),
        (_, Severity::High) => (4, "High"),
        (_, Severity::Critical) => (5, "Critical"),
    }
}

/// The commands that mend it, else what the control asks for.
fn remediation(one: &One<'_>) -> Value {
    let remedies = one.report.findings.iter();
    let remedies: Vec<_> = remedies
        .filter_map(|finding| finding.remedy.as_deref().map(sanitize))
        .collect();
    let desc = if remedies.is_empty() {
        sanitize(&one.control.remediation).into_owned()
    } else {
        remedies.join("\n")
    };
    let references: Vec<String> = one.url().into_iter().collect();
    json!({"desc": desc, "references": references})
}

#[cfg(test)]
mod tests;
