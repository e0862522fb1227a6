"""Alarm mute rules of CloudWatch, which neither LocalStack nor its botocore know.

The rules are kept and described; they do not silence LocalStack's alarms.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .api import ApiError, Json, Operation, Scope

MODEL = "cloudwatch/2010-08-01/service-2"
"""CloudWatch's service model, as botocore's loader names it."""

PAGE = 50
"""ListAlarmMuteRules answers at most this many at once."""

_DURATION = re.compile(r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class MuteRules:
    """All mute rules of all accounts and regions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[tuple[str, str, str], Json] = {}

    def operations(self) -> dict[str, Operation]:
        return {
            "DeleteAlarmMuteRule": self.delete,
            "GetAlarmMuteRule": self.get,
            "ListAlarmMuteRules": self.list,
            "PutAlarmMuteRule": self.put,
        }

    def put(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        schedule = request["Rule"]["Schedule"]
        _windows(schedule["Expression"])
        _length(schedule["Duration"])
        kept = {
            name: request.get(name)
            for name in ("Name", "Description", "Rule", "MuteTargets", "StartDate", "ExpireDate")
        }
        rule = {name: value for name, value in kept.items() if value is not None}
        rule["AlarmMuteRuleArn"] = f"arn:aws:cloudwatch:{scope.region}:{scope.account}:alarm-mute-rule:{rule['Name']}"
        rule["LastUpdatedTimestamp"] = scope.now
        rule["MuteType"] = "ONE_TIME" if schedule["Expression"].startswith("at(") else "RECURRING"
        with self._lock:
            self._rules[scope.account, scope.region, rule["Name"]] = rule
        return {}

    def get(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        with self._lock:
            rule = self._rules.get((scope.account, scope.region, request["AlarmMuteRuleName"]))
        if rule is None:
            raise ApiError("ResourceNotFoundException", "The alarm mute rule does not exist.", 404)
        return {**rule, "Status": _status(rule, scope.now)}

    def delete(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        """Succeeds for a rule that does not exist, too."""
        with self._lock:
            self._rules.pop((scope.account, scope.region, request["AlarmMuteRuleName"]), None)
        return {}

    def list(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        alarm, statuses = request.get("AlarmName"), request.get("Statuses")
        with self._lock:
            rules = [rule for key, rule in sorted(self._rules.items()) if key[:2] == (scope.account, scope.region)]
        found = []
        for rule in rules:
            status = _status(rule, scope.now)
            targets = (rule.get("MuteTargets") or {}).get("AlarmNames") or []
            if (not statuses or status in statuses) and (alarm is None or alarm in targets):
                summary = {"AlarmMuteRuleArn", "ExpireDate", "MuteType", "LastUpdatedTimestamp"}
                found.append({name: rule[name] for name in summary & rule.keys()} | {"Status": status})
        start = int(request.get("NextToken") or 0)
        end = start + min(request.get("MaxRecords") or PAGE, 100)
        answer: Json = {"AlarmMuteRuleSummaries": found[start:end]}
        if end < len(found):
            answer["NextToken"] = str(end)
        return answer


def _status(rule: Mapping[str, Any], now: datetime) -> str:
    if (expires := rule.get("ExpireDate")) and now >= expires:
        return "EXPIRED"
    schedule = rule["Rule"]["Schedule"]
    zone = ZoneInfo(schedule.get("Timezone") or "UTC")
    length = _length(schedule["Duration"])
    opens = _windows(schedule["Expression"])
    if isinstance(opens, datetime):
        begin = opens.replace(tzinfo=zone)
        if now >= begin + length:
            return "EXPIRED"
        active = now >= begin
    else:
        minute = now.astimezone(zone).replace(second=0, microsecond=0)
        active = any(opens(minute - timedelta(minutes=ago)) for ago in range(int(length.total_seconds() // 60)))
    started = now >= rule.get("StartDate", datetime.min.replace(tzinfo=UTC))
    return "ACTIVE" if active and started else "SCHEDULED"


def _length(duration: str) -> timedelta:
    match = _DURATION.fullmatch(duration)
    length = timedelta(**{unit: int(count or 0) for unit, count in match.groupdict().items()}) if match else timedelta()
    if not timedelta(minutes=1) <= length <= timedelta(days=15):
        raise ApiError("ValidationError", f"Duration {duration} is not between PT1M and P15D.")
    return length


def _windows(expression: str) -> datetime | Callable[[datetime], bool]:
    """When a window opens: once, or at every minute for which the answer is yes."""
    try:
        if expression.startswith("at("):
            return datetime.strptime(expression, "at(%Y-%m-%dT%H:%M)")
        minutes, hours, days, months, weekdays = expression.removeprefix("cron(").removesuffix(")").split()
        fields = (
            _field(minutes, 0, 59),
            _field(hours, 0, 23),
            _field(days, 1, 31),
            _field(months, 1, 12, _MONTHS),
            _field(weekdays, 0, 6, _DAYS),
        )
    except ValueError as error:
        raise ApiError("ValidationError", f"Schedule expression {expression} is not understood.") from error

    def opens(at: datetime) -> bool:
        parts = (at.minute, at.hour, at.day, at.month, at.isoweekday() % 7)
        return all(part in allowed for part, allowed in zip(parts, fields, strict=True))

    return opens


def _field(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    def number(word: str) -> int:
        return names.index(word) if word in names else int(word)

    allowed: set[int] = set()
    for part in text.split(","):
        if part == "*":
            allowed.update(range(low, high + 1))
        else:
            first, _, last = part.partition("-")
            allowed.update(range(number(first), number(last or first) + 1))
    return frozenset(allowed)


def model_patches() -> list[Json]:
    """JSON patches that teach CloudWatch's service model the four operations."""
    operations = {
        "DeleteAlarmMuteRule": ("DeleteAlarmMuteRuleInput", None),
        "GetAlarmMuteRule": ("GetAlarmMuteRuleInput", "GetAlarmMuteRuleOutput"),
        "ListAlarmMuteRules": ("ListAlarmMuteRulesInput", "ListAlarmMuteRulesOutput"),
        "PutAlarmMuteRule": ("PutAlarmMuteRuleInput", None),
    }
    text, time, number = "AlarmName", "Timestamp", "MaxRecords"
    described = {
        "Name": text,
        "Description": text,
        "Rule": "AlarmMuteSchedule",
        "MuteTargets": "AlarmMuteTargets",
        "StartDate": time,
        "ExpireDate": time,
    }
    told = {
        "AlarmMuteRuleArn": text,
        "Status": text,
        "LastUpdatedTimestamp": time,
        "MuteType": text,
        "ExpireDate": time,
    }
    structures: dict[str, dict[str, str]] = {
        "DeleteAlarmMuteRuleInput": {"AlarmMuteRuleName": text},
        "GetAlarmMuteRuleInput": {"AlarmMuteRuleName": text},
        "GetAlarmMuteRuleOutput": described | told,
        "ListAlarmMuteRulesInput": {
            "AlarmName": text,
            "Statuses": "AlarmMuteTexts",
            "MaxRecords": number,
            "NextToken": "NextToken",
        },
        "ListAlarmMuteRulesOutput": {"AlarmMuteRuleSummaries": "AlarmMuteRuleSummaries", "NextToken": "NextToken"},
        "PutAlarmMuteRuleInput": described | {"Tags": "TagList"},
        "AlarmMuteRuleSummary": told,
        "AlarmMuteSchedule": {"Schedule": "AlarmMuteWindow"},
        "AlarmMuteWindow": {"Expression": text, "Duration": text, "Timezone": text},
        "AlarmMuteTargets": {"AlarmNames": "AlarmMuteTexts"},
    }
    lists = {"AlarmMuteTexts": text, "AlarmMuteRuleSummaries": "AlarmMuteRuleSummary"}
    patches: list[Json] = []
    for name, members in structures.items():
        shape = {"type": "structure", "members": {member: {"shape": each} for member, each in members.items()}}
        patches.append({"op": "add", "path": f"/shapes/{name}", "value": shape})
    for name, each in lists.items():
        patches.append({"op": "add", "path": f"/shapes/{name}", "value": {"type": "list", "member": {"shape": each}}})
    for name, (taken, given) in operations.items():
        operation: Json = {"name": name, "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": taken}}
        if given:
            operation["output"] = {"shape": given, "resultWrapper": f"{name}Result"}
        patches.append({"op": "add", "path": f"/operations/{name}", "value": operation})
    return patches
