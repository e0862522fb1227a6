use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::*;
use crate::aws::{Applied, CallError, Class};
use crate::cli::heal::samples::{brief_of, without_filter_and_alarm};
use crate::heal::apply_to;
use crate::heal::fixture::TOPIC;
use crate::snapshot::Snapshot;

type Meddling = fn(&mut Snapshot);

/// An account in memory, and what happens to it at its n-th look or write, counted from one.
struct Model {
    state: Mutex<Snapshot>,
    looks: Mutex<usize>,
    writes: Mutex<Vec<&'static str>>,
    before_look: Option<(usize, Meddling)>,
    /// The write that is answered by this error; true: and carried out.
    failing: Option<(usize, Class, bool)>,
    /// The look that fails.
    blind_at: Option<usize>,
    /// How many looks a write takes to show.
    lag: usize,
    behind: Mutex<Vec<Snapshot>>,
    stop_after_write: Option<(usize, CancellationToken)>,
}

impl Model {
    fn of(snapshot: Snapshot) -> Self {
        Self {
            state: Mutex::new(snapshot),
            looks: Mutex::default(),
            writes: Mutex::default(),
            before_look: None,
            failing: None,
            blind_at: None,
            lag: 0,
            behind: Mutex::default(),
            stop_after_write: None,
        }
    }

    fn error(class: Class) -> CallError {
        CallError {
            service: "cloudwatch",
            operation: "PutMetricAlarm",
            scope: "us-east-1".to_owned(),
            code: "AccessDenied".to_owned(),
            class,
            message: "not authorized".to_owned(),
        }
    }

    fn seen(&self) -> Snapshot {
        let state = self.state.lock().unwrap().clone();
        self.behind.lock().unwrap().pop().unwrap_or(state)
    }
}

impl AccountApi for Model {
    fn is_principal(&self, _: &str) -> bool {
        false
    }

    fn observe<'a>(&'a self, _: &'a Remembered) -> BoxFuture<'a, Result<Snapshot, ObserveError>> {
        async {
            let look = {
                let mut looks = self.looks.lock().unwrap();
                *looks += 1;
                *looks
            };
            if self.blind_at == Some(look) {
                return Err(ObserveError::Identity(Self::error(Class::Denied)));
            }
            if let Some((at, change)) = self.before_look
                && at == look
            {
                change(&mut self.state.lock().unwrap());
            }
            Ok(self.seen())
        }
        .boxed()
    }

    fn apply<'a>(&'a self, repair: &'a Repair) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        async {
            let count = {
                let mut writes = self.writes.lock().unwrap();
                writes.push(repair.kind().operation());
                writes.len()
            };
            let before = self.state.lock().unwrap().clone();
            let failure = self.failing.filter(|(at, ..)| *at == count);
            if failure.is_none_or(|(_, _, carried_out)| carried_out) {
                *self.state.lock().unwrap() = apply_to(&before, repair);
                *self.behind.lock().unwrap() = vec![before; self.lag];
            }
            if let Some((at, token)) = &self.stop_after_write
                && *at == count
            {
                token.cancel();
            }
            match failure {
                Some((_, class, _)) => Err(Self::error(class).into()),
                None => Ok(Applied { request_id: None }),
            }
        }
        .boxed()
    }
}

struct Run {
    outcome: Outcome,
    writes: Vec<&'static str>,
    told: Vec<String>,
}

async fn run(model: &Model, stop: &CancellationToken) -> Run {
    let brief = brief_of(&["4.5"]);
    let site = Site {
        api: model,
        brief: &brief,
        known: BTreeMap::new(),
        remembered: Remembered::default(),
        others: Vec::new(),
    };
    let shown = brief.look(without_filter_and_alarm(), &site.known);
    let mut told = Vec::new();
    let outcome = carry_out(&site, shown, stop, |repair| told.push(repair.target())).await;
    let writes = model.writes.lock().unwrap().clone();
    Run {
        outcome,
        writes,
        told,
    }
}

const BOTH: [&str; 2] = ["PutMetricFilter", "PutMetricAlarm"];

#[tokio::test(start_paused = true)]
async fn every_approved_repair_is_written_in_order() {
    let model = Model::of(without_filter_and_alarm());
    let run = run(&model, &CancellationToken::new()).await;
    assert_eq!(run.outcome.ended, Ended::Finished);
    assert_eq!((run.outcome.done, run.writes), (2, BOTH.to_vec()));
    assert_eq!(
        run.told,
        [
            "metric filter cloudtrail_cfg_changes_metric of ct in us-east-1",
            "alarm cloudtrail_cfg_changes_alarm in us-east-1"
        ]
    );
    assert!(run.outcome.last.passes());
}

