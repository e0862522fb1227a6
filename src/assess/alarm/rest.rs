//! Is the alarm evaluated, and in which state does it rest between events: can one event still change it?

use jiff::SignedDuration;

use super::event::is_same;
use super::math::Value;
use super::rule::State;
use super::series::Period;
use super::stranger::Stranger;
use super::trip::{Judge, Trip, on};
use crate::assess::fault::Fault;
use crate::assess::filter::Filter;
use crate::assess::remedy::Command;
use crate::assess::{Link, Warning, WarningCode};
use crate::snapshot::EvaluationWindow;

impl Judge<'_> {
    /// From which state it starts, whether one breaching data point suffices, and whether it comes back.
    pub(super) fn rest(&self, strangers: &[Stranger<'_>], trip: &mut Trip<'_>) {
        let name = &self.alarm.alarm_name;
        let silent = self.metrics.value(Period::Silent, None);
        let quiet = [
            self.metrics.value(Period::Quiet { busy: false }, None),
            self.metrics.value(Period::Quiet { busy: true }, None),
        ];
        let treat = self
            .alarm
            .treat_missing_data
            .as_deref()
            .unwrap_or("missing");
        for value in quiet.iter().chain([&silent]) {
            match value {
                Value::Number(number) => {
                    if self.compare(*number) == Some(true) {
                        trip.faults.push(self.spoilt(format!(
                            "Alarm {name} is in ALARM already when nothing has happened ({number} breaches its \
                             threshold): it acts on change only, and one event changes nothing."
                        )));
                        return;
                    }
                }
                Value::Unknown(reason) => {
                    trip.faults.push(self.undecided(format!(
                        "Whether alarm {name} rests between events cannot be decided: {reason}."
                    )));
                    return;
                }
                Value::Missing => {}
            }
        }
        let dense = quiet
            .iter()
            .chain([&silent])
            .any(|value| matches!(value, Value::Number(_)));
        if treat == "breaching" && silent == Value::Missing {
            trip.faults.push(self.broken(format!(
                "Alarm {name} takes missing data as breaching: without events it is in ALARM already, and one event \
                 changes nothing."
            )));
            return;
        }
        let calming = self.calming(strangers);
        self.data_points(treat, dense, calming, trip);
        let state = self.alarm.state_value.as_deref().and_then(State::parse);
        let latches = treat == "ignore" && !dense;
        trip.rest = match treat {
            _ if dense => Some(State::Ok),
            "notBreaching" => Some(State::Ok),
            "ignore" => state,
            _ => Some(State::InsufficientData),
        };
        // A default is written only for minutes in which records arrive: in a silent stretch data is missing all the same.
        let is_steady = silent != Value::Missing || treat == "notBreaching";
        trip.from = match trip.rest {
            Some(State::Ok)
                if !is_steady
                    && (treat != "ignore" || !matches!(state, Some(State::Ok | State::Alarm))) =>
            {
                None
            }
            Some(State::InsufficientData) if calming.is_some() => None,
            rest => rest,
        };
        if latches && state == Some(State::Alarm) {
            trip.faults.push(
                on(self.alarm, Fault::broken(
                    Link::Alarm,
                    format!("Alarm {name} has latched: it is in ALARM and keeps that state while no data arrives."),
                ))
                .remedy(
                    Command::new("cloudwatch set-alarm-state", self.region())
                        .with("--alarm-name", name)
                        .raw("--state-value OK")
                        .with("--state-reason", "unlatched"),
                ),
            );
        } else if latches {
            trip.warnings.push(Warning {
                code: WarningCode::WillLatch,
                message: format!(
                    "Alarm {name} keeps its state while data is missing: it will notify once and then stay in ALARM."
                ),
            });
        } else if state == Some(State::Alarm) {
            trip.warnings.push(Warning {
                code: WarningCode::InAlarm,
                message: format!("Alarm {name} is in ALARM at present; until it is OK again another event notifies nobody."),
            });
        }
    }

    /// It is what filters write when nothing matches that is wrong, if that is any value but 0.
    pub(super) fn spoilt(&self, message: String) -> Fault {
        let mut guilty: Vec<&Filter<'_>> = Vec::new();
        for writer in self.metrics.queries.iter().flat_map(|query| &query.writers) {
            let default = writer.metric.and_then(|metric| metric.default);
            let is_known = guilty.iter().any(|one| is_same(one, writer));
            if default.is_some_and(|default| default != 0.0) && !is_known {
                guilty.push(writer);
            }
        }
        if guilty.is_empty() {
            return self.broken(message);
        }
        let commands = guilty.into_iter().map(Filter::put_without_default);
        let commands: Vec<String> = commands.map(String::from).collect();
        on(self.alarm, Fault::broken(Link::Alarm, message)).remedy(commands.join(" && "))
    }

    /// M of N: one event gives one breaching data point; what the others count for depends on the treatment.
    fn data_points(
        &self,
        treat: &str,
        dense: bool,
        calming: Option<&Stranger<'_>>,
        trip: &mut Trip<'_>,
    ) {
        let name = &self.alarm.alarm_name;
        let periods = self.alarm.evaluation_periods.unwrap_or(1);
        let wanted = self.alarm.datapoints_to_alarm.unwrap_or(periods);
        if wanted <= 1 {
            return;
        }
        if treat == "missing" && !dense && wanted <= periods {
            if let Some(stranger) = calming {
                trip.faults.push(self.needs_missing_data(stranger, wanted));
                return;
            }
            trip.warnings.push(Warning {
                code: WarningCode::NeedsMissingData,
                message: format!(
                    "Alarm {name} wants {wanted} of {periods} data points; one event trips it only because missing data \
                     points are left out."
                ),
            });
            return;
        }
        trip.faults.push(self.broken(format!(
            "Alarm {name} wants {wanted} breaching data points of {periods}; one event gives one."
        )));
    }

    /// Whether CloudWatch evaluates the alarm at all, and as finely as it is asked to.
    pub(super) fn evaluation(&self, trip: &mut Trip<'_>) {
        let alarm = self.alarm;
        let name = &alarm.alarm_name;
        if alarm.evaluation_state.as_deref() == Some("EVALUATION_ERROR") {
            trip.faults.push(self.undecided(format!(
                "CloudWatch cannot evaluate alarm {name} as it is set up (EVALUATION_ERROR): {}",
                alarm.state_reason.as_deref().unwrap_or("it does not say why")
            )));
        }
        if self.is_warming_up() {
            trip.faults.push(self.undecided(format!(
                "Alarm {name} may still be in its warm-up period, in which it carries out no action."
            )));
        }
        if let Some(EvaluationWindow::Other(_)) = alarm.evaluation_window {
            trip.faults.push(self.undecided(format!(
                "Alarm {name} is evaluated over a window of a kind that is not known; whether one event trips it cannot be told."
            )));
        }
        let shortest = self
            .metrics
            .queries
            .iter()
            .filter_map(|query| query.seconds)
            .min();
        if shortest.is_some_and(|seconds| seconds < 60) {
            trip.warnings.push(Warning {
                code: WarningCode::SubMinutePeriod,
                message: format!(
                    "Alarm {name} has a period of less than a minute; metric filters write one data point a minute, so \
                     that it may often lapse into INSUFFICIENT_DATA."
                ),
            });
        }
    }

    /// Counted from the last put of the alarm (API page of PutMetricAlarm, `WarmUpConfiguration`).
    fn is_warming_up(&self) -> bool {
        let alarm = self.alarm;
        let minutes = alarm
            .warm_up_configuration
            .as_ref()
            .and_then(|warm_up| warm_up.warm_up_period_duration_in_minutes);
        let waits = alarm.state_value.as_deref() == Some("INSUFFICIENT_DATA");
        let (Some(minutes), true) = (minutes, waits) else {
            return false;
        };
        alarm
            .alarm_configuration_updated_timestamp
            .is_none_or(|put| {
                let age = self.event.place.world.snapshot.now.duration_since(put);
                age < SignedDuration::from_secs(minutes.saturating_mul(60))
            })
    }
}
