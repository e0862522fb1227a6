//! Words and quoted texts of a pattern, with `*` as a wildcard.
//!
//! Not every reading is settled (`docs/filter-pattern.md`, sections 3.2 and 6): a `*` in the middle may be literal,
//! a suffix may be tried at its first occurrence only, a backslash may or may not escape. Each text therefore
//! answers twice: what it matches under every reading, and what it matches under some reading.

use super::answer::{Match, Reason};

/// A text that a value is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TextPattern {
    raw: String,
    readings: Readings,
}

/// A text without a backslash has one reading; one with has two.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Readings {
    One(Glob),
    Two { verbatim: Glob, unescaped: Glob },
}

/// What a text asks of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape<'t> {
    /// `*`: any text or number.
    Any,
    /// The same text.
    Exactly(&'t str),
    /// `x*`.
    Prefix(&'t str),
    /// `*x`.
    Suffix(&'t str),
    /// `*x*`.
    Contains(&'t str),
    /// A star in the middle or a backslash: more than one reading.
    Open(&'t str),
}

/// A text with its outer stars taken off.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Glob {
    /// A star at the start.
    pub(crate) open_start: bool,
    /// A star at the end.
    pub(crate) open_end: bool,
    /// What stands between them; may hold further stars.
    pub(crate) core: String,
}

impl TextPattern {
    /// From the text between the quotes, or the bare word, as written.
    pub(crate) fn new(raw: &str) -> Self {
        let unescaped = unescape(raw);
        let verbatim = Glob::new(raw);
        let readings = if unescaped == raw {
            Readings::One(verbatim)
        } else {
            Readings::Two {
                verbatim,
                unescaped: Glob::new(&unescaped),
            }
        };
        Self {
            raw: raw.to_owned(),
            readings,
        }
    }

    /// The text itself, without wildcards or escapes.
    pub(crate) fn exactly(text: &str) -> Self {
        let glob = Glob {
            open_start: false,
            open_end: false,
            core: text.to_owned(),
        };
        Self {
            raw: text.to_owned(),
            readings: Readings::One(glob),
        }
    }

    /// The text as written, without quotes.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// What the text asks of a value.
    pub fn shape(&self) -> Shape<'_> {
        match &self.readings {
            Readings::One(glob) if glob.is_any() => Shape::Any,
            Readings::One(glob) if !glob.has_middle_star() => {
                match (glob.open_start, glob.open_end) {
                    (false, false) => Shape::Exactly(&glob.core),
                    (false, true) => Shape::Prefix(&glob.core),
                    (true, false) => Shape::Suffix(&glob.core),
                    (true, true) => Shape::Contains(&glob.core),
                }
            }
            _ => Shape::Open(&self.raw),
        }
    }

    /// The one text that this matches, if it is just one and nothing is left open.
    pub(crate) fn literal(&self) -> Option<&str> {
        match &self.readings {
            Readings::One(glob) => glob.literal(),
            Readings::Two { .. } => None,
        }
    }

    /// The readings, one or two.
    pub(crate) fn globs(&self) -> impl Iterator<Item = &Glob> {
        let (first, second) = match &self.readings {
            Readings::One(glob) => (glob, None),
            Readings::Two {
                verbatim,
                unescaped,
            } => (verbatim, Some(unescaped)),
        };
        std::iter::once(first).chain(second)
    }

    /// Whether this matches every text, under every reading.
    pub(crate) fn is_any(&self) -> bool {
        self.globs().all(Glob::is_any)
    }

    /// Whether every text that this matches is plainly matched by the other, whatever the readings. Errs towards no.
    pub(crate) fn implies(&self, other: &Self) -> bool {
        match (&self.readings, &other.readings) {
            (Readings::One(narrow), Readings::One(wide)) => {
                self.raw == other.raw || narrow.implies(wide)
            }
            _ => self.raw == other.raw,
        }
    }

    pub(crate) fn fit(&self, text: &str) -> Match {
        match &self.readings {
            Readings::One(glob) => glob.fit(text),
            Readings::Two {
                verbatim,
                unescaped,
            } => {
                let (a, b) = (verbatim.fit(text), unescaped.fit(text));
                if a == b {
                    a
                } else {
                    Match::Undecided(Reason::Backslash)
                }
            }
        }
    }
}

impl Glob {
    fn new(text: &str) -> Self {
        let (open_start, rest) = match text.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (open_end, core) = match rest.strip_suffix('*') {
            Some(core) => (true, core),
            None => (false, rest),
        };
        Self {
            open_start,
            open_end,
            core: core.to_owned(),
        }
    }

    pub(crate) fn literal(&self) -> Option<&str> {
        let plain = !self.open_start && !self.open_end && !self.has_middle_star();
        plain.then_some(self.core.as_str())
    }

    pub(crate) fn is_any(&self) -> bool {
        self.core.is_empty() && (self.open_start || self.open_end)
    }

    /// A prefix and a piece to contain have one reading; only those are looked for.
    fn implies(&self, other: &Self) -> bool {
        let wanted = other.core.as_str();
        if other.has_middle_star() || !other.open_end {
            return false;
        }
        let mut pieces = self.core.split('*');
        if other.open_start {
            pieces.any(|piece| piece.contains(wanted))
        } else {
            !self.open_start && pieces.next().is_some_and(|piece| piece.starts_with(wanted))
        }
    }

    pub(crate) fn has_middle_star(&self) -> bool {
        self.core.contains('*')
    }

    /// A suffix without other stars: its first occurrence may be the only one that is tried.
    pub(crate) fn is_suffix(&self) -> bool {
        self.open_start && !self.open_end && !self.core.is_empty()
    }

    fn fit(&self, text: &str) -> Match {
        let core = self.core.as_str();
        if self.is_any() {
            return Match::Yes;
        }
        if self.has_middle_star() {
            return Match::of(
                self.fits_literally(text),
                self.fits_as_glob(text),
                Reason::MiddleStar,
            );
        }
        let fits = match (self.open_start, self.open_end) {
            (false, false) => text == core,
            (false, true) => text.starts_with(core),
            (true, true) => text.contains(core),
            (true, false) => text.ends_with(core),
        };
        Match::of(
            fits && !self.is_suffix_repeated(text),
            fits,
            Reason::RepeatedSuffix,
        )
    }

    /// A star is at least itself: these texts match whether a star in the middle is literal, a wildcard, or a
    /// wildcard without backtracking.
    fn fits_literally(&self, text: &str) -> bool {
        let core = self.core.as_str();
        match (self.open_start, self.open_end) {
            (_, false) => text == core,
            (false, true) => text.starts_with(core),
            (true, true) => text.contains(core),
        }
    }

    fn is_suffix_repeated(&self, text: &str) -> bool {
        self.is_suffix()
            && text
                .find(self.core.as_str())
                .is_some_and(|at| at + self.core.len() < text.len())
    }

    fn fits_as_glob(&self, text: &str) -> bool {
        let mut pieces: Vec<&str> = self.core.split('*').collect();
        let mut rest = text;
        let last = if self.open_end { None } else { pieces.pop() };
        for (at, piece) in pieces.iter().enumerate() {
            if at == 0 && !self.open_start {
                match rest.strip_prefix(piece) {
                    Some(tail) => rest = tail,
                    None => return false,
                }
            } else {
                match rest.split_once(piece) {
                    Some((_, tail)) => rest = tail,
                    None => return false,
                }
            }
        }
        last.is_none_or(|piece| rest.ends_with(piece))
    }
}

/// Drops the backslash of `\"` and `\\`.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(&next) if c == '\\' && (next == '"' || next == '\\') => {
                text.push(next);
                chars.next();
            }
            _ => text.push(c),
        }
    }
    text
}

