//! What outlives a restart, and what happens beside the verdicts.

use super::*;
use crate::assess::Verdict;
use crate::journal::{Directory, Incident, Occurrence, OccurrenceKind, Range, Spell};

impl World {
    /// Ends the daemon and starts another one on the same account and journal.
    async fn restarted(self, mode: HealMode, journal: &Journal) -> Self {
        let model = Arc::clone(&self.model);
        self.end().await;
        Self::start(setup(mode, journal, Some(model))).await
    }
}

fn setup(mode: HealMode, journal: &Journal, model: Option<Arc<Model>>) -> Setup {
    Setup {
        mode,
        account_known: true,
        journal: journal.clone(),
        model,
        ..Setup::default()
    }
}

async fn broken(journal: &Journal) -> Vec<Spell> {
    let incidents = journal.recent().await.into_iter();
    incidents
        .filter_map(|incident| match incident {
            Incident::Broken(spell) => Some(spell),
            Incident::Happened(_) => None,
        })
        .collect()
}

async fn happened(journal: &Journal) -> Vec<Occurrence> {
    let incidents = journal.recent().await.into_iter();
    incidents
        .filter_map(|incident| match incident {
            Incident::Happened(one) => Some(one),
            Incident::Broken(_) => None,
        })
        .collect()
}

/// The event of a PutMetricFilter with the daemon's own credentials.
fn with_own(request: &str, id: &str) -> String {
    event(ACCOUNT, "PutMetricFilter", request)
        .replace(
            "arn:aws:sts::111122223333:assumed-role/admin/mallory",
            PRINCIPAL,
        )
        .replace("event-1", id)
}

/// Ids of the events of which somebody was told as not the daemon's.
async fn stolen(journal: &Journal) -> Vec<String> {
    let happened = happened(journal).await.into_iter();
    let stolen = happened.filter(|one| one.kind == OccurrenceKind::OwnCredentialsUsedElsewhere);
    stolen.filter_map(|one| Some(one.actor?.event_id)).collect()
}

