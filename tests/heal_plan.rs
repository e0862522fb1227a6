//! Plans against the model of the account and the real evaluation: every break that people make, alone and together, and
//! the hard account states of `fixtures/verdict-cases.json` (each case names its source).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};
use trailwarden::assess::{Assessment, Chain, Link, Verdict, assess};
use trailwarden::control::{Benchmark, Catalogue, Control};
use trailwarden::heal::{
    ExpectedSubscription, HealPolicy, LogDelivery, Plan, Repair, StepAction, apply_to, plan,
};
use trailwarden::snapshot::{
    AlarmMuteRule, EventSelector, EventSelectors, MetricFilter, Snapshot, TrailStatus,
};

const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:cis-alarms";
const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:security";

fn whole() -> Snapshot {
    Snapshot::from_json(include_str!("fixtures/heal-whole-chain.json")).unwrap()
}

fn control() -> &'static Control {
    control_of("cloudtrail-config-changes")
}

fn control_of(key: &str) -> &'static Control {
    Catalogue::builtin()
        .controls()
        .iter()
        .find(|control| control.key == key)
        .unwrap()
}

fn judged(snapshot: &Snapshot, policy: &HealPolicy) -> Assessment {
    assess(
        snapshot,
        control(),
        &policy.expectations(),
        &policy.benchmark,
    )
}

fn planned(snapshot: &Snapshot, known: Option<&Chain>, policy: &HealPolicy) -> Plan {
    plan(
        snapshot,
        &judged(snapshot, policy),
        control(),
        known,
        policy,
    )
}

fn known_good() -> Chain {
    let assessment = judged(&whole(), &HealPolicy::default());
    assert_eq!(assessment.verdict, Verdict::Pass);
    assessment.chain
}

fn every_link() -> BTreeSet<Link> {
    Link::CHAIN.into_iter().collect()
}

fn queue() -> ExpectedSubscription {
    ExpectedSubscription {
        protocol: "sqs".to_owned(),
        endpoint: QUEUE.to_owned(),
    }
}

fn policy(links: BTreeSet<Link>) -> HealPolicy {
    HealPolicy {
        links,
        topics: vec![TOPIC.to_owned()],
        subscriptions: vec![queue()],
        benchmark: Benchmark::Any,
    }
}

/// One way to cut the chain, as an API call would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    StopTrail,
    OneRegion,
    NoGroupArn,
    OtherGroup,
    NoManagementEvents,
    ReadOnlyEvents,
    DeleteGroup,
    DeleteFilter,
    NarrowFilter,
    CountNothing,
    OtherMetric,
    DeleteAlarm,
    DisableActions,
    Threshold5,
    WrongUnit,
    WatchOther,
    NoAction,
    ForeignAction,
    DeleteTopic,
    Unsubscribe,
}

impl Cut {
    /// In the order that people would have to make them for each to succeed.
    const ALL: [Self; 20] = [
        Self::StopTrail,
        Self::OneRegion,
        Self::NoManagementEvents,
        Self::ReadOnlyEvents,
        Self::NarrowFilter,
        Self::CountNothing,
        Self::OtherMetric,
        Self::DeleteFilter,
        Self::DeleteGroup,
        Self::OtherGroup,
        Self::NoGroupArn,
        Self::Threshold5,
        Self::WrongUnit,
        Self::WatchOther,
        Self::DisableActions,
        Self::ForeignAction,
        Self::NoAction,
        Self::DeleteAlarm,
        Self::Unsubscribe,
        Self::DeleteTopic,
    ];

