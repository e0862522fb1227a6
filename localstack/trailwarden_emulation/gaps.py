"""Smaller things that LocalStack does not answer, or answers unlike AWS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from .api import Amendment, ApiError, Json, Operation, Scope
from .metric_filters import LogGroups, MetricFilters

ENABLED_REGIONS = ("eu-west-1", "us-east-1")
"""What account:ListRegions reports."""

ALARM_PAGE = 50
"""Alarms that DescribeAlarms answers unless asked for another number (at most 100)."""


def list_regions(_scope: Scope, request: Mapping[str, Any]) -> Json:
    """account:ListRegions."""
    wanted = request.get("RegionOptStatusContains") or ["ENABLED_BY_DEFAULT"]
    regions = ENABLED_REGIONS if "ENABLED_BY_DEFAULT" in wanted else ()
    return {"Regions": [{"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"} for name in regions]}


class LogPolicies:
    """Data-protection policies of log groups, and account policies, of CloudWatch Logs."""

    def __init__(self, groups: LogGroups) -> None:
        self._groups = groups
        self._lock = threading.Lock()
        self._of_group: dict[tuple[str, str, str], Json] = {}
        self._of_account: dict[tuple[str, str, str, str], Json] = {}

    def operations(self) -> dict[str, Operation]:
        return {
            "DeleteAccountPolicy": self.delete_account_policy,
            "DeleteDataProtectionPolicy": self.delete_group_policy,
            "DescribeAccountPolicies": self.describe_account_policies,
            "GetDataProtectionPolicy": self.get_group_policy,
            "PutAccountPolicy": self.put_account_policy,
            "PutDataProtectionPolicy": self.put_group_policy,
        }

    def put_group_policy(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        key = self._group(scope, request)
        policy = {
            "logGroupIdentifier": request["logGroupIdentifier"],
            "policyDocument": request["policyDocument"],
            "lastUpdatedTime": int(scope.now.timestamp() * 1000),
        }
        with self._lock:
            self._of_group[key] = policy
        return policy

    def get_group_policy(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        key = self._group(scope, request)
        with self._lock:
            return self._of_group.get(key, {"logGroupIdentifier": request["logGroupIdentifier"]})

    def delete_group_policy(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        key = self._group(scope, request)
        with self._lock:
            self._of_group.pop(key, None)
        return {}

    def on_group_deleted(self, scope: Scope, request: Mapping[str, Any]) -> None:
        """A log group takes its policy along."""
        with self._lock:
            self._of_group.pop((scope.account, scope.region, request["logGroupName"]), None)

    def put_account_policy(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        policy = {
            "policyName": request["policyName"],
            "policyType": request["policyType"],
            "policyDocument": request["policyDocument"],
            "scope": request.get("scope") or "ALL",
            "selectionCriteria": request.get("selectionCriteria"),
            "accountId": scope.account,
            "lastUpdatedTime": int(scope.now.timestamp() * 1000),
        }
        policy = {name: value for name, value in policy.items() if value is not None}
        with self._lock:
            self._of_account[_policy_key(scope, request)] = policy
        return {"accountPolicy": policy}

    def describe_account_policies(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        name = request.get("policyName")
        with self._lock:
            policies = [
                policy
                for (account, region, kind, key), policy in self._of_account.items()
                if (account, region, kind) == (scope.account, scope.region, request["policyType"])
                and name in (None, key)
            ]
        return {"accountPolicies": policies}

    def delete_account_policy(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        with self._lock:
            if self._of_account.pop(_policy_key(scope, request), None) is None:
                raise ApiError("ResourceNotFoundException", "The specified policy does not exist.")
        return {}

    def _group(self, scope: Scope, request: Mapping[str, Any]) -> tuple[str, str, str]:
        name = request["logGroupIdentifier"].removesuffix(":*").rsplit(":", 1)[-1]
        if not self._groups.log_group_exists(scope.account, scope.region, name):
            raise ApiError("ResourceNotFoundException", "The specified log group does not exist.")
        return scope.account, scope.region, name


def _policy_key(scope: Scope, request: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return scope.account, scope.region, request["policyType"], request["policyName"]


def describe_alarms(_scope: Scope, request: Mapping[str, Any], answer: Json) -> Json:
    """DescribeAlarms as AWS does it: all filters together, composite alarms only if asked for, in pages."""
    kinds = request.get("AlarmTypes") or ["MetricAlarm"]
    names, prefix = request.get("AlarmNames"), request.get("AlarmNamePrefix") or ""
    state, action = request.get("StateValue"), request.get("ActionPrefix") or ""

    def wanted(alarm: Json) -> bool:
        actions = [*alarm["AlarmActions"], *alarm["OKActions"], *alarm["InsufficientDataActions"]]
        return (
            (not names or alarm["AlarmName"] in names)
            and alarm["AlarmName"].startswith(prefix)
            and state in (None, alarm["StateValue"])
            and (not action or any(each.startswith(action) for each in actions))
        )

    found = [
        (member, alarm)
        for member, kind in (("CompositeAlarms", "CompositeAlarm"), ("MetricAlarms", "MetricAlarm"))
        if kind in kinds
        for alarm in sorted(answer.get(member) or [], key=lambda each: each["AlarmName"])
        if wanted(alarm)
    ]
    start = int(request.get("NextToken") or 0)
    end = start + min(request.get("MaxRecords") or ALARM_PAGE, 100)
    page = found[start:end]
    amended: Json = {
        member: [alarm for each, alarm in page if each == member] for member in ("CompositeAlarms", "MetricAlarms")
    }
    if end < len(found):
        amended["NextToken"] = str(end)
    return amended


def describe_log_groups(filters: MetricFilters) -> Amendment:
    """DescribeLogGroups with true counts of metric filters."""

    def amend(scope: Scope, _request: Mapping[str, Any], answer: Json) -> Json:
        groups = [
            {**group, "metricFilterCount": filters.count(scope, group["logGroupName"])}
            for group in answer.get("logGroups") or []
        ]
        return {**answer, "logGroups": groups}

    return amend


PENDING_PROTOCOLS = frozenset({"email", "email-json"})
"""Protocols whose subscriptions wait for a person."""


def subscribe(_scope: Scope, request: Mapping[str, Any], answer: Json) -> Json:
    """Subscribe tells no ARN of a subscription that waits for confirmation, unless asked."""
    if request["Protocol"] in PENDING_PROTOCOLS and not request.get("ReturnSubscriptionArn"):
        return {"SubscriptionArn": "pending confirmation"}
    return answer


def list_subscriptions_by_topic(pending: Callable[[str], bool]) -> Amendment:
    """ListSubscriptionsByTopic prints `PendingConfirmation` in place of the ARN of one that waits."""

    def amend(_scope: Scope, _request: Mapping[str, Any], answer: Json) -> Json:
        listed = [
            {**each, "SubscriptionArn": "PendingConfirmation"} if pending(each["SubscriptionArn"]) else each
            for each in answer.get("Subscriptions") or []
        ]
        return {**answer, "Subscriptions": listed}

    return amend


def get_topic_attributes(count: Callable[[str], tuple[int, int]]) -> Amendment:
    """GetTopicAttributes with true counts of subscriptions."""

    def amend(_scope: Scope, request: Mapping[str, Any], answer: Json) -> Json:
        confirmed, waiting = count(request["TopicArn"])
        counts = {"SubscriptionsConfirmed": str(confirmed), "SubscriptionsPending": str(waiting)}
        return {"Attributes": {**answer["Attributes"], **counts}}

    return amend
