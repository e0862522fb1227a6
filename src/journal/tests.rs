mod laws;
mod memory;
mod report;
mod silent;
mod unread;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};
use rusqlite::Connection;
use serde_json::json;

use super::keeper::Directory;
use super::*;
use crate::assess::{Link, Recipient, Verdict};
use crate::event::{Actor, Touched};
use crate::heal::GuardState;
use crate::snapshot::AccountId;

fn at(minute: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    begin + minute.minutes()
}

fn account() -> AccountId {
    "111122223333".parse().unwrap()
}

fn spell(verdict: Verdict, since: i64, until: Option<i64>) -> Spell {
    Spell {
        account: account(),
        control: "cloudtrail-config-changes".to_owned(),
        region: Some("us-east-1".to_owned()),
        since: at(since),
        until: until.map(at),
        verdict,
        link: (verdict == Verdict::Fail).then_some(Link::Pattern),
        resource: None,
        message: None,
        actor: None,
        deeds: Vec::new(),
    }
}

fn watched(since: i64, until: i64) -> Watched {
    Watched {
        account: account(),
        since: at(since),
        until: at(until),
    }
}

fn setup(topic: &str) -> Setup {
    Setup {
        chain: Box::default(),
        audience: vec![Recipient {
            topic: topic.to_owned(),
            protocol: "email".to_owned(),
            endpoint: "sec@example.com".to_owned(),
        }],
    }
}

fn known_good(topic: &str) -> Entry {
    Entry::KnownGood {
        account: account(),
        control: "cloudtrail-config-changes".to_owned(),
        known_good: KnownGood {
            setup: setup(topic),
            since: at(0),
            origin: Origin::First,
        },
    }
}

/// A guard that has written once.
fn guard(account: &AccountId) -> (Entry, GuardState) {
    let state: GuardState =
        serde_json::from_value(json!({"seen": {}, "writes": [at(7)], "history": {}})).unwrap();
    let entry = Entry::Guard {
        account: account.clone(),
        state: state.clone(),
    };
    (entry, state)
}

/// Of every kind one.
fn own_writes() -> OwnWrites {
    let filter = Touched::MetricFilter {
        log_group: "ct".to_owned(),
        filter: "f".to_owned(),
    };
    let mut own = OwnWrites::default();
    own.answered(Some("r-1".to_owned()));
    own.begin("Unsubscribe", Touched::Subscription("s".to_owned()), at(1));
    own.lost(at(1));
    own.begin("PutMetricFilter", filter.clone(), at(2));
    own.lost(at(3));
    own.begin("PutMetricFilter", filter, at(4));
    assert!(own.tell("e-1"));
    own
}

/// The chain to go back to, as the file has it.
fn chain(store: &Store) -> Option<Setup> {
    let mut memory = store.recall(&account()).unwrap();
    let control = memory.controls.remove("cloudtrail-config-changes")?;
    Some(control.known_good?.setup)
}

/// Remembers what it was told.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn hear(&self, what: impl Into<String>) {
        let mut heard = self.0.lock().unwrap();
        let what = what.into();
        if heard.last() != Some(&what) {
            heard.push(what);
        }
    }
}

impl JournalObserver for Heard {
    fn works(&self) {
        self.hear("works");
    }
    fn failed(&self, _: &str) {
        self.hear("failed");
    }
    fn set_aside(&self, _: &std::path::Path) {
        self.hear("set aside");
    }
    fn lost(&self, entries: usize) {
        self.hear(format!("lost {entries}"));
    }
    fn skipped(&self, records: usize) {
        self.hear(format!("skipped {records}"));
    }
    fn unread(&self, account: &AccountId, unread: &[Unread]) {
        self.hear(format!("{account}: {}", Unread::list(unread)));
    }
}

