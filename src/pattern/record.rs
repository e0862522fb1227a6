//! How CloudTrail writes the fields of its records, as far as filters ask for it ("CloudTrail record contents" of its user
//! guide).

use std::sync::LazyLock;

use super::regex::Regex;
use super::syntax::Operand;

/// How the text of a field is written.
///
/// Told without `$` and with what must not be there, so that no proof rests on how the service reads an expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Form {
    has: Vec<Operand>,
    lacks: Vec<Operand>,
    /// Whether only so many texts have it that to leave out some of them says nothing.
    is_few: bool,
}

impl Form {
    /// What a text of this form matches (true), and what it does not.
    pub(crate) fn wishes(&self) -> impl Iterator<Item = (&Operand, bool)> {
        let has = self.has.iter().map(|operand| (operand, true));
        has.chain(self.lacks.iter().map(|operand| (operand, false)))
    }

    pub(crate) const fn is_few(&self) -> bool {
        self.is_few
    }
}

/// The form of a field; none where nothing is known of it.
pub(crate) fn form(field: &str) -> Option<&'static Form> {
    let mut known = FORMS.iter();
    known.find(|(name, _)| *name == field).map(|(_, form)| form)
}

static FORMS: LazyLock<Vec<(&'static str, Form)>> = LazyLock::new(|| {
    let form = |has: &[&str], lacks: &[&str], is_few| {
        let operands = |texts: &[&str]| {
            let parsed = texts.iter().filter_map(|text| Regex::parse(text, 0).ok());
            parsed.map(Operand::Regex).collect()
        };
        Form {
            has: operands(has),
            lacks: operands(lacks),
            is_few,
        }
    };
    vec![
        // "s3.amazonaws.com": the service's name without spaces, and always this end.
        (
            "eventSource",
            form(
                &["^[a-zA-Z0-9]", "\\.amazonaws\\.com"],
                &["[^a-zA-Z0-9.\\-]", "amazonaws\\.com[a-zA-Z0-9.\\-]"],
                false,
            ),
        ),
        (
            "awsRegion",
            form(
                &["^[a-z]+-[a-z\\-]*[a-z]-[0-9]"],
                &["[^a-z0-9\\-]", "[0-9][^0-9]"],
                false,
            ),
        ),
        // "2026-11-23T00:05:00Z", to the second; days that there are, none before this was written.
        (
            "eventTime",
            form(
                &["^20[2-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z"],
                &[
                    "[^0-9TZ:\\-]",
                    "Z[0-9TZ:\\-]",
                    "^202[0-5]",
                    "-00|-1[3-9]-|-3[2-9]T|-02-3|-0[469]-31|-11-31|T2[4-9]",
                ],
                true,
            ),
        ),
        // 1.02 of 2014 to 1.11 of 2024; another minor version keeps what older readers need.
        (
            "eventVersion",
            form(
                &["^1\\.0[2-9]|^1\\.1[0-9]"],
                &["[^0-9.]", "^1\\.[0-9][0-9][0-9.]"],
                true,
            ),
        ),
        (
            "recipientAccountId",
            form(&["^[0-9]{12}"], &["[^0-9]", "^[0-9]{13}"], true),
        ),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::matcher::string_equals;

    fn has_form(field: &str, text: &str) -> bool {
        let mut wishes = form(field).unwrap().wishes();
        wishes.all(|(operand, wanted)| {
            let fit = string_equals(operand, text);
            if wanted { fit.is_yes() } else { fit.is_no() }
        })
    }

    #[test]
    fn forms_hold_what_cloudtrail_writes_and_nothing_else() {
        let counts: Vec<(usize, usize)> = FORMS
            .iter()
            .map(|(_, form)| (form.has.len(), form.lacks.len()))
            .collect();
        assert_eq!(counts, [(2, 2), (1, 2), (1, 4), (1, 2), (1, 2)], "all read");
        for (field, texts) in [
            (
                "eventSource",
                &["s3.amazonaws.com", "resource-explorer-2.amazonaws.com"][..],
            ),
            (
                "awsRegion",
                &["us-east-1", "us-gov-west-1", "eusc-de-east-1", "cn-north-1"],
            ),
            (
                "eventTime",
                &[
                    "2026-11-23T00:05:00Z",
                    "2028-02-29T23:59:59Z",
                    "2031-12-31T20:00:00Z",
                ],
            ),
            ("eventVersion", &["1.02", "1.08", "1.11"]),
            ("recipientAccountId", &["111122223333"]),
        ] {
            for text in texts {
                assert!(has_form(field, text), "{field} {text}");
            }
        }
        for (field, texts) in [
            (
                "eventSource",
                &[
                    "x",
                    "amazonaws.com",
                    "s3.amazonaws.com\n",
                    "s3.amazonaws.com.cn",
                ][..],
            ),
            (
                "awsRegion",
                &["", "x", "us-east", "us-east-1a", "US-EAST-1"],
            ),
            (
                "eventTime",
                &[
                    "x",
                    "2026-13-01T00:00:00Z",
                    "2026-02-30T00:00:00Z",
                    "2026-11-23T24:00:00Z",
                    "2020-01-01T00:00:00Z",
                ],
            ),
            ("eventVersion", &["x", "1", "1.1", "1.110", "2.01"]),
            ("recipientAccountId", &["", "11112222333", "1111222233334"]),
        ] {
            for text in texts {
                assert!(!has_form(field, text), "{field} {text}");
            }
        }
    }
}
