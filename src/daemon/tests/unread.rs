//! A journal with records that cannot be read.

use super::*;
use crate::journal::{Incident, Unread};

const SPOIL: [&str; 4] = ["guard", "known_good", "candidate", "own_writes"];

fn setup(journal: &Journal, model: &Arc<Model>) -> Setup {
    Setup {
        mode: HealMode::Apply,
        journal: journal.clone(),
        model: Some(Arc::clone(model)),
        ..Setup::default()
    }
}

/// The records of the account that cannot be read, each with what is in the file.
fn unread(journal: &Journal) -> Vec<Unread> {
    let account = ACCOUNT.parse().unwrap();
    journal.beside(|store| store.recall(&account).unwrap().unread)
}

fn accept(journal: &Journal) {
    let unread = unread(journal);
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    journal.beside(|store| store.accept(&[], &unread, now).unwrap());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_repaired_before_somebody_accepts_while_the_memory_of_an_account_cannot_be_read()
{
    for kind in SPOIL {
        let journal = Journal::in_memory().unwrap();
        let model = Arc::new(Model::new());
        World::passing(setup(&journal, &model)).await.end().await;
        journal.beside(|store| {
            store.spoil(&format!(
                "INSERT OR REPLACE INTO memory VALUES ('{ACCOUNT}', 'a-control', '{kind}', '{{\"writes\":2}}')"
            ));
        });
        let before = unread(&journal);
        assert_eq!(before.len(), 1, "{kind}");

        // It passes, fails, and would be mended within seconds.
        let world = World::passing(setup(&journal, &model)).await;
        model.delete_filter();
        world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
        sleep(Duration::from_mins(5)).await;
        assert_eq!(world.compliant(), Some(0.0));
        assert_eq!(model.writes(), Vec::<&str>::new());
        assert_eq!(unread(&journal), before, "and nothing is written over it");
        assert_eq!(
            world.value("trailwarden_heal_mode{mode=\"plan\"}"),
            Some(1.0)
        );
        let Incident::Broken(spell) = journal.recent().await.remove(0) else {
            panic!("nothing is broken")
        };
        let [held] = spell.deeds.as_slice() else {
            panic!("{:?}", spell.deeds)
        };
        assert!(held.reason.as_ref().unwrap().contains("trailwarden accept"));

        accept(&journal);
        // The daemon takes it over at its next look.
        world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
        sleep(Duration::from_mins(1)).await;
        assert_eq!(model.writes(), ["PutMetricFilter"]);
        assert_eq!(world.compliant(), Some(1.0));
        world.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_becomes_unreadable_under_way_stops_repairs_as_well() {
    let journal = Journal::in_memory().unwrap();
    let model = Arc::new(Model::new());
    let world = World::passing(setup(&journal, &model)).await;
    journal.beside(|store| {
        store.spoil("UPDATE memory SET data = '[7]' WHERE kind = 'guard'");
    });
    model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(Duration::from_mins(5)).await;
    assert_eq!(model.writes(), Vec::<&str>::new());
    assert_eq!(unread(&journal).len(), 1);
    world.end().await;
}
