//! The statistics of a metric over the samples of one period.

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
            Self::Percentile(percent) => percentile(percent, samples, count),
            Self::TrimmedMean => equal.then_some(first),
            Self::TrimmedSum => (samples.len() == 1).then_some(first),
            Self::TrimmedCount => (samples.len() == 1).then_some(1.0),
        }
    }
}

/// The percentile, if the nearest rank and interpolation between neighbours agree on it: CloudWatch does not say which it
/// takes.
fn percentile(percent: f64, samples: &[f64], count: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let share = percent / 100.0;
    let between = share * (count - 1.0);
    let nearest = (share * count).ceil() - 1.0;
    let (low, high) = (between.floor().min(nearest), between.ceil().max(nearest));
    let mut ranked = sorted
        .iter()
        .zip(0_u32..)
        .filter(|(_, rank)| (low..=high).contains(&f64::from(*rank)))
        .map(|(sample, _)| *sample);
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
        assert_eq!(
            Statistic::Percentile(99.0).of(&[0.0, 0.0, 0.0, 0.0, 1.0]),
            None
        );
        assert_eq!(
            Statistic::Percentile(50.0).of(&[0.0, 1.0, 0.0, 0.0, 0.0]),
            Some(0.0)
        );
        assert_eq!(Statistic::Percentile(100.0).of(&[0.0, 1.0, 0.0]), Some(1.0));
        assert_eq!(Statistic::Average.of(&[0.0, 1.0]), Some(0.5));
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
