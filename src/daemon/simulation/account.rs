//! An account in memory: its true state over time, looks that read it late, in parts and with holes, and writes that fail.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fastrand::Rng;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::draws::{Fate, Look, Write};
use super::letters::{event, parameters, parts};
use super::process::MemoryDisk;
use super::scenario::Scenario;
use super::stage::{Act, Letter, Stage};
use super::view::{View, dated};
use super::{PRINCIPAL, WHOLE};
use crate::assess::{Assessment, Verdict, assess};
use crate::aws::{AccountApi, Applied, ApplyError, CallError, Class, ObserveError, Remembered};
use crate::control::Control;
use crate::heal::{Repair, apply_to};
use crate::snapshot::{AccountId, Snapshot};

/// No look takes longer, unless it hangs.
const LONG: Duration = Duration::from_secs(2);

/// The true state from one moment on.
struct Version {
    since: Instant,
    truth: Arc<Snapshot>,
    judged: Option<Assessment>,
}

/// A look that was begun.
pub(super) struct Looked {
    pub(super) process: u32,
    pub(super) began: Instant,
    /// When the daemon was answered, or gave up.
    pub(super) ended: Option<Instant>,
    /// What it was shown; none: nothing.
    pub(super) seen: Option<Snapshot>,
    pub(super) judged: Option<Assessment>,
    /// The last version that any part of it was read after.
    pub(super) reads_from: usize,
    /// Nobody could store a verdict after it: nothing was seen, and whose account it is was not known.
    pub(super) mute: bool,
}

/// A write that the daemon asked for.
pub(super) struct Asked {
    pub(super) at: Instant,
    pub(super) target: String,
}

pub(super) struct State {
    random: Rng,
    versions: Vec<Version>,
    pub(super) looks: Vec<Looked>,
    pub(super) writes: Vec<Asked>,
    /// When the daemon received an event of it.
    pub(super) told: Vec<Instant>,
    /// The process that has learnt whose account it is.
    known_to: Option<u32>,
    requests: u32,
    is_writing: bool,
}

pub(super) struct Account {
    pub(super) index: usize,
    pub(super) id: AccountId,
    pub(super) name: String,
    pub(super) stage: Arc<Stage>,
    pub(super) scenario: Arc<Scenario>,
    pub(super) control: Control,
    pub(super) disk: Arc<MemoryDisk>,
    state: Mutex<State>,
}

