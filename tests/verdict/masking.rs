//! What masked records leave of the filters that read them.

use serde_json::{Value, json};

use super::support::{Cases, PATTERN, brief, brief_of_own, control, judge, set, sound};

/// A policy of the log group that masks what these find.
fn masking(regexes: &[String]) -> impl FnOnce(&mut Value) {
    let names: Vec<String> = (0..regexes.len()).map(|at| format!("x{at}")).collect();
    let identifiers: Vec<Value> = names
        .iter()
        .zip(regexes)
        .map(|(name, regex)| json!({"Name": name, "Regex": regex}))
        .collect();
    move |state| {
        let document = json!({
            "Name": "p", "Version": "2021-06-01",
            "Configuration": {"CustomDataIdentifier": identifiers},
            "Statement": [{"DataIdentifier": names, "Operation": {"Deidentify": {"MaskConfig": {}}}}]
        });
        let policy =
            json!([{"region": "us-east-1", "logGroupName": "ct", "policyDocument": document}]);
        set(state, "/data_protection_policies", policy);
    }
}

fn all_of(first: &str, pattern: &str) -> String {
    format!("{{ {first} && ({}) }}", &pattern[1..pattern.len() - 1])
}

#[test]
fn what_the_deployed_filter_asks_for_is_needed() {
    let mut cases = Cases::default();
    let plain = PATTERN.to_owned();
    let source = all_of(r#"$.eventSource = "cloudtrail.amazonaws.com""#, PATTERN);
    let kind = all_of(r#"$.eventType = "AwsApiCall""#, PATTERN);
    let user = all_of("$.userIdentity.type = *", PATTERN);
    let region = all_of(r#"$.awsRegion != "eu-west-9""#, PATTERN);
    let by_source = r#"{ $.eventSource = "cloudtrail.amazonaws.com" }"#.to_owned();
    let failed = format!(
        "{} || $.errorCode = AccessDenied }}",
        &PATTERN[..PATTERN.len() - 2]
    );
    for (regex, pattern, expected) in [
        // Values.
        ("StopLogging", &plain, "FAIL log_group"),
        ("Logging$", &plain, "FAIL log_group"),
        ("^Create", &plain, "FAIL log_group"),
        (r#""eventName":"Stop"#, &plain, "FAIL log_group"),
        (r"cloudtrail\.amazonaws\.com", &source, "FAIL log_group"),
        (r"\w+\.amazonaws", &source, "FAIL log_group"),
        ("AwsApiCall", &kind, "FAIL log_group"),
        // Values that the filter does not ask for.
        (r"cloudtrail\.amazonaws\.com", &plain, "PASS"),
        ("AwsApiCall", &source, "PASS"),
        ("StopLogging", &by_source, "PASS"),
        ("us-east-1", &region, "PASS"),
        ("IAMUser", &user, "PASS"),
        ("[0-9]{12}", &plain, "PASS"),
        ("AKIA[0-9A-Z]{16}", &plain, "PASS"),
        (r"\w{80}", &plain, "PASS"),
        // A value of other events only.
        ("AccessDenied", &failed, "UNKNOWN log_group"),
        ("AccessDenied", &plain, "PASS"),
        // Keys and the marks of JSON.
        ("eventName", &plain, "UNKNOWN log_group"),
        ("eventSource", &source, "UNKNOWN log_group"),
        ("eventSource", &plain, "PASS"),
        ("userIdentity", &user, "UNKNOWN log_group"),
        (r#""eventName":""#, &plain, "UNKNOWN log_group"),
        (r"\{", &plain, "UNKNOWN log_group"),
        (r"\}$", &plain, "UNKNOWN log_group"),
        (":", &plain, "UNKNOWN log_group"),
        ("false", &plain, "UNKNOWN log_group"),
        // What cannot be evaluated.
        ("(", &plain, "UNKNOWN log_group"),
        (r"\w{10000}", &plain, "UNKNOWN log_group"),
    ] {
        cases.case(&format!("{regex} under {pattern}"), expected, |state| {
            masking(&[regex.to_owned()])(state);
            set(state, "/metric_filters/0/filterPattern", json!(pattern));
        });
    }
    cases.done();
}

#[test]
fn filters_on_the_raw_text_read_it_masked() {
    // Unmasked, such a filter is open for its pattern's sake.
    let mut cases = Cases::default();
    let words = "?CreateTrail ?UpdateTrail ?DeleteTrail ?StartLogging ?StopLogging";
    for (regex, expected) in [
        ("StopLogging", "FAIL log_group"),
        (r"\{", "UNKNOWN pattern"),
        ("[0-9]{12}", "UNKNOWN pattern"),
    ] {
        cases.case(regex, expected, |state| {
            masking(&[regex.to_owned()])(state);
            set(state, "/metric_filters/0/filterPattern", json!(words));
        });
    }
    cases.done();
}

#[test]
fn what_other_controls_ask_for_is_needed() {
    let mut cases = Cases::default();
    for (name, regex, expected) in [
        ("4.1", "AccessDenied", "FAIL log_group"),
        ("4.1", "UnauthorizedOperation", "FAIL log_group"),
        ("4.1", "errorCode", "UNKNOWN log_group"),
        ("4.1", "TerminateInstances", "PASS"),
        ("4.2", "ConsoleLogin", "FAIL log_group"),
        ("4.2", "MFAUsed", "UNKNOWN log_group"),
        ("4.3", "Root", "FAIL log_group"),
        ("4.3", "IAMUser", "PASS"),
        ("4.6", "Failed authentication", "FAIL log_group"),
        ("4.6", "Failure", "PASS"),
    ] {
        let pattern = control(name).prescribed[0].pattern.text();
        cases.case_of(name, &format!("{name} {regex}"), expected, |state| {
            masking(&[regex.to_owned()])(state);
            set(state, "/metric_filters/0/filterPattern", json!(pattern));
        });
    }
    cases.done();
}

#[test]
fn what_a_control_of_the_users_own_asks_for_is_needed() {
    let pattern = "{ $.eventSource = s3.amazonaws.com && ($.eventName = Put* || $.eventName = DeleteBucket) }";
    for (regex, expected) in [
        (r"s3\.amazonaws\.com", "FAIL log_group"),
        ("DeleteBucket", "FAIL log_group"),
        ("Put", "FAIL log_group"),
        ("eventSource", "UNKNOWN log_group"),
        ("GetObject", "PASS"),
    ] {
        let found = brief_of_own(pattern, masking(&[regex.to_owned()]));
        assert_eq!(found, expected, "{regex}");
    }
}

#[test]
fn a_filter_beside_the_blinded_one_still_tells() {
    let mut cases = Cases::default();
    let source = all_of(r#"$.eventSource = "cloudtrail.amazonaws.com""#, PATTERN);
    cases.case("one asks for the source", "PASS", |state| {
        masking(&[r"cloudtrail\.amazonaws\.com".to_owned()])(state);
        let mut second = state["metric_filters"][0].clone();
        second["filterName"] = json!("second");
        second["filterPattern"] = json!(source);
        set(state, "/metric_filters/-", second);
    });
    cases.done();
}

#[test]
fn the_finding_names_the_identifier_that_blinds() {
    let mut state = sound();
    masking(&["[0-9]{12}".to_owned(), "UpdateTrail".to_owned()])(&mut state);
    let finding = &judge(&state).findings[0];
    assert_eq!(
        finding.message,
        "The data-protection policy of log group ct masks x1: of UpdateTrail the metric filters read asterisks."
    );
}

#[test]
fn regexes_of_many_states_are_followed_to_the_end() {
    let identifiers: Vec<String> = (140..150).map(|count| format!(r"\w{{{count}}}x")).collect();
    let mut state = sound();
    masking(&identifiers)(&mut state);
    assert_eq!(brief(&judge(&state)), "PASS");
}
