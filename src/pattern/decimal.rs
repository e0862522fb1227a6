//! Exact decimals: numbers of a pattern are compared by value whatever their size.

use std::cmp::Ordering;

/// A decimal number, exactly: `0.digits * 10^exponent`. Zero has no digits and no sign.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    pub(crate) fn zero() -> Self {
        Self {
            negative: false,
            digits: String::new(),
            exponent: 0,
        }
    }

    pub(crate) fn one() -> Self {
        Self {
            negative: false,
            digits: "1".to_owned(),
            exponent: 1,
        }
    }

    /// Reads `[sign] digits [. digits] [e [sign] digits]`; nothing else. An exponent beyond 64 bits is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        if !is_digits(whole) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let leading = all.len() - significant.len();
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self::zero());
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        Some(Self {
            negative,
            digits,
            exponent: exponent.checked_add(point)?,
        })
    }

    pub(crate) fn is_negative(&self) -> bool {
        self.negative
    }

    pub(crate) fn negated(&self) -> Self {
        Self {
            negative: !self.negative && !self.digits.is_empty(),
            ..self.clone()
        }
    }

    /// The digits before and after the point, without sign; none if that would be longer than `limit`.
    pub(crate) fn plain_parts(&self, limit: usize) -> Option<(String, String)> {
        if self.digits.is_empty() {
            return Some(("0".to_owned(), String::new()));
        }
        let length = self.digits.len();
        let shift = usize::try_from(self.exponent.unsigned_abs()).ok()?;
        if shift > limit {
            return None;
        }
        if self.exponent <= 0 {
            return Some((
                "0".to_owned(),
                format!("{}{}", "0".repeat(shift), self.digits),
            ));
        }
        if shift >= length {
            let zeros = "0".repeat(shift - length);
            return Some((format!("{}{zeros}", self.digits), String::new()));
        }
        let (whole, fraction) = self.digits.split_at_checked(shift)?;
        Some((whole.to_owned(), fraction.to_owned()))
    }

    /// The shortest plain spelling, `-12.5`; none if it would be longer than `limit`.
    pub(crate) fn to_plain(&self, limit: usize) -> Option<String> {
        let (whole, fraction) = self.plain_parts(limit)?;
        let sign = if self.negative { "-" } else { "" };
        Some(if fraction.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        })
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // Digits start with a non-zero one, so the exponent decides, then the digits as text.
            (false, false) => self
                .exponent
                .cmp(&other.exponent)
                .then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_digits(digits) {
        return None;
    }
    // `str::parse` takes a sign itself, both kinds.
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn spellings_of_one_value_are_equal() {
        for spelling in ["1", "1.0", "1e0", "+1", "01", "0.1e1", "10e-1", "1.000E+0"] {
            assert_eq!(d(spelling), d("1"), "{spelling}");
        }
        assert_eq!(d("-0.0"), d("0"));
        assert_eq!(d("0e999"), d("0"));
    }

    #[test]
    fn order_is_that_of_the_values() {
        let sorted = [
            "-1e309", "-2", "-1.5", "-1", "-1e-999", "0", "1e-999", "0.5", "9", "10", "1e308",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(d(a).cmp(&d(b)), i.cmp(&j), "{a} {b}");
            }
        }
        assert!(d("9007199254740993") > d("9007199254740992"));
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in [
            "",
            "-",
            "1.",
            ".5",
            "1e",
            "1e+",
            "1.2.3",
            "0x1",
            "1e99999999999999999999",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn plain_spelling_has_no_exponent() {
        assert_eq!(d("1.250e1").to_plain(20).as_deref(), Some("12.5"));
        assert_eq!(d("-1e3").to_plain(20).as_deref(), Some("-1000"));
        assert_eq!(d("5e-3").to_plain(20).as_deref(), Some("0.005"));
        assert_eq!(d("1e400").to_plain(20), None);
    }
}
