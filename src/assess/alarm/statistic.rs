//! The statistics of a metric over the samples of one period.

/// A statistic of an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Statistic {
    Sum,
    Average,
    Minimum,
    Maximum,
    SampleCount,
    /// A percentile, or a mean or sum that leaves out the extremes: of equal samples their value (their sum).
    Percentile,
    TrimmedMean,
    TrimmedSum,
    TrimmedCount,
}

impl Statistic {
    /// Reads `Sum`, `p99`, `tm90`, `TM(10%:90%)`, ...; none for a statistic that one sample does not decide.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let of_extremes = |prefix: &str| {
            lower
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '('))
        };
        match lower.as_str() {
            "sum" => Some(Self::Sum),
            "average" => Some(Self::Average),
            "minimum" => Some(Self::Minimum),
            "maximum" => Some(Self::Maximum),
            "samplecount" => Some(Self::SampleCount),
            _ if of_extremes("p") => Some(Self::Percentile),
            _ if of_extremes("tm") || of_extremes("wm") => Some(Self::TrimmedMean),
            _ if of_extremes("ts") => Some(Self::TrimmedSum),
            _ if of_extremes("tc") => Some(Self::TrimmedCount),
            _ => None,
        }
    }

    /// The value over samples; none where there are no samples or where their spread leaves it open.
    pub(super) fn of(self, samples: &[f64]) -> Option<f64> {
        let first = *samples.first()?;
        let count = u32::try_from(samples.len()).map_or(f64::INFINITY, f64::from);
        let sum: f64 = samples.iter().sum();
        let equal = samples
            .iter()
            .all(|sample| (sample - first).abs() < f64::EPSILON);
        match self {
            Self::Sum => Some(sum),
            Self::Average => Some(sum / count),
            Self::Minimum => Some(samples.iter().copied().fold(first, f64::min)),
            Self::Maximum => Some(samples.iter().copied().fold(first, f64::max)),
            Self::SampleCount => Some(count),
            Self::Percentile | Self::TrimmedMean => equal.then_some(first),
            Self::TrimmedSum => (samples.len() == 1).then_some(first),
            Self::TrimmedCount => (samples.len() == 1).then_some(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_a_single_sample_are_its_value() {
        for name in [
            "Sum",
            "Average",
            "Minimum",
            "Maximum",
            "p99",
            "p99.9",
            "tm90",
            "TM(10%:90%)",
            "ts95",
        ] {
            assert_eq!(
                Statistic::parse(name).and_then(|one| one.of(&[3.0])),
                Some(3.0),
                "{name}"
            );
        }
        assert_eq!(
            Statistic::parse("SampleCount").and_then(|one| one.of(&[3.0])),
            Some(1.0)
        );
        assert_eq!(
            Statistic::parse("tc90").and_then(|one| one.of(&[3.0])),
            Some(1.0)
        );
    }

    #[test]
    fn spread_leaves_percentiles_open() {
        assert_eq!(Statistic::Percentile.of(&[0.0, 1.0]), None);
        assert_eq!(Statistic::Average.of(&[0.0, 1.0]), Some(0.5));
        assert_eq!(Statistic::Sum.of(&[]), None);
    }

    #[test]
    fn ranks_and_quartile_means_are_not_decided() {
        for name in ["PR(100:2000)", "IQM", "", "median", "p"] {
            assert_eq!(Statistic::parse(name), None, "{name}");
        }
    }
}
