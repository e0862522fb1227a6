use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::*;
use crate::assess::{Expectations, assess};
use crate::aws::Applied;
use crate::control::{Benchmark, Catalogue};
use crate::drill::{AlarmSeen, DrillName, Notice, Observation, plan};
use crate::snapshot::Snapshot;

/// An account with a chain that answers a record after a minute and rests again after five.
#[derive(Default)]
struct Fake {
    there: Mutex<Vec<Resource>>,
    written: Mutex<Option<Instant>>,
    /// The operation that is refused.
    refused: Option<&'static str>,
    /// The filter counts nothing.
    is_deaf: bool,
    /// The alarm went to ALARM since the account was looked at.
    is_spent: bool,
    /// The queue disappears when the record is written.
    loses_queue: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fake {
    fn answer(&self, operation: &'static str) -> Result<(), CallError> {
        if self.refused == Some(operation) {
            return Err(error(operation, Class::Denied));
        }
        Ok(())
    }

    fn there(&self) -> Vec<Resource> {
        lock(&self.there).clone()
    }
}

fn error(operation: &'static str, class: Class) -> CallError {
    CallError {
        service: "test",
        operation,
        scope: String::new(),
        code: format!("{class:?}"),
        class,
        message: "as the test wants it".to_owned(),
    }
}

fn at(seconds: u64) -> Timestamp {
    let begin: Timestamp = "2026-11-23T00:10:00Z".parse().unwrap();
    begin + Duration::from_secs(seconds)
}

impl DrillApi for Fake {
    fn make<'a>(
        &'a self,
        plan: &'a Plan,
        part: Part<'a>,
    ) -> BoxFuture<'a, Result<Resource, CallError>> {
        async move {
            let (name, region) = (plan.name.clone(), plan.region.clone());
            let (operation, made) = match part {
                Part::Queue => ("CreateQueue", queue(name)),
                Part::Subscription(topic) => {
                    let arn = format!("{topic}:1");
                    ("Subscribe", Resource::Subscription { name, region, arn })
                }
                Part::Stream => {
                    let log_group = plan.log_group.clone();
                    let stream = Resource::Stream {
                        name,
                        region,
                        log_group,
                    };
                    ("CreateLogStream", stream)
                }
            };
            self.answer(operation)?;
            lock(&self.there).push(made.clone());
            Ok(made)
        }
        .boxed()
    }

    fn write<'a>(&'a self, _: &'a Plan) -> BoxFuture<'a, Result<(), CallError>> {
        async {
            self.answer("PutLogEvents")?;
            *lock(&self.written) = Some(Instant::now());
            Ok(())
        }
        .boxed()
    }

    fn watch<'a>(
        &'a self,
        plan: &'a Plan,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Observation, CallError>> {
        async move {
            sleep(Duration::from_secs(2)).await;
            let written = *lock(&self.written);
            let after = written.map_or(0, |written| written.elapsed().as_secs());
            if self.loses_queue && after > 0 {
                return Err(error("ReceiveMessage", Class::Gone));
            }
            let heard = after >= 60 && !self.is_deaf;
            let (state, since) = match after {
                _ if self.is_spent => ("ALARM", 0),
                60..300 if heard => ("ALARM", 60),
                300.. if heard => ("OK", 300),
                _ => ("OK", 0),
            };
            let alarm = &plan.alarms[0];
            let notice = Notice {
                topic_arn: plan.bells[0].topic_arn.clone(),
                alarm_arn: alarm.arn.clone(),
                new_state: "ALARM".to_owned(),
                changed_at: at(60),
            };
            Ok(Observation {
                alarms: vec![AlarmSeen {
                    arn: alarm.arn.clone(),
                    state: Some(state.to_owned()),
                    since: Some(at(since)),
                }],
                sums: vec![if heard { 1.0 } else { 0.0 }],
                notices: if heard { vec![notice] } else { vec![] },
            })
        }
        .boxed()
    }

    fn resources<'a>(&'a self, _: &'a Ground) -> BoxFuture<'a, (Vec<Resource>, Vec<CallError>)> {
        async { (self.there(), vec![]) }.boxed()
    }

    fn remove<'a>(&'a self, resource: &'a Resource) -> BoxFuture<'a, Result<Applied, CallError>> {
        async move {
            self.answer(resource.removal())?;
            lock(&self.there).retain(|other| other != resource);
            Ok(Applied { request_id: None })
        }
        .boxed()
    }
}

fn queue(name: DrillName) -> Resource {
    Resource::Queue {
        url: format!("https://sqs.us-east-1.amazonaws.com/111122223333/{name}"),
        region: "us-east-1".to_owned(),
        name,
    }
}