    fn make(self, account: &mut Snapshot) {
        match self {
            Self::StopTrail => {
                account.trail_status.get_mut(TRAIL).unwrap().is_logging = Some(false);
            }
            Self::OneRegion => account.trails.as_mut().unwrap()[0].is_multi_region_trail = false,
            Self::NoGroupArn => {
                let trail = &mut account.trails.as_mut().unwrap()[0];
                trail.cloud_watch_logs_log_group_arn = None;
                trail.cloud_watch_logs_role_arn = None;
            }
            Self::OtherGroup => {
                account.trails.as_mut().unwrap()[0].cloud_watch_logs_log_group_arn =
                    Some("arn:aws:logs:us-east-1:111122223333:log-group:app:*".to_owned());
            }
            Self::NoManagementEvents => {
                select(account, |selector| {
                    selector.include_management_events = Some(false)
                });
            }
            Self::ReadOnlyEvents => {
                select(account, |selector| {
                    selector.read_write_type = Some("ReadOnly".to_owned())
                });
            }
            Self::DeleteGroup => {
                account
                    .log_groups
                    .retain(|group| group.log_group_name != "ct");
                account
                    .metric_filters
                    .as_mut()
                    .unwrap()
                    .retain(|filter| filter.log_group_name != "ct");
            }
            Self::DeleteFilter => {
                account
                    .metric_filters
                    .as_mut()
                    .unwrap()
                    .retain(|filter| filter.log_group_name != "ct");
            }
            Self::NarrowFilter => filter(account, |filter| {
                filter.filter_pattern = Some("{ $.eventName = CreateTrail }".to_owned());
            }),
            Self::CountNothing => filter(account, |filter| {
                filter.metric_transformations[0].metric_value = "0".to_owned();
            }),
            Self::OtherMetric => filter(account, |filter| {
                filter.metric_transformations[0].metric_name = "elsewhere".to_owned();
            }),
            Self::DeleteAlarm => {
                account
                    .alarms
                    .as_mut()
                    .unwrap()
                    .retain(|alarm| alarm.alarm_name != "cloudtrail-touched");
            }
            Self::DisableActions => alarm(account, |alarm| alarm.actions_enabled = Some(false)),
            Self::Threshold5 => alarm(account, |alarm| alarm.threshold = Some(5.0)),
            Self::WrongUnit => alarm(account, |alarm| alarm.unit = Some("Bytes".to_owned())),
            Self::WatchOther => {
                alarm(account, |alarm| {
                    alarm.metric_name = Some("nothing".to_owned())
                });
            }
            Self::NoAction => alarm(account, |alarm| alarm.alarm_actions.clear()),
            Self::ForeignAction => alarm(account, |alarm| {
                alarm.alarm_actions =
                    vec!["arn:aws:sns:us-east-1:111122223333:intruder".to_owned()];
            }),
            Self::DeleteTopic => {
                account
                    .topics
                    .as_mut()
                    .unwrap()
                    .retain(|topic| topic.topic_arn != TOPIC);
                unsubscribe(account);
            }
            Self::Unsubscribe => unsubscribe(account),
        }
    }

    /// The link that has to be allowed for trailwarden to mend it.
    const fn needs(self) -> Option<Link> {
        match self {
            Self::StopTrail | Self::OneRegion => Some(Link::Trail),
            Self::NoManagementEvents | Self::ReadOnlyEvents => Some(Link::Selector),
            Self::NoGroupArn | Self::OtherGroup | Self::DeleteGroup => Some(Link::LogGroup),
            _ => None,
        }
    }
}

fn select(account: &mut Snapshot, change: fn(&mut EventSelector)) {
    let selectors = account.event_selectors.get_mut(TRAIL).unwrap();
    change(&mut selectors.event_selectors.as_mut().unwrap()[0]);
}

fn filter(account: &mut Snapshot, change: fn(&mut MetricFilter)) {
    account
        .metric_filters
        .iter_mut()
        .flatten()
        .filter(|filter| filter.log_group_name == "ct")
        .for_each(change);
}

fn alarm(account: &mut Snapshot, change: fn(&mut trailwarden::snapshot::Alarm)) {
    account
        .alarms
        .iter_mut()
        .flatten()
        .filter(|alarm| alarm.alarm_name == "cloudtrail-touched")
        .for_each(change);
}

fn unsubscribe(account: &mut Snapshot) {
    account
        .subscriptions
        .as_mut()
        .unwrap()
        .retain(|one| one.topic_arn != TOPIC);
    let topic = account
        .topics
        .iter_mut()
        .flatten()
        .find(|topic| topic.topic_arn == TOPIC);
    if let Some(topic) = topic {
        topic.attributes.subscriptions_confirmed = Some("0".to_owned());
    }
}