async fn seconds(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn an_incident_says_what_broke_by_whom_for_how_long_and_what_was_done() {
    let journal = Journal::in_memory().unwrap();
    let world = World::passing(setup(HealMode::Apply, &journal, None)).await;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    seconds(30).await;
    let [spell] = broken(&journal).await.try_into().unwrap();
    assert_eq!(spell.verdict, Verdict::Fail);
    assert_eq!(spell.link.unwrap().name(), "pattern");
    let actor = spell.actor.as_ref().unwrap();
    assert_eq!(actor.event_name, "DeleteMetricFilter");
    assert!(spell.time_to_detect().unwrap() < SignedDuration::from_secs(3));
    let mended = spell.time_to_mend().unwrap();
    assert!(mended < SignedDuration::from_secs(10), "{mended:?}");
    let [deed] = spell.deeds.as_slice() else {
        panic!("{:?}", spell.deeds);
    };
    assert_eq!(
        (deed.operation.as_str(), deed.result.as_str()),
        ("PutMetricFilter", "applied")
    );
    let board = world.board.incidents();
    assert_eq!(board, [Incident::Broken(spell)], "and the page shows it");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_calls_after_the_link_was_seen_cut_did_not_cut_it() {
    let journal = Journal::in_memory().unwrap();
    let world = World::passing(setup(HealMode::Off, &journal, None)).await;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    seconds(20).await;
    let later = event(ACCOUNT, "DeleteMetricFilter", "s")
        .replace("mallory", "bob")
        .replace("T10:00:00Z", "T10:00:15Z");
    world.queue.send(later);
    seconds(20).await;
    let world = world.restarted(HealMode::Off, &journal).await;
    let latest = event(ACCOUNT, "DeleteMetricFilter", "t")
        .replace("mallory", "carol")
        .replace("T10:00:00Z", "T10:00:50Z");
    world.queue.send(latest);
    seconds(20).await;
    let [spell] = broken(&journal).await.try_into().unwrap();
    let principal = spell.actor.unwrap().principal_arn.unwrap();
    assert!(principal.ends_with("/mallory"), "{principal}");

    // What was made before that is told of later.
    let before = event(ACCOUNT, "DeleteMetricFilter", "u")
        .replace("mallory", "dave")
        .replace("T10:00:00Z", "T10:00:01Z");
    world.queue.send(before);
    seconds(20).await;
    let [spell] = broken(&journal).await.try_into().unwrap();
    let principal = spell.actor.unwrap().principal_arn.unwrap();
    assert!(principal.ends_with("/dave"), "{principal}");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_with_what_lasts_and_ends_what_does_not() {
    let journal = Journal::in_memory().unwrap();
    let world = World::passing(setup(HealMode::Off, &journal, None)).await;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    seconds(10).await;
    let since = world.control()["since"].clone();
    let world = world.restarted(HealMode::Off, &journal).await;
    seconds(1).await;
    let control = world.control();
    assert_eq!(control["since"], since);
    assert_eq!(control["actor"]["event_name"], "DeleteMetricFilter");
    assert_eq!(broken(&journal).await.len(), 1);

    let compliant = Snapshot::from_json(COMPLIANT).unwrap();
    world.model.change(|state| *state = compliant);
    let world = world.restarted(HealMode::Off, &journal).await;
    seconds(1).await;
    assert_eq!(world.compliant(), Some(1.0));
    let [spell] = broken(&journal).await.try_into().unwrap();
    assert!(spell.until.is_some());
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_while_nobody_watched_is_restored_as_it_was() {
    let journal = Journal::in_memory().unwrap();
    let world = World::passing(setup(HealMode::Apply, &journal, None)).await;
    let before = lock(&world.model.state).metric_filters.clone();
    world.model.delete_filter();
    let world = world.restarted(HealMode::Apply, &journal).await;
    seconds(30).await;
    assert_eq!(world.compliant(), Some(1.0));
    let after = lock(&world.model.state).metric_filters.clone();
    assert_eq!(after, before, "with its own name, not the benchmark's");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_does_not_write_more_often_than_the_budget_says() {
    let journal = Journal::in_memory().unwrap();
    let mut world = World::passing(setup(HealMode::Apply, &journal, None)).await;
    for _ in 0..200 {
        world.model.delete_filter();
        world = world.restarted(HealMode::Apply, &journal).await;
        seconds(30).await;
    }
    let writes = world.model.writes().len();
    let limits = Limits::default();
    assert!(writes <= limits.stop_after as usize, "{writes} writes");
    let gave_way = happened(&journal).await;
    assert_eq!(
        gave_way.len(),
        1,
        "told of once, not once a restart: {gave_way:?}"
    );
    assert_eq!(gave_way[0].kind, OccurrenceKind::GaveWay);
    assert_eq!(world.value("trailwarden_heal_stopped{"), Some(1.0));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_journal_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    std::fs::write(&path, "no directory").unwrap();
    let metrics = Arc::new(Metrics::new().unwrap());
    let observer = Box::new(Events::new(Arc::clone(&metrics)));
    let journal = Journal::in_directory(path, Duration::from_hours(24), observer).unwrap();
    let world = World::start(setup(HealMode::Apply, &journal, None)).await;
    // The clock runs ahead while the thread of the journal answers.
    seconds(60).await;
    assert_eq!(world.compliant(), Some(1.0));
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    seconds(120).await;
    assert_eq!(world.model.writes(), [""; 0]);
    assert_eq!(world.compliant(), Some(0.0), "and the daemon goes on");
    assert_eq!(world.queue.len(), 0);
    assert_eq!(
        world.value("trailwarden_heal_mode{mode=\"plan\"}"),
        Some(1.0)
    );
    assert!(
        metrics
            .encode()
            .unwrap()
            .contains("trailwarden_journal_writable 0")
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn while_the_disk_of_the_journal_does_not_answer_the_mode_in_force_is_plan() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = Arc::new(Metrics::new().unwrap());
    let observer = Box::new(Events::new(Arc::clone(&metrics)));
    let disk = Box::new(Directory(directory.path().join("state")));
    let (journal, mut keeper) = Journal::by_hand(disk, Duration::from_hours(24), observer);
    let writable = |is: u8| {
        let line = format!("trailwarden_journal_writable {is}\n");
        metrics.encode().unwrap().contains(&line)
    };
    let mode = |world: &World, mode: &str| {
        let series = format!("trailwarden_heal_mode{{mode=\"{mode}\"}}");
        world.value(&series) == Some(1.0)
    };
    journal.keep(Vec::new());
    let now = Timestamp::UNIX_EPOCH;
    assert!(keeper.step(now).is_continue());
    assert!(writable(1));
    let world = World::start(setup(HealMode::Apply, &journal, None)).await;
    seconds(10).await;
    assert!(mode(&world, "apply"));

    // Whoever writes the journal does not come back from the disk.
    seconds(30).await;
    assert!(writable(0));
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    seconds(10).await;
    assert!(mode(&world, "plan"));

    assert!(keeper.step(now).is_continue());
    assert!(writable(1));
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    seconds(10).await;
    assert!(mode(&world, "apply"));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_with_the_own_credentials_that_was_not_made_here_is_an_incident() {
    let journal = Journal::in_memory().unwrap();
    let world = World::passing(setup(HealMode::Apply, &journal, None)).await;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    seconds(20).await;
    assert_eq!(world.model.writes(), ["PutMetricFilter"]);
    world.queue.send(with_own("own-1", "event-2"));
    seconds(10).await;
    assert_eq!(happened(&journal).await, [], "its own write");
    for _ in 0..3 {
        world.queue.send(with_own("stolen", "event-3"));
        seconds(10).await;
    }
    let [stolen] = happened(&journal).await.try_into().unwrap();
    assert_eq!(stolen.kind, OccurrenceKind::OwnCredentialsUsedElsewhere);
    assert_eq!(stolen.actor.unwrap().event_id, "event-3");
    let series = "trailwarden_occurrences_total{kind=\"own_credentials_used_elsewhere\"}";
    assert_eq!(world.value(series), Some(1.0));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_event_of_a_repair_is_no_theft_to_the_process_that_comes_after() {
    let journal = Journal::in_memory().unwrap();
    let world = World::passing(setup(HealMode::Apply, &journal, None)).await;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    seconds(20).await;
    assert_eq!(world.model.writes(), ["PutMetricFilter"]);

    let world = world.restarted(HealMode::Apply, &journal).await;
    world.queue.send(with_own("own-1", "event-2"));
    seconds(10).await;
    assert_eq!(stolen(&journal).await, [""; 0]);
    world.queue.send(with_own("stolen", "event-3"));
    seconds(10).await;
    assert_eq!(stolen(&journal).await, ["event-3"]);

    let world = world.restarted(HealMode::Apply, &journal).await;
    world.queue.send(with_own("stolen", "event-3"));
    seconds(10).await;
    assert_eq!(stolen(&journal).await, ["event-3"], "told of once");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_event_of_a_write_that_a_crash_cut_short_is_no_theft_and_no_other_call_passes_for_it() {
    let journal = Journal::in_memory().unwrap();
    let world = World::passing(setup(HealMode::Apply, &journal, None)).await;
    *lock(&world.model.is_mute) = true;
    world.model.delete_filter();
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    seconds(20).await;
    assert_eq!(world.model.writes(), ["PutMetricFilter"]);
    let model = Arc::clone(&world.model);
    world.daemon.abort();
    assert!(world.daemon.await.unwrap_err().is_cancelled());

    *lock(&model.is_mute) = false;
    let world = World::start(setup(HealMode::Apply, &journal, Some(model))).await;
    world.queue.send(with_own("unknown", "the write"));
    seconds(10).await;
    assert_eq!(stolen(&journal).await, [""; 0]);

    let of_another = with_own("unknown", "another").replace("\"f\"", "\"g\"");
    world.queue.send(of_another);
    seconds(10).await;
    // The second process began some 20 s after the first.
    let later = with_own("unknown", "later").replace("T10:00:00Z", "T10:00:45Z");
    world.queue.send(later);
    seconds(10).await;
    assert_eq!(stolen(&journal).await, ["later", "another"]);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_change_of_who_is_told_is_told_although_the_verdict_is_pass() {
    let journal = Journal::in_memory().unwrap();
    let world = World::passing(setup(HealMode::Off, &journal, None)).await;
    world.model.change(|state| {
        let subscriptions = state.subscriptions.as_mut().unwrap();
        subscriptions[0].endpoint = "mallory@example.com".to_owned();
        subscriptions[0].protocol = "email".to_owned();
        subscriptions[0].subscription_arn += "-other";
    });
    let topic = lock(&world.model.state).topics.as_ref().unwrap()[0]
        .topic_arn
        .clone();
    let subscribe = event(ACCOUNT, "Subscribe", "r")
        .replace("logs.amazonaws.com", "sns.amazonaws.com")
        .replace("aws.logs", "aws.sns")
        .replace(
            "\"logGroupName\":\"ct\"",
            &format!("\"topicArn\":\"{topic}\""),
        );
    world.queue.send(subscribe);
    seconds(20).await;
    assert_eq!(world.compliant(), Some(1.0));
    let [change] = happened(&journal).await.try_into().unwrap();
    assert_eq!(change.kind, OccurrenceKind::RecipientsChanged);
    assert!(
        change.message.contains("mallory@example.com"),
        "{}",
        change.message
    );
    assert_eq!(change.actor.unwrap().event_name, "Subscribe");
    assert_eq!(world.value("trailwarden_recipients_changed{"), Some(1.0));
    // A day later it is how it is.
    sleep(Duration::from_hours(25)).await;
    assert_eq!(world.value::<f64>("trailwarden_recipients_changed{"), None);
    assert_eq!(happened(&journal).await.len(), 1, "told of once");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn of_a_control_that_does_not_pass_or_was_not_seen_whole_nobody_says_that_others_are_told() {
    let journal = Journal::in_memory().unwrap();
    let world = World::passing(setup(HealMode::Off, &journal, None)).await;
    let changed = "trailwarden_recipients_changed{";
    let look = async |change: fn(&mut Snapshot)| {
        world.model.change(change);
        world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
        seconds(20).await;
    };
    let reroute: fn(&mut Snapshot) = |state| {
        let subscriptions = state.subscriptions.as_mut().unwrap();
        subscriptions[0].endpoint.push_str("-other");
        subscriptions[0].subscription_arn.push_str("-other");
    };
    look(reroute).await;
    assert_eq!(world.value(changed), Some(1.0));
    let filters = lock(&world.model.state).metric_filters.clone();
    look(|state| state.metric_filters = Some(Vec::new())).await;
    assert_eq!(world.compliant(), Some(0.0));
    assert_eq!(world.value::<f64>(changed), None, "nobody is told");

    lock(&world.model.state).metric_filters = filters;
    look(|_| {}).await;
    assert_eq!(world.value(changed), Some(1.0));
    look(|state| {
        let hole = "sns:ListSubscriptionsByTopic arn:aws:sns:us-east-1:111122223333:other";
        let code = "AuthorizationError".to_owned();
        state.api_errors.insert(hole.to_owned(), code);
        state.subscriptions.as_mut().unwrap()[0].endpoint.push('2');
    })
    .await;
    assert_eq!(world.compliant(), Some(1.0));
    assert_eq!(world.value::<f64>(changed), None, "not all was seen");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn time_without_a_daemon_is_not_watched() {
    let journal = Journal::in_memory().unwrap();
    let world = World::passing(setup(HealMode::Off, &journal, None)).await;
    sleep(Duration::from_hours(1)).await;
    let model = Arc::clone(&world.model);
    world.end().await;
    sleep(Duration::from_hours(5)).await;
    let world = World::start(setup(HealMode::Off, &journal, Some(model))).await;
    sleep(Duration::from_hours(1)).await;
    let watched = journal.watched(Range::ALL);
    assert_eq!(watched.len(), 2, "{watched:?}");
    for one in watched {
        let minutes = one.until.duration_since(one.since).as_mins();
        assert!((40..=60).contains(&minutes), "{minutes} minutes");
    }
    world.end().await;
}
