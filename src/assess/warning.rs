//! What a person should know although the verdict stands.

use serde::Serialize;

/// Something that does not change the verdict and that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What it is about.
    pub code: WarningCode,
    /// The sentence for people.
    pub message: String,
}

/// What a warning is about. The names are stable, and listed in docs/formats.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// The trail is young and has not delivered to its log group yet.
    DeliveryUnproven,
    /// The trail has not delivered for long, and perhaps had nothing to deliver.
    DeliveryOld,
    /// A data-protection policy masks what AWS defines in the records.
    MaskedRecords,
    /// The metric filter catches more than the control asks for.
    NoisyPattern,
    /// No benchmark prescribes the pattern that the chain satisfies.
    AcceptedPattern,
    /// A text that versions of the benchmark prescribe is not asked for.
    PrescribedTextCannotWork,
    /// The alarm is in ALARM and tells nobody of what comes next.
    InAlarm,
    /// The alarm will notify once and never again.
    WillLatch,
    /// One event is not all the data points that the alarm wants.
    NeedsMissingData,
    /// The alarm is evaluated more often than its metric is written.
    SubMinutePeriod,
    /// A mute rule silences the alarm at other times.
    MuteScheduled,
    /// Another alarm can hold back the actions.
    Suppressor,
    /// The topic also notifies somebody whom the configuration does not name.
    UnexpectedSubscription,
}

impl WarningCode {
    /// Every code.
    pub const ALL: [Self; 13] = [
        Self::DeliveryUnproven,
        Self::DeliveryOld,
        Self::MaskedRecords,
        Self::NoisyPattern,
        Self::AcceptedPattern,
        Self::PrescribedTextCannotWork,
        Self::InAlarm,
        Self::WillLatch,
        Self::NeedsMissingData,
        Self::SubMinutePeriod,
        Self::MuteScheduled,
        Self::Suppressor,
        Self::UnexpectedSubscription,
    ];

    /// The name used in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeliveryUnproven => "delivery_unproven",
            Self::DeliveryOld => "delivery_old",
            Self::MaskedRecords => "masked_records",
            Self::NoisyPattern => "noisy_pattern",
            Self::AcceptedPattern => "accepted_pattern",
            Self::PrescribedTextCannotWork => "prescribed_text_cannot_work",
            Self::InAlarm => "in_alarm",
            Self::WillLatch => "will_latch",
            Self::NeedsMissingData => "needs_missing_data",
            Self::SubMinutePeriod => "sub_minute_period",
            Self::MuteScheduled => "mute_scheduled",
            Self::Suppressor => "suppressor",
            Self::UnexpectedSubscription => "unexpected_subscription",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_code_is_documented_and_no_other() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md");
        let page = std::fs::read_to_string(page).unwrap();
        let (_, table) = page.split_once("| `code` |").unwrap();
        let (table, _) = table.split_once("\n\n").unwrap();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
        let listed: Vec<&str> = rows
            .filter_map(|row| Some(row.split_once('`')?.0))
            .collect();
        assert_eq!(listed, WarningCode::ALL.map(WarningCode::name));
    }

    #[test]
    fn json_has_the_same_names() {
        for code in WarningCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }
}
