use prometheus::{Error, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use super::Metrics;
use super::register::{counters, kept};
use crate::config::HealMode;
use crate::journal::OccurrenceKind;
use crate::snapshot::AccountId;

/// What there is to know beside verdicts: whether repairs are possible, who fights them, and what the journal tells.
#[derive(Debug)]
pub(super) struct Incidents {
    heal_mode: IntGaugeVec,
    heal_stopped: IntGaugeVec,
    recipients_changed: IntGaugeVec,
    occurrences: IntCounterVec,
    journal_writable: IntGauge,
}

impl Incidents {
    pub(super) fn register(registry: &Registry) -> Result<Self, Error> {
        let incidents = Self {
            heal_mode: gauges(
                registry,
                "trailwarden_heal_mode",
                "The mode of repairs in force: 1 for that mode. Where apply is configured and the journal cannot be written, it is plan.",
                &["mode"],
            )?,
            heal_stopped: gauges(
                registry,
                "trailwarden_heal_stopped",
                "1 for a control that trailwarden stopped mending, because it was broken again and again; no series otherwise.",
                &["account", "control"],
            )?,
            recipients_changed: gauges(
                registry,
                "trailwarden_recipients_changed",
                "1 for a control that passes and tells others than the last known good chain did; no series otherwise.",
                &["account", "control"],
            )?,
            occurrences: counters(
                registry,
                "trailwarden_occurrences_total",
                "Things that happened beside the verdicts, by kind.",
                &["kind"],
            )?,
            journal_writable: kept(
                registry,
                IntGauge::new(
                    "trailwarden_journal_writable",
                    "Whether the journal under state_dir can be written: 1 yes, 0 no.",
                )?,
            )?,
        };
        for kind in OccurrenceKind::ALL {
            incidents.occurrences.with_label_values(&[kind.name()]);
        }
        Ok(incidents)
    }
}

impl Metrics {
    /// Sets which mode of repairs is in force: that of the configuration, or `plan` where it cannot be.
    pub fn set_heal_mode(&self, mode: HealMode) {
        for (name, one) in HealMode::NAMES {
            let gauge = self.incidents.heal_mode.with_label_values(&[name]);
            gauge.set(i64::from(one == mode));
        }
    }

    /// Sets whether trailwarden has given way in a fight over a control.
    pub fn set_heal_stopped(&self, account: &AccountId, control: &str, stopped: bool) {
        set_or_remove(&self.incidents.heal_stopped, account, control, stopped);
    }

    /// Sets whether others are told than by the chain to go back to.
    pub fn set_recipients_changed(&self, account: &AccountId, control: &str, changed: bool) {
        let gauges = &self.incidents.recipients_changed;
        set_or_remove(gauges, account, control, changed);
    }

    /// Counts something that happened at one moment.
    pub fn occurrence(&self, kind: OccurrenceKind) {
        let counters = &self.incidents.occurrences;
        counters.with_label_values(&[kind.name()]).inc();
    }

    /// Sets whether the journal can be written.
    pub fn set_journal_writable(&self, writable: bool) {
        self.incidents.journal_writable.set(i64::from(writable));
    }
}

fn gauges(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntGaugeVec, Error> {
    kept(registry, IntGaugeVec::new(Opts::new(name, help), labels)?)
}

/// A series of 1 for what is so, and none for what is not: both are rare, and there are many controls.
fn set_or_remove(gauges: &IntGaugeVec, account: &AccountId, control: &str, is_so: bool) {
    let labels = [account.as_str(), control];
    if is_so {
        gauges.with_label_values(&labels).set(1);
    } else {
        // There was none.
        let _ = gauges.remove_label_values(&labels);
    }
}
