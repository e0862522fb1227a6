//! Every task of the daemon, in the order in which they start.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::attribution::Suspects;
use super::chronicle::Chronicle;
use super::crew::Crew;
use super::feed::Feed;
use super::heal::Healer;
use super::inbox::{Inbox, Router};
use super::judge::Judge;
use super::owners::Owners;
use super::pace::Pace;
use super::scope::{SCOPE_PULSE, Scope};
use super::senses::{Course, DepthWatch, Ear, Echo, Heart, Reporter, SENSES_PULSE, Senses};
use super::standing::Standings;
use super::tell::Teller;
use super::turns::Turns;
use super::wiring::{Ears, Listeners, State, WIRING_PULSE, Wiring, WiringPlan};
use super::{Daemon, systemd};
use crate::journal::{Incident, Journal};
use crate::notify::{Clock, Notice, Notifier};
use crate::telemetry::{Events, StatusBoard, http};

/// How long the journal has to fail before people are told: a restart of the storage is no news.
const JOURNAL_LIMIT: Duration = Duration::from_secs(30);
/// How often lines that were held back in bursts are summed up.
const SETTLE_LOG_EVERY: Duration = Duration::from_secs(30);

impl Daemon {
    /// Starts every task. `past`: the last incidents, as the journal has them.
    #[expect(
        clippy::too_many_lines,
        reason = "every task, in the order in which they start"
    )]
    pub(super) fn start(self, crew: &mut Crew, past: &[Incident]) {
        let Self {
            watched,
            queue,
            senses,
            wiring,
            notify,
            events,
            board,
            clock,
            journal,
            mut random,
            ..
        } = self;
        let longest_pause =
            SignedDuration::try_from(self.sweep_interval * 2).unwrap_or(SignedDuration::MAX);
        let judge = Arc::new(Judge::new(self.controls, self.benchmark, self.expectations));

        let (notifier, senders) = Notifier::new(notify, &events, &mut random);
        for sender in senders {
            let name = format!("notify {}", sender.target());
            crew.helper(name, sender.run(crew.drained.clone()));
        }
        let watch = watch_journal(
            journal.clone(),
            self.state_dir,
            notifier.clone(),
            Arc::clone(&clock),
            crew.drained.clone(),
        );
        crew.helper("journal".to_owned(), watch);

        let turns = Turns::default();
        let accounts = watched.iter().filter_map(|one| one.account.clone());
        let owners = Arc::new(Owners::new(accounts));
        let mut inboxes = Vec::new();
        for one in watched {
            let inbox = Arc::new(Inbox::new(one.account));
            inboxes.push(Arc::clone(&inbox));
            let task = format!("scope {}", one.name);
            let pulse = crew.pulse(&task, SCOPE_PULSE);
            let healer = Healer::new(
                self.heal_mode,
                self.heal_policy.clone(),
                self.heal_limits.clone(),
                events.clone(),
                Arc::clone(&clock),
                journal.clone(),
            );
            let scope = Scope {
                name: one.name,
                account: one.api,
                inbox,
                judge: Arc::clone(&judge),
                healer,
                chronicle: Chronicle::new(journal.clone(), longest_pause),
                events: events.clone(),
                board: board.clone(),
                clock: Arc::clone(&clock),
                pace: Pace::new(self.sweep_interval, Instant::now(), random.fork()),
                pulse,
                turns: turns.clone(),
                seen: Instant::now(),
                unanswered: Vec::new(),
                suspects: Suspects::default(),
                standings: Standings::default(),
                teller: Teller::new(notifier.clone(), events.clone()),
                owner_changes: owners.changes(),
                owners: Arc::clone(&owners),
                heir: None,
                ear: queue.is_some().then(Ear::default),
            };
            crew.worker(task, scope.run(crew.stop.clone()));
        }

        let ears = wiring.map(|plan| {
            let context = Context {
                events: &events,
                board: &board,
                clock: &clock,
                notifier: &notifier,
                journal: &journal,
                interval: self.sweep_interval,
            };
            check_wiring(plan, crew, &context, &mut random, past)
        });
        if let Some(queue) = queue {
            let echo = Echo::default();
            if let Some(name) = senses.feed.clone() {
                let reporter = Reporter {
                    feed: name,
                    events: events.clone(),
                    board: board.clone(),
                    journal,
                    notifier,
                    clock: Arc::clone(&clock),
                };
                let course = Course::resumed(past, &reporter.feed.account);
                sense(senses, &reporter, (&echo, course), random.fork(), crew);
            }
            let feed = Feed::new(queue, events.clone(), board.clone(), clock, echo, ears);
            let router = Router::new(inboxes);
            hear(feed, router, random, crew);
        } else {
            info!("no queue_url: changes are noticed by sweeps only");
        }

        let state = http::HttpState {
            events,
            board,
            status_page: self.show_status,
        };
        show(self.listener, state, crew);
    }
}

