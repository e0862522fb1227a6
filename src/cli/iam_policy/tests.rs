use std::collections::BTreeSet;

use super::*;
use crate::assess::Link;
use crate::config::{self, ConfigFile};

fn settings(toml: &str) -> Settings {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trailwarden.toml");
    std::fs::write(&path, toml).unwrap();
    config::load(&ConfigFile::new(Some(path)), [], [])
        .unwrap()
        .settings
}

const QUEUE: &str =
    "queue_url = \"https://sqs.eu-west-1.amazonaws.com/111122223333/trailwarden-events\"\n";

const SCOPES: &str = "
[[scope]]
account = \"111122223333\"
regions = [\"eu-west-1\"]
[[scope]]
account = \"444455556666\"
role_arn = \"arn:aws:iam::444455556666:role/watch\"
";

fn feed_of_queue() -> Feed {
    Feed {
        region: Some("eu-west-1".to_owned()),
        account: "111122223333".to_owned(),
        queue: "trailwarden-events".to_owned(),
    }
}

fn default_links() -> BTreeSet<Link> {
    use Link::{Action, Alarm, Metric, Pattern, Subscription, Topic};
    [Pattern, Metric, Alarm, Action, Topic, Subscription].into()
}

#[test]
fn without_scopes_the_own_credentials_look_too_wherever_they_belong() {
    let expected = Ground {
        partition: "aws".to_owned(),
        account: None,
        is_own: true,
        looks: true,
        all_regions: true,
        feed: Some(feed_of_queue()),
        prefix: "trailwarden".to_owned(),
        links: default_links(),
        ..Ground::default()
    };
    assert_eq!(ground(&settings(QUEUE), None, None), Ok(expected.clone()));
    let named = "777788889999".parse().unwrap();
    let filled = Ground {
        account: Some("777788889999".to_owned()),
        ..expected
    };
    assert_eq!(ground(&settings(QUEUE), Some(&named), None), Ok(filled));
}

#[test]
fn the_own_credentials_look_at_the_scopes_without_a_role_and_enter_the_others() {
    let settings = settings(&format!("{QUEUE}{SCOPES}"));
    let own = Ground {
        partition: "aws".to_owned(),
        account: Some("111122223333".to_owned()),
        is_own: true,
        looks: true,
        all_regions: false,
        feed: Some(feed_of_queue()),
        prefix: "trailwarden".to_owned(),
        roles: vec!["arn:aws:iam::444455556666:role/watch".to_owned()],
        links: default_links(),
        ..Ground::default()
    };
    assert_eq!(ground(&settings, None, None), Ok(own.clone()));
    let member = "444455556666".parse().unwrap();
    let role = Ground {
        account: Some("444455556666".to_owned()),
        is_own: false,
        all_regions: true,
        ..own
    };
    assert_eq!(ground(&settings, Some(&member), None), Ok(role));
}

#[test]
fn where_each_scope_has_a_role_the_own_credentials_look_at_nothing() {
    let settings = settings(
        "queue_url = \"https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q\"
         [[scope]]
         account = \"444455556666\"
         role_arn = \"arn:aws-cn:iam::444455556666:role/watch\"",
    );
    let own = ground(&settings, None, None).unwrap();
    assert!(!own.looks && own.is_own && !own.all_regions, "{own:?}");
    assert_eq!((own.partition.as_str(), own.account), ("aws-cn", None));
}

#[test]
fn where_only_roles_need_something_the_account_of_one_is_named() {
    let entered = settings(
        "[[scope]]
         account = \"444455556666\"
         role_arn = \"arn:aws:iam::444455556666:role/watch\"",
    );
    let told = nothing_needed(&entered, None);
    assert!(told.ends_with(": --account 444455556666"), "{told}");
    let member = "444455556666".parse().unwrap();
    for told in [
        nothing_needed(&entered, Some(&member)),
        nothing_needed(&settings(QUEUE), None),
    ] {
        assert!(!told.contains("--account"), "{told}");
    }
}

#[test]
fn an_account_that_no_scope_names_is_refused() {
    let settings = settings(&format!("{QUEUE}{SCOPES}"));
    let stranger = "999999999999".parse().unwrap();
    assert_eq!(
        ground(&settings, Some(&stranger), None)
            .unwrap_err()
            .to_string(),
        "no scope is account 999999999999; the configured ones are 111122223333, 444455556666: name one of them, or add a \
         [[scope]]"
    );
}

#[test]
fn the_partition_is_that_of_the_settings_else_of_the_environment() {
    let of = |toml: &str| {
        let ground = ground(&settings(toml), None, Some("cn-north-1"));
        ground.unwrap().partition
    };
    assert_eq!(of(""), "aws-cn");
    assert_eq!(of(QUEUE), "aws");
    assert_eq!(of(SCOPES), "aws");
    assert_eq!(ground(&settings(""), None, None).unwrap().partition, "aws");
}
