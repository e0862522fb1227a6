//! AWS Security Finding Format, as BatchImportFindings of Security Hub takes it.
//!
//! Lengths and enumerations are those of the API's model (securityhub 2018-10-26, AwsSecurityFinding) and of the page
//! "Required top-level ASFF attributes". The product is the account's own default one ("Integrating Security Hub CSPM
//! with custom products").

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Judged, One, RESOURCE_TYPE, STANDARD, severity_word};
use crate::assess::Verdict;
use crate::escape::{fit, sanitize};
use crate::snapshot::partition_of;

const SCHEMA_VERSION: &str = "2018-10-08";
const ID_LIMIT: usize = 512;
const TITLE_LIMIT: usize = 256;
const DESCRIPTION_LIMIT: usize = 1024;
const RECOMMENDATION_LIMIT: usize = 512;
const PRODUCT_FIELD_LIMIT: usize = 2048;

/// One finding a control and account. BatchImportFindings takes at most 100 at once, of one account and region.
pub(super) fn findings(judged: &Judged<'_>) -> Vec<Value> {
    judged.each().map(|one| finding(judged, &one)).collect()
}

fn finding(judged: &Judged<'_>, one: &One<'_>) -> Value {
    let account = one.account.account_id.as_str();
    let region = &one.account.region;
    let partition = partition_of(region);
    let passes = one.report.verdict == Verdict::Pass;
    let time = milliseconds(one.account.evaluated_at);
    let types = types(one);
    let severity = severity_word(one.control.severity, passes);
    let mut finding = json!({
        "SchemaVersion": SCHEMA_VERSION,
        "Id": fit(&one.id(), ID_LIMIT),
        "ProductArn": format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default"),
        "GeneratorId": fit(&format!("trailwarden/{}", one.control.key), ID_LIMIT),
        "AwsAccountId": account,
        "Types": types,
        // A single look does not know since when.
        "CreatedAt": time,
        "UpdatedAt": time,
        "Severity": {"Label": severity, "Original": one.control.severity.name()},
        "Title": fit(&one.title(), TITLE_LIMIT),
        "Description": fit(&one.description(), DESCRIPTION_LIMIT),
        "ProductFields": product_fields(one),
        "Resources": [{
            "Type": RESOURCE_TYPE,
            "Id": one.resource(),
            "Partition": partition,
            "Region": region,
        }],
        "Compliance": compliance(judged, one),
        // Security Hub itself reopens a finding whose compliance turns from PASSED to anything else.
        "Workflow": {"Status": if passes { "RESOLVED" } else { "NEW" }},
        "RecordState": "ACTIVE",
        // What a later import may change, unlike Severity and Types themselves.
        "FindingProviderFields": {
            "Severity": {"Label": severity, "Original": one.control.severity.name()},
            "Types": types,
        },
    });
    if !passes && let Some(finding) = finding.as_object_mut() {
        finding.insert("Remediation".to_owned(), remediation(one));
    }
    finding
}

fn types(one: &One<'_>) -> [String; 1] {
    let classifier = match one.control.number {
        Some(_) => format!("Industry and Regulatory Standards/{STANDARD}"),
        None => "AWS Security Best Practices".to_owned(),
    };
    [format!("Software and Configuration Checks/{classifier}")]
}

fn compliance(judged: &Judged<'_>, one: &One<'_>) -> Value {
    let status = match one.report.verdict {
        Verdict::Pass => "PASSED",
        Verdict::Fail => "FAILED",
        Verdict::Unknown => "NOT_AVAILABLE",
    };
    let mut compliance = Map::new();
    compliance.insert("Status".to_owned(), status.into());
    let requirements = judged.requirements(one.control);
    if !requirements.is_empty() {
        compliance.insert("RelatedRequirements".to_owned(), requirements.into());
    }
    let reasons = one.report.findings.iter().map(|finding| {
        json!({
            "ReasonCode": finding.link.name().to_ascii_uppercase(),
            "Description": fit(&sanitize(&finding.message), DESCRIPTION_LIMIT),
        })
    });
    let reasons: Vec<Value> = reasons.collect();
    if !reasons.is_empty() {
        compliance.insert("StatusReasons".to_owned(), reasons.into());
    }
    compliance.into()
}

/// The commands that mend it, whole or not at all: half of a command is another command.
fn remediation(one: &One<'_>) -> Value {
    let remedies = one.report.findings.iter();
    let remedies: Vec<_> = remedies
        .filter_map(|finding| finding.remedy.as_deref().map(sanitize))
        .collect();
    let fits = |text: &String| (1..=RECOMMENDATION_LIMIT).contains(&text.chars().count());
    let text = [Some(remedies.join("\n")), remedies.first().map(ToString::to_string)]
        .into_iter()
        .flatten()
        .find(fits)
        .unwrap_or_else(|| {
            let key = sanitize(&one.control.key);
            fit(&format!("What mends it is too long for this field: trailwarden check --control '{key}' tells it."), RECOMMENDATION_LIMIT)
        });
    let mut recommendation = json!({"Text": text});
    if let (Some(url), Some(recommendation)) = (one.url(), recommendation.as_object_mut()) {
        recommendation.insert("Url".to_owned(), url.into());
    }
    json!({"Recommendation": recommendation})
}

fn product_fields(one: &One<'_>) -> Value {
    let findings = &one.report.findings;
    let missing: Vec<&str> = findings
        .iter()
        .flat_map(|finding| finding.missing_events.iter().map(String::as_str))
        .collect();
    let fields = [
        ("ProviderName", Some("trailwarden".to_owned())),
        (
            "ProviderVersion",
            Some(env!("CARGO_PKG_VERSION").to_owned()),
        ),
        ("trailwarden/control", Some(one.control.key.clone())),
        (
            "trailwarden/verdict",
            Some(format!("{:?}", one.report.verdict).to_ascii_uppercase()),
        ),
        (
            "trailwarden/brokenLink",
            one.report.broken_link.map(|link| link.name().to_owned()),
        ),
        (
            "trailwarden/missingEvents",
            (!missing.is_empty()).then(|| missing.join(", ")),
        ),
        (
            "trailwarden/securityHubControl",
            one.control.security_hub.clone(),
        ),
    ];
    let present = fields.into_iter().filter_map(|(name, value)| {
        let value = fit(&sanitize(&value?), PRODUCT_FIELD_LIMIT);
        Some((name.to_owned(), Value::from(value)))
    });
    Value::Object(present.collect())
}

/// The time stamps of ASFF's own examples: RFC 3339 in UTC with milliseconds.
fn milliseconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests;
