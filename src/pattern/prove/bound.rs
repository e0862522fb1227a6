//! Compares the plain spelling of a number with a bound, digit by digit.

use super::machine::State;
use crate::pattern::decimal::Decimal;
use crate::pattern::number::PLAIN_LIMIT;
use crate::pattern::syntax::Order;
use std::cmp::Ordering;

/// `spelling op bound`, for spellings without exponent and without leading zeros.
pub(super) struct Bound {
    order: Order,
    negative: bool,
    whole: Vec<char>,
    fraction: Vec<char>,
}

/// What was read so far.
#[derive(Clone, Copy)]
struct Progress {
    negative: bool,
    /// Some digit is not zero.
    nonzero: bool,
    in_fraction: bool,
    /// How the digits read compare with as many of the bound's.
    so_far: Ordering,
    /// How many digits of the part were read, up to one more than the bound has.
    digits: usize,
}

impl Bound {
    pub(super) fn new(order: Order, bound: &Decimal) -> Option<Self> {
        let (whole, fraction) = bound.plain_parts(PLAIN_LIMIT)?;
        Some(Self {
            order,
            negative: bound.is_negative(),
            whole: whole.chars().collect(),
            fraction: fraction.chars().collect(),
        })
    }

    pub(super) fn start() -> State {
        Progress {
            negative: false,
            nonzero: false,
            in_fraction: false,
            so_far: Ordering::Equal,
            digits: 0,
        }
        .pack()
    }

    pub(super) fn step(&self, flags: u32, digits: u32, c: char) -> State {
        let mut progress = Progress::unpack(flags, digits);
        match c {
            '-' => progress.negative = true,
            '.' => {
                progress.so_far = progress.whole_ordering(self);
                progress.in_fraction = true;
                progress.digits = 0;
            }
            '0'..='9' => {
                progress.nonzero |= c != '0';
                let part = if progress.in_fraction {
                    &self.fraction
                } else {
                    &self.whole
                };
                // Beyond its end a fraction goes on in zeros; a whole part is shorter, which its end decides.
                let theirs = part.get(progress.digits).copied().unwrap_or('0');
                if progress.so_far == Ordering::Equal {
                    progress.so_far = c.cmp(&theirs);
                }
                progress.digits = (progress.digits + 1).min(part.len() + 1);
            }
            _ => return State::Out,
        }
        progress.pack()
    }

    pub(super) fn ends(&self, flags: u32, digits: u32) -> bool {
        let progress = Progress::unpack(flags, digits);
        let magnitude = if progress.in_fraction {
            let rest = self.fraction.get(progress.digits..).unwrap_or_default();
            progress.so_far.then(zero_against(rest))
        } else {
            progress
                .whole_ordering(self)
                .then(zero_against(&self.fraction))
        };
        let bound_is_zero = self
            .whole
            .iter()
            .chain(&self.fraction)
            .all(|&digit| digit == '0');
        let ours = sign(progress.negative, progress.nonzero);
        let theirs = sign(self.negative, !bound_is_zero);
        let ordering = ours.cmp(&theirs).then(match ours {
            0 => Ordering::Equal,
            1 => magnitude,
            _ => magnitude.reverse(),
        });
        match self.order {
            Order::Less => ordering.is_lt(),
            Order::LessOrEqual => ordering.is_le(),
            Order::Greater => ordering.is_gt(),
            Order::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

fn sign(negative: bool, nonzero: bool) -> i8 {
    match (nonzero, negative) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => -1,
    }
}

/// Nothing more against these digits.
fn zero_against(rest: &[char]) -> Ordering {
    if rest.iter().all(|&digit| digit == '0') {
        Ordering::Equal
    } else {
        Ordering::Less
    }
}

impl Progress {
    /// More digits before the point are more.
    fn whole_ordering(self, bound: &Bound) -> Ordering {
        self.digits.cmp(&bound.whole.len()).then(self.so_far)
    }

    fn pack(self) -> State {
        let ordering = match self.so_far {
            Ordering::Less => 0,
            Ordering::Equal => 1,
            Ordering::Greater => 2,
        };
        let flags = u32::from(self.negative)
            | u32::from(self.nonzero) << 1
            | u32::from(self.in_fraction) << 2
            | ordering << 3;
        State::At(flags, u32::try_from(self.digits).unwrap_or(u32::MAX))
    }

    fn unpack(flags: u32, digits: u32) -> Self {
        Self {
            negative: flags & 1 != 0,
            nonzero: flags & 2 != 0,
            in_fraction: flags & 4 != 0,
            so_far: match flags >> 3 {
                0 => Ordering::Less,
                1 => Ordering::Equal,
                _ => Ordering::Greater,
            },
            digits: digits as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(order: Order, bound: &str, text: &str) -> bool {
        let bound = Bound::new(order, &Decimal::parse(bound).unwrap()).unwrap();
        let end = text.chars().fold(Bound::start(), |state, c| match state {
            State::At(flags, digits) => bound.step(flags, digits, c),
            other => other,
        });
        matches!(end, State::At(flags, digits) if bound.ends(flags, digits))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn digits_compare_as_values_do(
            bound in "-?(0|[1-3][0-3]{0,2})(\\.[0-3]{1,3})?",
            text in "-?(0|[1-3][0-3]{0,2})(\\.[0-3]{1,3})?",
        ) {
            let (a, b) = (Decimal::parse(&text).unwrap(), Decimal::parse(&bound).unwrap());
            for order in [Order::Less, Order::LessOrEqual, Order::Greater, Order::GreaterOrEqual] {
                prop_assert_eq!(holds(order, &bound, &text), order.holds(&a, &b));
            }
        }
    }
}
