//! Text from outside, made fit for people's eyes.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character acts on the reader's screen instead of being seen: control characters (C0, DEL, C1), line and
/// paragraph separators, marks and overrides of text direction, invisible joiners, spaces of no width, tags.
///
/// The list is Unicode's categories Cc, Zl and Zp, the default-ignorable ones of Cf and Mn that can hide or reorder text,
/// and the two noncharacters that XML forbids.
pub(crate) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Makes visible what would act on a terminal, a log or a page: each such character becomes its escape, as `\n`, `\t` or
/// `\u{1b}`. Every text that came from AWS or from a message goes through here before a person reads it.
///
/// ```
/// use trailwarden::telemetry::sanitize;
/// assert_eq!(sanitize("evil\u{1b}[2J\nname"), r"evil\u{1b}[2J\nname");
/// ```
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unseen(character) {
            // Writing to a String does not fail.
            let _ = match character {
                '\n' => seen.write_str(r"\n"),
                '\r' => seen.write_str(r"\r"),
                '\t' => seen.write_str(r"\t"),
                _ => write!(seen, r"\u{{{:x}}}", u32::from(character)),
            };
        } else {
            seen.push(character);
        }
    }
    Cow::Owned(seen)
}

/// The same, cut after `limit` characters of the text; what was cut is counted: `abc… (+97 characters)`.
pub fn sanitize_capped(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => sanitize(text),
        Some((end, _)) => {
            let (kept, rest) = text.split_at(end);
            let more = rest.chars().count();
            Cow::Owned(format!("{}… (+{more} characters)", sanitize(kept)))
        }
    }
}

/// A text of at most `limit` characters, its cut end marked with `…`.
pub(crate) fn fit(text: &str, limit: usize) -> String {
    if text.chars().nth(limit).is_none() {
        return text.to_owned();
    }
    let kept = text.chars().take(limit.saturating_sub(1));
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_in_any_script_is_left_alone() {
        for text in [
            "",
            "arn:aws:sns:eu-central-1:111122223333:tope",
            "Größe 名前 ✓ 🙂",
            r"a\nb",
        ] {
            assert!(matches!(sanitize(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_acts_on_a_screen_is_spelt_out() {
        let cases = [
            ("\u{1b}[31mred\u{7}", r"\u{1b}[31mred\u{7}"),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\u{9b}2J\u{7f}", r"\u{9b}2J\u{7f}"),
            ("user\u{202e}nimda\u{2066}x", r"user\u{202e}nimda\u{2066}x"),
            (
                "a\u{200b}b\u{feff}c\u{2028}d",
                r"a\u{200b}b\u{feff}c\u{2028}d",
            ),
            ("t\u{e0041}", r"t\u{e0041}"),
            ("x\u{fffe}\u{ffff}\u{fffd}", "x\\u{fffe}\\u{ffff}\u{fffd}"),
        ];
        for (hostile, seen) in cases {
            assert_eq!(sanitize(hostile), seen);
        }
    }

    #[test]
    fn a_long_text_is_cut_and_the_rest_counted() {
        assert_eq!(sanitize_capped("äöü\nß", 3), "äöü… (+2 characters)");
        assert_eq!(sanitize_capped("äöü", 3), "äöü");
    }

    proptest! {
        #[test]
        fn nothing_unseen_is_ever_left(text in any::<String>()) {
            prop_assert!(!sanitize(&text).contains(is_unseen));
        }

        #[test]
        fn a_cap_bounds_the_length(text in any::<String>(), limit in 0_usize..50) {
            // The longest escape is `\u{10ffff}`, ten characters.
            prop_assert!(sanitize_capped(&text, limit).chars().count() <= limit * 10 + 40);
        }
        #[test]
        fn a_fitted_text_fits_and_begins_as_the_whole(text in any::<String>(), limit in 1_usize..50) {
            let fitted = fit(&text, limit);
            prop_assert!(fitted.chars().count() <= limit);
            if text.chars().count() <= limit {
                prop_assert_eq!(fitted, text);
            } else {
                prop_assert!(text.starts_with(fitted.strip_suffix('…').unwrap_or("no mark")));
            }
        }
    }
}
