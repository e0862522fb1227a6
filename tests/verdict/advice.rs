//! What a finding tells where no command alone will do: in words, or in which account.

use serde_json::{Value, json};

use super::support::{TOPIC, TRAIL, judge, set, sound};
use super::trail::{member, owner};

fn first_remedy(state: &Value) -> String {
    judge(state).findings[0].remedy.clone().unwrap()
}

#[test]
fn what_is_denied_is_not_allowed_by_one_more_statement() {
    let policy = |effect: &str, principal: Value, actions: Value| json!({"Effect": effect, "Principal": principal, "Action": actions, "Resource": "*"});
    let cloudwatch = || json!({"Service": "cloudwatch.amazonaws.com"});
    let publish = |effect: &str| policy(effect, cloudwatch(), json!("sns:Publish"));
    for (statements, begin) in [
        (
            json!([publish("Allow"), publish("Deny")]),
            "Take out of the topic's policy (aws sns get-topic-attributes ",
        ),
        (
            json!([publish("Deny")]),
            "Take out of the topic's policy (aws sns get-topic-attributes ",
        ),
        (
            json!([]),
            "Add to the topic's policy (aws sns get-topic-attributes ",
        ),
    ] {
        let mut state = sound();
        let text = json!({"Statement": statements}).to_string();
        set(&mut state, "/topics/0/Attributes/Policy", json!(text));
        let remedy = first_remedy(&state);
        assert!(remedy.starts_with(begin), "{remedy}");
        assert!(remedy.ends_with("--attribute-value file://policy.json"));
    }
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234";
    let both = || json!(["kms:GenerateDataKey*", "kms:Decrypt"]);
    let grant = || policy("Allow", cloudwatch(), both());
    let deny = policy("Deny", json!("*"), json!("kms:Decrypt"));
    for (statements, begin) in [
        (
            json!([grant(), deny]),
            "Take out of the key's policy the statement that denies kms:Decrypt ",
        ),
        (
            json!([]),
            "Add to the key's policy a statement that allows kms:GenerateDataKey* ",
        ),
    ] {
        let mut state = sound();
        set(
            &mut state,
            "/topics/0/Attributes/KmsMasterKeyId",
            json!(arn),
        );
        let text = json!({"Statement": statements}).to_string();
        let key = json!({"Arn": arn, "KeyState": "Enabled", "Policy": text});
        set(&mut state, "/kms_keys", json!([key]));
        let remedy = first_remedy(&state);
        assert!(remedy.starts_with(begin), "{remedy}");
    }
}

#[test]
fn a_topic_is_made_of_the_kind_that_its_name_says() {
    for (topic, remedy) in [
        (
            TOPIC.to_owned(),
            "aws sns create-topic --region us-east-1 --name cis-alarms",
        ),
        (
            format!("{TOPIC}.fifo"),
            "aws sns create-topic --region us-east-1 --name cis-alarms.fifo --attributes FifoTopic=true",
        ),
    ] {
        let mut state = sound();
        set(&mut state, "/topics", json!([]));
        set(&mut state, "/alarms/0/AlarmActions", json!([topic]));
        assert_eq!(first_remedy(&state), remedy);
    }
}

/// Message and remedy of the first finding about a member whose owner is changed so.
fn told_of_member(change: impl FnOnce(&mut Value)) -> (String, String) {
    let (mut state, mut owner) = (json!({}), owner());
    member(&mut state);
    change(&mut owner);
    set(&mut state, "/other_accounts", json!([owner]));
    let finding = judge(&state).findings.swap_remove(0);
    (finding.message, finding.remedy.unwrap())
}

#[test]
fn what_is_cut_at_the_owner_is_to_be_mended_there() {
    let (message, remedy) = told_of_member(|owner| set(owner, "/alarms", json!([])));
    assert_eq!(
        message,
        "In account 999988887777: No alarm in us-east-1 looks at metric m of CISBenchmark, which metric filter f writes."
    );
    let begin = "In account 999988887777: aws cloudwatch put-metric-alarm --region us-east-1 --alarm-name m-alarm ";
    assert!(remedy.starts_with(begin), "{remedy}");
    let (message, remedy) = told_of_member(|owner| set(owner, "/metric_filters", json!([])));
    assert_eq!(
        message,
        "In account 999988887777: No metric filter of log group ct catches the events of this control."
    );
    let begin = "In account 999988887777: aws logs put-metric-filter --region us-east-1 ";
    assert!(remedy.starts_with(begin), "{remedy}");
    let (message, remedy) = told_of_member(|owner| {
        set(
            owner,
            "/metric_filters/0/filterPattern",
            json!(
                "{ $.eventSource = cloudtrail.amazonaws.com && $.recipientAccountId = \"999988887777\" }"
            ),
        );
    });
    assert!(
        message.starts_with("In account 999988887777: No metric filter "),
        "{message}"
    );
    assert!(remedy.starts_with(begin), "{remedy}");
    // What names the account itself needs not be told where it is.
    let (message, remedy) =
        told_of_member(|owner| set(owner, "/alarms/0/ActionsEnabled", json!(false)));
    assert!(!message.contains("In account"), "{message}");
    assert_eq!(
        remedy,
        "In account 999988887777: aws cloudwatch enable-alarm-actions --region us-east-1 --alarm-names a"
    );
    let (_, remedy) = told_of_member(|owner| set(owner, "/subscriptions", json!([])));
    let begin = "In account 999988887777: aws sns subscribe ";
    assert!(remedy.starts_with(begin), "{remedy}");
}

#[test]
fn what_is_cut_at_home_is_mended_at_home() {
    for list in ["metric_filters", "alarms", "topics", "subscriptions"] {
        let mut state = sound();
        set(&mut state, &format!("/{list}"), json!([]));
        let finding = judge(&state).findings.swap_remove(0);
        assert!(
            !finding.message.contains("In account"),
            "{}",
            finding.message
        );
        assert!(finding.remedy.unwrap().starts_with("aws "));
    }
    let mut state = sound();
    set(&mut state, "/trails/-", owner()["trails"][0].clone());
    state["trail_status"][TRAIL]["IsLogging"] = json!(false);
    let arn = owner()["trails"][0]["TrailARN"]
        .as_str()
        .unwrap()
        .to_owned();
    state["trail_status"][&arn] = json!({"IsLogging": false});
    for finding in judge(&state).findings {
        let remedy = finding.remedy.unwrap();
        let is_owners = finding.resource.unwrap().contains("999988887777");
        assert_eq!(remedy.starts_with("In account 999988887777: "), is_owners);
    }
}
