//! A disk that does not answer, and a thread that is gone.

use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::time::{Instant, sleep};

use super::*;
use crate::journal::handle::SILENT_AFTER;
use crate::journal::{Disk, Opened};

const RETENTION: Duration = Duration::from_hours(24 * 400);

/// A disk that answers once somebody lets it, as a frozen file system does.
struct Frozen {
    thawed: Receiver<()>,
    directory: PathBuf,
}

impl Disk for Frozen {
    fn open(&mut self, now: Timestamp) -> Result<Opened, StoreError> {
        self.thawed.recv().unwrap();
        Store::open(&self.directory, now)
    }
}

fn frozen(directory: &std::path::Path) -> (Frozen, Sender<()>) {
    let (thaw, thawed) = channel();
    let directory = directory.to_owned();
    (Frozen { thawed, directory }, thaw)
}

/// A fault of ours.
struct Panics;

impl Disk for Panics {
    fn open(&mut self, _: Timestamp) -> Result<Opened, StoreError> {
        panic!("the journal's thread is to panic in this test")
    }
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_does_not_answer_is_a_failure_until_it_answers() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, thaw) = frozen(directory.path());
    let heard = Heard::default();
    let journal = Journal::on(Box::new(disk), RETENTION, Box::new(heard.clone())).unwrap();
    let outlook = async {
        sleep(3 * SILENT_AFTER).await;
        assert_eq!(journal.failure(), None, "nothing waits");
        journal.keep(vec![known_good("t")]);
        sleep(SILENT_AFTER * 9 / 10).await;
        assert_eq!(journal.failure(), None, "it may only be slow");
        sleep(SILENT_AFTER + Duration::from_secs(2)).await;
        let reason = journal.failure().unwrap();
        assert!(reason.contains("no answer from the disk"), "{reason}");
        assert_eq!(heard.all(), ["failed"]);
        thaw.send(()).unwrap();
        journal.until(false).await;
        assert_eq!(heard.all(), ["failed", "works"]);
        assert_eq!(journal.failure(), None);
    };
    tokio::select! {
        () = journal.watch() => {}
        () = outlook => {}
    }
    let store = Store::beside(directory.path()).unwrap();
    assert_eq!(chain(&store), Some(setup("t")), "and nothing is lost");
}

#[test]
fn what_waits_for_a_disk_that_does_not_answer_is_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let heard = Heard::default();
    let disk = Box::new(Directory(directory.path().to_owned()));
    // Nobody takes what is handed in.
    let (journal, mut keeper) = Journal::by_hand(disk, RETENTION, Box::new(heard.clone()));
    journal.keep(vec![known_good("t")]);
    let past = |minutes: std::ops::Range<i64>| {
        minutes
            .map(|minute| Entry::Watched(watched(minute, minute + 1)))
            .collect()
    };
    journal.keep(past(0..19_999));
    assert_eq!(heard.all(), [""; 0]);
    journal.keep(past(19_999..20_001));
    assert_eq!(heard.all(), ["lost 2"]);
    assert!(keeper.step(at(0)).is_continue());
    let store = Store::beside(directory.path()).unwrap();
    assert_eq!(chain(&store), Some(setup("t")));
    let kept = store.watched(Range::ALL).unwrap();
    assert_eq!((kept.len(), kept[0].since), (19_999, at(2)));
}

#[tokio::test]
async fn a_thread_that_panics_is_a_failure() {
    let heard = Heard::default();
    let journal = Journal::on(Box::new(Panics), RETENTION, Box::new(heard.clone())).unwrap();
    journal.keep(vec![known_good("t")]);
    let reason = journal.until(true).await.unwrap();
    assert!(reason.contains("panicked"), "{reason}");
    assert_eq!(heard.all(), ["failed"]);
    // Nothing is waited for that cannot come.
    let began = Instant::now();
    journal.close().await;
    assert!(began.elapsed() < Duration::from_secs(2));
}
