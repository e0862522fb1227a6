"""Metric filters, log policies, mute rules, corrected answers and the call log."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trailwarden_emulation import gaps
from trailwarden_emulation.api import ApiError, Scope
from trailwarden_emulation.calls import Call, CallLog
from trailwarden_emulation.metric_filters import MetricFilters
from trailwarden_emulation.mute_rules import MuteRules

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
HERE = Scope("001122223333", "us-east-1", NOW)
ELSEWHERE = Scope("001122223333", "eu-west-1", NOW)


class Groups:
    def log_group_exists(self, account: str, region: str, name: str) -> bool:
        return name in ("one", "two")


@pytest.fixture
def metrics() -> list[tuple[str, dict[str, Any]]]:
    return []


@pytest.fixture
def filters(metrics: list[tuple[str, dict[str, Any]]]) -> MetricFilters:
    return MetricFilters(Groups(), lambda _scope, namespace, datum: metrics.append((namespace, datum)))


def put(filters: MetricFilters, name: str = "f", group: str = "one", pattern: str = "", **told: Any) -> None:
    transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"} | told
    request = {
        "logGroupName": group,
        "filterName": name,
        "filterPattern": pattern,
        "metricTransformations": [transformation],
    }
    filters.put(HERE, request)


def log(filters: MetricFilters, *events: Any, group: str = "one") -> None:
    messages = [{"message": json.dumps(event)} for event in events]
    filters.on_log_events(HERE, {"logGroupName": group, "logEvents": messages})


def names(filters: MetricFilters, scope: Scope = HERE, **request: Any) -> list[str]:
    return [each["filterName"] for each in filters.describe(scope, request)["metricFilters"]]


def test_a_second_put_replaces(filters: MetricFilters) -> None:
    put(filters, pattern="{ $.a = 1 }")
    put(filters, pattern="{ $.a = 2 }")
    [only] = filters.describe(HERE, {})["metricFilters"]
    assert (only["filterPattern"], only["creationTime"]) == ("{ $.a = 2 }", int(NOW.timestamp() * 1000))


def test_filters_are_found_by_group_prefix_and_metric(filters: MetricFilters) -> None:
    put(filters, "b")
    put(filters, "a", "two", metricName="other")
    assert names(filters) == ["a", "b"]
    assert names(filters, logGroupName="one") == ["b"]
    assert names(filters, filterNamePrefix="a") == ["a"]
    assert names(filters, metricName="m", metricNamespace="n") == ["b"]
    assert names(filters, ELSEWHERE) == []


def test_describe_pages_by_fifty(filters: MetricFilters) -> None:
    for number in range(51):
        put(filters, f"{number:02}")
    first = filters.describe(HERE, {})
    assert len(first["metricFilters"]) == 50
    second = filters.describe(HERE, {"nextToken": first["nextToken"]})
    assert ([each["filterName"] for each in second["metricFilters"]], "nextToken" in second) == (["50"], False)


@pytest.mark.parametrize(("group", "name"), [("one", "missing"), ("gone", "f")])
def test_what_is_not_there_cannot_be_deleted(filters: MetricFilters, group: str, name: str) -> None:
    put(filters)
    with pytest.raises(ApiError) as error:
        filters.delete(HERE, {"logGroupName": group, "filterName": name})
    assert error.value.code == "ResourceNotFoundException"
    assert names(filters) == ["f"]


def test_a_group_takes_its_filters_along(filters: MetricFilters) -> None:
    put(filters)
    put(filters, group="two")
    filters.on_group_deleted(HERE, {"logGroupName": "one"})
    assert [each["logGroupName"] for each in filters.describe(HERE, {})["metricFilters"]] == ["two"]


def test_only_selected_events_of_the_group_count(filters: MetricFilters, metrics: list[Any]) -> None:
    put(filters, pattern="{ $.eventName = StopLogging }", metricValue="2")
    log(filters, {"eventName": "StopLogging"}, {"eventName": "PutRetentionPolicy"})
    log(filters, {"eventName": "StopLogging"}, group="two")
    assert metrics == [("n", {"MetricName": "m", "Value": 2.0})]


def test_value_dimension_and_unit_come_from_the_event(filters: MetricFilters, metrics: list[Any]) -> None:
    put(filters, metricValue="$.size", dimensions={"Who": "$.who"}, unit="Count")
    log(filters, {"size": 3, "who": "eve"}, {"size": "many", "who": "eve"}, {"size": 1})
    datum = {"MetricName": "m", "Value": 3.0, "Dimensions": [{"Name": "Who", "Value": "eve"}], "Unit": "Count"}
    assert metrics == [("n", datum)]


def test_a_pattern_that_is_not_understood_counts_nothing(filters: MetricFilters, metrics: list[Any]) -> None:
    put(filters, pattern="{ $.a > 1 }")
    log(filters, {"a": 2})
    assert metrics == []


def test_log_policies_are_kept_per_group_and_region() -> None:
    policies = gaps.LogPolicies(Groups())
    request = {"logGroupIdentifier": "arn:aws:logs:us-east-1:001122223333:log-group:one:*", "policyDocument": "{}"}
    policies.put_group_policy(HERE, request)
    assert policies.get_group_policy(HERE, {"logGroupIdentifier": "one"})["policyDocument"] == "{}"
    assert "policyDocument" not in policies.get_group_policy(ELSEWHERE, {"logGroupIdentifier": "one"})
    policies.on_group_deleted(HERE, {"logGroupName": "one"})
    assert "policyDocument" not in policies.get_group_policy(HERE, {"logGroupIdentifier": "one"})


def alarm(name: str, **more: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "StateValue": "OK",
        "AlarmActions": [],
        "OKActions": [],
        "InsufficientDataActions": [],
    } | more


def test_composite_alarms_are_told_only_if_asked_for() -> None:
    answer = {"MetricAlarms": [alarm("m")], "CompositeAlarms": [alarm("c")]}
    told = gaps.describe_alarms(HERE, {}, answer)
    assert ([each["AlarmName"] for each in told["MetricAlarms"]], told["CompositeAlarms"]) == (["m"], [])
    both = gaps.describe_alarms(HERE, {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}, answer)
    assert len(both["MetricAlarms"]) == len(both["CompositeAlarms"]) == 1


def test_alarms_come_in_pages_to_the_end() -> None:
    answer = {"MetricAlarms": [alarm(f"a{number:03}") for number in range(120)], "CompositeAlarms": []}
    seen, token = [], None
    while True:
        page = gaps.describe_alarms(HERE, {"NextToken": token}, answer)
        seen += [each["AlarmName"] for each in page["MetricAlarms"]]
        token = page.get("NextToken")
        if token is None:
            break
    assert seen == [f"a{number:03}" for number in range(120)]


def mute(expression: str, duration: str = "PT1H", **more: Any) -> str:
    rules = MuteRules()
    schedule = {"Expression": expression, "Duration": duration}
    rules.put(HERE, {"Name": "r", "Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["a"]}, **more})
    return str(rules.get(HERE, {"AlarmMuteRuleName": "r"})["Status"])


@pytest.mark.parametrize(
    ("expression", "more", "status"),
    [
        ("at(2026-11-23T12:00)", {}, "ACTIVE"),
        ("at(2026-11-23T13:00)", {}, "SCHEDULED"),
        ("at(2026-11-23T11:00)", {}, "EXPIRED"),
        ("cron(0 12 * * *)", {}, "ACTIVE"),
        ("cron(0 12 * * MON)", {}, "ACTIVE"),
        ("cron(0 12 * * TUE-SAT)", {}, "SCHEDULED"),
        ("cron(0 11 * NOV *)", {}, "SCHEDULED"),
        ("cron(* * * * *)", {"ExpireDate": NOW}, "EXPIRED"),
        ("cron(* * * * *)", {"StartDate": NOW + timedelta(days=1)}, "SCHEDULED"),
    ],
)
def test_status_of_a_mute_rule(expression: str, more: dict[str, Any], status: str) -> None:
    assert mute(expression, **more) == status


def test_mute_rules_are_listed_by_alarm_and_status() -> None:
    rules = MuteRules()
    schedule = {"Expression": "cron(* * * * *)", "Duration": "PT1M"}
    rules.put(HERE, {"Name": "r", "Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["a"]}})
    [summary] = rules.list(HERE, {"AlarmName": "a", "Statuses": ["ACTIVE", "SCHEDULED"]})["AlarmMuteRuleSummaries"]
    assert summary["AlarmMuteRuleArn"] == "arn:aws:cloudwatch:us-east-1:001122223333:alarm-mute-rule:r"
    assert rules.list(HERE, {"AlarmName": "b"}) == {"AlarmMuteRuleSummaries": []}
    assert rules.list(HERE, {"Statuses": ["EXPIRED"]}) == {"AlarmMuteRuleSummaries": []}
    assert rules.list(ELSEWHERE, {}) == {"AlarmMuteRuleSummaries": []}


@pytest.mark.parametrize(
    ("expression", "duration"), [("daily", "PT1H"), ("cron(0 12 * *)", "PT1H"), ("cron(* * * * *)", "P16D")]
)
def test_nonsense_schedules_are_refused(expression: str, duration: str) -> None:
    with pytest.raises(ApiError) as error:
        mute(expression, duration)
    assert error.value.code == "ValidationError"


def call(account: str, operation: str = "GetTrail") -> Call:
    return Call(
        time="2026-11-23T12:30:00.000Z",
        account=account,
        region="us-east-1",
        access_key=account,
        service="cloudtrail",
        operation=operation,
        kind="read",
        mutating=False,
        status=200,
        error_code=None,
        request_id="r",
        user_agent="u",
    )


def test_calls_are_read_and_cleared_by_account() -> None:
    calls = CallLog()
    calls.add(call("1"))
    calls.add(call("2"))
    assert [each["account"] for each in calls.read("1")] == ["1"]
    calls.clear("1")
    assert [each["account"] for each in calls.read()] == ["2"]
    calls.clear()
    assert calls.read() == []


def test_the_oldest_calls_are_forgotten_even_after_clearing() -> None:
    calls = CallLog(capacity=2)
    calls.clear("nobody")
    for operation in ("A", "B", "C"):
        calls.add(call("1", operation))
    assert [each["operation"] for each in calls.read()] == ["B", "C"]
