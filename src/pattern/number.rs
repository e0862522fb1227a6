//! Numbers: those that a pattern writes, and those of an event.
//!
//! An event's integer is exact and its text is as written. Anything with a fraction or an exponent becomes a double
//! first: `1e-999` is 0.0 and `1e309` is no number to compare with. Its text is what Java prints; outside the range
//! that Java prints without an exponent the text is not settled, so that every plausible spelling is asked.

use super::answer::{Match, Reason};
use super::decimal::Decimal;
use super::syntax::{Comparison, Operand, Order};

/// An unquoted number of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NumberLiteral {
    text: String,
    value: Decimal,
}

/// Why a text is not an unquoted number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotANumber {
    /// It does not have the form of one.
    Form,
    /// The exponent does not fit 32 bits.
    Exponent,
}

impl NumberLiteral {
    pub(crate) fn parse(text: &str) -> Result<Self, NotANumber> {
        // The form is checked with the exponent's size set aside: an enormous one is a fault of its own.
        let exponent = text.split_once(['e', 'E']).map(|(_, exponent)| exponent);
        if let Some(exponent) = exponent {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let significant = digits.trim_start_matches('0');
            let mantissa = text
                .get(..text.len() - exponent.len() - 1)
                .unwrap_or_default();
            let well_formed = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if !well_formed || Decimal::parse(mantissa).is_none() {
                return Err(NotANumber::Form);
            }
            if significant.len() > 10 || significant.parse::<u64>().is_ok_and(|e| e > 0x7fff_ffff) {
                return Err(NotANumber::Exponent);
            }
        }
        let value = Decimal::parse(text).ok_or(NotANumber::Form)?;
        Ok(Self {
            text: text.to_owned(),
            value,
        })
    }

    /// The number as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn value(&self) -> &Decimal {
        &self.value
    }
}

impl Order {
    /// What holds of two numbers if this does not.
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// Whether `left op right` holds.
    pub(crate) fn holds(self, left: &Decimal, right: &Decimal) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// A number of an event, with every reading of its value and of its text that is left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventNumber {
    /// `None`: beyond a double, comparable with no number.
    values: Vec<Option<Decimal>>,
    texts: Vec<String>,
}

/// Integers with more digits than the largest double: exact, or beyond a double.
const DOUBLE_DIGITS: usize = 308;
/// The longest plain spelling of a double.
pub(super) const PLAIN_LIMIT: usize = 400;

impl EventNumber {
    /// From the text of a JSON number.
    pub(crate) fn new(text: &str) -> Self {
        if text.contains(['.', 'e', 'E']) {
            Self::double(text)
        } else {
            Self::integer(text)
        }
    }

    fn integer(text: &str) -> Self {
        let mut values = vec![Some(Decimal::parse(text).unwrap_or_else(Decimal::zero))];
        if text.len() > DOUBLE_DIGITS {
            values.push(None);
        }
        let mut texts = vec![text.to_owned()];
        if text == "-0" {
            texts.push("0".to_owned());
        }
        Self { values, texts }
    }

    fn double(text: &str) -> Self {
        let double: f64 = text.parse().unwrap_or(f64::NAN);
        if !double.is_finite() {
            let sign = if text.starts_with('-') { "-" } else { "" };
            let texts = ["Infinity", "INF", "∞"].map(|name| format!("{sign}{name}"));
            return Self {
                values: vec![None],
                texts: texts.to_vec(),
            };
        }
        // Rust prints the shortest text that reads back as the same double.
        let scientific = format!("{double:e}");
        let value = Decimal::parse(&scientific).unwrap_or_else(Decimal::zero);
        let magnitude = double.abs();
        let texts = if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
            vec![format!("{double:?}")]
        } else {
            spellings(text, &scientific, &value)
        };
        Self {
            values: vec![Some(value)],
            texts,
        }
    }

    /// The number under each combination of readings.
    pub(crate) fn readings(&self) -> impl Iterator<Item = Self> {
        self.values.iter().flat_map(|value| {
            self.texts.iter().map(|text| Self {
                values: vec![value.clone()],
                texts: vec![text.clone()],
            })
        })
    }

    /// Whether the comparison holds for this number.
    pub(crate) fn fit(&self, comparison: &Comparison) -> Match {
        match comparison {
            Comparison::Is(operand) => self.equals(operand),
            Comparison::IsNot(operand) => self.differs(operand),
            Comparison::Order(order, literal) => self.is_ordered(*order, literal),
        }
    }

    pub(crate) fn equals(&self, operand: &Operand) -> Match {
        match operand {
            Operand::Number(literal) => self.by_value(|value| value == Some(literal.value())),
            Operand::Text(text) => self.by_text(|spelling| text.fit(spelling)),
            Operand::Regex(regex) => self.by_text(|spelling| regex.fit(spelling)),
        }
    }

    /// `!=`: not with a number that has no comparable value.
    pub(crate) fn differs(&self, operand: &Operand) -> Match {
        match operand {
            Operand::Number(literal) => {
                self.by_value(|value| value.is_some_and(|value| value != literal.value()))
            }
            _ => self.equals(operand).not(),
        }
    }

    pub(crate) fn is_ordered(&self, order: Order, literal: &NumberLiteral) -> Match {
        self.by_value(|value| value.is_some_and(|value| order.holds(value, literal.value())))
    }

    fn by_value(&self, test: impl Fn(Option<&Decimal>) -> bool) -> Match {
        let certain = self.values.iter().all(|value| test(value.as_ref()));
        let possible = self.values.iter().any(|value| test(value.as_ref()));
        Match::of(certain, possible, Reason::NumberSize)
    }

    fn by_text(&self, test: impl Fn(&str) -> Match) -> Match {
        let mut fits = self.texts.iter().map(|spelling| test(spelling));
        let first = fits.next().unwrap_or(Match::No);
        if fits.all(|fit| fit == first) {
            first
        } else {
            Match::Undecided(Reason::NumberText)
        }
    }
}

