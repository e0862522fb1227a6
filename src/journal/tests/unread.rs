//! Records of a form that is not known here.

use super::*;

fn happened(minute: i64) -> Occurrence {
    Occurrence {
        account: account(),
        control: None,
        at: at(minute),
        kind: OccurrenceKind::GaveWay,
        message: "m".to_owned(),
        actor: None,
    }
}

/// A file with two accounts, the first of which has a past.
fn full(directory: &std::path::Path) -> Store {
    let mut store = Store::open(directory, at(0)).unwrap().store;
    let other: AccountId = "000000000002".parse().unwrap();
    let entries = [
        Entry::Spell(spell(Verdict::Fail, 0, Some(10))),
        Entry::Spell(spell(Verdict::Fail, 10, None)),
        Entry::Occurrence(happened(1)),
        Entry::Occurrence(happened(2)),
        known_good("t"),
        guard(&account()).0,
        guard(&other).0,
    ];
    store.write(&entries).unwrap();
    store
}

/// What a later version may write, and what a fault may leave.
const FORMS: [&str; 5] = [
    r#"{"form":2}"#,
    r#"["of","another"]"#,
    "",
    "{",
    // No UTF-8.
    "\u{1}",
];

fn spoil(store: &Store, table: &str, condition: &str, form: &str) {
    let form = if form == "\u{1}" {
        "CAST(x'7bff7d' AS TEXT)".to_owned()
    } else {
        format!("'{form}'")
    };
    store.spoil(&format!(
        "UPDATE {table} SET data = {form} WHERE {condition}"
    ));
}

#[test]
fn what_cannot_be_read_of_the_past_is_passed_over_and_counted_and_stays() {
    for form in FORMS {
        let directory = tempfile::tempdir().unwrap();
        let mut store = full(directory.path());
        spoil(&store, "spell", "until IS NULL", form);
        spoil(
            &store,
            "occurrence",
            "at = (SELECT min(at) FROM occurrence)",
            form,
        );
        let read = [
            Incident::Happened(happened(2)),
            Incident::Broken(spell(Verdict::Fail, 0, Some(10))),
        ];
        assert_eq!(store.incidents(Range::ALL, 10).unwrap(), read, "{form}");
        assert_eq!(store.skipped(), 2);
        assert_eq!(store.spells(Range::ALL).unwrap().len(), 1);
        assert_eq!(store.skipped(), 1);
        let memory = store.recall(&account()).unwrap();
        assert_eq!(memory.unread, [], "nothing depends on the past");
        assert_eq!(memory.guard, guard(&account()).1);
        assert_eq!(store.skipped(), 1);
        // It can be ended and goes the way of everything old.
        let next = spell(Verdict::Pass, 20, None);
        store.write(&[Entry::Spell(next.clone())]).unwrap();
        assert_eq!(
            store.recall(&account()).unwrap().controls["cloudtrail-config-changes"].spell,
            Some(Box::new(next))
        );
        assert_eq!(store.skipped(), 0, "it lasts no longer");
        store.prune(at(15)).unwrap();
        assert_eq!(store.spells(Range::ALL).unwrap().len(), 1);
        assert_eq!(store.skipped(), 1);
    }
}

#[test]
fn what_cannot_be_read_of_an_account_is_named_and_keeps_nothing_else_from_being_read() {
    for (kind, control) in [("guard", ""), ("known_good", "cloudtrail-config-changes")] {
        for form in FORMS {
            let directory = tempfile::tempdir().unwrap();
            let mut store = full(directory.path());
            spoil(
                &store,
                "memory",
                &format!("kind = '{kind}' AND account = '{}'", account()),
                form,
            );
            let memory = store.recall(&account()).unwrap();
            let unread: Vec<_> = memory
                .unread
                .iter()
                .map(|one| (one.kind.as_str(), one.control.as_str()))
                .collect();
            assert_eq!(unread, [(kind, control)], "{form}");
            assert_eq!(memory.guard == guard(&account()).1, kind != "guard");
            assert_eq!(chain(&store).is_some(), kind == "guard");
            let other = store.accounts().unwrap().pop_first().unwrap();
            assert_eq!(store.recall(&other).unwrap().guard, guard(&other).1);
            assert!(store.skipped() > 0);

            // Put aside, it is neither asked for nor gone.
            store
                .accept(&[known_good("accepted")], &memory.unread, at(30))
                .unwrap();
            let accepted = store.recall(&account()).unwrap();
            assert_eq!(accepted.unread, []);
            assert_eq!(chain(&store), Some(setup("accepted")));
            assert_eq!(store.skipped(), 0);
            drop(store);
            let connection = Connection::open(directory.path().join("journal.db")).unwrap();
            let aside =
                format!("SELECT count(*) FROM memory WHERE kind LIKE '{kind} set aside 2026%'");
            let aside: i64 = connection.query_row(&aside, [], |row| row.get(0)).unwrap();
            assert_eq!(aside, 1);
        }
    }
}

#[tokio::test]
async fn a_daemon_is_told_of_what_cannot_be_read_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    spoil(
        &full(directory.path()),
        "memory",
        "kind = 'known_good'",
        "{",
    );
    let (journal, heard) = journal(directory.path().to_owned());
    let memory = journal.recall(&account()).await.unwrap();
    assert_eq!(memory.unread.len(), 1);
    assert_eq!(journal.recent().await.len(), 4);
    journal
        .secure(vec![Entry::Watched(watched(0, 1))])
        .await
        .unwrap();
    let told = format!("{}: known good of cloudtrail-config-changes", account());
    assert_eq!(heard.all(), [told.as_str(), "skipped 1", "works"]);
    journal.close().await;
}