fn cut(cuts: &[Cut]) -> Snapshot {
    let mut account = whole();
    for cut in Cut::ALL.iter().filter(|cut| cuts.contains(cut)) {
        cut.make(&mut account);
    }
    account
}

/// The required events that reach somebody, each asked for by itself.
fn told(account: &Snapshot, control: &Control, policy: &HealPolicy) -> BTreeSet<String> {
    let is_told = |name: &&String| {
        let alone = Control::own(name, name, &format!("{{ $.eventName = {name} }}")).unwrap();
        assess(account, &alone, &policy.expectations(), &policy.benchmark).verdict == Verdict::Pass
    };
    control
        .event_names
        .iter()
        .filter(is_told)
        .cloned()
        .collect()
}

fn actions(account: &Snapshot) -> BTreeSet<(String, usize, String)> {
    let alarms = account.alarms.iter().flatten();
    alarms
        .flat_map(|alarm| {
            [
                &alarm.alarm_actions,
                &alarm.ok_actions,
                &alarm.insufficient_data_actions,
            ]
            .into_iter()
            .enumerate()
            .flat_map(move |(kind, actions)| {
                actions
                    .iter()
                    .map(move |action| (alarm.alarm_arn.clone(), kind, action.clone()))
            })
        })
        .collect()
}

/// Everything that is there, by name.
fn names(account: &Snapshot) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    names.extend(
        account
            .trails
            .iter()
            .flatten()
            .map(|one| one.trail_arn.clone()),
    );
    names.extend(
        account
            .log_groups
            .iter()
            .map(|one| format!("{} {}", one.region, one.log_group_name)),
    );
    names.extend(
        account
            .metric_filters
            .iter()
            .flatten()
            .map(|one| format!("{} {} {}", one.region, one.log_group_name, one.filter_name)),
    );
    names.extend(
        account
            .alarms
            .iter()
            .flatten()
            .map(|one| one.alarm_arn.clone()),
    );
    names.extend(
        account
            .topics
            .iter()
            .flatten()
            .map(|one| one.topic_arn.clone()),
    );
    names.extend(
        account
            .subscriptions
            .iter()
            .flatten()
            .map(|one| format!("{} {} {}", one.topic_arn, one.protocol, one.endpoint)),
    );
    names
}

/// What has nothing to do with the chain.
fn bystanders(account: &Snapshot) -> Value {
    json!({
        "group": account.log_groups.iter().filter(|one| one.log_group_name == "app").collect::<Vec<_>>(),
        "filter": account.metric_filters.iter().flatten().filter(|one| one.filter_name == "errors").collect::<Vec<_>>(),
        "alarm": account.alarms.iter().flatten().filter(|one| one.alarm_name == "app-errors").collect::<Vec<_>>(),
        "topic": account.topics.iter().flatten().filter(|one| one.topic_arn.ends_with(":app")).collect::<Vec<_>>(),
        "subscription": account.subscriptions.iter().flatten().filter(|one| one.topic_arn.ends_with(":app")).collect::<Vec<_>>(),
    })
}

/// The laws that hold for every plan; the account after its repairs.
fn carried_out(start: &Snapshot, found: &Plan, control: &Control, policy: &HealPolicy) -> Snapshot {
    let mut account = start.clone();
    for (step, repair) in found.repairs() {
        assert!(
            policy.allows(step.link),
            "{} may not be mended: {repair:?}",
            step.link
        );
        if let Repair::CreateLogGroup { name, .. } = repair {
            let suffix = format!(":log-group:{name}:*");
            assert!(
                account.trails.iter().flatten().any(|trail| trail
                    .cloud_watch_logs_log_group_arn
                    .as_ref()
                    .is_some_and(|arn| arn.ends_with(&suffix))),
                "no trail writes to {name}"
            );
        }
        if let Repair::Subscribe {
            protocol, endpoint, ..
        } = repair
        {
            let named = ExpectedSubscription {
                protocol: protocol.clone(),
                endpoint: endpoint.clone(),
            };
            assert!(
                policy.subscriptions.contains(&named),
                "nobody named {endpoint}"
            );
        }
        let next = apply_to(&account, repair);
        assert_ne!(next, account, "refused, or without effect: {repair:?}");
        assert!(
            actions(&account).is_subset(&actions(&next)),
            "an action is lost: {repair:?}"
        );
        assert!(
            names(&account).is_subset(&names(&next)),
            "something is gone: {repair:?}"
        );
        let (before, after) = (
            told(&account, control, policy),
            told(&next, control, policy),
        );
        assert!(
            before.is_subset(&after),
            "worse: {repair:?}\n{before:?}\n{after:?}"
        );
        account = next;
    }
    account
}

