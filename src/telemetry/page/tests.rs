use std::sync::Arc;

use super::*;
use crate::assess::Link;
use crate::journal::{Deed, Occurrence, OccurrenceKind, Spell};
use crate::snapshot::AccountId;
use crate::telemetry::samples::{
    HOSTILE, NEVER, account_status, actor, cut_at, passing, plan, status, time, undecided,
};
use crate::telemetry::status::Failure;

const ALIVE: FeedHealth = FeedHealth::Alive {
    ago: Duration::from_secs(3),
};

fn scope(id: &str, controls: Vec<ControlStatus>) -> ScopeStatus {
    ScopeStatus {
        name: id.to_owned(),
        last: Some(Arc::new(account_status(id, controls))),
        failure: None,
    }
}

fn page(scopes: &[ScopeStatus]) -> String {
    render(
        scopes,
        (&ALIVE, &Hearing::default()),
        &[],
        &[],
        &[],
        time("2026-08-01T12:00:04Z"),
    )
}

/// A chain that was cut and mended, and a theft.
fn incidents(name: &str) -> [Incident; 2] {
    let account: AccountId = "111122223333".parse().unwrap();
    [
        Incident::Happened(Occurrence {
            account: account.clone(),
            control: Some(name.to_owned()),
            at: time("2026-08-01T12:00:00Z"),
            kind: OccurrenceKind::OwnCredentialsUsedElsewhere,
            message: name.to_owned(),
            actor: Some(actor(name)),
        }),
        Incident::Broken(Spell {
            account,
            control: name.to_owned(),
            region: Some(name.to_owned()),
            since: time("2026-08-01T11:00:00Z"),
            until: Some(time("2026-08-01T11:00:07Z")),
            verdict: Verdict::Fail,
            link: Some(Link::Pattern),
            resource: Some(name.to_owned()),
            message: Some(name.to_owned()),
            actor: Some(actor(name)),
            deeds: vec![Deed {
                at: time("2026-08-01T11:00:06Z"),
                operation: "PutMetricFilter".to_owned(),
                target: name.to_owned(),
                result: "applied".to_owned(),
                reason: None,
            }],
        }),
    ]
}

