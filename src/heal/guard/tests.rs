use std::collections::BTreeMap;

use super::*;
use crate::assess::Chain;
use crate::heal::{Step, StepAction};

const NOON: &str = "2026-11-23T12:00:00Z";

fn at(seconds: i64) -> Timestamp {
    NOON.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn assessment(verdict: Verdict) -> Assessment {
    Assessment {
        control: "cloudtrail-config-changes".to_owned(),
        verdict,
        broken_link: (verdict != Verdict::Pass).then_some(Link::Topic),
        findings: Vec::new(),
        warnings: Vec::new(),
        links: BTreeMap::new(),
        chain: Chain::default(),
        audience: Vec::new(),
        region: None,
        literal_cis: None,
        literal_security_hub: None,
    }
}

fn topic(name: &str) -> Repair {
    Repair::CreateTopic {
        region: "us-east-1".to_owned(),
        name: name.to_owned(),
    }
}

fn plan_of(repairs: &[Repair]) -> Plan {
    Plan {
        steps: repairs
            .iter()
            .map(|repair| Step {
                link: Link::Topic,
                summary: String::new(),
                action: StepAction::Repair(repair.clone()),
            })
            .collect(),
    }
}

fn guard() -> Guard {
    Guard::new(Limits::default(), GuardState::default())
}

fn see(guard: &mut Guard, seconds: i64, repairs: &[Repair]) -> Decision {
    let verdict = if repairs.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    guard.decide(
        at(seconds),
        &assessment(verdict),
        &plan_of(repairs),
        Some("arn:aws:iam::111122223333:user/mallory"),
    )
}

fn write(guard: &mut Guard, seconds: i64, repair: &Repair, outcome: Outcome) {
    guard.begin(at(seconds), repair);
    guard.record(at(seconds), outcome);
}

fn held(decision: &Decision) -> Option<HoldReason> {
    match decision {
        Decision::Hold { reason, .. } => Some(*reason),
        _ => None,
    }
}

/// The guard after a restart: what it remembers went through JSON.
fn restarted(guard: &Guard) -> Guard {
    let text = serde_json::to_string(guard.state()).unwrap();
    Guard::new(Limits::default(), serde_json::from_str(&text).unwrap())
}

#[test]
fn a_write_needs_two_observations_settle_apart() {
    let mut guard = guard();
    let hold = Decision::Hold {
        reason: HoldReason::Settling,
        until: Some(at(5)),
    };
    assert_eq!(see(&mut guard, 0, &[topic("t")]), hold);
    assert_eq!(see(&mut guard, 4, &[topic("t")]), hold);
    assert_eq!(see(&mut guard, 5, &[topic("t")]), Decision::Proceed);
}

#[test]
fn a_single_observation_is_not_enough_even_with_no_settle_time() {
    let limits = Limits {
        settle: SignedDuration::ZERO,
        ..Limits::default()
    };
    let mut guard = Guard::new(limits, GuardState::default());
    assert_eq!(
        held(&see(&mut guard, 0, &[topic("t")])),
        Some(HoldReason::Settling)
    );
    assert_eq!(see(&mut guard, 1, &[topic("t")]), Decision::Proceed);
}

#[test]
fn a_link_that_was_whole_in_between_settles_anew() {
    let mut guard = guard();
    see(&mut guard, 0, &[topic("t")]);
    assert_eq!(see(&mut guard, 3, &[]), Decision::Nothing);
    assert_eq!(
        held(&see(&mut guard, 6, &[topic("t")])),
        Some(HoldReason::Settling)
    );
}

#[test]
fn an_unknown_verdict_proceeds_never_and_settles_anew() {
    let mut guard = guard();
    see(&mut guard, 0, &[topic("t")]);
    let unknown = guard.decide(
        at(5),
        &assessment(Verdict::Unknown),
        &plan_of(&[topic("t")]),
        None,
    );
    assert_eq!(unknown, Decision::Nothing);
    assert_eq!(
        held(&see(&mut guard, 6, &[topic("t")])),
        Some(HoldReason::Settling)
    );
}

#[test]
fn a_plan_of_questions_only_is_nothing_to_do() {
    let plan = Plan {
        steps: vec![Step {
            link: Link::Trail,
            summary: String::new(),
            action: StepAction::Ask {
                reason: String::new(),
                command: String::new(),
            },
        }],
    };
    let fail = assessment(Verdict::Fail);
    assert_eq!(guard().decide(at(9), &fail, &plan, None), Decision::Nothing);
}

#[test]
fn the_steps_of_one_plan_settle_together() {
    let mut guard = guard();
    see(&mut guard, 0, &[topic("a"), topic("b")]);
    assert_eq!(
        see(&mut guard, 5, &[topic("a"), topic("b")]),
        Decision::Proceed
    );
    write(&mut guard, 5, &topic("a"), Outcome::Applied);
    assert_eq!(see(&mut guard, 6, &[topic("b")]), Decision::Proceed);
}

#[test]
fn one_repair_at_a_time() {
    let mut guard = guard();
    see(&mut guard, 0, &[topic("a")]);
    see(&mut guard, 5, &[topic("a")]);
    guard.begin(at(5), &topic("a"));
    see(&mut guard, 6, &[topic("b")]);
    assert_eq!(
        held(&see(&mut guard, 20, &[topic("b")])),
        Some(HoldReason::Busy)
    );
    guard.record(at(21), Outcome::Applied);
    assert_eq!(see(&mut guard, 22, &[topic("b")]), Decision::Proceed);
}

#[test]
fn a_write_whose_end_was_never_recorded_blocks_for_a_while_only() {
    let mut guard = guard();
    guard.begin(at(0), &topic("a"));
    let mut guard = restarted(&guard);
    see(&mut guard, 1, &[topic("b")]);
    assert_eq!(
        held(&see(&mut guard, 119, &[topic("b")])),
        Some(HoldReason::Busy)
    );
    assert_eq!(see(&mut guard, 120, &[topic("b")]), Decision::Proceed);
}

#[test]
fn the_same_target_is_left_alone_for_twice_as_long_each_time() {
    let mut guard = guard();
    let mut now = 0;
    for pause in [10, 20, 40, 80, 160] {
        see(&mut guard, now, &[topic("t")]);
        now += 5;
        assert_eq!(see(&mut guard, now, &[topic("t")]), Decision::Proceed);
        write(&mut guard, now, &topic("t"), Outcome::Applied);
        see(&mut guard, now + 1, &[]);
        see(&mut guard, now + 2, &[topic("t")]);
        assert_eq!(
            see(&mut guard, now + pause - 1, &[topic("t")]),
            Decision::Hold {
                reason: HoldReason::Cooldown,
                until: Some(at(now + pause))
            }
        );
        see(&mut guard, now + pause, &[]);
        now += pause;
    }
}

#[test]
fn a_fight_ends_in_a_stop_that_says_who() {
    let mut guard = guard();
    let mut writes = 0;
    let mut stop = None;
    // Somebody undoes each repair within a second, for two hours.
    for now in 0..7200 {
        match see(&mut guard, now, &[topic("t")]) {
            Decision::Proceed => {
                write(&mut guard, now, &topic("t"), Outcome::Applied);
                see(&mut guard, now, &[]);
                writes += 1;
                guard = restarted(&guard);
            }
            Decision::Stop(found) => stop = Some(found),
            Decision::Hold { .. } | Decision::Nothing => {}
        }
    }
    assert_eq!(writes, Limits::default().stop_after);
    let stop = stop.unwrap();
    assert_eq!(
        (stop.attempts, stop.undone, stop.failed),
        (writes, writes, 0)
    );
    assert_eq!(stop.who, ["arn:aws:iam::111122223333:user/mallory"]);
    assert!(stop.to_string().ends_with("mallory"));
}

#[test]
fn repairs_without_effect_stop_too_but_are_nobodys_fault() {
    let mut guard = guard();
    let mut writes = 0;
    for now in 0..7200 {
        if see(&mut guard, now, &[topic("t")]) == Decision::Proceed {
            write(&mut guard, now, &topic("t"), Outcome::Failed);
            writes += 1;
        }
    }
    assert_eq!(writes, Limits::default().stop_after);
    let Decision::Stop(stop) = see(&mut guard, 7200, &[topic("t")]) else {
        panic!("not stopped");
    };
    assert_eq!((stop.undone, stop.failed), (0, writes));
    assert!(stop.who.is_empty());
}

#[test]
fn a_stop_is_forgotten_once_the_target_stayed_whole_or_somebody_released_it() {
    let stopped = || {
        let mut guard = guard();
        for attempt in 0..6 {
            write(&mut guard, attempt, &topic("t"), Outcome::Applied);
        }
        assert!(matches!(
            see(&mut guard, 10, &[topic("t")]),
            Decision::Stop(_)
        ));
        guard
    };
    let mut whole = stopped();
    see(&mut whole, 20, &[]);
    see(&mut whole, 20 + 3600, &[]);
    see(&mut whole, 4000, &[topic("t")]);
    assert_eq!(see(&mut whole, 4005, &[topic("t")]), Decision::Proceed);

    let mut released = stopped();
    released.release();
    see(&mut released, 20, &[topic("t")]);
    assert_eq!(see(&mut released, 25, &[topic("t")]), Decision::Proceed);
}

#[test]
fn the_budget_holds_across_targets_and_crashes() {
    let mut guard = guard();
    let mut writes = 0;
    for now in 0..3600 {
        let target = topic(&format!("t{}", now / 10));
        if see(&mut guard, now, std::slice::from_ref(&target)) == Decision::Proceed {
            guard.begin(at(now), &target);
            // The process dies before it can record the end.
            let mut state = restarted(&guard).state;
            state.in_flight = None;
            guard = Guard::new(Limits::default(), state);
            writes += 1;
        }
    }
    assert_eq!(writes, Limits::default().budget_per_hour);
    let next = topic("next");
    see(&mut guard, 3600, std::slice::from_ref(&next));
    assert_eq!(see(&mut guard, 3605, &[next]), Decision::Proceed);
}

#[test]
fn a_spent_budget_says_when_it_is_worth_to_ask_again() {
    let limits = Limits {
        budget_per_hour: 1,
        ..Limits::default()
    };
    let mut guard = Guard::new(limits, GuardState::default());
    write(&mut guard, 0, &topic("a"), Outcome::Applied);
    see(&mut guard, 10, &[topic("b")]);
    assert_eq!(
        see(&mut guard, 20, &[topic("b")]),
        Decision::Hold {
            reason: HoldReason::Budget,
            until: Some(at(3600))
        }
    );
}

#[test]
fn a_budget_of_nothing_writes_nothing() {
    let limits = Limits {
        budget_per_hour: 0,
        ..Limits::default()
    };
    let mut guard = Guard::new(limits, GuardState::default());
    see(&mut guard, 0, &[topic("b")]);
    assert_eq!(
        see(&mut guard, 5, &[topic("b")]),
        Decision::Hold {
            reason: HoldReason::Budget,
            until: None
        }
    );
}

#[test]
fn a_dropped_write_costs_nothing_and_settles_anew() {
    let mut guard = guard();
    see(&mut guard, 0, &[topic("t")]);
    see(&mut guard, 5, &[topic("t")]);
    write(&mut guard, 5, &topic("t"), Outcome::Dropped);
    assert!(guard.state().writes.is_empty());
    assert_eq!(
        held(&see(&mut guard, 6, &[topic("t")])),
        Some(HoldReason::Settling)
    );
    assert_eq!(see(&mut guard, 11, &[topic("t")]), Decision::Proceed);
}

#[test]
fn an_open_maintenance_window_holds_until_it_closes() {
    let limits = Limits {
        windows: vec![
            "2026-11-23T12:00:00Z/2026-11-23T12:30:00Z".parse().unwrap(),
            "11:00/13:00".parse().unwrap(),
        ],
        ..Limits::default()
    };
    let mut guard = Guard::new(limits, GuardState::default());
    see(&mut guard, 0, &[topic("t")]);
    assert_eq!(
        see(&mut guard, 3599, &[topic("t")]),
        Decision::Hold {
            reason: HoldReason::Maintenance,
            until: Some(at(3600))
        }
    );
    assert_eq!(see(&mut guard, 3600, &[topic("t")]), Decision::Proceed);
}

#[test]
fn a_clock_that_was_set_back_holds_nothing_for_long() {
    let mut guard = guard();
    write(&mut guard, 100_000, &topic("t"), Outcome::Applied);
    see(&mut guard, 100_001, &[topic("t")]);
    assert_eq!(
        held(&see(&mut guard, 0, &[topic("t")])),
        Some(HoldReason::Settling)
    );
    assert_eq!(see(&mut guard, 10, &[topic("t")]), Decision::Proceed);
}

#[test]
fn two_controls_do_not_settle_for_each_other() {
    let mut guard = guard();
    see(&mut guard, 0, &[topic("t")]);
    let mut other = assessment(Verdict::Fail);
    other.control = "iam-changes".to_owned();
    assert_eq!(
        held(&guard.decide(at(5), &other, &plan_of(&[topic("t")]), None)),
        Some(HoldReason::Settling)
    );
}

#[test]
fn what_is_less_than_a_whole_state_is_none() {
    for text in ["{}", "[]", r#"{"writes": []}"#] {
        assert!(serde_json::from_str::<GuardState>(text).is_err(), "{text}");
    }
    let whole = serde_json::to_string(&GuardState::default()).unwrap();
    assert_eq!(
        serde_json::from_str::<GuardState>(&whole).unwrap(),
        GuardState::default()
    );
}
