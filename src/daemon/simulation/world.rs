//! One run of a seed: the world around the daemon, and what has to hold in the end.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::{Instant, sleep_until};

use super::WHOLE;
use super::account::Account;
use super::cuts::{Cut, alarm, filter};
use super::letters::{call, noise};
use super::process::{End, MemoryDisk, Process};
use super::queue::Post;
use super::scenario::{Scenario, millis};
use super::stage::{Act, Breach, Stage};
use crate::control::Control;
use crate::journal::{Incident, OccurrenceKind, Range};
use crate::snapshot::{MetricFilter, Snapshot};

/// Tasks that a daemon of two accounts has, and a few more.
const MOST_TASKS: usize = 24;

/// How a run ended.
pub(super) struct Outcome {
    pub(super) breach: Option<Breach>,
    /// Of everything that happened.
    pub(super) hash: u64,
    /// The last lines of the trace.
    pub(super) lines: Vec<String>,
    pub(super) looks: usize,
    pub(super) writes: usize,
}

pub(super) struct World {
    stage: Arc<Stage>,
    scenario: Arc<Scenario>,
    control: Control,
    accounts: Vec<Arc<Account>>,
    post: Arc<Post>,
    disk: Arc<MemoryDisk>,
    process: Option<Process>,
    random: Rng,
}

impl World {
    /// A world as the seed has it, whose daemon may be told other things than the laws know of.
    pub(super) fn new(seed: u64, control: &Control) -> Self {
        let stage = Arc::new(Stage::new());
        let scenario = Arc::new(Scenario::of(seed));
        let mut random = Rng::with_seed(!seed);
        let disk = Arc::new(MemoryDisk::new());
        let accounts: Vec<_> = (0..scenario.accounts)
            .map(|index| Account::new(index, &stage, &scenario, control, &disk, random.fork()))
            .map(Arc::new)
            .collect();
        let post = Post::new(&stage, &scenario.faults, &accounts, random.fork());
        Self {
            post: Arc::new(post),
            stage,
            scenario,
            control: control.clone(),
            accounts,
            disk,
            process: None,
            random,
        }
    }

    pub(super) async fn run(mut self, told: &(dyn Fn(&mut Scenario) + Sync)) -> Outcome {
        let stage = Arc::clone(&self.stage);
        for (at, act) in &self.scenario.acts {
            stage.schedule(stage.at(*at), act.clone());
        }
        stage.schedule(stage.at(Duration::ZERO), Act::Start);
        stage.schedule(stage.at(self.scenario.calm), Act::Calm);
        stage.schedule(stage.at(self.scenario.end), Act::End);
        while stage.breach().is_none() {
            if stage.take_crash() {
                self.crash().await;
            }
            if let Some(act) = stage.take_due() {
                if matches!(act, Act::End) {
                    self.watch_end();
                    break;
                }
                self.act(act, told).await;
                continue;
            }
            let Some(due) = stage.next_due() else { break };
            tokio::select! {
                biased;
                () = stage.changed.notified() => {}
                Some(end) = next_end(self.process.as_mut()) => self.ended(end),
                () = sleep_until(due) => {}
            }
        }
        if let Some(process) = self.process.take() {
            process.die().await;
        }
        let looks = self.accounts.iter().map(|one| one.state().looks.len());
        let writes = self.accounts.iter().map(|one| one.state().writes.len());
        Outcome {
            breach: stage.breach(),
            hash: stage.hash(),
            lines: stage.lines(),
            looks: looks.sum(),
            writes: writes.sum(),
        }
    }

    async fn act(&mut self, act: Act, told: &(dyn Fn(&mut Scenario) + Sync)) {
        match act {
            Act::Cut {
                account,
                cut,
                again,
            } => self.cut(account, cut, again),
            Act::Mend { account } => self.mend(account),
            Act::Replace { account } => self.replace(account),
            Act::Tinker { account } => self.tinker(account),
            Act::Extend { account } => self.extend(account),
            Act::OtherHealer { account } => self.accounts[account].mended_by_others(),
            Act::Deliver(letter) => self.post.deliver(letter),
            Act::Expose(receipt) => self.post.expose(receipt).await,
            Act::Noise => {
                for body in noise(self.stage.now()) {
                    self.post.noise(body);
                }
            }
            Act::Disk { held } => self.hold_disk(held),
            Act::Outage { over } => {
                self.stage.note(format_args!("outage over: {over}"));
                self.stage.upset();
                self.stage.outage(over);
            }
            Act::Crash => self.crash().await,
            Act::Stop => {
                if let Some(process) = &self.process {
                    self.stage.note(format_args!("stop"));
                    self.stage.upset();
                    process.stop.cancel();
                }
            }
            Act::Start => self.start(told).await,
            Act::Probe { account, since } => self.probe(account, since),
            Act::Calm => {
                self.stage.note(format_args!("calm"));
                self.stage.calm();
                self.hold_disk(false);
            }
            Act::End => {}
        }
    }