#[test]
fn what_happened_last_is_told_with_who_and_what_was_done() {
    let page = render(
        &[],
        (&ALIVE, &Hearing::default()),
        &[],
        &[],
        &incidents("cis"),
        time("2026-08-01T12:00:04Z"),
    );
    let text = seen(&page);
    for expected in [
        "cut at pattern, for 7 s",
        "DeleteMetricFilter, arn:aws:sts::111122223333:assumed-role/admin/cis",
        "PutMetricFilter cis",
        "own credentials used elsewhere: cis",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
}

/// The text of the page as a reader sees it, tags taken away.
fn seen(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let mut text = String::new();
    let mut inside = false;
    for character in body.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    text
}

#[test]
fn a_whole_chain_says_that_somebody_would_be_told() {
    let page = page(&[scope("111122223333", vec![status(&passing(), None)])]);
    assert!(page.contains("<h1>Somebody would be told.</h1>"));
    assert_eq!(page.matches("<li class=\"ok\">").count(), 9);
    assert!(!page.contains("class=\"cut\""));
    assert!(page.contains("<title>all whole · trailwarden</title>"));
}

#[test]
fn a_cut_chain_shows_the_link_the_reason_the_actor_since_when_and_the_plan() {
    let by = actor("mallory");
    let page = page(&[scope(
        "111122223333",
        vec![status(&cut_at(Link::Pattern, "cis"), Some(&by))],
    )]);
    assert!(page.contains("<h1>A chain is cut: nobody would be told.</h1>"));
    assert!(
        page.contains(
            "<li class=\"cut\" aria-current=\"true\"><span class=\"name\">pattern</span>"
        )
    );
    assert_eq!(page.matches("<li class=\"cut\"").count(), 1);
    assert_eq!(page.matches("<li class=\"ok\">").count(), 3);
    assert_eq!(page.matches("<li class=\"open\">").count(), 5);
    let text = seen(&page);
    for expected in [
        "the filter cis does not match every required event",
        "StopLogging, DeleteTrail",
        "aws logs put-metric-filter --filter-name 'cis'",
        "arn:aws:sts::111122223333:assumed-role/admin/mallory",
        "203.0.113.7",
        "since 2026-08-01 11:48:00 UTC (12 min)",
        "PutMetricFilter put back the filter config-changes as it was",
        "only the owner of the address can confirm it",
        "Security Hub would say FAIL (CLOUDTRAIL_METRIC_FILTER_NOT_VALID)",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
}

#[test]
fn an_undecided_chain_is_neither_whole_nor_cut() {
    let page = page(&[scope("111122223333", vec![status(&undecided(), None)])]);
    assert!(page.contains("<h1>It cannot be said that somebody would be told.</h1>"));
    assert_eq!(page.matches("<li class=\"open\">").count(), 1);
    assert!(!page.contains("<li class=\"cut\""));
}

#[test]
fn before_the_first_evaluation_the_page_says_what_it_waits_for() {
    let pending = ScopeStatus {
        name: "111122223333".to_owned(),
        last: None,
        failure: Some(Failure {
            since: time("2026-08-01T12:00:00Z"),
            message: "connection refused".to_owned(),
        }),
    };
    let missing = ["first evaluation of 111122223333".to_owned()];
    let feed = FeedHealth::Waiting {
        error: Some("no route".to_owned()),
    };
    let text = seen(&render(
        &[pending],
        (&feed, &Hearing::default()),
        &missing,
        &[],
        &[],
        time("2026-08-01T12:00:04Z"),
    ));
    for expected in [
        "Nothing has been evaluated yet.",
        "first evaluation of 111122223333",
        "111122223333, since 2026-08-01 12:00:00 UTC (4 s): connection refused",
        "event feed: no answer yet (no route)",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
}

#[test]
fn hostile_names_are_spelt_out_and_escaped_wherever_they_stand() {
    let by = actor(HOSTILE);
    let mut hostile = status(&cut_at(Link::Alarm, HOSTILE), Some(&by));
    hostile.plan = Some(plan(HOSTILE));
    hostile.report.title = HOSTILE.to_owned();
    hostile.report.key = HOSTILE.to_owned();
    hostile.report.region = Some(HOSTILE.to_owned());
    let whole = status(&passing(), None);
    let mut scopes = vec![scope("111122223333", vec![hostile])];
    let mut many = vec![whole; DRAWN_PASSING + 1];
    for control in &mut many {
        control.report.title = HOSTILE.to_owned();
    }
    scopes.push(scope("444455556666", many));
    scopes.push(ScopeStatus {
        name: HOSTILE.to_owned(),
        last: None,
        failure: Some(Failure {
            since: time("2026-08-01T12:00:00Z"),
            message: HOSTILE.to_owned(),
        }),
    });
    let feed = FeedHealth::Silent {
        ago: Duration::from_mins(5),
        error: Some(HOSTILE.to_owned()),
    };
    let page = render(
        &scopes,
        (&feed, &Hearing::default()),
        &[HOSTILE.to_owned()],
        &wired(HOSTILE),
        &incidents(HOSTILE),
        time("2026-08-01T12:00:04Z"),
    );
    for never in NEVER {
        assert!(!page.contains(never), "{never:?} stands in the page");
    }
    assert!(page.contains(r"&lt;script&gt;alert(1)&lt;/script&gt;&quot;'&amp;\u{1b}[2J\u{1b}[31m\r\nFAKE line\u{202e}gnp.exe\u{200b}\u{9b}0m"));
}

#[test]
fn the_page_loads_and_runs_nothing_and_its_style_has_the_hash_of_the_policy() {
    let page = page(&[scope("111122223333", vec![status(&passing(), None)])]);
    for never in [
        "<script", "src=", " style=", "url(", "@import", "<link", "onload",
    ] {
        assert!(!page.contains(never), "{never} stands in the page");
    }
    let style = page
        .split_once("<style>")
        .and_then(|(_, rest)| rest.split_once("</style>"))
        .unwrap()
        .0;
    let hash = STANDARD.encode(Sha256::digest(style));
    assert_eq!(
        CONTENT_SECURITY_POLICY.to_str().unwrap(),
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    );
}

#[test]
fn a_hundred_scopes_show_what_is_broken_first_and_the_page_stays_small() {
    let scopes: Vec<_> = (0..100)
        .map(|number| {
            let id = format!("{number:012}");
            let assessment = if number == 99 {
                cut_at(Link::Topic, "x")
            } else {
                passing()
            };
            scope(&id, vec![status(&assessment, None); 15])
        })
        .collect();
    let page = page(&scopes);
    assert_eq!(page.matches("<article").count(), 15);
    assert_eq!(page.matches("<tr><td>").count(), LISTED);
    assert!(page.find("<article").unwrap() < page.find("<table>").unwrap());
    assert!(seen(&page).contains(&format!("and {} more, all in /status.", 99 * 15 - LISTED)));
    assert!(page.len() < 200_000, "{} bytes", page.len());
}

#[test]
fn ages_are_told_in_their_largest_unit() {
    let cases = [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (172_800, "2 days"),
    ];
    for (seconds, text) in cases {
        assert_eq!(age(Duration::from_secs(seconds)), text);
    }
}

#[test]
fn what_the_daemon_knows_of_its_hearing_is_told_and_what_it_does_not_is_left_out() {
    let line = |hearing| {
        let feed = (&ALIVE, &hearing);
        let page = render(&[], feed, &[], &[], &[], time("2026-08-01T12:00:04Z"));
        seen(&page)
    };
    let nothing = line(Hearing::default());
    for never in ["heartbeat", "waiting in the queue", "dead-letter"] {
        assert!(!nothing.contains(never), "{nothing}");
    }
    let sound = line(Hearing {
        heartbeat: Some(true),
        waiting: Some(0),
        dead_letters: Some(0),
    });
    assert!(sound.contains("heartbeat through rule and queue"));
    assert!(!sound.contains("dead-letter"), "{sound}");
    let deaf = line(Hearing {
        heartbeat: Some(false),
        waiting: Some(7),
        dead_letters: Some(2),
    });
    for expected in [
        "the last heartbeat was lost",
        "7 waiting in the queue",
        "2 in the dead-letter queue",
    ] {
        assert!(deaf.contains(expected), "{expected} is missing in {deaf}");
    }
}

fn wired(text: &str) -> Vec<(String, WiringStatus)> {
    let status = |is_whole, problems| WiringStatus {
        is_whole,
        problems,
        checked_at: time("2026-08-01T12:00:00Z"),
    };
    vec![
        (text.to_owned(), status(Some(false), vec![text.to_owned()])),
        (
            "444455556666".to_owned(),
            status(None, vec!["no answer".to_owned()]),
        ),
        ("777788889999".to_owned(), status(Some(true), Vec::new())),
    ]
}

#[test]
fn the_wiring_is_told_where_it_is_not_whole_and_counted_where_it_is() {
    let now = time("2026-08-01T12:00:04Z");
    let feed = (&ALIVE, &Hearing::default());
    let text = seen(&render(&[], feed, &[], &wired("it is disabled"), &[], now));
    for expected in [
        "Wiring of the feed",
        "no",
        "not seen",
        "1 of 3",
        "trailwarden wire --apply",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    let none = seen(&render(&[], feed, &[], &[], &[], now));
    assert!(!none.contains("Wiring of the feed"), "no feed, no wiring");
}