fn planned() -> Plan {
    let text = include_str!("../../../../tests/fixtures/compliant-snapshot.json");
    let snapshot = Snapshot::from_json(text).unwrap();
    let any = Benchmark::Any;
    let control = Catalogue::builtin().find("4.5", &any).unwrap();
    let assessment = assess(&snapshot, control, &Expectations::default(), &any);
    let name = DrillName::new(at(0), &control.key);
    plan(&snapshot, control, &any, &assessment, name).unwrap()
}

async fn course(fake: &Fake, stop: &CancellationToken) -> (Result<Report, NotWritten>, String) {
    let said = RefCell::new(String::new());
    let plan = planned();
    let say = |line: &str| {
        said.borrow_mut().push_str(line);
        said.borrow_mut().push('\n');
    };
    let course = Course {
        api: fake,
        plan: &plan,
        timeout: Duration::from_mins(10),
        stop,
        say: &say,
    };
    let outcome = course.run().await;
    (outcome, said.into_inner())
}

async fn run(fake: &Fake) -> (Result<Report, NotWritten>, String) {
    course(fake, &CancellationToken::new()).await
}

fn was_written(fake: &Fake) -> bool {
    lock(&fake.written).is_some()
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_works_is_proven_and_nothing_stays() {
    let fake = Fake::default();
    let (outcome, said) = run(&fake).await;
    let report = outcome.unwrap();
    assert!(report.proven, "{report:?}");
    assert_eq!(report.end, End::Complete);
    assert_eq!(report.left_behind, [""; 0]);
    assert_eq!(fake.there(), []);
    assert!(said.contains("waiting for recovery a,"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_deaf_chain_ends_with_the_time_and_nothing_stays() {
    let fake = Fake {
        is_deaf: true,
        ..Fake::default()
    };
    let report = run(&fake).await.0.unwrap();
    assert_eq!((report.proven, report.end), (false, End::TimedOut));
    let missing = report
        .links
        .iter()
        .find(|link| link.state == State::Missing);
    assert_eq!(missing.map(|link| link.link), Some("metric"));
    assert_eq!(fake.there(), []);
}

#[tokio::test(start_paused = true)]
async fn an_interruption_removes_what_was_made() {
    let fake = Fake::default();
    let stop = CancellationToken::new();
    let interrupt = async {
        sleep(Duration::from_secs(100)).await;
        stop.cancel();
    };
    let ((outcome, _), ()) = tokio::join!(course(&fake, &stop), interrupt);
    let report = outcome.unwrap();
    assert_eq!(report.end, End::Interrupted);
    assert_eq!(report.spent.first().map(|spent| spent.to), Some(None));
    assert_eq!(fake.there(), []);

    let early = CancellationToken::new();
    early.cancel();
    let fake = Fake::default();
    assert_eq!(course(&fake, &early).await.0, Err(NotWritten::Interrupted));
    assert!(!was_written(&fake));
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_ends_it_before_anybody_is_told() {
    for operation in [
        "CreateQueue",
        "Subscribe",
        "CreateLogStream",
        "PutLogEvents",
    ] {
        let fake = Fake {
            refused: Some(operation),
            ..Fake::default()
        };
        let outcome = run(&fake).await.0;
        assert!(
            matches!(&outcome, Err(NotWritten::Call(error)) if error.operation == operation),
            "{outcome:?}"
        );
        assert_eq!(fake.there(), [], "{operation}");
        assert!(!was_written(&fake), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_went_off_meanwhile_is_refused() {
    let fake = Fake {
        is_spent: true,
        ..Fake::default()
    };
    let outcome = run(&fake).await.0;
    assert!(
        matches!(outcome, Err(NotWritten::Refused(Refusal::NotOk { .. }))),
        "{outcome:?}"
    );
    assert_eq!(fake.there(), []);
    assert!(!was_written(&fake));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_disappears_ends_the_watching() {
    let fake = Fake {
        loses_queue: true,
        ..Fake::default()
    };
    let report = run(&fake).await.0.unwrap();
    assert!(matches!(report.end, End::Failed(_)), "{report:?}");
    assert_eq!(fake.there(), []);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_removed_is_told() {
    let fake = Fake {
        refused: Some("DeleteQueue"),
        ..Fake::default()
    };
    let (outcome, said) = run(&fake).await;
    let name = planned().name;
    assert_eq!(outcome.unwrap().left_behind, [format!("queue {name}")]);
    assert_eq!(fake.there(), [queue(name)]);
    assert!(said.contains("is left behind"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_earlier_drill_of_the_same_control_is_cleared_away_and_no_other() {
    let other = queue(DrillName::new(at(0), "root-usage"));
    let fake = Fake {
        there: Mutex::new(vec![
            queue(DrillName::new(at(0), "cloudtrail-config-changes")),
            other.clone(),
        ]),
        is_spent: true,
        ..Fake::default()
    };
    assert!(run(&fake).await.0.is_err());
    assert_eq!(fake.there(), [other]);
}
