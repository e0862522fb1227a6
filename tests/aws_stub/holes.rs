//! What AWS refuses, garbles or never answers is a hole, and the look ends.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::stub::{ACCOUNT, Answer, Notes, Stub};
use super::{keys, observe};

#[tokio::test(start_paused = true)]
async fn an_empty_account_has_no_holes_and_nothing_else() {
    let stub = Stub::new(|_, _| Answer::Empty);
    let notes = Notes::default();
    let seen = observe(&stub.aws(&notes).await)
        .await
        .expect("the account is known");
    assert_eq!(seen.account_id.as_str(), ACCOUNT);
    assert_eq!(keys(&seen.api_errors), []);
    assert_eq!(seen.trails, Some(vec![]));
    assert_eq!(seen.metric_filters, Some(vec![]));
    assert_eq!(seen.alarms, Some(vec![]));
    assert_eq!(
        (seen.topics, seen.subscriptions),
        (Some(vec![]), Some(vec![]))
    );
    assert!(
        notes
            .all()
            .iter()
            .all(|note| note.2 == "ok" && note.3.is_some()),
        "{notes:?}"
    );
    assert_eq!(notes.all().len(), stub.seen().len());
    let agents: BTreeSet<_> = stub
        .seen()
        .into_iter()
        .map(|seen| seen.user_agent)
        .collect();
    let name = concat!("lib/trailwarden/", env!("CARGO_PKG_VERSION"));
    assert!(
        agents.iter().all(|agent| agent.contains(name)),
        "{agents:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn every_denied_call_is_a_hole_named_after_its_permission() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "GetCallerIdentity" => Answer::Empty,
        _ => Answer::Error(403, "AccessDenied"),
    });
    let notes = Notes::default();
    let seen = observe(&stub.aws(&notes).await)
        .await
        .expect("the account is known");
    let expected = [
        ("cloudtrail:DescribeTrails us-east-1", "AccessDenied"),
        ("cloudwatch:DescribeAlarms us-east-1", "AccessDenied"),
        ("cloudwatch:ListAlarmMuteRules us-east-1", "AccessDenied"),
        ("logs:DescribeAccountPolicies us-east-1", "AccessDenied"),
        ("logs:DescribeMetricFilters us-east-1", "AccessDenied"),
    ];
    assert_eq!(keys(&seen.api_errors), expected);
    assert_eq!(
        (seen.trails, seen.metric_filters, seen.alarms),
        (None, None, None)
    );
    assert_eq!((seen.topics, seen.subscriptions), (None, None));
    assert_eq!(
        notes.results("DescribeAlarms"),
        ["denied"],
        "denied is not tried again"
    );
}