fn journal(directory: PathBuf) -> (Journal, Heard) {
    let heard = Heard::default();
    let observer = Box::new(heard.clone());
    let retention = Duration::from_hours(24 * 400);
    let journal = Journal::in_directory(directory, retention, observer).unwrap();
    (journal, heard)
}

#[tokio::test]
async fn what_was_secured_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("made/by/the/journal");
    let (first, heard) = journal(path.clone());
    let lasting = Spell {
        actor: Some(Actor {
            principal_arn: Some("arn:aws:iam::111122223333:user/mallory".to_owned()),
            source_address: None,
            user_agent: None,
            event_name: "DeleteMetricFilter".to_owned(),
            event_id: "e-1".to_owned(),
            time: at(2),
        }),
        ..spell(Verdict::Fail, 3, None)
    };
    let own = own_writes();
    let entries = vec![
        Entry::Spell(spell(Verdict::Pass, 0, Some(3))),
        Entry::Spell(lasting.clone()),
        Entry::Watched(watched(0, 3)),
        known_good("t"),
        Entry::Candidate {
            account: account(),
            control: "cloudtrail-config-changes".to_owned(),
            candidate: Some(Candidate {
                setup: setup("other"),
                passed: SignedDuration::from_mins(7),
            }),
        },
        Entry::Guard {
            account: account(),
            state: GuardState::default(),
        },
        Entry::Own {
            account: account(),
            writes: own.clone(),
        },
    ];
    first.secure(entries).await.unwrap();
    first.close().await;
    assert_eq!(heard.all(), ["works"]);

    let (second, _) = journal(path);
    let memory = second.recall(&account()).await.unwrap();
    let control = &memory.controls["cloudtrail-config-changes"];
    assert_eq!(control.spell.as_deref(), Some(&lasting));
    assert_eq!(control.known_good.as_ref().unwrap().setup, setup("t"));
    assert_eq!(
        control.candidate.as_ref().unwrap().passed,
        SignedDuration::from_mins(7)
    );
    assert_eq!(memory.own, own);
    assert_eq!(second.recent().await, [Incident::Broken(lasting.clone())]);
    assert_eq!(lasting.time_to_detect(), Some(SignedDuration::from_mins(1)));
    second.close().await;
}

#[tokio::test]
async fn a_damaged_file_is_set_aside_and_nothing_of_it_deleted() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("journal.db"),
        "no database, but evidence",
    )
    .unwrap();
    let (journal, heard) = journal(directory.path().to_owned());
    journal.secure(vec![known_good("t")]).await.unwrap();
    assert_eq!(heard.all(), ["set aside", "works"]);
    journal.close().await;
    let aside: Vec<PathBuf> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".damaged-"))
        .collect();
    assert_eq!(aside.len(), 1);
    assert_eq!(
        std::fs::read_to_string(&aside[0]).unwrap(),
        "no database, but evidence"
    );
}

#[test]
fn a_file_with_a_damaged_page_is_set_aside() {
    let directory = tempfile::tempdir().unwrap();
    let now = at(0);
    let mut store = Store::open(directory.path(), now).unwrap().store;
    let spells: Vec<Entry> = (0..500)
        .map(|minute| Entry::Spell(spell(Verdict::Fail, minute, Some(minute + 1))))
        .collect();
    store.write(&spells).unwrap();
    drop(store);
    let file = directory.path().join("journal.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 6000].fill(0xaa);
    std::fs::write(&file, bytes).unwrap();
    let opened = Store::open(directory.path(), now).unwrap();
    assert!(opened.set_aside.unwrap().exists());
    assert_eq!(opened.store.incidents(Range::ALL, 10).unwrap(), []);
}

#[test]
fn a_file_of_a_later_version_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    drop(Store::open(directory.path(), at(0)).unwrap());
    let file = directory.path().join("journal.db");
    let connection = Connection::open(&file).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    for error in [
        Store::open(directory.path(), at(0)).unwrap_err(),
        Store::beside(directory.path()).unwrap_err(),
    ] {
        assert!(
            matches!(&error, StoreError::Newer { found: 99, .. }),
            "{error}"
        );
    }
    assert!(file.exists());
}

