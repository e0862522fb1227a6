//! The heartbeat's bus, the queue's own words, and what IAM would allow.

use trailwarden::aws::{
    Asked, Bus, BusEvent, Class, Depth, NotSimulated, PermissionApi, QueueGauge, Simulated,
};

use super::scope;
use super::stub::{ACCOUNT, Answer, Notes, Stub, xml};

const QUEUE_URL: &str = "https://sqs.eu-west-1.amazonaws.com/012345678901/q";

fn event() -> BusEvent {
    BusEvent {
        source: "trailwarden.heartbeat",
        detail_type: "trailwarden heartbeat",
        detail: "{\"nonce\":\"n\"}".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_is_put_once_beside_the_queue_and_a_refused_entry_is_no_success() {
    let answers = [
        (
            r#"{"FailedEntryCount":0,"Entries":[{"EventId":"e"}]}"#,
            None,
        ),
        (
            r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"NotAuthorizedForSourceException","ErrorMessage":"no"}]}"#,
            Some(Class::Denied),
        ),
        (
            r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure"}]}"#,
            Some(Class::Transient),
        ),
        (
            r#"{"FailedEntryCount":1,"Entries":[]}"#,
            Some(Class::Transient),
        ),
    ];
    for (answer, expected) in answers {
        let stub = Stub::new(move |_, _| Answer::Body(answer.as_bytes().to_vec()));
        let aws = stub.aws(&Notes::default()).await;
        let bus = aws.bus_beside(QUEUE_URL).expect("a region");
        let class = bus.put(&event()).await.err().map(|error| error.class);
        assert_eq!(class, expected, "{answer}");
        let seen = stub.seen();
        assert_eq!(seen[0].operation, "PutEvents");
        assert_eq!(seen[0].host, "events.eu-west-1.amazonaws.com");
        for part in ["trailwarden.heartbeat", "trailwarden heartbeat", "nonce"] {
            assert!(seen[0].body.contains(part), "{}", seen[0].body);
        }
    }
    let stub = Stub::new(|_, _| Answer::Error(503, "ServiceUnavailable"));
    let notes = Notes::default();
    let bus = stub
        .aws(&notes)
        .await
        .bus_beside(QUEUE_URL)
        .expect("a region");
    let error = bus.put(&event()).await.unwrap_err();
    assert_eq!(error.class, Class::Transient);
    assert_eq!(
        stub.count("PutEvents"),
        1,
        "the next heartbeat is the retry"
    );
    assert_eq!(notes.all()[0].0, "events");
}

