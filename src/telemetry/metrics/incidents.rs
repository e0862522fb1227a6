use prometheus::{Error, GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Registry};

use super::Metrics;
use super::register::{counters, gauges, kept};
use super::table;
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
    pub(super) wiring: GaugeVec,
}

impl Incidents {
    pub(super) fn register(registry: &Registry) -> Result<Self, Error> {
        let incidents = Self {
            heal_mode: gauges(registry, &table::HEAL_MODE)?,
            heal_stopped: gauges(registry, &table::HEAL_STOPPED)?,
            recipients_changed: gauges(registry, &table::RECIPIENTS_CHANGED)?,
            occurrences: counters(registry, &table::OCCURRENCES)?,
            wiring: super::wiring::register(registry)?,
            journal_writable: kept(
                registry,
                IntGauge::with_opts(table::JOURNAL_WRITABLE.opts())?,
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