#[test]
fn one_daemon_a_directory_and_commands_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let missing = Store::beside(directory.path()).unwrap_err();
    assert!(matches!(missing, StoreError::Absent(_)));
    let mut owner = Store::open(directory.path(), at(0)).unwrap().store;
    let second = Store::open(directory.path(), at(0)).unwrap_err();
    assert!(matches!(second, StoreError::InUse(_)));
    assert!(!owner.changed_by_others().unwrap());
    owner.write(&[known_good("own")]).unwrap();
    assert!(!owner.changed_by_others().unwrap(), "it was itself");
    let mut command = Store::beside(directory.path()).unwrap();
    command.write(&[known_good("accepted")]).unwrap();
    assert!(owner.changed_by_others().unwrap());
    assert_eq!(chain(&owner), Some(setup("accepted")));
}

#[tokio::test]
async fn what_cannot_be_written_waits_and_is_written_later() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    // Not even root can make a directory where a file is.
    std::fs::write(&path, "").unwrap();
    let (journal, heard) = journal(path.clone());
    let refused = journal.secure(vec![known_good("t")]).await.unwrap_err();
    assert!(refused.0.contains("state"), "{refused}");
    assert_eq!(journal.recall(&account()).await, None);
    assert!(journal.failure().is_some());
    std::fs::remove_file(&path).unwrap();
    journal.secure(Vec::new()).await.unwrap();
    assert_eq!(heard.all(), ["failed", "works"]);
    let memory = journal.recall(&account()).await.unwrap();
    assert_eq!(memory.controls.len(), 1, "it was kept meanwhile");
    journal.close().await;
}

#[test]
fn a_full_disk_is_an_error_and_leaves_the_file_whole() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = Store::open(directory.path(), at(0)).unwrap().store;
    store.write(&[known_good("t")]).unwrap();
    store.limit_pages(30);
    let big: Vec<Entry> = (0..2000)
        .map(|minute| Entry::Spell(spell(Verdict::Fail, minute, Some(minute + 1))))
        .collect();
    let error = store.write(&big).unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    assert!(!error.is_damage());
    assert_eq!(store.incidents(Range::ALL, 10).unwrap(), [], "all or none");
    assert_eq!(chain(&store), Some(setup("t")));
}

#[test]
fn where_too_much_waits_the_oldest_past_makes_room_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    // Not even root can make a directory where a file is.
    std::fs::write(&path, "").unwrap();
    let heard = Heard::default();
    let (disk, observer) = (Box::new(Directory(path.clone())), Box::new(heard.clone()));
    let (journal, mut keeper) = Journal::by_hand(disk, Duration::from_hours(24 * 400), observer);
    // An account whose entries come first by key, and all of whose past is the latest.
    let first: AccountId = "000000000001".parse().unwrap();
    let latest = Watched {
        account: first.clone(),
        ..watched(30_000, 30_001)
    };
    let (guard, state) = guard(&first);
    let past = (0..20_000).map(|minute| Entry::Watched(watched(minute, minute + 1)));
    let entries = [guard, known_good("t"), Entry::Watched(latest.clone())];
    journal.keep(entries.into_iter().chain(past).collect());
    assert!(keeper.step(at(0)).is_continue());
    assert_eq!(heard.all(), ["lost 3", "failed"]);
    std::fs::remove_file(&path).unwrap();
    assert!(keeper.step(at(0)).is_continue());
    let store = Store::beside(&path).unwrap();
    assert_eq!(store.recall(&first).unwrap().guard, state);
    assert_eq!(chain(&store), Some(setup("t")));
    let kept = store.watched(Range::ALL).unwrap();
    assert_eq!(kept.len(), 19_998);
    assert_eq!(kept[..2], [latest, watched(3, 4)]);
}

