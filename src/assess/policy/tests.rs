use super::*;

const REQUEST: Request<'static> = Request {
    action: "sns:Publish",
    resource: "arn:aws:sns:us-east-1:111122223333:t",
    source_arn: "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a",
    source_account: "111122223333",
    topic: None,
    // 2026-11-23T00:05:00Z
    now: Timestamp::constant(1_795_392_300, 0),
};

fn allow(rest: &str) -> Access {
    access(
        &format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"sns:Publish","Resource":"*",{rest}}}]}}"#
        ),
        &REQUEST,
    )
}

fn allow_if(condition: &str) -> Access {
    allow(&format!(
        r#""Principal":{{"Service":"cloudwatch.amazonaws.com"}},"Condition":{condition}"#
    ))
}

fn with_deny(deny: &str) -> Access {
    access(
        &format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"SNS:*","Resource":"*"}},{{"Effect":"Deny",{deny}}}]}}"#
        ),
        &REQUEST,
    )
}

#[test]
fn cloudwatch_is_meant_by_its_name_and_by_the_star_only() {
    for (principal, expected) in [
        (r#""*""#, Access::Allowed),
        (r#"{"AWS":"*"}"#, Access::Allowed),
        (r#"{"AWS":["arn:aws:iam::1:root","*"]}"#, Access::Allowed),
        (r#"{"Service":"cloudwatch.amazonaws.com"}"#, Access::Allowed),
        (
            r#"{"Service":["events.amazonaws.com","cloudwatch.amazonaws.com"]}"#,
            Access::Allowed,
        ),
        (r#"{"Service":"events.amazonaws.com"}"#, Access::NotAllowed),
        (r#"{"AWS":"111122223333"}"#, Access::NotAllowed),
        (
            r#"{"AWS":"arn:aws:iam::111122223333:root"}"#,
            Access::NotAllowed,
        ),
        (r#"{"Federated":"*"}"#, Access::NotAllowed),
    ] {
        assert_eq!(
            allow(&format!(r#""Principal":{principal}"#)),
            expected,
            "{principal}"
        );
    }
}

#[test]
fn the_default_owner_policy_admits_alarms_of_the_owner_only() {
    let policy = r#"{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID",
        "Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:Subscribe","SNS:Publish"],
        "Resource":"arn:aws:sns:us-east-1:111122223333:t",
        "Condition":{"StringEquals":{"AWS:SourceOwner":"111122223333"}}}]}"#;
    assert_eq!(access(policy, &REQUEST), Access::Allowed);
    let foreign = Request {
        source_account: "999988887777",
        ..REQUEST
    };
    assert_eq!(access(policy, &foreign), Access::NotAllowed);
}

#[test]
fn conditions_are_evaluated_for_the_alarm() {
    for (condition, expected) in [
        (
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:*"}}"#,
            Access::Allowed,
        ),
        (
            r#"{"ArnEquals":{"AWS:SourceArn":"arn:aws:cloudwatch:*:111122223333:alarm:*"}}"#,
            Access::Allowed,
        ),
        (
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:*"}}"#,
            Access::NotAllowed,
        ),
        (
            r#"{"StringLike":{"aws:SourceArn":"arn:aws:cloudwatch:*"}}"#,
            Access::Allowed,
        ),
        (
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:cloudwatch:*"}}"#,
            Access::Undecided,
        ),
        (
            r#"{"StringEquals":{"aws:SourceArn":"arn:aws:cloudwatch:us-east-1:111122223333:alarm:*"}}"#,
            Access::NotAllowed,
        ),
        (
            r#"{"StringEquals":{"aws:SourceAccount":["111122223333","1"]}}"#,
            Access::Allowed,
        ),
        (
            r#"{"StringEquals":{"aws:SourceAccount":"999988887777"}}"#,
            Access::NotAllowed,
        ),
        (
            r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}"#,
            Access::Allowed,
        ),
        (
            r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#,
            Access::NotAllowed,
        ),
        (
            r#"{"StringEquals":{"aws:SourceOrgID":"o-1"}}"#,
            Access::Undecided,
        ),
        (
            r#"{"Bool":{"aws:SecureTransport":"true"}}"#,
            Access::Allowed,
        ),
        (r#"{"Bool":{"aws:SecureTransport":true}}"#, Access::Allowed),
        (r#"{"Null":{"aws:SourceArn":"false"}}"#, Access::Allowed),
        (r#"{"Null":{"aws:SourceArn":"true"}}"#, Access::NotAllowed),
        (
            r#"{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}"#,
            Access::Allowed,
        ),
        (
            r#"{"ForAnyValue:StringEquals":{"aws:SourceAccount":"111122223333"}}"#,
            Access::Allowed,
        ),
        (
            r#"{"StringEquals":{"aws:SourceAccount":"999988887777"},"DateGreaterThan":{"aws:CurrentTime":"x"}}"#,
            Access::NotAllowed,
        ),
    ] {
        assert_eq!(allow_if(condition), expected, "{condition}");
    }
}

#[test]
fn the_time_and_the_place_of_a_request_are_known() {
    for (condition, expected) in [
        (
            r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-11-23"}}"#,
            Access::Allowed,
        ),
        (
            r#"{"DateGreaterThan":{"aws:CurrentTime":["2030-01-01","2020-01-01"]}}"#,
            Access::Allowed,
        ),
        (
            r#"{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-11-23T00:05:00Z"}}"#,
            Access::Allowed,
        ),
        (
            r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-11-23T00:05:00Z"}}"#,
            Access::NotAllowed,
        ),
        (
            r#"{"DateLessThanEquals":{"aws:EpochTime":"2026-11-23T00:05:00Z"}}"#,
            Access::Allowed,
        ),
        (
            r#"{"DateLessThan":{"aws:CurrentTime":"2026-11-23T00:05:00Z"}}"#,
            Access::NotAllowed,
        ),
        (
            r#"{"DateLessThanIfExists":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}"#,
            Access::NotAllowed,
        ),
        (
            r#"{"DateLessThan":{"aws:CurrentTime":"soon"}}"#,
            Access::Undecided,
        ),
        (
            r#"{"DateEquals":{"aws:CurrentTime":"2026-11-23T00:05:00Z"}}"#,
            Access::Undecided,
        ),
        (
            r#"{"StringLike":{"aws:CurrentTime":"2026*"}}"#,
            Access::Undecided,
        ),
        (
            r#"{"DateGreaterThan":{"aws:TokenIssueTime":"2020-01-01T00:00:00Z"}}"#,
            Access::Undecided,
        ),
        (r#"{"Null":{"aws:CurrentTime":"true"}}"#, Access::NotAllowed),
        (
            r#"{"StringEquals":{"aws:ResourceAccount":"111122223333"}}"#,
            Access::Allowed,
        ),
        (
            r#"{"StringEquals":{"aws:ResourceAccount":"999988887777"}}"#,
            Access::NotAllowed,
        ),
        (
            r#"{"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}"#,
            Access::Allowed,
        ),
        (
            r#"{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}"#,
            Access::NotAllowed,
        ),
    ] {
        assert_eq!(allow_if(condition), expected, "{condition}");
    }
}

#[test]
fn an_explicit_deny_wins_if_it_is_about_this_request() {
    for (deny, expected) in [
        (
            r#""Principal":"*","Action":"sns:Publish","Resource":"*""#,
            Access::Denied,
        ),
        (
            r#""Principal":"*","Action":"SNS:Publish","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}"#,
            Access::Allowed,
        ),
        (
            r#""Principal":"*","Action":"sns:Subscribe","Resource":"*""#,
            Access::Allowed,
        ),
        (
            r#""Principal":"*","Action":"sns:Pub*","Resource":"arn:aws:sns:*:*:other""#,
            Access::Allowed,
        ),
        (
            r#""Principal":{"AWS":"arn:aws:iam::1:user/x"},"Action":"sns:*","Resource":"*""#,
            Access::Allowed,
        ),
        (
            r#""NotPrincipal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"sns:Publish","Resource":"*""#,
            Access::Denied,
        ),
        (
            r#""NotPrincipal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"*""#,
            Access::Allowed,
        ),
        (
            r#""Principal":"*","NotAction":"sns:Subscribe","Resource":"*""#,
            Access::Denied,
        ),
        (
            r#""Principal":"*","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceAccount":"111122223333"}}"#,
            Access::Allowed,
        ),
        (
            r#""Principal":"*","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}"#,
            Access::Denied,
        ),
        (
            r#""Principal":"*","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"},"Bool":{"aws:PrincipalIsAWSService":"false"}}"#,
            Access::Allowed,
        ),
    ] {
        assert_eq!(with_deny(deny), expected, "{deny}");
    }
}

#[test]
fn what_is_no_policy_is_said_to_be_none() {
    assert_eq!(access("", &REQUEST), Access::Unreadable);
    assert_eq!(access("[]", &REQUEST), Access::Unreadable);
    assert_eq!(access(r#"{"Statement":"x"}"#, &REQUEST), Access::Unreadable);
    assert_eq!(access(r#"{"Statement":[]}"#, &REQUEST), Access::NotAllowed);
}

#[test]
fn wildcards_match_any_text_and_any_character() {
    for (pattern, value, expected) in [
        ("*", "", true),
        ("a*c", "abbbc", true),
        ("a*c*", "abcd", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*b", "aab", true),
        ("*ab*ab", "abab", true),
        ("a", "ab", false),
        ("", "", true),
    ] {
        assert_eq!(like(pattern, value), expected, "{pattern} {value}");
    }
}