/// Whether a phrase of a term pattern is in a text.
pub(crate) fn phrase_fit(raw: &str, text: &str) -> Match {
    let verbatim = text.contains(raw);
    let unescaped = unescape(raw);
    let escaped = if unescaped == raw {
        verbatim
    } else {
        text.contains(&unescaped)
    };
    Match::of(verbatim && escaped, verbatim || escaped, Reason::Backslash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(pattern: &str, text: &str) -> Match {
        TextPattern::new(pattern).fit(text)
    }

    #[test]
    fn outer_stars_are_prefix_suffix_and_contains() {
        assert_eq!(fit("foo", "foo"), Match::Yes);
        assert_eq!(fit("foo", "foobar"), Match::No);
        assert_eq!(fit("foo*", "foobar"), Match::Yes);
        assert_eq!(fit("*bar", "foobar"), Match::Yes);
        assert_eq!(fit("*bar", "foobarx"), Match::No);
        assert_eq!(fit("*ob*", "foobar"), Match::Yes);
        for any in ["*", "**"] {
            assert_eq!(fit(any, ""), Match::Yes);
        }
    }

    #[test]
    fn repeated_suffix_is_left_open() {
        assert_eq!(fit("*111", "0.111"), Match::Yes);
        assert_eq!(
            fit("*111", "111.111"),
            Match::Undecided(Reason::RepeatedSuffix)
        );
        assert_eq!(fit("*aa", "aaa"), Match::Undecided(Reason::RepeatedSuffix));
    }

    #[test]
    fn middle_star_is_left_open_unless_no_reading_matches() {
        assert_eq!(fit("1*3", "123"), Match::Undecided(Reason::MiddleStar));
        assert_eq!(fit("1*3", "124"), Match::No);
        assert_eq!(fit("1*3", "1*3"), Match::Yes);
        assert_eq!(fit("a*b*c", "axbxc"), Match::Undecided(Reason::MiddleStar));
        assert_eq!(fit("a*b*c", "acb"), Match::No);
        assert_eq!(fit("*b*c*", "xbxcx"), Match::Undecided(Reason::MiddleStar));
    }

    #[test]
    fn escaped_quote_is_left_open() {
        assert_eq!(
            fit(r#"a\"b"#, r#"a"b"#),
            Match::Undecided(Reason::Backslash)
        );
        assert_eq!(
            fit(r#"a\"b"#, r#"a\"b"#),
            Match::Undecided(Reason::Backslash)
        );
        assert_eq!(fit(r#"a\"b"#, "ab"), Match::No);
        assert_eq!(fit(r"a\d", r"a\d"), Match::Yes);
        assert_eq!(
            phrase_fit(r#"a\"b"#, r#"xa"b"#),
            Match::Undecided(Reason::Backslash)
        );
    }
}
