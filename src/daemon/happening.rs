//! What happens beside the verdicts, before it is written down and told.

use jiff::Timestamp;

use crate::assess::Recipient;
use crate::event::Actor;
use crate::heal::Stop;
use crate::journal::{Occurrence, OccurrenceKind};
use crate::snapshot::AccountId;

/// Something that happened, with all that is known of it.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    /// Key of the control; none where it is about the whole account.
    pub(super) control: Option<String>,
    /// When it was noticed.
    pub(super) at: Timestamp,
    /// Who did it, as an event reports.
    pub(super) actor: Option<Actor>,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// The chain is whole and tells others than before.
    Rerouted {
        before: Vec<Recipient>,
        after: Vec<Recipient>,
    },
    /// Trailwarden stopped mending.
    GaveWay(Stop),
    /// A call with the daemon's own credentials that it did not make.
    Stolen { call: String },
}

impl Happening {
    /// As the journal keeps it.
    pub(super) fn occurrence(&self, account: &AccountId) -> Occurrence {
        let (kind, message) = match &self.what {
            What::Rerouted { before, after } => {
                (OccurrenceKind::RecipientsChanged, rerouted(before, after))
            }
            What::GaveWay(stop) => (OccurrenceKind::GaveWay, stop.to_string()),
            What::Stolen { call } => (
                OccurrenceKind::OwnCredentialsUsedElsewhere,
                format!(
                    "An event says that trailwarden's own credentials called {call}, and trailwarden did not: revoke them \
                     unless you know who it was."
                ),
            ),
        };
        Occurrence {
            account: account.clone(),
            control: self.control.clone(),
            at: self.at,
            kind,
            message,
            actor: self.actor.clone(),
        }
    }
}

/// A recipient as people know it.
pub(super) fn name(recipient: &Recipient) -> String {
    let Recipient {
        topic,
        protocol,
        endpoint,
    } = recipient;
    format!("{protocol} {endpoint} of {topic}")
}

/// One sentence about a change of who is told.
fn rerouted(before: &[Recipient], after: &[Recipient]) -> String {
    let names = |these: &[Recipient], those: &[Recipient]| {
        let only = these.iter().filter(|one| !those.contains(one));
        only.map(name).collect::<Vec<_>>().join(", ")
    };
    let (gone, new) = (names(before, after), names(after, before));
    match (gone.is_empty(), new.is_empty()) {
        (false, false) => format!("No longer told: {gone}. Told instead: {new}."),
        (false, true) => format!("No longer told: {gone}."),
        _ => format!("Also told: {new}."),
    }
}