#[test]
fn what_is_forgotten_gives_its_room_back() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Store::open(directory.path(), at(0)).unwrap().store;
    let size = || {
        std::fs::metadata(directory.path().join("journal.db"))
            .unwrap()
            .len()
    };
    let past: Vec<Entry> = (0..3000)
        .map(|minute| Entry::Spell(spell(Verdict::Fail, minute, Some(minute + 1))))
        .collect();
    // Closing it writes everything into the file itself.
    open().write(&past).unwrap();
    let full = size();
    open().prune(at(4000)).unwrap();
    assert!(size() < full / 10, "{} of {full}", size());
}

#[test]
fn what_ended_long_ago_is_forgotten_and_what_lasts_is_not() {
    let mut store = Store::in_memory().unwrap();
    let old = spell(Verdict::Fail, 0, Some(10));
    let lasting = Spell {
        control: "other".to_owned(),
        ..spell(Verdict::Fail, 0, None)
    };
    let recent = spell(Verdict::Fail, 20, Some(30));
    let entries = [&old, &lasting, &recent].map(|one| Entry::Spell(one.clone()));
    store.write(&entries).unwrap();
    store
        .write(&[
            Entry::Watched(watched(0, 5)),
            Entry::Watched(watched(6, 25)),
        ])
        .unwrap();
    store.prune(at(15)).unwrap();
    let left = store.incidents(Range::ALL, 10).unwrap();
    assert_eq!(left, [Incident::Broken(recent), Incident::Broken(lasting)]);
    assert_eq!(store.watched(Range::ALL).unwrap(), [watched(6, 25)]);
}

#[test]
fn history_is_cut_to_a_range_and_has_the_latest_first() {
    let mut store = Store::in_memory().unwrap();
    let occurrence = Occurrence {
        account: account(),
        control: None,
        at: at(15),
        kind: OccurrenceKind::OwnCredentialsUsedElsewhere,
        message: "m".to_owned(),
        actor: None,
    };
    let first = spell(Verdict::Fail, 0, Some(10));
    let second = spell(Verdict::Unknown, 10, Some(20));
    let third = spell(Verdict::Fail, 20, None);
    store
        .write(&[
            Entry::Spell(first.clone()),
            Entry::Spell(second.clone()),
            Entry::Spell(third.clone()),
            Entry::Spell(Spell {
                control: "c".to_owned(),
                ..spell(Verdict::Pass, 0, None)
            }),
            Entry::Occurrence(occurrence.clone()),
        ])
        .unwrap();
    let all = [
        Incident::Broken(third.clone()),
        Incident::Happened(occurrence),
        Incident::Broken(second),
        Incident::Broken(first),
    ];
    assert_eq!(store.incidents(Range::ALL, 10).unwrap(), all);
    assert_eq!(store.incidents(Range::ALL, 2).unwrap(), all[..2]);
    let late = Range {
        from: at(16),
        to: at(60),
    };
    let late = store.incidents(late, 10).unwrap();
    assert_eq!(
        late,
        [all[0].clone(), all[2].clone()],
        "what touches the range"
    );
}

#[test]
fn a_spell_that_begins_ends_what_lasted_of_the_same_control_and_no_other() {
    let mut store = Store::in_memory().unwrap();
    let other = Spell {
        control: "other".to_owned(),
        ..spell(Verdict::Fail, 0, None)
    };
    let lasting = spell(Verdict::Fail, 0, None);
    store
        .write(&[Entry::Spell(lasting.clone()), Entry::Spell(other.clone())])
        .unwrap();
    // A process that could not read the journal began this one, and ended.
    let unaware = spell(Verdict::Fail, 10, None);
    store.write(&[Entry::Spell(unaware.clone())]).unwrap();
    let ended = Spell {
        until: Some(at(10)),
        ..lasting
    };
    assert_eq!(store.spells(Range::ALL).unwrap(), [ended, unaware, other]);
}