impl Account {
    pub(super) fn new(
        index: usize,
        stage: &Arc<Stage>,
        scenario: &Arc<Scenario>,
        control: &Control,
        disk: &Arc<MemoryDisk>,
        random: Rng,
    ) -> Self {
        let id = if index == 0 {
            "111122223333"
        } else {
            "444455556666"
        };
        let whole = WHOLE.replace("111122223333", id);
        let truth = dated(Snapshot::from_json(&whole).unwrap(), stage.now());
        let version = Version {
            since: Instant::now(),
            truth: Arc::new(truth),
            judged: None,
        };
        Self {
            index,
            id: id.parse().unwrap(),
            name: if scenario.named { id } else { "own" }.to_owned(),
            stage: Arc::clone(stage),
            scenario: Arc::clone(scenario),
            control: control.clone(),
            disk: Arc::clone(disk),
            state: Mutex::new(State {
                random,
                versions: vec![version],
                looks: Vec::new(),
                writes: Vec::new(),
                told: Vec::new(),
                known_to: None,
                requests: 0,
                is_writing: false,
            }),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The account as it is.
    pub(super) fn truth(&self) -> Snapshot {
        let truth = Arc::clone(&self.state().versions.last().unwrap().truth);
        dated(Snapshot::clone(&truth), self.stage.now())
    }

    /// What is true of its control.
    pub(super) fn verdict(&self) -> Assessment {
        if let Some(judged) = &self.state().versions.last().unwrap().judged {
            return judged.clone();
        }
        let judged = self.judge(&self.truth());
        self.state().versions.last_mut().unwrap().judged = Some(judged.clone());
        judged
    }

    pub(super) fn judge(&self, snapshot: &Snapshot) -> Assessment {
        let policy = &self.scenario.policy;
        // As the daemon is told to judge.
        assess(
            snapshot,
            &self.control,
            &crate::assess::Expectations::default(),
            &policy.benchmark,
        )
    }

    /// Whether a look takes longer than looks do.
    pub(super) fn is_waited_for(&self) -> bool {
        let state = self.state();
        let last = state.looks.last();
        last.is_some_and(|look| look.ended.is_none() && look.began.elapsed() > LONG)
            || state.is_writing
    }

    /// The daemon receives an event of it.
    pub(super) fn is_told(&self, now: Instant) {
        self.state().told.push(now);
    }

    /// Since when it is as it is.
    pub(super) fn changed_at(&self) -> Instant {
        self.state().versions.last().unwrap().since
    }

    /// Somebody changes it; the event of the call is on its way to the queue, if it ever comes.
    pub(super) fn change(&self, call: &str, who: &str, change: impl FnOnce(&mut Snapshot)) {
        let mut truth = self.truth();
        change(&mut truth);
        self.becomes(truth);
        let request = {
            let mut state = self.state();
            state.requests += 1;
            format!("{}-{}", self.index, state.requests)
        };
        self.stage
            .note(format_args!("{} {call} by {who}", self.name));
        self.announce(call, who, &request, &parts(&self.id));
    }

    fn becomes(&self, truth: Snapshot) {
        let version = Version {
            since: Instant::now(),
            truth: Arc::new(truth),
            judged: None,
        };
        self.state().versions.push(version);
    }

    /// Puts the event of a call on its way.
    fn announce(&self, call: &str, who: &str, request: &str, parameters: &Value) {
        let who = if who.starts_with("arn:") {
            who.to_owned()
        } else {
            format!("arn:aws:iam::{}:user/{who}", self.id)
        };
        let body = event(&self.id, call, &who, request, parameters, self.stage.now());
        let letter = Letter {
            account: self.index,
            body,
        };
        let delays = {
            let random = &mut self.state().random;
            super::draws::deliveries(random, &self.scenario.faults, self.stage.faults())
        };
        for delay in delays {
            let at = Instant::now() + delay;
            self.stage.schedule(at, Act::Deliver(letter.clone()));
        }
    }

    /// The state as reads at that moment show it, and its place in the sequence of states.
    fn as_of(state: &State, moment: Instant) -> (usize, &Snapshot) {
        let later = state.versions.partition_point(|one| one.since <= moment);
        let index = later.saturating_sub(1);
        (index, &state.versions[index].truth)
    }

    fn begin_look(&self) -> (usize, Look) {
        let mut state = self.state();
        let faults = self.stage.faults();
        let mut look = Look::draw(&mut state.random, &self.scenario.faults, faults);
        look.is_blind |= self.stage.is_out();
        let begun = Looked {
            process: self.stage.process(),
            began: Instant::now(),
            ended: None,
            seen: None,
            judged: None,
            reads_from: 0,
            mute: true,
        };
        state.looks.push(begun);
        (state.looks.len() - 1, look)
    }

    fn show(&self, index: usize, look: &Look, remembered: &Remembered) -> Option<Snapshot> {
        if look.is_blind {
            return None;
        }
        let mut state = self.state();
        let began = state.looks[index].began;
        let parts = look.reads.map(|(after, lag)| {
            Self::as_of(&state, (began + after).checked_sub(lag).unwrap_or(began))
        });
        let reads_from = parts.iter().map(|(index, _)| *index).min();
        let seen = View {
            parts: parts.map(|(_, truth)| truth),
            holes: &look.holes,
            remembered,
            now: self.stage.now(),
        }
        .snapshot();
        state.looks[index].reads_from = reads_from.unwrap_or_default();
        state.looks[index].seen = Some(seen.clone());
        Some(seen)
    }

    /// The daemon has the answer, or has given up.
    fn end_look(&self, index: usize) {
        let mut state = self.state();
        let seen = state.looks[index].seen.is_some();
        if seen {
            state.known_to = Some(self.stage.process());
        }
        let known = self.scenario.named || state.known_to == Some(self.stage.process());
        let look = &mut state.looks[index];
        look.ended = Some(Instant::now());
        look.mute = !seen && !known;
        if !seen {
            self.stage.upset();
        }
        let holes = look.seen.as_ref().map(|seen| seen.api_errors.len());
        self.stage.note(format_args!(
            "{} look {index} ended, holes {holes:?}",
            self.name
        ));
    }

    async fn carry_out(&self, repair: &Repair, write: &Write, request: &str) {
        let before = self.truth();
        let after = apply_to(&before, repair);
        self.watch_effect(repair, &after);
        self.becomes(after);
        let call = repair.kind().operation();
        self.stage.note(format_args!(
            "{} {call} {} done",
            self.name,
            repair.target()
        ));
        self.announce(call, PRINCIPAL, request, &parameters(repair));
        if write.crashes {
            self.stage.crash();
            pending::<()>().await;
        }
    }
}

impl State {
    /// How many states the account was in.
    pub(super) fn versions(&self) -> usize {
        self.versions.len()
    }
}

/// Ends a write however it ends.
struct Writing<'a>(&'a Account);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.state().is_writing = false;
    }
}

