//! Several accounts in one daemon.

use super::*;

const OWNER: &str = "999988887777";

/// A model of another account.
fn model_of(account: &str, change: impl FnOnce(&mut Snapshot)) -> Arc<Model> {
    let model = Model::new();
    let text = COMPLIANT.replace(ACCOUNT, account);
    let mut state = Snapshot::from_json(&text).unwrap();
    change(&mut state);
    *lock(&model.state) = state;
    Arc::new(model)
}

/// The account that owns an organization's trail, its chain whole.
fn owner() -> Arc<Model> {
    model_of(OWNER, |state| {
        for trail in state.trails.iter_mut().flatten() {
            trail.is_organization_trail = true;
        }
    })
}

/// A member that sees the owner's trail, and has nothing of its own.
fn member(owner: &Model) -> Arc<Model> {
    let owner = lock(&owner.state).clone();
    model_of(ACCOUNT, |state| {
        state.trails = owner.trails;
        state.trail_status = owner.trail_status;
        state.event_selectors = owner.event_selectors;
        state.log_groups.clear();
        state.metric_filters = Some(Vec::new());
        state.alarms = Some(Vec::new());
        state.topics = Some(Vec::new());
        state.subscriptions = Some(Vec::new());
    })
}

fn denied() -> ObserveError {
    ObserveError::Role(CallError {
        service: "sts",
        operation: "AssumeRole",
        scope: format!("arn:aws:iam::{OWNER}:role/watch"),
        code: "AccessDenied".to_owned(),
        class: Class::Denied,
        message: String::new(),
    })
}

#[tokio::test(start_paused = true)]
async fn an_account_that_does_not_answer_delays_no_other() {
    let silent = model_of(OWNER, |_| {});
    *lock(&silent.hangs) = true;
    let world = World::passing(Setup {
        beside: vec![Arc::clone(&silent)],
        ..Setup::default()
    })
    .await;
    assert_eq!(world.compliant_of(OWNER), None, "it hangs");
    world.model.delete_filter();
    world.queue.send(event(OWNER, "DeleteMetricFilter", "r"));
    world.queue.send(event(ACCOUNT, "DeleteMetricFilter", "r"));
    sleep(LOOK * 2).await;
    assert_eq!(world.compliant_of(ACCOUNT), Some(0.0));
    assert_eq!(world.queue.len(), 1, "only the silent one's message waits");
    sleep(Duration::from_mins(3)).await;
    assert_eq!(world.compliant_of(OWNER), Some(0.0), "given up: UNKNOWN");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_account_that_refuses_is_unknown_and_delays_no_other() {
    let closed = model_of(OWNER, |_| {});
    *lock(&closed.failure) = Some(denied());
    let world = World::passing(Setup {
        beside: vec![closed],
        ..Setup::default()
    })
    .await;
    assert_eq!(world.compliant_of(OWNER), Some(0.0));
    assert_eq!(world.compliant_of(ACCOUNT), Some(1.0));
    world.end().await;
}

/// When an account was last looked at, as the gauge has it.
fn looked_at(world: &World, account: &str) -> Option<f64> {
    world.value(&format!(
        "trailwarden_last_evaluation_timestamp_seconds{{account=\"{account}\""
    ))
}

fn errors(world: &World) -> usize {
    let triggers = ["start", "event", "retry", "sweep"];
    let series = triggers.iter().filter_map(|trigger| {
        world.value::<usize>(&format!(
            "trailwarden_evaluations_total{{result=\"error\",trigger=\"{trigger}\"}}"
        ))
    });
    series.sum()
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_never_seen_is_waited_for_and_has_no_time_of_a_look() {
    let closed = model_of(OWNER, |_| {});
    *lock(&closed.failure) = Some(denied());
    let world = World::passing(Setup {
        beside: vec![Arc::clone(&closed)],
        ..Setup::default()
    })
    .await;
    let missing = format!("first evaluation of {OWNER}");
    assert_eq!(world.board.missing(), [missing]);
    assert_eq!(looked_at(&world, OWNER), None);
    assert!(looked_at(&world, ACCOUNT).is_some());
    assert_eq!(errors(&world), 1);
    let scopes = world.board.scopes();
    let scope = scopes.iter().find(|one| one.name == OWNER).unwrap();
    assert_eq!(
        scope.failure.as_ref().unwrap().message,
        denied().to_string()
    );
    *lock(&closed.failure) = None;
    sleep(Duration::from_mins(1)).await;
    assert_eq!(world.board.missing(), [""; 0]);
    assert!(looked_at(&world, OWNER) > looked_at(&world, ACCOUNT));
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_account_that_nothing_is_seen_of_any_more_keeps_the_time_of_the_last_look() {
    let world = World::passing(Setup::default()).await;
    let before = looked_at(&world, ACCOUNT);
    // The account is known, and each call is refused by itself.
    world.model.change(|state| {
        let call = "cloudtrail:DescribeTrails us-east-1";
        let id = state.account_id.clone();
        *state = Snapshot::unseen(id, state.now, call, "AccessDenied");
        let topics = (Some(Vec::new()), Some(Vec::new()));
        (state.topics, state.subscriptions) = topics;
    });
    world.queue.send(event(ACCOUNT, "PutMetricFilter", "r"));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.control()["verdict"], "UNKNOWN");
    assert_eq!(world.compliant(), Some(0.0));
    assert_eq!(looked_at(&world, ACCOUNT), before);
    assert_eq!(errors(&world), 1);
    assert_eq!(world.board.missing(), [""; 0], "it was seen once");
    let failure = world.board.scopes()[0].failure.clone().unwrap();
    assert_eq!(
        failure.message,
        "nothing was seen: cloudtrail:DescribeTrails (us-east-1) was denied (AccessDenied). \
         Allow the action cloudtrail:DescribeTrails to the role that trailwarden uses."
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_member_inherits_what_becomes_of_its_owner_without_a_call() {
    let owner = owner();
    let member = member(&owner);
    let world = World::passing(Setup {
        model: Some(Arc::clone(&member)),
        beside: vec![Arc::clone(&owner)],
        ..Setup::default()
    })
    .await;
    assert_eq!(world.compliant_of(OWNER), Some(1.0));
    let looks = member.looks();
    owner.delete_filter();
    world.queue.send(event(OWNER, "DeleteMetricFilter", "r"));
    sleep(LOOK * 2).await;
    assert_eq!(world.compliant_of(OWNER), Some(0.0));
    assert_eq!(world.compliant_of(ACCOUNT), Some(0.0));
    assert_eq!(world.control()["broken_link"], "pattern");
    assert_eq!(member.looks(), looks, "judged anew, and not looked at");

    *lock(&owner.failure) = Some(denied());
    world.queue.send(event(OWNER, "PutMetricFilter", "r"));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        world.control()["verdict"],
        "UNKNOWN",
        "nothing is known of the owner"
    );
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_member_does_not_mend_its_owners_chain() {
    let owner = owner();
    let member = member(&owner);
    let world = World::passing(Setup {
        mode: HealMode::Apply,
        model: Some(Arc::clone(&member)),
        beside: vec![Arc::clone(&owner)],
        ..Setup::default()
    })
    .await;
    owner.delete_filter();
    world.queue.send(event(OWNER, "DeleteMetricFilter", "r"));
    sleep(Duration::from_mins(1)).await;
    assert_eq!(member.writes(), [""; 0]);
    assert_eq!(owner.writes(), ["PutMetricFilter"]);
    assert_eq!(
        world.compliant_of(ACCOUNT),
        Some(1.0),
        "whole again with its owner"
    );
    world.end().await;
}
