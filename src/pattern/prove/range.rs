//! The values that facts about values leave to a number.

use crate::pattern::number::PLAIN_LIMIT;
use std::cmp::Ordering;

use super::check::Check;
use crate::pattern::decimal::Decimal;
use crate::pattern::syntax::{Operand, Order};

/// An interval of decimals without some points.
#[derive(Debug, Default)]
pub(super) struct Range {
    /// The bound, and whether it is part of the range.
    low: Option<(Decimal, bool)>,
    high: Option<(Decimal, bool)>,
    pinned: Vec<Decimal>,
    excluded: Vec<Decimal>,
}

/// Most samples.
const MAX_SAMPLES: usize = 64;

impl Range {
    /// What the facts say of a number within a double.
    pub(super) fn of(facts: &[(Check<'_>, bool)]) -> Self {
        let mut range = Self::default();
        for (check, holds) in facts {
            match (check, holds) {
                (Check::Equals(Operand::Number(number)), true)
                | (Check::Differs(Operand::Number(number)), false) => {
                    range.pinned.push(number.value().clone());
                }
                (Check::Equals(Operand::Number(number)), false)
                | (Check::Differs(Operand::Number(number)), true) => {
                    range.excluded.push(number.value().clone());
                }
                (Check::Order(order, number), holds) => {
                    range.bound(
                        if *holds { *order } else { order.opposite() },
                        number.value(),
                    );
                }
                _ => {}
            }
        }
        range
    }

    fn bound(&mut self, order: Order, value: &Decimal) {
        let inclusive = matches!(order, Order::LessOrEqual | Order::GreaterOrEqual);
        let (slot, upper) = match order {
            Order::Less | Order::LessOrEqual => (&mut self.high, true),
            Order::Greater | Order::GreaterOrEqual => (&mut self.low, false),
        };
        let tighter = match slot {
            None => true,
            Some((known, _)) if upper => value < known,
            Some((known, _)) => value > known,
        };
        if tighter {
            *slot = Some((value.clone(), inclusive));
        } else if let Some((known, known_inclusive)) = slot
            && known == value
        {
            *known_inclusive &= inclusive;
        }
    }

    pub(super) fn is_pinned(&self) -> bool {
        !self.pinned.is_empty()
    }

    /// Whether it is one value, an integer that has no plain spelling within the limit.
    pub(super) fn is_pinned_beyond(&self, limit: usize) -> bool {
        let is_beyond = |value: &Decimal| {
            let size = if value.is_negative() {
                value.negated()
            } else {
                value.clone()
            };
            size > Decimal::one() && value.to_plain(limit).is_none()
        };
        !self.is_empty() && self.pinned.first().is_some_and(is_beyond)
    }

    pub(super) fn excluded(&self) -> &[Decimal] {
        &self.excluded
    }

    pub(super) fn bounds(&self) -> impl Iterator<Item = (Order, &Decimal)> {
        let low = self.low.as_ref().map(|(value, inclusive)| {
            (
                if *inclusive {
                    Order::GreaterOrEqual
                } else {
                    Order::Greater
                },
                value,
            )
        });
        let high = self.high.as_ref().map(|(value, inclusive)| {
            (
                if *inclusive {
                    Order::LessOrEqual
                } else {
                    Order::Less
                },
                value,
            )
        });
        low.into_iter().chain(high)
    }

    fn contains(&self, value: &Decimal) -> bool {
        self.bounds()
            .all(|(order, bound)| order.holds(value, bound))
            && !self.excluded.contains(value)
            && self.pinned.iter().all(|pinned| pinned == value)
    }

    /// Whether no decimal is left. Between two decimals there is always another one.
    pub(super) fn is_empty(&self) -> bool {
        if let Some(pinned) = self.pinned.first() {
            return !self.contains(pinned);
        }
        match (&self.low, &self.high) {
            (Some((low, _)), Some((high, _))) if low > high => true,
            (Some((low, _)), Some((high, _))) if low == high => !self.contains(low),
            _ => false,
        }
    }

    /// Whether every value but zero is negative, or positive.
    pub(super) fn is_negative(&self) -> Option<bool> {
        let zero = Decimal::zero();
        let reaches = |bound: &Option<(Decimal, bool)>, beyond| {
            bound
                .as_ref()
                .is_none_or(|(value, _)| value.cmp(&zero) == beyond)
        };
        if !reaches(&self.high, Ordering::Greater) {
            return Some(true);
        }
        (!reaches(&self.low, Ordering::Less)).then_some(false)
    }

    /// Whether there may be doubles in the range that print with an exponent: below a thousandth, from ten million.
    pub(super) fn reaches_exotic(&self) -> bool {
        let Some(large) = Decimal::parse("10000000") else {
            return true;
        };
        let above = |bound: &Option<(Decimal, bool)>, limit: &Decimal| {
            bound.as_ref().is_none_or(|(value, _)| value >= limit)
        };
        let below = |bound: &Option<(Decimal, bool)>, limit: &Decimal| {
            bound.as_ref().is_none_or(|(value, _)| value <= limit)
        };
        let (Some(small), Some(minus_small)) = (Decimal::parse("0.001"), Decimal::parse("-0.001"))
        else {
            return true;
        };
        let around_zero = below(&self.low, &small) && above(&self.high, &minus_small);
        above(&self.high, &large) || below(&self.low, &large.negated()) || around_zero
    }

    /// Some values of the range, spelled plainly; at least one if there is any that is not too long.
    pub(super) fn samples(&self) -> Vec<String> {
        let wanted = (self.excluded.len() + 2).min(MAX_SAMPLES);
        let zero = Decimal::zero();
        let spread = match (&self.low, &self.high) {
            (None, None) => (0..wanted).map(|n| n.to_string()).collect(),
            (Some((low, _)), high) if *low >= zero => {
                between(low, high.as_ref().map(|(value, _)| value), wanted, "")
            }
            (low, Some((high, _))) if *high <= zero => {
                let low = low.as_ref().map(|(value, _)| value.negated());
                between(&high.negated(), low.as_ref(), wanted, "-")
            }
            // Zero is inside.
            (_, high) => between(&zero, high.as_ref().map(|(value, _)| value), wanted, ""),
        };
        spread.into_iter().chain(Some("0".to_owned())).collect()
    }
}

/// Values above `low >= 0`, which is included, and below `high`; with a sign put in front.
fn between(low: &Decimal, high: Option<&Decimal>, wanted: usize, sign: &str) -> Vec<String> {
    let Some((whole, fraction)) = low.plain_parts(PLAIN_LIMIT) else {
        return Vec::new();
    };
    let plain = |whole: &str, fraction: &str| {
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    };
    let mut values = vec![plain(&whole, &fraction)];
    // Integers read best.
    if let Ok(first) = whole.parse::<u64>() {
        values.extend((1..=wanted as u64).map(|n| plain(&first.saturating_add(n).to_string(), "")));
    }
    // Digits after the last one of both bounds stay between them.
    let longest = high
        .and_then(|high| high.plain_parts(PLAIN_LIMIT))
        .map_or(0, |(_, f)| f.len());
    let padding = "0".repeat(longest.saturating_sub(fraction.len()));
    for n in 1..=wanted {
        values.push(plain(
            &whole,
            &format!("{fraction}{padding}{}", "1".repeat(n)),
        ));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(low: Option<(&str, bool)>, high: Option<(&str, bool)>) -> Range {
        let bound = |b: Option<(&str, bool)>| b.map(|(t, i)| (Decimal::parse(t).unwrap(), i));
        Range {
            low: bound(low),
            high: bound(high),
            ..Range::default()
        }
    }

    proptest! {
        #[test]
        fn range_that_is_not_empty_has_a_sample(
            low in proptest::option::of("-?[0-2](\\.[0-2]{1,3})?"),
            high in proptest::option::of("-?[0-2](\\.[0-2]{1,3})?"),
            inclusive in any::<(bool, bool)>(),
            excluded in proptest::collection::vec("-?[0-2](\\.[0-2])?", 0..4),
        ) {
            let mut range = range(
                low.as_deref().map(|low| (low, inclusive.0)),
                high.as_deref().map(|high| (high, inclusive.1)),
            );
            range.excluded = excluded.iter().map(|text| Decimal::parse(text).unwrap()).collect();
            let samples = range.samples();
            let found = samples.iter().any(|text| range.contains(&Decimal::parse(text).unwrap()));
            prop_assert_eq!(found, !range.is_empty(), "{:?} {:?}", range, samples);
        }
    }

    #[test]
    fn exotic_doubles_are_small_or_large() {
        assert!(!range(Some(("400", true)), Some(("500", false))).reaches_exotic());
        assert!(range(Some(("400", true)), None).reaches_exotic());
        assert!(range(Some(("0", true)), Some(("1", true))).reaches_exotic());
        assert!(!range(Some(("0.5", true)), Some(("1", true))).reaches_exotic());
        assert!(range(None, Some(("-5", true))).reaches_exotic());
    }
}
