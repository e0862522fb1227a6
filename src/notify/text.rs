//! Plain text, as SNS sends it to mailboxes and queues.

use std::fmt::Write;

use super::message::Says;
use super::notice::Notice;

/// Longest subject in characters; "must be less than 100 characters long", says SNS's Publish.
const LONGEST_SUBJECT: usize = 99;

/// A subject that SNS accepts: ASCII without control characters.
pub(super) fn subject(notice: &Notice) -> String {
    let headline = format!("trailwarden: {}", notice.headline());
    let ascii = headline.chars().map(|character| {
        if character.is_ascii() && !character.is_ascii_control() {
            character
        } else {
            '?'
        }
    });
    ascii.take(LONGEST_SUBJECT).collect()
}

/// The body: a line for each fact.
pub(super) fn body(notice: &Notice) -> String {
    let mut text = format!("{}\n\n", notice.headline());
    for fact in notice.facts() {
        // Writing to a String does not fail.
        let _ = match fact.says {
            Says::Short(says) | Says::Long(says) => writeln!(text, "{}: {says}", fact.label),
            Says::Steps(steps) => writeln!(text, "{}:", fact.label)
                .and_then(|()| steps.iter().try_for_each(|step| writeln!(text, "  {step}"))),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;
    use crate::telemetry::samples::{HOSTILE, NEVER};

    #[test]
    fn a_cut_chain_in_plain_text() {
        let notice = samples::broken("cis");
        assert_eq!(
            subject(&notice),
            "trailwarden: 4.5 in 111122223333: FAIL: cut at pattern"
        );
        samples::is_golden("broken.txt", &body(&notice));
    }

    #[test]
    fn every_kind_in_plain_text() {
        let all: Vec<String> = samples::every_kind("cis").iter().map(body).collect();
        samples::is_golden("every-kind.txt", &all.join("\n"));
    }

    #[test]
    fn a_subject_is_what_sns_accepts_whatever_the_names() {
        for name in [HOSTILE, "ß\u{1b}\n", &"x".repeat(5000)] {
            for notice in samples::every_kind(name) {
                let subject = subject(&notice);
                assert!(subject.len() < 100, "{subject}");
                assert!(
                    subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                    "{subject}"
                );
                let body = body(&notice);
                // SNS takes 256 KiB.
                assert!(body.len() < 128 * 1024);
                for never in NEVER.iter().filter(|never| **never != "<script") {
                    assert!(!body.contains(never), "{never:?} stands in {body}");
                }
            }
        }
    }
}
