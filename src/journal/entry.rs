use jiff::Timestamp;

use super::memory::{Candidate, KnownGood};
use super::own::OwnWrites;
use super::record::{Occurrence, Spell, Watched};
use crate::heal::GuardState;
use crate::snapshot::AccountId;

/// Something to keep. A later entry with the same [`Entry::key`] replaces an earlier one.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// How a control stands, or stood.
    Spell(Spell),
    /// Something that happened.
    Occurrence(Occurrence),
    /// When an account was looked at.
    Watched(Watched),
    /// The chain to go back to; none is never kept.
    KnownGood {
        /// The account.
        account: AccountId,
        /// Key of the control.
        control: String,
        /// The chain.
        known_good: KnownGood,
    },
    /// The chain that is not proven yet.
    Candidate {
        /// The account.
        account: AccountId,
        /// Key of the control.
        control: String,
        /// The chain; none: there is none any more.
        candidate: Option<Candidate>,
    },
    /// Budget, cooldowns and fights of an account.
    Guard {
        /// The account.
        account: AccountId,
        /// The state.
        state: GuardState,
    },
    /// What the daemon wrote in an account.
    Own {
        /// The account.
        account: AccountId,
        /// The writes.
        writes: OwnWrites,
    },
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(AccountId, String, &'static str, String);

impl Entry {
    /// When that was which it keeps of the past; none: it is what a daemon has to know when it starts again.
    pub(super) const fn past(&self) -> Option<Timestamp> {
        match self {
            Self::Spell(spell) => Some(spell.since),
            Self::Occurrence(one) => Some(one.at),
            Self::Watched(one) => Some(one.until),
            Self::KnownGood { .. }
            | Self::Candidate { .. }
            | Self::Guard { .. }
            | Self::Own { .. } => None,
        }
    }

    /// What it is about: one thing of one account.
    pub(super) fn key(&self) -> Key {
        let of = |account: &AccountId, control: &str, kind, more: String| {
            Key(account.clone(), control.to_owned(), kind, more)
        };
        match self {
            Self::Spell(spell) => of(
                &spell.account,
                &spell.control,
                "spell",
                spell.since.to_string(),
            ),
            Self::Occurrence(one) => of(
                &one.account,
                one.control.as_deref().unwrap_or_default(),
                one.kind.name(),
                format!("{} {}", one.at, one.message),
            ),
            Self::Watched(one) => of(&one.account, "", "watched", one.since.to_string()),
            Self::KnownGood {
                account, control, ..
            } => of(account, control, "known good", String::new()),
            Self::Candidate {
                account, control, ..
            } => of(account, control, "candidate", String::new()),
            Self::Guard { account, .. } => of(account, "", "guard", String::new()),
            Self::Own { account, .. } => of(account, "", "own writes", String::new()),
        }
    }
}
