//! What a daemon has to know of an account when it starts again.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::own::OwnWrites;
use super::record::Spell;
use crate::assess::{Assessment, Chain, Recipient, Verdict};
use crate::heal::GuardState;

/// How long a chain has to pass, unchanged and watched, before it becomes the one to go back to, so that nobody's quick
/// change becomes the truth.
const PROVEN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Everything of one account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// By key of the control.
    pub controls: BTreeMap<String, ControlMemory>,
    /// Budget, cooldowns and fights.
    pub guard: GuardState,
    /// What the daemon wrote.
    pub own: OwnWrites,
    /// What is there and cannot be read. While there is any, what is to be gone back to and what was spent are not known.
    pub unread: Vec<Unread>,
}

/// A record of an account's memory that is of no form known here: another version wrote it, or it is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    pub(super) row: i64,
    /// Key of the control; empty where it is about the whole account.
    pub control: String,
    /// What it should be.
    pub kind: String,
}

/// Everything of one control of an account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ControlMemory {
    /// How it stands, while that lasts.
    pub spell: Option<Box<Spell>>,
    /// The chain to go back to.
    pub known_good: Option<KnownGood>,
    /// The chain that passes now, where it is another one.
    pub candidate: Option<Candidate>,
}

/// How a passing control is set up, without what AWS writes by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The best path. Boxed, since most places for one are empty.
    pub chain: Box<Chain>,
    /// Who is told, through any path.
    pub audience: Vec<Recipient>,
}

/// What to go back to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownGood {
    /// The chain and who is told by it.
    pub setup: Setup,
    /// When it became what to go back to.
    pub since: Timestamp,
    /// How it became that.
    pub origin: Origin,
}

/// How a chain became the one to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was the first that passed.
    First,
    /// It passed for 24 hours.
    Proven,
    /// An operator accepted it.
    Accepted,
}

/// A chain that passes and is not the one to go back to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The chain and who is told by it.
    pub setup: Setup,
    /// How long it was seen to pass; time in which nobody looked is not counted.
    pub passed: SignedDuration,
}

/// What of a control's memory has changed. Only that is written: a command may have written the rest meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Nothing.
    Nothing,
    /// The candidate.
    Candidate,
    /// What to go back to; there is no candidate any more.
    KnownGood,
}

impl Unread {
    /// All of these on one line.
    pub fn list(unread: &[Self]) -> String {
        let named: Vec<String> = unread.iter().map(ToString::to_string).collect();
        named.join(", ")
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.kind.replace('_', " "))?;
        if self.control.is_empty() {
            return Ok(());
        }
        write!(formatter, " of {}", self.control)
    }
}

impl Setup {
    /// Of a control that passes; none otherwise.
    pub fn of(assessment: &Assessment) -> Option<Self> {
        (assessment.verdict == Verdict::Pass).then(|| Self {
            chain: Box::new(assessment.chain.as_configured()),
            audience: assessment.audience.clone(),
        })
    }
}

impl ControlMemory {
    /// How it was set up when it was what to go back to.
    pub fn known_good_setup(&self) -> Option<&Setup> {
        self.known_good.as_ref().map(|one| &one.setup)
    }

    /// How it was set up when it was last seen to pass, as far as that is known.
    pub fn last_setup(&self) -> Option<&Setup> {
        let candidate = self.candidate.as_ref().map(|one| &one.setup);
        candidate.or(self.known_good_setup())
    }

    /// Holds what its chains have in common with those of another control once for both.
    pub fn share(&mut self, other: &Self) {
        let known_good = self.known_good.as_mut().map(|one| &mut one.setup);
        let candidate = self.candidate.as_mut().map(|one| &mut one.setup);
        for ours in known_good.into_iter().chain(candidate) {
            let theirs = [other.known_good_setup(), other.last_setup()];
            for theirs in theirs.into_iter().flatten() {
                ours.chain.share(&theirs.chain);
            }
        }
    }

    /// Takes the setup of a passing control in. `watched` is the time since the look before, where that belongs to the same
    /// watch and saw the control pass as well; else zero. Answers what of it is to be kept anew.
    pub fn passes(&mut self, setup: Setup, now: Timestamp, watched: SignedDuration) -> Changed {
        let Some(known_good) = &self.known_good else {
            self.known_good = Some(KnownGood {
                setup,
                since: now,
                origin: Origin::First,
            });
            return Changed::KnownGood;
        };
        if known_good.setup == setup {
            return self.fails();
        }
        let passed = match &self.candidate {
            Some(candidate) if candidate.setup == setup => candidate.passed.saturating_add(watched),
            _ => SignedDuration::ZERO,
        };
        if passed >= PROVEN_AFTER {
            self.candidate = None;
            self.known_good = Some(KnownGood {
                setup,
                since: now,
                origin: Origin::Proven,
            });
            Changed::KnownGood
        } else {
            self.candidate = Some(Candidate { setup, passed });
            Changed::Candidate
        }
    }

    /// The control fails: what was on its way to be proven is no longer.
    pub fn fails(&mut self) -> Changed {
        match self.candidate.take() {
            Some(_) => Changed::Candidate,
            None => Changed::Nothing,
        }
    }
}
