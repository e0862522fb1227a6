use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;

use super::readiness::{Latch, Readiness};
use super::report::ControlReport;
use crate::event::Actor;
use crate::heal::Plan;
use crate::journal::{Incident, Spell};
use crate::snapshot::AccountId;

/// The feed is alive if the queue has answered within this time: several long polls of twenty seconds.
pub(super) const FEED_SILENCE: Duration = Duration::from_secs(90);

/// How many incidents the board shows.
const INCIDENTS: usize = 20;

/// What the process knows at present, for the status page, `/status` and `/readyz`. A cheap handle; no lock is held
/// across an await.
#[derive(Debug, Clone)]
pub struct StatusBoard(Arc<Board>);

#[derive(Debug)]
struct Board {
    readiness: Readiness,
    scopes: RwLock<BTreeMap<String, Scope>>,
    feed: Mutex<Feed>,
    hearing: Mutex<Hearing>,
    incidents: Mutex<BTreeMap<IncidentKey, Incident>>,
    wiring: Mutex<BTreeMap<String, WiringStatus>>,
}

/// When it began, of which account and control, and what: one line of the history.
type IncidentKey = (Timestamp, AccountId, String, &'static str);

#[derive(Debug, Default)]
struct Scope {
    /// Held until the first evaluation.
    latch: Option<Latch>,
    last: Option<Arc<AccountStatus>>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Feed {
    configured: bool,
    last_receive: Option<Instant>,
    error: Option<String>,
}

/// The last observation of an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountStatus {
    /// The account.
    pub account_id: AccountId,
    /// When it was observed.
    pub evaluated_at: Timestamp,
    /// Its controls.
    pub controls: Vec<ControlStatus>,
}

/// A control with what the daemon knows beyond one observation. Absent values are null.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlStatus {
    /// The report that `trailwarden check` would give.
    #[serde(flatten)]
    pub report: ControlReport,
    /// Since when the verdict and its broken link are what they are.
    pub since: Timestamp,
    /// Who caused it, as reported.
    pub actor: Option<Box<Actor>>,
    /// What would mend it, where planning is on.
    pub plan: Option<Plan>,
}

/// An evaluation that saw nothing, since when nothing is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When the first of these failures happened.
    pub since: Timestamp,
    /// The last error.
    pub message: String,
}

/// A scope as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopeStatus {
    /// Its name: the account where the configuration gives one.
    pub name: String,
    /// The last observation; none before the first.
    pub last: Option<Arc<AccountStatus>>,
    /// Why nothing is seen now.
    pub failure: Option<Failure>,
}

/// What the daemon knows of its own hearing; none is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hearing {
    /// Whether the last heartbeat came back.
    pub heartbeat: Option<bool>,
    /// How many messages wait in the queue.
    pub waiting: Option<u64>,
    /// How many messages lie in the dead-letter queue.
    pub dead_letters: Option<u64>,
}

/// How the wiring of the feed stands in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiringStatus {
    /// Whether it is as it has to be; none: it was not seen.
    pub is_whole: Option<bool>,
    /// What is wrong, or was not seen, a line each.
    pub problems: Vec<String>,
    /// When that was checked.
    pub checked_at: Timestamp,
}

/// How the feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedHealth {
    /// No queue is configured: the daemon sweeps.
    Off,
    /// The queue has not answered yet.
    Waiting {
        /// Why, if a receive failed.
        error: Option<String>,
    },
    /// The queue answers.
    Alive {
        /// How long ago it did last.
        ago: Duration,
    },
    /// The queue has answered, and does so no more.
    Silent {
        /// How long ago it did last.
        ago: Duration,
        /// Why, if a receive failed.
        error: Option<String>,
    },
}

