//! The statistics of a metric over the samples of one period.

/// A value, and how many samples have it; at least one.
pub(super) type Sample = (f64, u32);

/// A statistic of an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Statistic {
    Sum,
    Average,
    Minimum,
    Maximum,
    SampleCount,
    /// A percentile, 0 to 100.
    Percentile(f64),
    /// A mean, sum or count that leaves out the extremes.
    TrimmedMean,
    TrimmedSum,
    TrimmedCount,
}

impl Statistic {
    /// Reads `Sum`, `p99`, `tm90`, `TM(10%:90%)`, ...; none for a statistic that one sample does not decide.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        // Bounds in percent always keep a single sample; bounds in values, such as TM(150:1000), may leave it out.
        let of_extremes = |prefix: &str| {
            lower.strip_prefix(prefix).is_some_and(|rest| {
                rest.starts_with(|c: char| c.is_ascii_digit())
                    || (rest.starts_with('(') && rest.contains('%'))
            })
        };
        match lower.as_str() {
            "sum" => Some(Self::Sum),
            "average" => Some(Self::Average),
            "minimum" => Some(Self::Minimum),
            "maximum" => Some(Self::Maximum),
            "samplecount" => Some(Self::SampleCount),
            _ if of_extremes("p") => lower
                .strip_prefix('p')?
                .parse()
                .ok()
                .filter(|percent| (0.0..=100.0).contains(percent))
                .map(Self::Percentile),
            _ if of_extremes("tm") || of_extremes("wm") => Some(Self::TrimmedMean),
            _ if of_extremes("ts") => Some(Self::TrimmedSum),
            _ if of_extremes("tc") => Some(Self::TrimmedCount),
            _ => None,
        }
    }

    /// The value over samples; none where there are no samples or where their spread leaves it open.
    pub(super) fn of(self, samples: &[Sample]) -> Option<f64> {
        let (first, _) = *samples.first()?;
        let count: f64 = samples.iter().map(|(_, count)| f64::from(*count)).sum();
        let sum: f64 = samples
            .iter()
            .map(|(value, count)| value * f64::from(*count))
            .sum();
        let values = || samples.iter().map(|(value, _)| *value);
        let is_single = matches!(samples, [(_, 1)]);
        let equal = values().all(|value| (value - first).abs() < f64::EPSILON);
        match self {
            Self::Sum => Some(sum),
            Self::Average => Some(sum / count),
            Self::Minimum => Some(values().fold(first, f64::min)),
            Self::Maximum => Some(values().fold(first, f64::max)),
            Self::SampleCount => Some(count),
            Self::Percentile(percent) => percentile(percent, samples, count),
            Self::TrimmedMean => equal.then_some(first),
            Self::TrimmedSum => is_single.then_some(first),
            Self::TrimmedCount => is_single.then_some(1.0),
        }
    }
}

/// The percentile, if the nearest rank and interpolation between neighbours agree on it: CloudWatch does not say which it
/// takes.
fn percentile(percent: f64, samples: &[Sample], count: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let share = percent / 100.0;
    let between = share * (count - 1.0);
    let nearest = (share * count).ceil() - 1.0;
    let (low, high) = (between.floor().min(nearest), between.ceil().max(nearest));
    let mut before = 0.0;
    let mut ranked = sorted.into_iter().filter_map(|(value, count)| {
        let ranks = (before, before + f64::from(count) - 1.0);
        before = ranks.1 + 1.0;
        (ranks.0 <= high && ranks.1 >= low).then_some(value)
    });
    let first = ranked.next()?;
    ranked
        .all(|other| (other - first).abs() < f64::EPSILON)
        .then_some(first)
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
                Statistic::parse(name).and_then(|one| one.of(&[(3.0, 1)])),
                Some(3.0),
                "{name}"
            );
        }
        assert_eq!(
            Statistic::parse("SampleCount").and_then(|one| one.of(&[(3.0, 1)])),
            Some(1.0)
        );
        assert_eq!(
            Statistic::parse("tc90").and_then(|one| one.of(&[(3.0, 1)])),
            Some(1.0)
        );
    }

    #[test]
    fn spread_leaves_percentiles_open() {
        assert_eq!(Statistic::Percentile(99.0).of(&[(0.0, 4), (1.0, 1)]), None);
        assert_eq!(
            Statistic::Percentile(50.0).of(&[(0.0, 1), (1.0, 1), (0.0, 3)]),
            Some(0.0)
        );
        assert_eq!(
            Statistic::Percentile(100.0).of(&[(0.0, 1), (1.0, 1), (0.0, 1)]),
            Some(1.0)
        );
        assert_eq!(Statistic::Average.of(&[(0.0, 1), (1.0, 1)]), Some(0.5));
        assert_eq!(Statistic::Sum.of(&[]), None);
    }

    #[test]
    fn ranks_and_quartile_means_are_not_decided() {
        for name in [
            "p101",
            "PR(100:2000)",
            "TM(5:10)",
            "TC(5:)",
            "IQM",
            "",
            "median",
            "p",
        ] {
            assert_eq!(Statistic::parse(name), None, "{name}");
        }
    }
}