#[tokio::test(start_paused = true)]
async fn a_queue_tells_its_depth_and_that_of_its_dead_letter_queue() {
    let stub = Stub::new(|seen, _| {
        if seen.body.contains("012345678901/q-dead\"") {
            return Answer::Body(br#"{"Attributes":{"ApproximateNumberOfMessages":"5"}}"#.to_vec());
        }
        let redrive = r#"{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-west-1:012345678901:q-dead\",\"maxReceiveCount\":20}"#;
        let attributes = format!(
            r#"{{"Attributes":{{"ApproximateNumberOfMessages":"3","ApproximateNumberOfMessagesNotVisible":"2","RedrivePolicy":"{redrive}"}}}}"#
        );
        Answer::Body(attributes.into_bytes())
    });
    let queue = stub
        .aws(&Notes::default())
        .await
        .queue(QUEUE_URL)
        .expect("a region");
    let fill = queue.fill().await.expect("an answer");
    let depth = |visible, in_flight| Depth {
        visible,
        in_flight,
        delayed: 0,
    };
    assert_eq!(fill.queue, depth(3, 2));
    assert_eq!(fill.dead_letters, Some(Ok(depth(5, 0))));

    let stub = Stub::new(|_, _| Answer::Error(403, "AccessDenied"));
    let queue = stub
        .aws(&Notes::default())
        .await
        .queue(QUEUE_URL)
        .expect("a region");
    assert_eq!(queue.fill().await.unwrap_err().class, Class::Denied);
}

fn asked(action: &str) -> Asked {
    Asked {
        action: action.to_owned(),
        resource: "arn:aws:iam::012345678901:role/ct".to_owned(),
        context: vec![("iam:PassedToService", "cloudtrail.amazonaws.com".to_owned())],
    }
}

/// GetCallerIdentity's answer for this principal.
fn identity(principal: &str) -> Answer {
    let result = format!("<Account>{ACCOUNT}</Account><Arn>{principal}</Arn><UserId>id</UserId>");
    xml("GetCallerIdentity", &result)
}

fn simulated(decision: &str, missing: &str) -> Answer {
    let result = format!(
        "<IsTruncated>false</IsTruncated><EvaluationResults><member><EvalActionName>a</EvalActionName>\
         <EvalDecision>{decision}</EvalDecision><MissingContextValues>{missing}</MissingContextValues></member></EvaluationResults>"
    );
    xml("SimulatePrincipalPolicy", &result)
}

async fn answers(stub: &Stub, questions: &[Asked]) -> Result<Vec<Simulated>, NotSimulated> {
    let aws = stub.aws(&Notes::default()).await;
    let account = aws
        .account(scope(), None)
        .await
        .expect("the scope is sound");
    account.simulate(questions).await
}

#[tokio::test(start_paused = true)]
async fn iam_s_decisions_are_read_and_conditions_are_told() {
    use Simulated::{Allowed, Denied, Undecided};
    let stub = Stub::new(|seen, before| match seen.operation.as_str() {
        "GetCallerIdentity" => identity("arn:aws:iam::012345678901:user/jo"),
        "SimulatePrincipalPolicy" => match before {
            0 => simulated("allowed", ""),
            1 => simulated("explicitDeny", ""),
            2 => simulated("implicitDeny", ""),
            3 => simulated("implicitDeny", "<member>aws:PrincipalTag/x</member>"),
            _ => xml("SimulatePrincipalPolicy", ""),
        },
        _ => Answer::Empty,
    });
    let four: Vec<_> = ["a:A", "b:B", "c:C", "d:D"].map(asked).to_vec();
    assert_eq!(
        answers(&stub, &four).await,
        Ok(vec![Allowed, Denied, Denied, Undecided])
    );
    let seen = stub.seen();
    let first = seen
        .iter()
        .find(|seen| seen.operation.starts_with("Simulate"))
        .unwrap();
    assert!(first.host.starts_with("iam."), "{}", first.host);
    for part in ["user%2Fjo", "a%3AA", "iam%3APassedToService", "role%2Fct"] {
        assert!(first.body.contains(part), "{part}: {}", first.body);
    }
    let silent = answers(&stub, &four[..1]).await;
    assert!(matches!(silent, Err(NotSimulated::Call(_))), "{silent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_s_role_is_looked_up_where_it_has_a_path() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "GetCallerIdentity" => identity("arn:aws:sts::012345678901:assumed-role/warden/i-1"),
        "SimulatePrincipalPolicy" if seen.body.contains("role%2Fops%2Fwarden") => {
            simulated("allowed", "")
        }
        "SimulatePrincipalPolicy" => Answer::Error(404, "NoSuchEntity"),
        "GetRole" => xml(
            "GetRole",
            "<Role><Path>/ops/</Path><RoleName>warden</RoleName><RoleId>id</RoleId>\
             <Arn>arn:aws:iam::012345678901:role/ops/warden</Arn><CreateDate>2026-11-23T00:00:00Z</CreateDate></Role>",
        ),
        _ => Answer::Empty,
    });
    let two = [asked("a:A"), asked("b:B")];
    assert_eq!(answers(&stub, &two).await, Ok(vec![Simulated::Allowed; 2]));
    assert_eq!(stub.count("GetRole"), 1, "asked for once");
}

#[tokio::test(start_paused = true)]
async fn who_may_not_ask_is_told_so_and_the_root_is_not_asked_about() {
    let stub = Stub::new(|seen, _| match seen.operation.as_str() {
        "GetCallerIdentity" => identity("arn:aws:iam::012345678901:user/jo"),
        _ => Answer::Error(403, "AccessDenied"),
    });
    let error = answers(&stub, &[asked("a:A")]).await.unwrap_err();
    assert!(error.is_denied(), "{error}");
    let stub = Stub::new(|_, _| identity("arn:aws:iam::012345678901:root"));
    let error = answers(&stub, &[asked("a:A")]).await.unwrap_err();
    assert_eq!(error, NotSimulated::Root);
    assert!(!error.is_denied());
    assert_eq!(stub.count("SimulatePrincipalPolicy"), 0);
}