    fn hold_disk(&self, held: bool) {
        self.stage.note(format_args!("disk held: {held}"));
        self.stage.upset();
        self.disk.hold(held && self.stage.faults());
    }

    async fn start(&mut self, told: &(dyn Fn(&mut Scenario) + Sync)) {
        if self.process.is_some() {
            return;
        }
        let mut scenario = Scenario::clone(&self.scenario);
        told(&mut scenario);
        self.stage.upset();
        let process = Process::start(
            &self.stage,
            &scenario,
            &self.control,
            &self.accounts,
            &self.post,
            &self.disk,
            self.random.fork(),
        );
        self.process = Some(process.await);
    }

    async fn crash(&mut self) {
        if let Some(process) = self.process.take() {
            self.stage.note(format_args!("crash"));
            self.stage.forget_process();
            process.die().await;
            self.start_soon();
        }
    }

    fn start_soon(&mut self) {
        self.stage.upset();
        let pause = millis(&mut self.random, 1..20_000);
        self.stage.schedule(Instant::now() + pause, Act::Start);
    }

    /// A task of the process has ended.
    fn ended(&mut self, end: End) {
        let End::Daemon(result) = end else {
            // The thread of the journal ends with the daemon, and just before it.
            return;
        };
        let was_told = self
            .process
            .as_ref()
            .is_some_and(|one| one.stop.is_cancelled());
        self.stage.law(
            "the daemon ends when it is told to, and only then",
            was_told && result.is_ok(),
            || format!("{result:?}"),
        );
        self.stage.note(format_args!("process ended"));
        self.post.watch_released(self.stage.process());
        self.process = None;
        self.start_soon();
    }

    fn cut(&mut self, account: usize, cut: Cut, again: u32) {
        let one = &self.accounts[account];
        one.change(call(cut), "mallory", |state| cut.make(state));
        if let Some(again) = again.checked_sub(1) {
            let later = Instant::now() + millis(&mut self.random, 1000..90_000);
            let act = Act::Cut {
                account,
                cut,
                again,
            };
            if self.stage.faults() {
                self.stage.schedule(later, act);
            }
        }
    }

    fn mend(&self, account: usize) {
        let one = &self.accounts[account];
        let whole = WHOLE.replace("111122223333", one.id.as_str());
        let whole = Snapshot::from_json(&whole).unwrap();
        one.change("PutMetricAlarm", "operator", |state| *state = whole);
    }

    /// The same filter under another name: the chain is what it was, and made of something else.
    fn replace(&self, account: usize) {
        let one = &self.accounts[account];
        one.change("PutMetricFilter", "operator", |state| {
            for filter in state.metric_filters.iter_mut().flatten() {
                if filter.log_group_name == "ct" {
                    filter.filter_name += "-2";
                }
            }
        });
    }

    /// Whoever mends by hand needs more than one attempt. What he writes between two looks of the daemon is a change that the
    /// daemon has to see before it writes there.
    fn tinker(&self, account: usize) {
        let one = &self.accounts[account];
        let whole = WHOLE.replace("111122223333", one.id.as_str());
        let whole = Snapshot::from_json(&whole).unwrap();
        one.change("PutMetricFilter", "operator", |state| {
            try_something(state, &whole);
        });
    }

    /// One alarm, two teams: who is added later is in no chain that is known to be good, and has to stay.
    fn extend(&self, account: usize) {
        let one = &self.accounts[account];
        let topic = format!("arn:aws:sns:us-east-1:{}:app", one.id);
        one.change("PutMetricAlarm", "operator", |state| {
            alarm(state, |alarm| {
                for actions in [&mut alarm.alarm_actions, &mut alarm.ok_actions] {
                    if !actions.contains(&topic) {
                        actions.push(topic.clone());
                    }
                }
            });
        });
    }

    /// An event was received a while ago, and nothing has disturbed the daemon since: what it shows is true.
    fn probe(&self, account: usize, since: Instant) {
        let one = &self.accounts[account];
        if self.process.is_none()
            || one.changed_at() > since
            || !self.stage.undisturbed_since(since)
            || one.is_waited_for()
        {
            return;
        }
        self.watch_truth(one, "the gauge is right soon after an event");
    }

