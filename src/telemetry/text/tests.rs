use super::*;
use crate::telemetry::samples::{
    HOSTILE, NEVER, account, actor, cut_at, info, passing, time, undecided,
};

fn report(id: &str, controls: Vec<ControlReport>) -> AccountReport {
    AccountReport {
        account_id: account(id),
        evaluated_at: time("2026-08-01T12:00:00Z"),
        controls,
        region: "eu-central-1".to_owned(),
    }
}

fn cut(name: &str) -> ControlReport {
    ControlReport::new(&info(), &cut_at(Link::Pattern, name), |_| Some(actor(name)))
}

fn whole() -> ControlReport {
    ControlReport::new(&info(), &passing(), |_| None)
}

fn unknown() -> ControlReport {
    ControlReport::new(&info(), &undecided(), |_| None)
}

#[test]
fn a_whole_chain_is_one_line() {
    let text = render_text(&[report("012345678901", vec![whole()])], false);
    let expected = "\
account 012345678901  2026-08-01T12:00:00Z

PASS    4.5   Changes of CloudTrail's configuration are told to somebody
              cloudtrail-config-changes, CloudWatch.5, LOW
  trail→selector→log_group→pattern→metric→alarm→action→topic→subscription

";
    assert_eq!(text, expected);
}

#[test]
fn a_cut_chain_is_drawn_with_its_broken_link_marked() {
    let text = render_text(&[report("012345678901", vec![cut("cis")])], false);
    let expected = "\
account 012345678901  2026-08-01T12:00:00Z

FAIL    4.5   Changes of CloudTrail's configuration are told to somebody
              cloudtrail-config-changes, CloudWatch.5, LOW
  ┌─● trail         cis
  ├─● selector
  ├─● log_group     /aws/cloudtrail/cis
  ├─✗ pattern       cis  ◄ cut here
  ┊ ○ metric        CISBenchmark/cis_metric
  ┊ ○ alarm         cis_alarm
  ┊ ○ action
  ┊ ○ topic         cis
  ┊ ○ subscription  email: cis@example.com
  pattern: the filter cis does not match every required event
    resource  cis
    missing   StopLogging, DeleteTrail
    example   {\"eventName\":\"StopLogging\",\"userAgent\":\"cis\"}
    by        arn:aws:sts::111122223333:assumed-role/admin/cis, DeleteMetricFilter at 2026-08-01T11:59:30Z, from 203.0.113.7, with aws-cli/2.27 cis, event 0d5f1f4e-9f0a-4a2b-8a52-6a3a1c1c9d11
    remedy    aws logs put-metric-filter --filter-name 'cis'
  ! noisy_pattern: cis also matches what is not required
  Security Hub would say FAIL (CLOUDTRAIL_METRIC_FILTER_NOT_VALID): the text of cis is not the prescribed one

";
    assert_eq!(text, expected);
}

#[test]
fn several_accounts_end_in_a_table() {
    let accounts = [
        report("012345678901", vec![whole(), unknown(), cut("cis")]),
        report("111122223333", vec![unknown(), whole()]),
        report("444455556666", vec![whole()]),
    ];
    let text = render_text(&accounts, false);
    let table: Vec<&str> = text.lines().rev().take(4).collect();
    assert_eq!(
        table,
        [
            "444455556666       1     0        0",
            "111122223333       1     0        1  visibility",
            "012345678901       1     1        1  pattern",
            "account         PASS  FAIL  UNKNOWN  first broken link",
        ]
    );
}

#[test]
fn colour_changes_no_word() {
    let accounts = [
        report("012345678901", vec![whole(), unknown(), cut("cis")]),
        report("111122223333", vec![whole()]),
    ];
    let plain = render_text(&accounts, false);
    let mut stripped = render_text(&accounts, true);
    assert!(stripped.contains("\u{1b}[1;31m✗\u{1b}[0m pattern"));
    for code in ["0", "1", "2", "1;31", "32", "33"] {
        stripped = stripped.replace(&format!("\u{1b}[{code}m"), "");
    }
    // Padding that a colour's end keeps from being trimmed is all that may differ.
    let trimmed: Vec<&str> = stripped.lines().map(str::trim_end).collect();
    assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
    assert!(!plain.contains('\u{1b}'));
}

#[test]
fn hostile_names_are_spelt_out() {
    let mut control = cut(HOSTILE);
    control.title = HOSTILE.to_owned();
    control.key = HOSTILE.to_owned();
    control.cis = Some(HOSTILE.to_owned());
    control.security_hub = Some(HOSTILE.to_owned());
    control.severity = HOSTILE.to_owned();
    let text = render_text(&[report("012345678901", vec![control])], false);
    for never in NEVER.iter().filter(|never| **never != "<script") {
        assert!(!text.contains(never), "{never:?} stands in {text}");
    }
    assert_eq!(
        text.lines().count(),
        render_text(&[report("012345678901", vec![cut("cis")])], false)
            .lines()
            .count()
    );
}

#[test]
fn a_call_without_a_name_behind_it_is_told_as_such() {
    let nobody = Actor {
        principal_arn: None,
        source_address: None,
        user_agent: None,
        ..actor("x")
    };
    assert_eq!(
        actor_line(&nobody),
        "somebody unnamed, DeleteMetricFilter at 2026-08-01T11:59:30Z, event 0d5f1f4e-9f0a-4a2b-8a52-6a3a1c1c9d11"
    );
}
