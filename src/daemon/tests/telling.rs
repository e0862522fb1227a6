//! What people are told beside the chain.

use super::*;
use crate::notify::{Courier, Failure, Notice};

/// A target that takes everything.
#[derive(Default)]
pub(super) struct Reader(Mutex<Vec<Notice>>);

impl Courier for Reader {
    fn deliver<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Result<(), Failure>> {
        lock(&self.0).push(notice.clone());
        async { Ok(()) }.boxed()
    }
}

impl Reader {
    pub(super) fn setup(self: &Arc<Self>, mode: HealMode) -> Setup {
        Setup {
            mode,
            notify: vec![Target {
                name: "reader".to_owned(),
                courier: Arc::<Self>::clone(self),
                topic_arn: Some("arn:aws:sns:us-east-1:111122223333:t".to_owned()),
            }],
            ..Setup::default()
        }
    }

    /// The kinds so far.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        lock(&self.0).iter().map(|one| one.kind().name()).collect()
    }

    /// The last one, in the debug form that holds all of it.
    pub(super) fn last(&self) -> String {
        format!("{:?}", lock(&self.0).last())
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_told_once_with_its_caller_and_its_end_once() {
    let reader = Arc::new(Reader::default());
    let world = World::passing(reader.setup(HealMode::Off)).await;
    assert_eq!(reader.kinds(), [""; 0], "PASS at the start is no news");
    let whole = lock(&world.model.state).clone();
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(Duration::from_hours(2)).await;
    assert!(world.looks_for("sweep") >= 4, "looked at again and again");
    assert_eq!(reader.kinds(), ["broken"]);
    let told = reader.last();
    for part in [
        "mallory",
        "event-1",
        "heal.mode is \\\\\\\"off\\\\\\\"",
        "put-metric-filter",
    ] {
        let part = part.replace("\\\\\\", "\\");
        assert!(told.contains(&part), "{part} is missing in {told}");
    }
    world.model.change(|state| *state = whole);
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    sleep(Duration::from_hours(1)).await;
    assert_eq!(reader.kinds(), ["broken", "mended"]);
    assert!(
        reader.last().contains("mended by others"),
        "{}",
        reader.last()
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn one_look_without_an_answer_is_no_news_and_blindness_is() {
    let reader = Arc::new(Reader::default());
    let world = World::passing(reader.setup(HealMode::Off)).await;
    let blind = || Some(ObserveError::NoAccount("?".to_owned()));
    *lock(&world.model.failure) = blind();
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.control()["verdict"], "UNKNOWN");
    *lock(&world.model.failure) = None;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(reader.kinds(), [""; 0]);
    *lock(&world.model.failure) = blind();
    sleep(Duration::from_hours(1)).await;
    assert_eq!(reader.kinds(), ["unknown"]);
    *lock(&world.model.failure) = None;
    sleep(Duration::from_hours(1)).await;
    assert_eq!(reader.kinds(), ["unknown", "mended"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_repaired_is_told_with_the_repair() {
    let reader = Arc::new(Reader::default());
    let world = World::passing(reader.setup(HealMode::Apply)).await;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(reader.kinds(), ["broken", "mended"]);
    let summary = reader.last();
    assert!(summary.contains("done: [\""), "{summary}");
    assert!(!summary.contains("by others"), "{summary}");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_broken_at_the_start_is_told_and_a_stop_does_not_lose_it() {
    let reader = Arc::new(Reader::default());
    let world = World::start(reader.setup(HealMode::Off)).await;
    world.model.delete_filter();
    sleep(LOOK / 2).await;
    world.end().await;
    assert_eq!(
        reader.kinds(),
        ["broken"],
        "the look was finished, and told"
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_cut_is_not_told_again_and_its_end_is() {
    let reader = Arc::new(Reader::default());
    let setup = reader.setup(HealMode::Off);
    let journal = setup.journal.clone();
    let world = World::passing(setup).await;
    let whole = lock(&world.model.state).clone();
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(Duration::from_mins(10)).await;
    let model = Arc::clone(&world.model);
    world.end().await;
    let again = |model: &Arc<Model>| Setup {
        journal: journal.clone(),
        model: Some(Arc::clone(model)),
        ..reader.setup(HealMode::Off)
    };
    let world = World::start(again(&model)).await;
    sleep(Duration::from_hours(1)).await;
    assert_eq!(reader.kinds(), ["broken"]);
    world.end().await;
    model.change(|state| *state = whole);
    let world = World::start(again(&model)).await;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(reader.kinds(), ["broken", "mended"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_happens_beside_the_verdicts_is_told_once() {
    let reader = Arc::new(Reader::default());
    let world = World::passing(reader.setup(HealMode::Apply)).await;
    world.model.change(|state| {
        let subscription = &mut state.subscriptions.as_mut().unwrap()[0];
        subscription.endpoint = "mallory@example.com".to_owned();
    });
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    sleep(Duration::from_mins(1)).await;
    assert_eq!(reader.kinds(), ["recipients_changed"]);
    assert!(reader.last().contains("mallory@example.com"));

    let stolen = event(ACCOUNT, "PutMetricFilter", "stolen").replace(
        "arn:aws:sts::111122223333:assumed-role/admin/mallory",
        PRINCIPAL,
    );
    for _ in 0..2 {
        world.queue.send(stolen.clone());
        sleep(Duration::from_mins(1)).await;
    }
    assert_eq!(
        reader.kinds(),
        ["recipients_changed", "own_credentials_used_elsewhere"]
    );

    for _ in 0..100 {
        world.model.delete_filter();
        world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
        sleep(Duration::from_mins(1)).await;
    }
    let fights = reader
        .kinds()
        .iter()
        .filter(|kind| **kind == "gave_way")
        .count();
    assert_eq!(fights, 1);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_cannot_be_written_is_told_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    std::fs::write(&path, "no directory").unwrap();
    let observer = Box::new(Events::new(Arc::new(Metrics::new().unwrap())));
    let journal = Journal::in_directory(path, Duration::from_hours(24), observer).unwrap();
    let reader = Arc::new(Reader::default());
    let world = World::start(Setup {
        journal,
        ..reader.setup(HealMode::Apply)
    })
    .await;
    sleep(Duration::from_hours(1)).await;
    assert_eq!(reader.kinds(), ["state_dir_unwritable"]);
    world.end().await;
}