    fn watch_truth(&self, account: &Account, law: &'static str) {
        let truth = account.verdict();
        let stored = account.stored();
        let shown = stored.map(|(verdict, link, _)| (verdict, link));
        let holds = shown == Some((truth.verdict, truth.broken_link));
        self.stage.law(law, holds, || {
            let (verdict, link) = (truth.verdict, truth.broken_link);
            format!(
                "{shown:?} in place of {verdict:?} {link:?} of {}",
                account.name
            )
        });
    }

    /// Everything is over: nothing may be wrong, lost or open.
    fn watch_end(&self) {
        let stage = &self.stage;
        stage.note(format_args!("end"));
        stage.law("the daemon runs", self.process.is_some(), String::new);
        self.post.watch_empty();
        for account in &self.accounts {
            self.watch_truth(account, "once quiet the gauge equals the truth");
            stage.law(
                "every change is followed by an evaluation",
                account.was_evaluated_since(account.changed_at()),
                || account.name.clone(),
            );
            self.watch_gauge(account);
            self.watch_incidents(account);
        }
        let tasks = tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks();
        stage.law("tasks are bounded", tasks <= MOST_TASKS, || {
            format!("{tasks}")
        });
    }

    fn watch_gauge(&self, account: &Account) {
        let Some(process) = &self.process else { return };
        let text = process.metrics.encode().unwrap();
        let start = format!("trailwarden_control_compliant{{account=\"{}\"", account.id);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with(&start))
            .collect();
        let passes = account.verdict().verdict == crate::assess::Verdict::Pass;
        let value = if passes { " 1" } else { " 0" };
        let is_right = lines.len() == 1 && lines.iter().all(|line| line.ends_with(value));
        self.stage
            .law("the gauge says what the page says", is_right, || {
                format!("{lines:?}")
            });
    }

    /// The journal has one open spell at most, and it is the present one. Nobody but the daemon has its credentials.
    fn watch_incidents(&self, account: &Account) {
        let incidents = self.disk.store().incidents(Range::ALL, 10_000).unwrap();
        let theft = incidents.iter().find(|incident| {
            matches!(incident, Incident::Happened(one)
                if one.kind == OccurrenceKind::OwnCredentialsUsedElsewhere)
        });
        self.stage.law(
            "no process takes a write of its own, or of one before it, for a theft",
            theft.is_none(),
            || format!("{theft:?}"),
        );
        let open: Vec<_> = incidents
            .into_iter()
            .filter_map(|incident| match incident {
                Incident::Broken(spell) if spell.until.is_none() => Some(spell),
                _ => None,
            })
            .filter(|spell| spell.account == account.id)
            .map(|spell| (spell.verdict, spell.link))
            .collect();
        let truth = account.verdict();
        let expected: Vec<_> = [(truth.verdict, truth.broken_link)]
            .into_iter()
            .filter(|(verdict, _)| *verdict != crate::assess::Verdict::Pass)
            .collect();
        self.stage.law(
            "an incident is closed once the chain is whole",
            open == expected,
            || format!("{open:?} in place of {expected:?}"),
        );
    }
}

/// The next task of the process that ends; never, where there is no process.
async fn next_end(process: Option<&mut Process>) -> Option<End> {
    let end = process?.tasks.join_next().await?;
    Some(end.unwrap_or_else(|error| End::Daemon(Err(crate::daemon::DaemonError::Panicked(error)))))
}

/// What is gone comes back as it must not be; what is there is touched, and keeps its faults.
fn try_something(state: &mut Snapshot, whole: &Snapshot) {
    let of_chain = |filter: &&MetricFilter| filter.log_group_name == "ct";
    let mut filters = state.metric_filters.iter().flatten();
    let is_filtered = filters.any(|one| of_chain(&one));
    let has_group = state
        .log_groups
        .iter()
        .any(|one| one.log_group_name == "ct");
    if has_group && !is_filtered {
        let back = whole
            .metric_filters
            .iter()
            .flatten()
            .filter(of_chain)
            .cloned();
        state.metric_filters.get_or_insert_default().extend(back);
        Cut::NarrowFilter.make(state);
        return;
    }
    let mut is_watched = false;
    alarm(state, |alarm| {
        is_watched = true;
        let description = alarm.alarm_description.get_or_insert_default();
        description.push_str(" Somebody is at it.");
    });
    if !is_watched {
        let back = whole.alarms.iter().flatten().take(1).cloned();
        state.alarms.get_or_insert_default().extend(back);
        Cut::Threshold5.make(state);
    }
    filter(state, |filter| {
        filter.filter_pattern.get_or_insert_default().push(' ');
    });
}
