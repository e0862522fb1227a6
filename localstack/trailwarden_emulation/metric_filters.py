"""Metric filters of CloudWatch Logs: the API, and the metrics that log events raise.

LocalStack's own keep a replaced filter beside its successor, outlive their log group and count every event.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from .api import ApiError, Json, Operation, Scope
from .pattern import UnsupportedPatternError, compile_pattern, select

LOG = logging.getLogger(__name__)

PAGE = 50
"""DescribeMetricFilters answers at most this many."""

MAX_PATTERN = 1024
"""Characters that a pattern may have."""


class LogGroups(Protocol):
    """Which log groups there are."""

    def log_group_exists(self, account: str, region: str, name: str) -> bool: ...


PutMetric = Callable[[Scope, str, Json], None]
"""Publishes one datum into a namespace."""


@dataclass(frozen=True, slots=True)
class _Key:
    account: str
    region: str
    group: str
    name: str


class MetricFilters:
    """All metric filters of all accounts and regions."""

    def __init__(self, groups: LogGroups, put_metric: PutMetric) -> None:
        self._groups = groups
        self._put_metric = put_metric
        self._lock = threading.RLock()
        self._filters: dict[_Key, Json] = {}

    def operations(self) -> dict[str, Operation]:
        return {
            "DeleteMetricFilter": self.delete,
            "DescribeMetricFilters": self.describe,
            "PutMetricFilter": self.put,
        }

    def put(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        """Creates a filter or replaces the one of that name in that group."""
        key = self._key(scope, request)
        if len(request["filterPattern"]) > MAX_PATTERN:
            raise ApiError("InvalidParameterException", f"filterPattern may have at most {MAX_PATTERN} characters.")
        if len(request["metricTransformations"]) != 1:
            raise ApiError("InvalidParameterException", "A metric filter has exactly one metric transformation.")
        given = {name: value for name, value in request.items() if value is not None}
        with self._lock:
            self._filters[key] = {**given, "creationTime": int(scope.now.timestamp() * 1000)}
        return {}

    def delete(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        key = self._key(scope, request)
        with self._lock:
            if self._filters.pop(key, None) is None:
                raise ApiError("ResourceNotFoundException", "The specified metric filter does not exist.")
        return {}

    def describe(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        group = request.get("logGroupName")
        if group is not None:
            self._require_group(scope, group)
        metric, namespace = request.get("metricName"), request.get("metricNamespace")
        if (metric is None) != (namespace is None):
            raise ApiError("InvalidParameterException", "metricName and metricNamespace are given together.")
        prefix = request.get("filterNamePrefix") or ""

        def wanted(key: _Key, each: Json) -> bool:
            told = each["metricTransformations"][0]
            return (
                (key.account, key.region) == (scope.account, scope.region)
                and group in (None, key.group)
                and key.name.startswith(prefix)
                and metric in (None, told["metricName"])
                and namespace in (None, told["metricNamespace"])
            )

        with self._lock:
            found = sorted(
                ((key, each) for key, each in self._filters.items() if wanted(key, each)),
                key=lambda pair: (pair[0].name, pair[0].group),
            )
        start = int(request.get("nextToken") or 0)
        end = start + min(request.get("limit") or PAGE, PAGE)
        answer: Json = {"metricFilters": [each for _, each in found[start:end]]}
        if end < len(found):
            answer["nextToken"] = str(end)
        return answer

    def count(self, scope: Scope, group: str) -> int:
        """Filters of one group."""
        with self._lock:
            return sum(
                (key.account, key.region, key.group) == (scope.account, scope.region, group) for key in self._filters
            )

    def on_group_deleted(self, scope: Scope, request: Mapping[str, Any]) -> None:
        """A log group takes its filters along."""
        gone = request["logGroupName"]
        with self._lock:
            self._filters = {
                key: each
                for key, each in self._filters.items()
                if (key.account, key.region, key.group) != (scope.account, scope.region, gone)
            }

    def on_log_events(self, scope: Scope, request: Mapping[str, Any]) -> None:
        """Publishes a datum for every event and filter of the group that agree."""
        with self._lock:
            filters = [
                each
                for key, each in self._filters.items()
                if (key.account, key.region, key.group) == (scope.account, scope.region, request["logGroupName"])
            ]
        for each in filters:
            matches = _matcher(each["filterPattern"])
            for event in request["logEvents"]:
                if matches(event["message"]):
                    self._publish(scope, each["metricTransformations"][0], event["message"])

    def _publish(self, scope: Scope, told: Mapping[str, Any], message: str) -> None:
        datum = _datum(told, message)
        if datum is not None:
            self._put_metric(scope, told["metricNamespace"], datum)

    def _key(self, scope: Scope, request: Mapping[str, Any]) -> _Key:
        self._require_group(scope, request["logGroupName"])
        return _Key(scope.account, scope.region, request["logGroupName"], request["filterName"])

    def _require_group(self, scope: Scope, group: str) -> None:
        if not self._groups.log_group_exists(scope.account, scope.region, group):
            raise ApiError("ResourceNotFoundException", "The specified log group does not exist.")


@lru_cache(maxsize=1024)
def _matcher(pattern: str) -> Callable[[str], bool]:
    try:
        return compile_pattern(pattern)
    except UnsupportedPatternError:
        LOG.warning("a metric filter counts nothing: its pattern is beyond this emulator: %s", pattern)
        return lambda _message: False


def _datum(told: Mapping[str, Any], message: str) -> Json | None:
    """The metric's value, dimensions and unit for one event; none where a value or dimension is not in it."""
    event = _json(message)
    value = told["metricValue"]
    number = select(event, value) if value.startswith("$") else value
    dimensions = [
        {"Name": name, "Value": select(event, selector)} for name, selector in (told.get("dimensions") or {}).items()
    ]
    try:
        datum: Json = {"MetricName": told["metricName"], "Value": float(number)}
    except (TypeError, ValueError):
        return None
    if not all(isinstance(dimension["Value"], str) for dimension in dimensions):
        return None
    if dimensions:
        datum["Dimensions"] = dimensions
    if told.get("unit"):
        datum["Unit"] = told["unit"]
    return datum


def _json(message: str) -> Any:
    try:
        return json.loads(message)
    except ValueError:
        return None
