use std::time::Duration;

#[cfg(test)]
use crate::mutant::{Mutant, planted};

/// Waits that double from a floor to a ceiling, each with jitter so that many daemons do not call in step.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    floor: Duration,
    ceiling: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(floor: Duration, ceiling: Duration) -> Self {
        Self {
            floor,
            ceiling,
            failures: 0,
        }
    }

    /// The wait after one more failure: between half and the whole of the doubled one.
    pub(crate) fn next(&mut self, random: &mut fastrand::Rng) -> Duration {
        let doubled = self
            .floor
            .saturating_mul(1 << self.failures.min(20))
            .min(self.ceiling);
        self.failures = self.failures.saturating_add(1);
        #[cfg(test)]
        if planted(Mutant::NeverBacksOff) {
            self.failures = 0;
        }
        doubled.mul_f64(0.5 + random.f64() / 2.0)
    }

    /// After a success the next failure waits the floor again.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_ceiling_and_begin_anew_after_a_success() {
        let mut random = fastrand::Rng::with_seed(7);
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second, 10 * second);
        for expected in [1, 2, 4, 8, 10, 10] {
            let wait = backoff.next(&mut random);
            assert!(
                wait <= expected * second && wait >= expected * second / 2,
                "{wait:?}"
            );
        }
        for _ in 0..100 {
            assert!(backoff.next(&mut random) <= 10 * second);
        }
        backoff.reset();
        assert!(backoff.next(&mut random) <= second);
    }
}