/// Ends a look however it ends.
struct Ending<'a>(&'a Account, usize, u32);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        // A process that died stored nothing.
        if self.0.stage.process() == self.2 {
            self.0.end_look(self.1);
        }
    }
}

impl AccountApi for Account {
    fn observe<'a>(
        &'a self,
        remembered: &'a Remembered,
    ) -> BoxFuture<'a, Result<Snapshot, ObserveError>> {
        async move {
            self.watch_stored();
            self.watch_rate();
            self.watch_retries();
            let (index, look) = self.begin_look();
            self.stage.note(format_args!(
                "{} look {index} begins; {}",
                self.name,
                self.shown()
            ));
            let ending = Ending(self, index, self.stage.process());
            if look.disturbs() {
                self.stage.upset();
            }
            if look.hangs {
                pending::<()>().await;
            }
            sleep(look.took).await;
            let seen = self.show(index, &look, remembered);
            drop(ending);
            seen.ok_or_else(|| {
                ObserveError::Identity(error("sts", "GetCallerIdentity", "ExpiredToken"))
            })
        }
        .boxed()
    }

    fn apply<'a>(&'a self, repair: &'a Repair) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        async move {
            self.watch_write(repair);
            let operation = repair.kind().operation();
            let (write, request) = {
                let mut state = self.state();
                state.writes.push(Asked {
                    at: Instant::now(),
                    target: repair.target(),
                });
                let faults = self.stage.faults();
                let mut write = Write::draw(&mut state.random, &self.scenario.faults, faults);
                if self.stage.is_out() {
                    write.fate = Fate::Throttled;
                }
                state.requests += 1;
                (write, format!("own-{}-{}", self.index, state.requests))
            };
            self.stage.note(format_args!(
                "{} {} asked: {write:?}",
                self.name,
                repair.target()
            ));
            self.state().is_writing = true;
            let _writing = Writing(self);
            sleep(write.before).await;
            match write.fate {
                Fate::Denied => return Err(error("any", operation, "AccessDeniedException").into()),
                Fate::Throttled => {
                    return Err(error("any", operation, "ThrottlingException").into());
                }
                Fate::Lost => self.stage.upset(),
                Fate::Applied => {}
            }
            self.carry_out(repair, &write, &request).await;
            sleep(write.after).await;
            if write.fate == Fate::Lost {
                self.stage.upset();
                return Err(error("any", operation, CallError::TIMEOUT).into());
            }
            Ok(Applied {
                request_id: Some(request),
            })
        }
        .boxed()
    }

    fn is_principal(&self, arn: &str) -> bool {
        arn == PRINCIPAL
    }
}

/// A call that failed with this code.
pub(super) fn error(service: &'static str, operation: &'static str, code: &str) -> CallError {
    CallError {
        service,
        operation,
        scope: "us-east-1".to_owned(),
        code: code.to_owned(),
        class: if code.starts_with("AccessDenied") {
            Class::Denied
        } else {
            Class::Transient
        },
        message: "as the seed has it".to_owned(),
    }
}

impl Account {
    /// What the daemon shows of it.
    pub(super) fn shown(&self) -> String {
        self.stored().map_or_else(
            || "nothing stored".to_owned(),
            |(verdict, link, at)| format!("stored {verdict:?} {link:?} at {at}"),
        )
    }

    pub(super) fn stored(&self) -> Option<(Verdict, Option<crate::assess::Link>, jiff::Timestamp)> {
        let scopes = self.stage.board()?.scopes();
        let scope = scopes.into_iter().find(|scope| scope.name == self.name)?;
        let last = scope.last?;
        let report = &last.controls.first()?.report;
        Some((report.verdict, report.broken_link, last.evaluated_at))
    }
}
