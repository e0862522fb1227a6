//! The evidence that an auditor asks for: how much of a time a control was met, and what happened in the rest. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::record::{Spell, Watched};
use super::store::Range;
use crate::assess::Verdict;
use crate::snapshot::AccountId;

/// What is known of a range of time.
#[derive(Debug, Clone, PartialEq)]
pub struct ComplianceReport {
    /// The range; its end is not after the time at which the report was made.
    pub range: Range,
    /// Each control of each account of which anything is known, in order.
    pub controls: Vec<ControlCompliance>,
}

/// One control of one account. The four durations add up to the range.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlCompliance {
    /// The account.
    pub account: AccountId,
    /// Key of the control.
    pub control: String,
    /// PASS, and watched.
    pub compliant: SignedDuration,
    /// FAIL, and watched.
    pub failing: SignedDuration,
    /// UNKNOWN, and watched.
    pub undecided: SignedDuration,
    /// Nobody looked: the daemon was down, or not there yet.
    pub unwatched: SignedDuration,
    /// Everything that is not compliant, in order of time.
    pub gaps: Vec<Gap>,
}

/// A time that does not count as compliant.
#[derive(Debug, Clone, PartialEq)]
pub enum Gap {
    /// The control did not pass in some part of the range; the whole of it, also where it reaches beyond.
    Spell(Box<Spell>),
    /// Nobody looked.
    Unwatched(Range),
}

impl Gap {
    /// When it began.
    pub const fn from(&self) -> Timestamp {
        match self {
            Self::Spell(spell) => spell.since,
            Self::Unwatched(range) => range.from,
        }
    }
}

impl ControlCompliance {
    /// The share of the range that is known to be compliant, from 0 to 1; none of an empty range.
    pub fn share(&self) -> Option<f64> {
        let all = self.compliant + self.failing + self.undecided + self.unwatched;
        (!all.is_zero()).then(|| self.compliant.as_secs_f64() / all.as_secs_f64())
    }
}

/// Reports on a range. `now` ends what lasts, and the range where that goes further.
pub fn compliance(
    range: Range,
    now: Timestamp,
    spells: &[Spell],
    watched: &[Watched],
) -> ComplianceReport {
    let range = Range {
        from: range.from.min(range.to).min(now),
        to: range.to.min(now),
    };
    let mut looks: BTreeMap<&AccountId, Vec<Range>> = BTreeMap::new();
    for one in watched {
        let looked = Range {
            from: one.since,
            to: one.until,
        };
        looks.entry(&one.account).or_default().push(looked);
    }
    let mut of_control: BTreeMap<(&AccountId, &str), Vec<&Spell>> = BTreeMap::new();
    for spell in spells {
        let key = (&spell.account, spell.control.as_str());
        of_control.entry(key).or_default().push(spell);
    }
    let controls = of_control.into_iter().map(|((account, control), spells)| {
        let looked = looks.get(account).map(|ranges| union(ranges, range));
        one(
            account,
            control,
            &spells,
            &looked.unwrap_or_default(),
            range,
            now,
        )
    });
    ComplianceReport {
        range,
        controls: controls.collect(),
    }
}

fn one(
    account: &AccountId,
    control: &str,
    spells: &[&Spell],
    looked: &[Range],
    range: Range,
    now: Timestamp,
) -> ControlCompliance {
    let mut report = ControlCompliance {
        account: account.clone(),
        control: control.to_owned(),
        compliant: SignedDuration::ZERO,
        failing: SignedDuration::ZERO,
        undecided: SignedDuration::ZERO,
        unwatched: length(range),
        gaps: Vec::new(),
    };
    // A time that two spells claim, which a clock that was set back can bring about, counts once, for the worse of them.
    let mut claimed: Vec<Range> = Vec::new();
    for verdict in [Verdict::Fail, Verdict::Unknown, Verdict::Pass] {
        let of_verdict = spells.iter().filter(|spell| spell.verdict == verdict);
        let ranges: Vec<Range> = of_verdict.map(|spell| span(spell, now)).collect();
        let seen = overlap(&union(&ranges, range), looked);
        let before = total(&claimed);
        claimed.extend(seen);
        claimed = union(&claimed, range);
        let more = total(&claimed) - before;
        report.unwatched -= more;
        match verdict {
            Verdict::Fail => report.failing = more,
            Verdict::Unknown => report.undecided = more,
            Verdict::Pass => report.compliant = more,
        }
    }
    let broken = spells.iter().filter(|spell| {
        spell.verdict != Verdict::Pass && !length(cut(span(spell, now), range)).is_zero()
    });
    report.gaps = broken
        .map(|spell| Gap::Spell(Box::new((*spell).clone())))
        .collect();
    let unseen = complement(&claimed, range);
    report.gaps.extend(unseen.into_iter().map(Gap::Unwatched));
    report.gaps.sort_by_key(Gap::from);
    report
}

fn span(spell: &Spell, now: Timestamp) -> Range {
    Range {
        from: spell.since,
        to: spell.until.unwrap_or(now),
    }
}

fn length(range: Range) -> SignedDuration {
    range
        .to
        .duration_since(range.from)
        .max(SignedDuration::ZERO)
}

fn total(ranges: &[Range]) -> SignedDuration {
    ranges
        .iter()
        .fold(SignedDuration::ZERO, |sum, range| sum + length(*range))
}

fn cut(range: Range, within: Range) -> Range {
    Range {
        from: range.from.max(within.from),
        to: range.to.min(within.to),
    }
}

/// The ranges within another, in order, without overlaps.
fn union(ranges: &[Range], within: Range) -> Vec<Range> {
    let mut sorted: Vec<Range> = ranges
        .iter()
        .map(|range| cut(*range, within))
        .filter(|range| range.from < range.to)
        .collect();
    sorted.sort_by_key(|range| range.from);
    let mut joined: Vec<Range> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.from <= last.to => last.to = last.to.max(range.to),
            _ => joined.push(range),
        }
    }
    joined
}

/// What is in both; each in order and without overlaps.
fn overlap(one: &[Range], other: &[Range]) -> Vec<Range> {
    one.iter()
        .flat_map(|range| other.iter().map(|within| cut(*range, *within)))
        .filter(|range| range.from < range.to)
        .collect()
}

/// What is in none of them; they are in order and without overlaps.
fn complement(ranges: &[Range], within: Range) -> Vec<Range> {
    let ends = ranges.iter().map(|range| range.to);
    let begins = ranges.iter().map(|range| range.from);
    std::iter::once(within.from)
        .chain(ends)
        .zip(begins.chain(std::iter::once(within.to)))
        .map(|(from, to)| Range { from, to })
        .filter(|range| range.from < range.to)
        .collect()
}