/// How a double outside the plain range may be printed: as Java does, without an exponent, or as written.
fn spellings(written: &str, scientific: &str, value: &Decimal) -> Vec<String> {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let long = if mantissa.contains('.') {
        mantissa.to_owned()
    } else {
        format!("{mantissa}.0")
    };
    let mut texts = vec![format!("{long}E{exponent}"), written.to_owned()];
    let shortest = [(mantissa, exponent), (long.as_str(), exponent)];
    // What is read of an event does not tell how the letter was written, and whether there was a `+`.
    for (m, e) in shortest.into_iter().chain(written.split_once(['e', 'E'])) {
        let e = e.strip_prefix('+').unwrap_or(e);
        let plus = if e.starts_with('-') { "" } else { "+" };
        for letter in ['E', 'e'] {
            texts.push(format!("{m}{letter}{e}"));
            texts.push(format!("{m}{letter}{plus}{e}"));
        }
    }
    if let Some(plain) = value.to_plain(PLAIN_LIMIT) {
        if !plain.contains('.') {
            texts.push(format!("{plain}.0"));
        }
        texts.push(plain);
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::text::TextPattern;

    fn number(text: &str) -> Operand {
        Operand::Number(NumberLiteral::parse(text).unwrap())
    }

    fn word(text: &str) -> Operand {
        Operand::Text(TextPattern::new(text))
    }

    fn is(event: &str, operand: Operand) -> Match {
        EventNumber::new(event).fit(&Comparison::Is(operand))
    }

    #[test]
    fn values_compare_exactly_after_the_double_of_a_fraction() {
        assert_eq!(is("1e0", number("1.0")), Match::Yes);
        assert_eq!(
            is("9007199254740993", number("9007199254740993")),
            Match::Yes
        );
        assert_eq!(
            is("9007199254740993", number("9007199254740992")),
            Match::No
        );
        assert_eq!(is("1e-999", number("0")), Match::Yes);
        assert_eq!(is("1e-999", number("1e-999")), Match::No);
        assert_eq!(is("0.1", number("0.10")), Match::Yes);
    }

    #[test]
    fn number_beyond_a_double_compares_with_no_number() {
        let huge = EventNumber::new("1e309");
        assert_eq!(huge.fit(&Comparison::IsNot(number("1"))), Match::No);
        assert_eq!(huge.fit(&Comparison::IsNot(word("foo"))), Match::Yes);
        assert_eq!(huge.fit(&Comparison::Is(word("*"))), Match::Yes);
        let order = Comparison::Order(Order::Greater, NumberLiteral::parse("0").unwrap());
        assert_eq!(huge.fit(&order), Match::No);
    }

    #[test]
    fn text_of_a_fraction_is_what_java_prints() {
        assert_eq!(is("1.0", word("1")), Match::No);
        assert_eq!(is("1e0", word("1.0")), Match::Yes);
        assert_eq!(is("1e3", word("1000.0")), Match::Yes);
        assert_eq!(is("12.340", word("*.34")), Match::Yes);
        assert_eq!(is("-0.0", word("-0.0")), Match::Yes);
    }

    #[test]
    fn text_of_a_large_exponent_is_left_open_where_it_decides() {
        assert_eq!(
            is("1e10", word("1.0E10")),
            Match::Undecided(Reason::NumberText)
        );
        let read: serde_json::Number = serde_json::from_str("10E9").unwrap();
        for written in ["10E9", "10e9", "10e+9"] {
            assert_eq!(
                is(&read.to_string(), word(written)),
                Match::Undecided(Reason::NumberText)
            );
        }
        assert_eq!(is("1e10", word("foo")), Match::No);
        assert_eq!(is("1e10", word("1*")), Match::Yes);
    }

    #[test]
    fn exponent_beyond_32_bits_is_no_literal() {
        assert_eq!(
            NumberLiteral::parse("1e2147483648"),
            Err(NotANumber::Exponent)
        );
        assert_eq!(
            NumberLiteral::parse("1e99999999999999999999"),
            Err(NotANumber::Exponent)
        );
        assert!(NumberLiteral::parse("1e2147483647").is_ok());
        assert_eq!(NumberLiteral::parse("1e"), Err(NotANumber::Form));
        assert_eq!(NumberLiteral::parse("1.2.3"), Err(NotANumber::Form));
        assert_eq!(
            NumberLiteral::parse("1.2.3e99999999999"),
            Err(NotANumber::Form)
        );
    }
}