/// What the world sees of the process: HTTP, the watchdog, the log.
fn show(listener: TcpListener, state: http::HttpState, crew: &mut Crew) {
    let drained = crew.drained.clone();
    let log = settle_log(state.events.clone(), drained.clone());
    crew.helper("log".to_owned(), log);
    let limits = http::Limits::default();
    let serve = http::serve(listener, state, limits, drained.clone());
    crew.helper("http".to_owned(), serve);
    let watchdog = systemd::watchdog(crew.pulses(), drained);
    crew.helper("watchdog".to_owned(), watchdog);
}

/// Sends heartbeats, and asks how full the queues are.
fn sense(
    senses: Senses,
    reporter: &Reporter,
    (echo, course): (&Echo, Course),
    mut random: fastrand::Rng,
    crew: &mut Crew,
) {
    if let Some(settings) = senses.heartbeat {
        let name = "heartbeat".to_owned();
        let pulse = crew.pulse(&name, SENSES_PULSE);
        let heart = Heart {
            settings,
            echo: echo.clone(),
            course,
            reporter: reporter.clone(),
            random: random.fork(),
        };
        crew.worker(name, heart.run(pulse, crew.stop.clone()));
    }
    if let Some(gauge) = senses.gauge {
        let name = "queue depth".to_owned();
        let pulse = crew.pulse(&name, SENSES_PULSE);
        let watch = DepthWatch {
            gauge,
            reporter: reporter.clone(),
            random: random.fork(),
        };
        crew.worker(name, watch.run(pulse, crew.stop.clone()));
    }
}

/// What the tasks of the wiring share with the others.
struct Context<'a> {
    events: &'a Events,
    board: &'a StatusBoard,
    clock: &'a Clock,
    notifier: &'a Notifier,
    journal: &'a Journal,
    interval: Duration,
}

/// A task for each account that has a part of the wiring; answers who is told of events.
fn check_wiring(
    plan: WiringPlan,
    crew: &mut Crew,
    context: &Context<'_>,
    random: &mut fastrand::Rng,
    recent: &[Incident],
) -> Listeners {
    let ground = Arc::new(plan.ground);
    let mut sites = Vec::new();
    for site in plan.sites {
        let ears = Arc::new(Ears::default());
        sites.push((site.account.clone(), Arc::clone(&ears)));
        let name = format!("wiring {}", site.name);
        let wiring = Wiring {
            ground: Arc::clone(&ground),
            ears,
            events: context.events.clone(),
            board: context.board.clone(),
            clock: Arc::clone(context.clock),
            notifier: context.notifier.clone(),
            journal: context.journal.clone(),
            interval: context.interval,
            random: random.fork(),
            pulse: crew.pulse(&name, WIRING_PULSE),
            state: State::resumed(recent, site.account.as_ref()),
            site,
        };
        crew.worker(name, wiring.run(crew.stop.clone()));
    }
    Listeners::new(&ground, sites)
}

/// Receives, deletes and prolongs.
fn hear(feed: Feed, router: Router, random: fastrand::Rng, crew: &mut Crew) {
    let pulse = crew.pulse("feed receive", Feed::RECEIVE_PULSE);
    let receive = feed.clone();
    let receive = receive.receive(router, pulse, random, crew.stop.clone());
    crew.worker("feed receive".to_owned(), receive);
    // These two outlive the workers, which still have messages in flight.
    let pulse = crew.pulse("feed delete", Feed::TEND_PULSE);
    let delete = feed.clone().delete(pulse, crew.drained.clone());
    crew.helper("feed delete".to_owned(), delete);
    let pulse = crew.pulse("feed prolong", Feed::TEND_PULSE);
    let prolong = feed.prolong(pulse, crew.drained.clone());
    crew.helper("feed prolong".to_owned(), prolong);
}

/// Sees to it that a disk that does not answer is noticed, and tells that the journal cannot be written, once each time.
async fn watch_journal(
    journal: Journal,
    directory: PathBuf,
    notifier: Notifier,
    clock: Clock,
    stop: CancellationToken,
) {
    let watch = async {
        loop {
            journal.until(true).await;
            if timeout(JOURNAL_LIMIT, journal.until(false)).await.is_ok() {
                continue;
            }
            let reason = journal.failure().unwrap_or_default();
            notifier.tell(Notice::state_dir_unwritable(&directory, &reason, clock()));
            journal.until(false).await;
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        () = watch => {}
        () = journal.watch() => {}
    }
}

async fn settle_log(events: Events, stop: CancellationToken) {
    let mut tick = interval(SETTLE_LOG_EVERY);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            _ = tick.tick() => events.settle(),
        }
    }
}
