//! What is written down of the past.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::assess::{Link, Verdict};
use crate::event::Actor;
use crate::snapshot::AccountId;

/// The most repairs that are kept of one spell.
const MOST_DEEDS: usize = 100;

/// A time in which a control stood in one way: the same verdict with the same broken link.
///
/// It begins with the look that first saw it so, and ends with the look that saw something else; between two looks nothing
/// is claimed but by [`Watched`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spell {
    /// The account.
    pub account: AccountId,
    /// Key of the control.
    pub control: String,
    /// The home region of the chain; none where there is no trail.
    pub region: Option<String>,
    /// The look that saw it first.
    pub since: Timestamp,
    /// The look that saw something else; none: it lasts.
    pub until: Option<Timestamp>,
    /// The verdict.
    pub verdict: Verdict,
    /// The broken or undecided link; none at PASS.
    pub link: Option<Link>,
    /// The resource at fault.
    pub resource: Option<String>,
    /// What is wrong, one sentence.
    pub message: Option<String>,
    /// Who broke it, as an event reports.
    pub actor: Option<Actor>,
    /// What trailwarden did about it, in order; the first hundred.
    pub deeds: Vec<Deed>,
}

impl Spell {
    /// How long after the call that an event reports the verdict was there; none where no event explains it.
    pub fn time_to_detect(&self) -> Option<SignedDuration> {
        let called = self.actor.as_ref()?.time;
        // Clocks differ: a call after the look that saw its effect was just before it.
        Some(self.since.duration_since(called).max(SignedDuration::ZERO))
    }

    /// How long it lasted; none while it does.
    pub fn time_to_mend(&self) -> Option<SignedDuration> {
        Some(self.until?.duration_since(self.since))
    }

    /// Writes down a repair. What is over the bound is left out: the log has it.
    pub fn note(&mut self, deed: Deed) {
        if self.deeds.len() < MOST_DEEDS {
            self.deeds.push(deed);
        }
    }
}

/// One repair, or the attempt of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// The AWS operation.
    pub operation: String,
    /// What it was written to, as [`crate::heal::Repair::target`] says it.
    pub target: String,
    /// `applied`, `failed`, `denied`, `dropped` or `held`.
    pub result: String,
    /// Why, where it was not applied.
    pub reason: Option<String>,
}

/// Something that happened at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// The account.
    pub account: AccountId,
    /// Key of the control; none where it is about the whole account.
    pub control: Option<String>,
    /// When it was noticed.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: OccurrenceKind,
    /// What happened, one sentence.
    pub message: String,
    /// Who did it, as an event reports.
    pub actor: Option<Actor>,
}

/// The kinds of [`Occurrence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccurrenceKind {
    /// Somebody else used the daemon's own credentials: an event names its principal and a request that it did not make.
    OwnCredentialsUsedElsewhere,
    /// The verdict is PASS, and others are told than before.
    RecipientsChanged,
    /// Trailwarden stopped mending what is broken again and again.
    GaveWay,
    /// An operator accepted the present chain as the one to go back to.
    Accepted,
    /// Heartbeats do not come out of the queue of the feed any more.
    HeartbeatLost,
    /// Heartbeats come out of the queue of the feed again.
    HeartbeatRestored,
    /// Messages came into the dead-letter queue of the feed.
    DeadLetters,
    /// The wiring of the feed is not as it has to be: events may not arrive.
    WiringCut,
    /// The wiring of the feed is as it has to be again.
    WiringWhole,
}

impl OccurrenceKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::OwnCredentialsUsedElsewhere,
        Self::RecipientsChanged,
        Self::GaveWay,
        Self::Accepted,
        Self::HeartbeatLost,
        Self::HeartbeatRestored,
        Self::DeadLetters,
        Self::WiringCut,
        Self::WiringWhole,
    ];

    /// The name that files and labels use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnCredentialsUsedElsewhere => "own_credentials_used_elsewhere",
            Self::RecipientsChanged => "recipients_changed",
            Self::GaveWay => "gave_way",
            Self::Accepted => "accepted",
            Self::HeartbeatLost => "heartbeat_lost",
            Self::HeartbeatRestored => "heartbeat_restored",
            Self::DeadLetters => "dead_letters",
            Self::WiringCut => "wiring_cut",
            Self::WiringWhole => "wiring_whole",
        }
    }

    /// The kind of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// An entry of the history.
#[derive(Debug, Clone, PartialEq)]
pub enum Incident {
    /// A chain that was broken, or could not be decided on.
    Broken(Spell),
    /// Something that happened at one moment.
    Happened(Occurrence),
}

impl Incident {
    /// The account that it is of.
    pub const fn account(&self) -> &AccountId {
        match self {
            Self::Broken(spell) => &spell.account,
            Self::Happened(occurrence) => &occurrence.account,
        }
    }

    /// When it began.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Broken(spell) => spell.since,
            Self::Happened(occurrence) => occurrence.at,
        }
    }
}

/// A time in which an account was looked at again and again, by one process: outside of it nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The account.
    pub account: AccountId,
    /// The first look.
    pub since: Timestamp,
    /// The last look so far.
    pub until: Timestamp,
}