#[tokio::test(start_paused = true)]
async fn reads_that_lag_are_waited_for() {
    let model = Model {
        lag: 3,
        ..Model::of(without_filter_and_alarm())
    };
    let run = run(&model, &CancellationToken::new()).await;
    assert_eq!(run.outcome.ended, Ended::Finished);
    assert_eq!(run.writes, BOTH);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_never_shows_is_not_repeated_and_ends_it() {
    let model = Model {
        lag: 100,
        ..Model::of(without_filter_and_alarm())
    };
    let run = run(&model, &CancellationToken::new()).await;
    assert_eq!(run.outcome.ended, Ended::Unseen);
    assert_eq!((run.outcome.done, run.writes), (0, vec!["PutMetricFilter"]));
    assert_eq!(run.told, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_ends_it_with_what_was_done_before() {
    let model = Model {
        failing: Some((2, Class::Denied, false)),
        ..Model::of(without_filter_and_alarm())
    };
    let run = run(&model, &CancellationToken::new()).await;
    assert_eq!(
        run.outcome.ended,
        Ended::Failed(Model::error(Class::Denied).into())
    );
    assert_eq!((run.outcome.done, run.writes), (1, BOTH.to_vec()));
    let left: Vec<_> = run
        .outcome
        .last
        .repairs()
        .map(|it| it.kind().operation())
        .collect();
    assert_eq!(left, ["PutMetricAlarm"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_after() {
    let model = Model {
        failing: Some((2, Class::Transient, true)),
        ..Model::of(without_filter_and_alarm())
    };
    let run = run(&model, &CancellationToken::new()).await;
    assert!(matches!(run.outcome.ended, Ended::Failed(_)));
    assert!(run.outcome.last.passes());
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_does_in_between_ends_it_before_the_next_write() {
    // Looks: before the first write, after it, before the second.
    let model = Model {
        before_look: Some((3, |account| {
            account.metric_filters.as_mut().unwrap().clear();
        })),
        ..Model::of(without_filter_and_alarm())
    };
    let run = run(&model, &CancellationToken::new()).await;
    assert!(
        matches!(run.outcome.ended, Ended::Changed(Change::Other { .. })),
        "{:?}",
        run.outcome.ended
    );
    assert_eq!((run.outcome.done, run.writes), (1, vec!["PutMetricFilter"]));
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_did_before_the_first_write_ends_it_without_any() {
    let model = Model {
        before_look: Some((1, |account| {
            account
                .topics
                .as_mut()
                .unwrap()
                .retain(|one| one.topic_arn != TOPIC);
            *account = apply_to(
                account,
                &brief_of(&["4.5"])
                    .look(without_filter_and_alarm(), &BTreeMap::new())
                    .repairs()
                    .next()
                    .unwrap()
                    .clone(),
            );
        })),
        ..Model::of(without_filter_and_alarm())
    };
    let run = run(&model, &CancellationToken::new()).await;
    assert!(matches!(
        run.outcome.ended,
        Ended::Changed(Change::Needless(_))
    ));
    assert_eq!(run.writes, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_between_two_writes_finishes_the_first_and_begins_no_other() {
    let stop = CancellationToken::new();
    let model = Model {
        stop_after_write: Some((1, stop.clone())),
        ..Model::of(without_filter_and_alarm())
    };
    let run = run(&model, &stop).await;
    assert_eq!(run.outcome.ended, Ended::Interrupted);
    assert_eq!((run.outcome.done, run.writes), (1, vec!["PutMetricFilter"]));
    assert_eq!(run.outcome.last.repairs().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_the_first_write_writes_nothing() {
    let stop = CancellationToken::new();
    stop.cancel();
    let model = Model::of(without_filter_and_alarm());
    let run = run(&model, &stop).await;
    assert_eq!(run.outcome.ended, Ended::Interrupted);
    assert_eq!((run.outcome.done, run.writes), (0, vec![]));
}

#[tokio::test(start_paused = true)]
async fn credentials_that_end_are_told_apart_before_and_after_a_write() {
    for (blind_at, ended, writes) in [(1, false, 0), (2, true, 1), (3, false, 1)] {
        let model = Model {
            blind_at: Some(blind_at),
            ..Model::of(without_filter_and_alarm())
        };
        let run = run(&model, &CancellationToken::new()).await;
        assert_eq!(
            run.outcome.ended,
            Ended::Blind(ObserveError::Identity(Model::error(Class::Denied)), ended)
        );
        assert_eq!(run.writes.len(), writes);
    }
}