fn asks(plan: &Plan) -> usize {
    plan.steps
        .iter()
        .filter(|step| matches!(step.action, StepAction::Ask { .. }))
        .count()
}

fn show(plan: &Plan) -> String {
    plan.steps
        .iter()
        .map(|step| format!("{step:?}\n"))
        .collect()
}

fn any_cuts() -> impl Strategy<Value = Vec<Cut>> {
    subsequence(Cut::ALL.to_vec(), 1..=Cut::ALL.len().min(6))
}

fn any_links() -> impl Strategy<Value = BTreeSet<Link>> {
    prop_oneof![
        Just(HealPolicy::default().links),
        Just(every_link()),
        subsequence(Link::CHAIN.to_vec(), 0..=9).prop_map(|links| links.into_iter().collect()),
    ]
}

fn any_policy() -> impl Strategy<Value = HealPolicy> {
    let email = ExpectedSubscription {
        protocol: "email".to_owned(),
        endpoint: "sec@example.com".to_owned(),
    };
    (
        any_links(),
        subsequence(vec![TOPIC.to_owned()], 0..=1),
        subsequence(vec![queue(), email], 0..=2),
    )
        .prop_map(|(links, topics, subscriptions)| HealPolicy {
            links,
            topics,
            subscriptions,
            benchmark: Benchmark::Any,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// With all links allowed, the queue named and the past known, whatever was cut is mended as it was.
    #[test]
    fn what_was_known_comes_back_as_it_was(cuts in any_cuts()) {
        let policy = policy(every_link());
        let start = cut(&cuts);
        let found = planned(&start, Some(&known_good()), &policy);
        let end = carried_out(&start, &found, control(), &policy);
        let verdict = judged(&end, &policy).verdict;
        // A group that no trail names and that is gone is a person's to make.
        let lost_group = cuts.contains(&Cut::DeleteGroup)
            && (cuts.contains(&Cut::NoGroupArn) || cuts.contains(&Cut::OtherGroup));
        if lost_group {
            prop_assert!(verdict == Verdict::Pass || asks(&found) > 0, "{}", show(&found));
        } else {
            prop_assert_eq!((verdict, asks(&found)), (Verdict::Pass, 0), "{}", show(&found));
            prop_assert!(known_is_back(&end, &cuts), "{}", show(&found));
        }
        prop_assert_eq!(bystanders(&end), bystanders(&start));
    }

    /// Whatever may be mended and whatever is known: PASS, or somebody is asked.
    #[test]
    fn a_plan_leads_to_pass_or_asks(
        cuts in any_cuts(),
        known in any::<bool>(),
        policy in any_policy(),
    ) {
        let start = cut(&cuts);
        let known = known.then(known_good);
        let assessment = judged(&start, &policy);
        let found = planned(&start, known.as_ref(), &policy);
        let end = carried_out(&start, &found, control(), &policy);
        prop_assert_eq!(bystanders(&end), bystanders(&start));
        if assessment.verdict == Verdict::Fail {
            let verdict = judged(&end, &policy).verdict;
            prop_assert!(verdict == Verdict::Pass || asks(&found) > 0, "{}", show(&found));
            let again = planned(&end, known.as_ref(), &policy);
            prop_assert!(again.repairs().next().is_none(), "{}then\n{}", show(&found), show(&again));
        } else {
            prop_assert!(found.is_empty());
        }
    }
}

/// Whether the links that were cut, and could be put back, are as they were.
fn known_is_back(end: &Snapshot, cuts: &[Cut]) -> bool {
    let whole = whole();
    let only_alarm_additions = cuts.contains(&Cut::ForeignAction);
    let filters = |account: &Snapshot| account.metric_filters.clone().unwrap();
    let filters_back = filters(&whole)
        .iter()
        .all(|filter| filters(end).contains(filter));
    let alarm_back = whole.alarms.iter().flatten().all(|was| {
        end.alarms.iter().flatten().any(|is| {
            let mut is = is.clone();
            if only_alarm_additions {
                is.alarm_actions
                    .retain(|action| was.alarm_actions.contains(action));
            }
            is.alarm_description == was.alarm_description
                && is.period == was.period
                && is.threshold == was.threshold
                && is.alarm_name == was.alarm_name
                && is.alarm_actions == was.alarm_actions
        })
    });
    filters_back && alarm_back && filters(end).len() == filters(&whole).len()
}

fn single(cut_made: Cut, links: BTreeSet<Link>) -> (Plan, Verdict) {
    let policy = policy(links);
    let start = cut(&[cut_made]);
    let found = planned(&start, Some(&known_good()), &policy);
    let end = carried_out(&start, &found, control(), &policy);
    (found, judged(&end, &policy).verdict)
}

#[test]
fn each_break_alone_is_one_repair() {
    for cut_made in Cut::ALL {
        let (found, verdict) = single(cut_made, every_link());
        let steps = if cut_made == Cut::DeleteTopic || cut_made == Cut::DeleteGroup {
            2
        } else {
            1
        };
        assert_eq!(verdict, Verdict::Pass, "{cut_made:?}\n{}", show(&found));
        assert_eq!(
            (found.steps.len(), asks(&found)),
            (steps, 0),
            "{cut_made:?}\n{}",
            show(&found)
        );
    }
}

#[test]
fn the_source_is_mended_only_when_named_and_else_asked_for() {
    for cut_made in Cut::ALL {
        let (found, verdict) = single(cut_made, HealPolicy::default().links);
        // Where the trail was turned to another group, a right filter on that one needs no more than the default links.
        let mended = cut_made.needs().is_none() || cut_made == Cut::OtherGroup;
        assert_eq!(
            verdict == Verdict::Pass,
            mended,
            "{cut_made:?}\n{}",
            show(&found)
        );
        assert_eq!(asks(&found) > 0, !mended, "{cut_made:?}\n{}", show(&found));
        if !mended {
            assert_eq!(found.repairs().count(), 0, "{cut_made:?}\n{}", show(&found));
        }
    }
}

#[test]
fn a_stopped_trail_is_asked_for_with_the_exact_command() {
    let (found, _) = single(Cut::StopTrail, HealPolicy::default().links);
    let StepAction::Ask { command, .. } = &found.steps[0].action else {
        panic!("not asked")
    };
    assert_eq!(
        command,
        &format!("aws cloudtrail start-logging --region us-east-1 --name {TRAIL}")
    );
}

#[test]
fn the_log_group_comes_back_with_its_role() {
    let (found, _) = single(Cut::NoGroupArn, every_link());
    assert_eq!(
        found
            .repairs()
            .map(|(_, repair)| repair)
            .collect::<Vec<_>>(),
        [&Repair::UpdateTrail {
            region: "us-east-1".to_owned(),
            trail_arn: TRAIL.to_owned(),
            multi_region: None,
            delivery: Some(LogDelivery {
                log_group_arn: "arn:aws:logs:us-east-1:111122223333:log-group:ct:*".to_owned(),
                role_arn: "arn:aws:iam::111122223333:role/ct".to_owned(),
            }),
        }]
    );
}

#[test]
fn a_deleted_trail_is_always_asked_for() {
    for links in [every_link(), HealPolicy::default().links] {
        let policy = policy(links);
        let mut start = whole();
        start.trails = Some(Vec::new());
        start.trail_status.clear();
        start.event_selectors.clear();
        for known in [Some(known_good()), None] {
            let found = planned(&start, known.as_ref(), &policy);
            assert_eq!(
                (found.repairs().count(), asks(&found)),
                (0, 1),
                "{}",
                show(&found)
            );
        }
    }
}

#[test]
fn what_lies_behind_a_deleted_trail_is_mended_all_the_same() {
    let policy = policy(every_link());
    let mut start = cut(&[Cut::DeleteAlarm, Cut::DeleteTopic]);
    start.trails = Some(Vec::new());
    start.trail_status.clear();
    start.event_selectors.clear();
    let found = planned(&start, Some(&known_good()), &policy);
    let kinds: Vec<&str> = found
        .repairs()
        .map(|(_, repair)| repair.kind().operation())
        .collect();
    assert_eq!(
        kinds,
        ["PutMetricAlarm", "CreateTopic", "Subscribe"],
        "{}",
        show(&found)
    );
    assert_eq!(asks(&found), 1);
}

#[test]
fn everything_at_once_is_mended_in_order() {
    let policy = policy(every_link());
    let start = cut(&[Cut::DeleteGroup, Cut::DeleteAlarm, Cut::DeleteTopic]);
    let found = planned(&start, Some(&known_good()), &policy);
    let kinds: Vec<&str> = found
        .repairs()
        .map(|(_, repair)| repair.kind().operation())
        .collect();
    assert_eq!(
        kinds,
        [
            "CreateLogGroup",
            "PutMetricFilter",
            "PutMetricAlarm",
            "CreateTopic",
            "Subscribe"
        ],
        "{}",
        show(&found)
    );
    let end = carried_out(&start, &found, control(), &policy);
    assert_eq!(judged(&end, &policy).verdict, Verdict::Pass);
}

#[test]
fn somebody_elses_wrong_filter_stays_and_a_right_one_stands_beside_it() {
    let policy = HealPolicy {
        subscriptions: Vec::new(),
        ..policy(every_link())
    };
    let start = cut(&[Cut::NarrowFilter]);
    let found = planned(&start, None, &policy);
    let [(_, Repair::PutMetricFilter { filter })] = found.repairs().collect::<Vec<_>>()[..] else {
        panic!("{}", show(&found))
    };
    assert_eq!(filter.filter_name, "cloudtrail_cfg_changes_metric");
    assert_eq!(
        filter.metric_transformations[0].metric_name,
        "cloudtrail-touched"
    );
    assert_eq!(
        filter.filter_pattern.as_deref(),
        Some(control().install_text(&Benchmark::Any))
    );
}

#[test]
fn a_name_that_is_taken_is_left_to_its_owner() {
    let policy = HealPolicy {
        subscriptions: Vec::new(),
        ..policy(every_link())
    };
    let mut start = cut(&[Cut::NarrowFilter]);
    filter(&mut start, |filter| {
        filter.filter_name = "cloudtrail_cfg_changes_metric".to_owned();
    });
    let found = planned(&start, None, &policy);
    let [(_, Repair::PutMetricFilter { filter })] = found.repairs().collect::<Vec<_>>()[..] else {
        panic!("{}", show(&found))
    };
    assert_eq!(filter.filter_name, "trailwarden-cloudtrail-config-changes");
}

#[test]
fn an_alarm_that_cannot_fire_gets_one_beside_it_or_is_replaced_where_it_has_the_benchmarks_name() {
    let policy = HealPolicy {
        topics: Vec::new(),
        subscriptions: Vec::new(),
        ..policy(every_link())
    };
    let start = cut(&[Cut::Threshold5]);
    let found = planned(&start, None, &policy);
    let [(_, Repair::PutMetricAlarm { alarm: beside, .. })] =
        found.repairs().collect::<Vec<_>>()[..]
    else {
        panic!("{}", show(&found))
    };
    assert_eq!(beside.alarm_name, "cloudtrail_cfg_changes_alarm");
    assert_eq!(beside.alarm_actions, [TOPIC]);
    assert_eq!((beside.threshold, beside.period), (Some(1.0), Some(300)));

    let mut start = start;
    alarm(&mut start, |alarm| {
        alarm.alarm_name = "cloudtrail_cfg_changes_alarm".to_owned();
        alarm.alarm_arn =
            "arn:aws:cloudwatch:us-east-1:111122223333:alarm:cloudtrail_cfg_changes_alarm"
                .to_owned();
        alarm.ok_actions = vec!["arn:aws:sns:us-east-1:111122223333:ok".to_owned()];
    });
    let found = planned(&start, None, &policy);
    let [
        (
            _,
            Repair::PutMetricAlarm {
                alarm: replaced, ..
            },
        ),
    ] = found.repairs().collect::<Vec<_>>()[..]
    else {
        panic!("{}", show(&found))
    };
    assert_eq!(replaced.alarm_name, "cloudtrail_cfg_changes_alarm");
    assert_eq!(
        replaced.ok_actions,
        ["arn:aws:sns:us-east-1:111122223333:ok"]
    );
}

#[test]
fn an_intruders_topic_is_kept_and_the_named_one_is_added() {
    let (found, verdict) = single(Cut::ForeignAction, HealPolicy::default().links);
    let [(_, Repair::PutMetricAlarm { alarm, .. })] = found.repairs().collect::<Vec<_>>()[..]
    else {
        panic!("{}", show(&found))
    };
    assert_eq!(
        alarm.alarm_actions,
        [TOPIC, "arn:aws:sns:us-east-1:111122223333:intruder"]
    );
    assert_eq!(verdict, Verdict::Pass);
}

#[test]
fn an_address_is_subscribed_and_its_owner_asked_to_confirm() {
    let email = ExpectedSubscription {
        protocol: "email".to_owned(),
        endpoint: "sec@example.com".to_owned(),
    };
    let policy = HealPolicy {
        subscriptions: vec![email],
        ..policy(every_link())
    };
    let start = cut(&[Cut::Unsubscribe]);
    let found = planned(&start, Some(&known_good()), &policy);
    assert_eq!(
        (found.repairs().count(), asks(&found)),
        (1, 1),
        "{}",
        show(&found)
    );
    // While it waits, only the person is asked: no address is flooded.
    let pending = carried_out(&start, &found, control(), &policy);
    let again = planned(&pending, Some(&known_good()), &policy);
    assert_eq!(
        (again.repairs().count(), asks(&again)),
        (0, 1),
        "{}",
        show(&again)
    );
}

#[test]
fn a_subscription_that_nobody_named_is_asked_for() {
    let policy = HealPolicy {
        subscriptions: Vec::new(),
        ..policy(every_link())
    };
    let start = cut(&[Cut::Unsubscribe]);
    let found = planned(&start, Some(&known_good()), &policy);
    assert_eq!((found.repairs().count(), asks(&found)), (0, 1));
    let StepAction::Ask { command, .. } = &found.steps[0].action else {
        panic!("not asked")
    };
    assert_eq!(
        command,
        &format!(
            "aws sns subscribe --region us-east-1 --topic-arn {TOPIC} --protocol sqs --notification-endpoint {QUEUE}"
        )
    );
}

#[test]
fn a_topics_lost_policy_is_asked_for_when_the_topic_comes_back() {
    let policy = policy(every_link());
    let mut known = known_good();
    let text = r#"{"Version":"2012-10-17","Statement":[]}"#;
    known.topic.as_mut().unwrap().attributes.policy = Some(text.to_owned());
    let start = cut(&[Cut::DeleteTopic]);
    let found = planned(&start, Some(&known), &policy);
    let asked = found.steps.iter().any(|step| match &step.action {
        StepAction::Ask { command, .. } => {
            command.contains("set-topic-attributes") && command.contains(text)
        }
        StepAction::Repair(_) => false,
    });
    assert!(asked, "{}", show(&found));
}

#[test]
fn data_events_that_are_recorded_now_are_kept() {
    let policy = policy(every_link());
    let mut start = cut(&[Cut::NoManagementEvents]);
    let data = json!({
        "ReadWriteType": "All",
        "IncludeManagementEvents": false,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
    });
    let data: EventSelector = serde_json::from_value(data).unwrap();
    start.event_selectors.insert(
        TRAIL.to_owned(),
        EventSelectors {
            event_selectors: Some(vec![data.clone()]),
            advanced_event_selectors: None,
        },
    );
    for known in [Some(known_good()), None] {
        let found = planned(&start, known.as_ref(), &policy);
        let [(_, Repair::PutEventSelectors { selectors, .. })] =
            found.repairs().collect::<Vec<_>>()[..]
        else {
            panic!("{}", show(&found))
        };
        let basic = selectors.event_selectors.as_ref().unwrap();
        assert_eq!(basic.len(), 2);
        assert!(basic.contains(&data));
    }
}

#[test]
fn a_muted_alarm_is_asked_about_and_not_circumvented() {
    let policy = policy(every_link());
    let mut start = whole();
    start.alarm_mute_rules.push(AlarmMuteRule {
        name: Some("quiet".to_owned()),
        status: Some("ACTIVE".to_owned()),
        schedule: Some("at(2026-11-23T00:00:00)".to_owned()),
        duration: Some("PT4H".to_owned()),
        targets: Some(vec!["cloudtrail-touched".to_owned()]),
        ..AlarmMuteRule::default()
    });
    let found = planned(&start, Some(&known_good()), &policy);
    assert_eq!(
        (found.repairs().count(), asks(&found)),
        (0, 1),
        "{}",
        show(&found)
    );
}

#[test]
fn what_was_not_seen_is_not_written_to() {
    let policy = policy(every_link());
    let mut start = cut(&[Cut::DeleteFilter]);
    start.trail_status.insert(
        TRAIL.to_owned(),
        TrailStatus {
            is_logging: Some(false),
            ..TrailStatus::default()
        },
    );
    start.alarms = None;
    start.api_errors.insert(
        "cloudwatch:DescribeAlarms us-east-1".to_owned(),
        "AccessDenied".to_owned(),
    );
    let found = planned(&start, Some(&known_good()), &policy);
    let kinds: Vec<&str> = found
        .repairs()
        .map(|(_, repair)| repair.kind().operation())
        .collect();
    assert_eq!(
        kinds,
        ["StartLogging", "PutMetricFilter"],
        "{}",
        show(&found)
    );
    assert_eq!(asks(&found), 1, "{}", show(&found));
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    control: String,
    account_state: Snapshot,
}

fn corpus() -> Vec<Case> {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("fixtures/verdict-cases.json")).unwrap();
    cases
        .into_iter()
        .map(|case| serde_json::from_value(case).unwrap())
        .collect()
}

fn control_of_case(case: &Case) -> &'static Control {
    let number: u8 = case
        .control
        .strip_prefix("CIS-4.")
        .unwrap()
        .parse()
        .unwrap();
    Catalogue::builtin()
        .controls()
        .iter()
        .find(|control| control.number == Some(number))
        .unwrap()
}