#[tokio::test(start_paused = true)]
async fn throttling_is_ridden_out_and_every_attempt_counted() {
    let stub = Stub::new(|seen, before| match (seen.operation.as_str(), before) {
        ("DescribeAlarms" | "DescribeTrails", 0 | 1) => Answer::Error(400, "ThrottlingException"),
        _ => Answer::Empty,
    });
    let notes = Notes::default();
    let seen = observe(&stub.aws(&notes).await)
        .await
        .expect("the account is known");
    assert_eq!(keys(&seen.api_errors), []);
    assert_eq!(
        notes.results("DescribeAlarms"),
        ["throttled", "throttled", "ok"]
    );
    assert_eq!(
        notes.results("DescribeTrails"),
        ["throttled", "throttled", "ok"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_aws_is_tried_three_times_then_a_hole() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "DescribeTrails" => Answer::Error(500, "InternalFailure"),
        _ => Answer::Empty,
    });
    let notes = Notes::default();
    let seen = observe(&stub.aws(&notes).await)
        .await
        .expect("the account is known");
    let expected = [("cloudtrail:DescribeTrails us-east-1", "InternalFailure")];
    assert_eq!(keys(&seen.api_errors), expected);
    assert_eq!(notes.results("DescribeTrails"), ["error"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_is_a_hole_and_the_look_ends() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "DescribeAlarms" => Answer::Silence,
        _ => Answer::Empty,
    });
    let notes = Notes::default();
    let begun = Instant::now();
    let seen = observe(&stub.aws(&notes).await)
        .await
        .expect("the account is known");
    assert_eq!(
        keys(&seen.api_errors),
        [("cloudwatch:DescribeAlarms us-east-1", "Timeout")]
    );
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    let results = notes.results("DescribeAlarms");
    assert!(
        results.len() > 1 && results.iter().all(|result| *result == "timeout"),
        "{results:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_look_ends_within_a_minute_whatever_hangs() {
    let stub = Stub::new(|seen, before| match seen.operation.as_str() {
        // Pages without end, each slow in coming: the first attempt of each hangs.
        "DescribeMetricFilters" if before % 2 == 0 => Answer::Silence,
        "DescribeMetricFilters" => {
            Answer::Body(format!("{{\"nextToken\":\"{before}\"}}").into_bytes())
        }
        _ => Answer::Empty,
    });
    let begun = Instant::now();
    let aws = stub.aws(&Notes::default()).await;
    let seen = observe(&aws).await.expect("the account is known");
    assert_eq!(
        keys(&seen.api_errors),
        [("logs:DescribeMetricFilters us-east-1", "Timeout")]
    );
    let took = begun.elapsed();
    assert!(
        took > Duration::from_secs(50) && took < Duration::from_secs(61),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_list_without_end_is_cut_and_a_hole() {
    let stub = Stub::new(|seen, before| match seen.operation.as_str() {
        "DescribeMetricFilters" => {
            Answer::Body(format!("{{\"nextToken\":\"{before}\"}}").into_bytes())
        }
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let seen = observe(&aws).await.expect("the account is known");
    assert_eq!(
        keys(&seen.api_errors),
        [("logs:DescribeMetricFilters us-east-1", "TooManyPages")]
    );
    assert_eq!(stub.count("DescribeMetricFilters"), 200);
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_a_page_failed_is_kept_beside_the_hole() {
    let stub = Stub::new(|seen, before| {
        match (seen.operation.as_str(), before) {
        ("DescribeMetricFilters", 0) => {
            Answer::Body(b"{\"nextToken\":\"2\",\"metricFilters\":[{\"filterName\":\"first\",\"logGroupName\":\"g\"}]}".to_vec())
        }
        ("DescribeMetricFilters", _) => Answer::Error(400, "AccessDeniedException"),
        _ => Answer::Empty,
    }
    });
    let aws = stub.aws(&Notes::default()).await;
    let seen = observe(&aws).await.expect("the account is known");
    let expected = [(
        "logs:DescribeMetricFilters us-east-1",
        "AccessDeniedException",
    )];
    assert_eq!(keys(&seen.api_errors), expected);
    let names: Vec<_> = seen
        .metric_filters
        .iter()
        .flatten()
        .map(|filter| (filter.filter_name.as_str(), filter.log_group_name.as_str()))
        .collect();
    assert_eq!(names, [("first", "g")]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_aws_s_is_a_hole() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "DescribeTrails" => Answer::Garbage(200, "<html>a proxy's page</html>"),
        "DescribeMetricFilters" => Answer::Garbage(403, "<html>a proxy's page</html>"),
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let seen = observe(&aws).await.expect("the account is known");
    assert_eq!(
        seen.api_errors.keys().collect::<Vec<_>>(),
        [
            "cloudtrail:DescribeTrails us-east-1",
            "logs:DescribeMetricFilters us-east-1"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_does_not_know_mute_rules_and_policies_has_none() {
    for answer in [
        Answer::Error(501, "InternalFailure"),
        Answer::Error(404, "UnknownOperationException"),
        Answer::Error(400, "InvalidAction"),
    ] {
        let stub = Stub::new(move |seen, _| match seen.operation.as_str() {
            "ListAlarmMuteRules" | "DescribeAccountPolicies" => answer.clone(),
            _ => Answer::Empty,
        });
        let aws = stub.aws(&Notes::default()).await;
        let seen = observe(&aws).await.expect("the account is known");
        assert_eq!(keys(&seen.api_errors), []);
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_does_not_know_trails_leaves_a_hole() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "DescribeTrails" => Answer::Error(501, "InternalFailure"),
        _ => Answer::Empty,
    });
    let aws = stub.aws(&Notes::default()).await;
    let seen = observe(&aws).await.expect("the account is known");
    let expected = [(
        "cloudtrail:DescribeTrails us-east-1",
        "NotSupportedByEndpoint",
    )];
    assert_eq!(keys(&seen.api_errors), expected);
}
