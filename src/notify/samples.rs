//! Notices of every kind for the tests of this room.

use std::path::Path;

use super::course::News;
use super::notice::{Kind, Notice, Subject};
use crate::assess::Link;
use crate::heal::Stop;
use crate::snapshot::AccountId;
use crate::telemetry::ControlInfo;
use crate::telemetry::samples::{account, actor, cut_at, info, passing, time, undecided};

pub(super) const AT: &str = "2026-11-23T10:00:05Z";

fn news(kind: Kind, link: Link) -> News {
    News {
        kind,
        link: Some(link),
        since: time("2026-11-23T10:00:00Z"),
    }
}

fn subject<'a>(account: &'a AccountId, control: &'a ControlInfo, region: &'a str) -> Subject<'a> {
    Subject {
        account,
        region: Some(region),
        control,
        at: time(AT),
    }
}

fn control(name: &str) -> ControlInfo {
    let mut control = info();
    // The usual name leaves the catalogue's control as it is; a hostile one is that of a control of one's own.
    if name != "cis" {
        control.key = name.to_owned();
        control.cis = None;
        control.title = name.to_owned();
    }
    control
}

/// FAIL at the pattern, by somebody and about things of that name.
pub(super) fn broken(name: &str) -> Notice {
    let (account, control) = (account("111122223333"), control(name));
    Notice::of_chain(
        &subject(&account, &control, "eu-central-1"),
        &news(Kind::Broken, Link::Pattern),
        &cut_at(Link::Pattern, name),
        Some(&actor(name)),
        &["nothing: heal.mode is off".to_owned()],
    )
}

/// PASS again.
pub(super) fn mended(name: &str) -> Notice {
    let (account, control) = (account("111122223333"), control(name));
    Notice::of_chain(
        &subject(&account, &control, "eu-central-1"),
        &news(Kind::Mended, Link::Pattern),
        &passing(),
        None,
        &[format!("put the metric filter {name}")],
    )
}

/// Compares with a file of `golden/`; `BLESS=1` writes it.
pub(super) fn is_golden(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/notify/golden");
    let path = folder.join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{name} has drifted; BLESS=1 writes it");
}

/// One of each kind.
pub(super) fn every_kind(name: &str) -> Vec<Notice> {
    let (account, control) = (account("111122223333"), control(name));
    let region = if name == "cis" { "eu-central-1" } else { name };
    let subject = subject(&account, &control, region);
    let changed = Kind::Changed {
        from: Some(Link::Pattern),
    };
    let stop = Stop {
        link: Link::Pattern,
        target: format!("metric filter {name}"),
        attempts: 6,
        undone: 5,
        failed: 1,
        who: vec![name.to_owned()],
    };
    vec![
        broken(name),
        Notice::of_chain(
            &subject,
            &news(changed, Link::Alarm),
            &cut_at(Link::Alarm, name),
            None,
            &[],
        ),
        Notice::of_chain(
            &subject,
            &news(Kind::Attributed, Link::Alarm),
            &cut_at(Link::Alarm, name),
            Some(&actor(name)),
            &[],
        ),
        Notice::of_chain(
            &subject,
            &news(Kind::Unknown, Link::Visibility),
            &undecided(),
            None,
            &[],
        ),
        mended(name),
        Notice::gave_way(&subject, &stop, &[format!("aws logs {name}")]),
        Notice::own_credentials_used_elsewhere(&account, &actor(name), time(AT)),
        Notice::recipients_changed(
            &subject,
            &[format!("email: {name}")],
            &[],
            Some(&actor(name)),
        ),
        Notice::state_dir_unwritable(Path::new(name), &name, time(AT)),
        Notice::heartbeat_lost(&account, name, time(AT), time(AT)),
        Notice::heartbeat_restored(&account, name, time(AT), time(AT)),
        Notice::dead_letters(&account, name, 2, 3, time(AT)),
        Notice::wiring_cut(&account, Some(name), name, Some(&actor(name)), time(AT)),
        Notice::wiring_whole(&account, time(AT), time(AT)),
    ]
}