impl Board {
    fn scopes(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Scope>> {
        self.scopes.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StatusBoard {
    /// A board of these scopes, none of them evaluated; `feed` says whether there is a queue.
    pub fn new(scopes: impl IntoIterator<Item = String>, feed: bool) -> Self {
        let readiness = Readiness::default();
        let scopes = scopes
            .into_iter()
            .map(|name| {
                let latch = readiness.latch(format!("first evaluation of {name}"));
                let scope = Scope {
                    latch: Some(latch),
                    ..Scope::default()
                };
                (name, scope)
            })
            .collect();
        Self(Arc::new(Board {
            readiness,
            scopes: RwLock::new(scopes),
            feed: Mutex::new(Feed {
                configured: feed,
                last_receive: None,
                error: None,
            }),
            hearing: Mutex::default(),
            incidents: Mutex::default(),
            wiring: Mutex::default(),
        }))
    }

    /// Puts an incident on the board; one that is there already is replaced. The last ones stay.
    pub fn incident(&self, incident: Incident) {
        let key = match &incident {
            Incident::Broken(spell) => {
                let Spell {
                    since,
                    account,
                    control,
                    ..
                } = spell;
                (*since, account.clone(), control.clone(), "broken")
            }
            Incident::Happened(one) => {
                let control = one.control.clone().unwrap_or_default();
                (one.at, one.account.clone(), control, one.kind.name())
            }
        };
        let mut incidents = lock(&self.0.incidents);
        incidents.insert(key, incident);
        if incidents.len() > INCIDENTS {
            incidents.pop_first();
        }
    }

    /// The wiring of an account was checked.
    pub fn wiring(&self, site: &str, status: WiringStatus) {
        lock(&self.0.wiring).insert(site.to_owned(), status);
    }

    /// How the wiring stands, by account.
    pub fn wired(&self) -> Vec<(String, WiringStatus)> {
        let wiring = lock(&self.0.wiring);
        let each = wiring.iter();
        each.map(|(site, status)| (site.clone(), status.clone()))
            .collect()
    }

    /// The last incidents, the latest first.
    pub fn incidents(&self) -> Vec<Incident> {
        lock(&self.0.incidents).values().rev().cloned().collect()
    }

    /// The latches, for what else has to happen before the process is ready.
    pub fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }

    /// Nothing was seen of a scope: this is how its account stands, why was said, and the first evaluation is still to come.
    pub fn unseen(&self, scope: &str, status: AccountStatus) {
        let mut scopes = self.0.scopes();
        scopes.entry(scope.to_owned()).or_default().last = Some(Arc::new(status));
    }

    /// A scope was evaluated: this is how its account stands. A scope that the board was not made with is added.
    pub fn evaluated(&self, scope: &str, status: AccountStatus) {
        let mut scopes = self.0.scopes();
        let entry = scopes.entry(scope.to_owned()).or_default();
        entry.last = Some(Arc::new(status));
        entry.failure = None;
        if let Some(latch) = entry.latch.take() {
            latch.release();
        }
    }

    /// An evaluation of a scope saw nothing.
    pub fn evaluation_failed(&self, scope: &str, at: Timestamp, message: String) {
        let mut scopes = self.0.scopes();
        if let Some(entry) = scopes.get_mut(scope) {
            let since = entry.failure.as_ref().map_or(at, |failure| failure.since);
            entry.failure = Some(Failure { since, message });
        }
    }

    /// The queue answered a receive, with messages or without.
    pub fn feed_received(&self) {
        let mut feed = lock(&self.0.feed);
        feed.last_receive = Some(Instant::now());
        feed.error = None;
    }

    /// A receive failed.
    pub fn feed_failed(&self, error: String) {
        let mut feed = lock(&self.0.feed);
        feed.error = Some(error);
    }

    /// Changes what is known of the own hearing.
    pub fn hear(&self, change: impl FnOnce(&mut Hearing)) {
        change(&mut lock(&self.0.hearing));
    }

    /// What is known of the own hearing.
    pub fn hearing(&self) -> Hearing {
        *lock(&self.0.hearing)
    }

    /// Every scope, by name.
    pub fn scopes(&self) -> Vec<ScopeStatus> {
        let scopes = self.0.scopes.read().unwrap_or_else(PoisonError::into_inner);
        scopes
            .iter()
            .map(|(name, scope)| ScopeStatus {
                name: name.clone(),
                last: scope.last.clone(),
                failure: scope.failure.clone(),
            })
            .collect()
    }

    /// How the feed is.
    pub fn feed(&self) -> FeedHealth {
        let feed = lock(&self.0.feed);
        if !feed.configured {
            return FeedHealth::Off;
        }
        let error = feed.error.clone();
        match feed.last_receive.map(|last| last.elapsed()) {
            None => FeedHealth::Waiting { error },
            Some(ago) if ago < FEED_SILENCE => FeedHealth::Alive { ago },
            Some(ago) => FeedHealth::Silent { ago, error },
        }
    }

    /// What is missing for the process to be ready, a phrase each; empty when it is.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = self.0.readiness.missing();
        match self.feed() {
            FeedHealth::Off | FeedHealth::Alive { .. } => {}
            FeedHealth::Waiting { .. } => missing.push("first answer of the queue".to_owned()),
            FeedHealth::Silent { ago, .. } => missing.push(format!(
                "answer of the queue (the last was {} seconds ago)",
                ago.as_secs()
            )),
        }
        missing
    }
}

/// What a lock guards is whole whenever it is free, also after a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
