//! Planted bugs: what the simulation has to find. Only in tests, and none unless a test plants one in its own thread.

use std::cell::Cell;

/// A bug at a named place of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// The feed deletes what it has just received.
    DeletesOnReceipt,
    /// What arrives while a look runs is answered without another one.
    DropsWhatComesDuringALook,
    /// What arrives while a look runs is settled by that look.
    AnswersWithAnEarlierLook,
    /// Events wake, and are settled by, the first scope.
    SettlesTheWrongScope,
    /// Events are settled although the look that they asked for saw nothing.
    SettlesWithoutAVerdict,
    /// What was evaluated is not deleted.
    NeverDeletes,
    /// What nobody evaluated stays hidden when the daemon stops.
    KeepsMessagesAtStop,
    /// The feed ends at the first receive that fails.
    EndsAtAFault,
    /// One look decides: reads that lag are believed.
    NeverConfirms,
    /// A look that saw nothing leaves the verdict as it was.
    KeepsTheLastVerdict,
    /// What could not be read counts as absent.
    TakesHolesForAbsence,
    /// Budget and cooldowns begin anew with the process.
    ForgetsTheGuard,
    /// Which writes were its own is not known to the next process.
    ForgetsOwnWrites,
    /// A write that failed costs nothing.
    FailuresAreFree,
    /// An incident stays open in the journal when it is over.
    NeverClosesIncidents,
    /// A look without a verdict is repeated at once.
    LooksAgainAtOnce,
    /// A receive that failed is repeated at once.
    ReceivesAgainAtOnce,
    /// A write that failed is repeated at once, until it does not fail.
    WritesAgainAtOnce,
    /// The pause before a retry never grows.
    NeverBacksOff,
    /// A write is handed to the journal, and made without waiting until it is kept there.
    WritesBeforeTheJournal,
    /// What changed between two looks is written over.
    WritesOverAFreshChange,
    /// An alarm is put back with the actions that it had, and without those that it has now.
    DropsActions,
    /// An alarm is written without its actions, whatever the plan says.
    SilencesAlarms,
}

impl Mutant {
    pub(crate) const ALL: [Self; 23] = [
        Self::DeletesOnReceipt,
        Self::DropsWhatComesDuringALook,
        Self::AnswersWithAnEarlierLook,
        Self::SettlesTheWrongScope,
        Self::SettlesWithoutAVerdict,
        Self::NeverDeletes,
        Self::KeepsMessagesAtStop,
        Self::EndsAtAFault,
        Self::NeverConfirms,
        Self::KeepsTheLastVerdict,
        Self::TakesHolesForAbsence,
        Self::ForgetsTheGuard,
        Self::ForgetsOwnWrites,
        Self::FailuresAreFree,
        Self::NeverClosesIncidents,
        Self::LooksAgainAtOnce,
        Self::ReceivesAgainAtOnce,
        Self::WritesAgainAtOnce,
        Self::NeverBacksOff,
        Self::WritesBeforeTheJournal,
        Self::WritesOverAFreshChange,
        Self::DropsActions,
        Self::SilencesAlarms,
    ];
}

thread_local! {
    static PLANTED: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Whether this bug is planted in this thread.
pub(crate) fn planted(mutant: Mutant) -> bool {
    PLANTED.get() == Some(mutant)
}

/// Plants a bug in this thread, or none.
pub(crate) fn plant(mutant: Option<Mutant>) {
    PLANTED.set(mutant);
}