#[test]
fn every_failing_account_of_the_corpus_is_mended_or_asked_about() {
    let mut failing = 0;
    for case in corpus() {
        let control = control_of_case(&case);
        for topics in [vec![TOPIC.to_owned()], Vec::new()] {
            for links in [every_link(), HealPolicy::default().links] {
                let policy = HealPolicy {
                    topics: topics.clone(),
                    ..policy(links)
                };
                let policy = HealPolicy {
                    subscriptions: vec![ExpectedSubscription {
                        protocol: "email".to_owned(),
                        endpoint: "sec@example.com".to_owned(),
                    }],
                    ..policy
                };
                let judge = |account: &Snapshot| {
                    assess(account, control, &policy.expectations(), &policy.benchmark)
                };
                let start = &case.account_state;
                let before = judge(start);
                let found = plan(start, &before, control, None, &policy);
                if before.verdict != Verdict::Fail {
                    assert!(found.is_empty(), "{}", case.name);
                    continue;
                }
                failing += 1;
                let end = carried_out(start, &found, control, &policy);
                let after = judge(&end);
                assert!(
                    after.verdict == Verdict::Pass || asks(&found) > 0,
                    "{}\n{}",
                    case.name,
                    show(&found)
                );
                let again = plan(&end, &after, control, None, &policy);
                assert_eq!(
                    again.repairs().count(),
                    0,
                    "{}\n{}",
                    case.name,
                    show(&again)
                );
            }
        }
    }
    assert!(failing >= 4 * 20, "{failing}");
}
