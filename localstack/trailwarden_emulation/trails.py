"""Trails as values, what they record, and the store that holds them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .api import Json

DEFAULT_SELECTORS: tuple[Json, ...] = (
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    },
)
"""What GetEventSelectors answers for a trail on which nobody ever put selectors."""


@dataclass(frozen=True, slots=True)
class Trail:
    """One trail. Frozen, so that a decision taken on it cannot change while an event waits for delivery."""

    name: str
    account: str
    home_region: str
    bucket: str
    key_prefix: str | None = None
    sns_topic: str | None = None
    global_events: bool = True
    multi_region: bool = False
    validation: bool = False
    log_group_arn: str | None = None
    role_arn: str | None = None
    kms_key: str | None = None
    organization: bool = False
    logging: bool = False
    started: datetime | None = None
    stopped: datetime | None = None
    delivered: datetime | None = None
    logs_delivered: datetime | None = None
    logs_error: str | None = None
    selectors: tuple[Json, ...] = DEFAULT_SELECTORS
    advanced: tuple[Json, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudtrail:{self.home_region}:{self.account}:trail/{self.name}"

    def seen_from(self, region: str) -> bool:
        """Whether the trail exists in a region, at home or as the shadow of a multi-region trail."""
        return self.multi_region or self.home_region == region

    def records(self, event: Mapping[str, Any], *, global_service: bool) -> bool:
        """Whether a logging trail picks up this management event (a CloudTrail record)."""
        if not self.logging or not self.seen_from(event["awsRegion"]):
            return False
        if global_service and not self.global_events:
            return False
        if self.advanced:
            return any(_advanced_selects(selector, event) for selector in self.advanced)
        return any(_basic_selects(selector, event) for selector in self.selectors)


def _basic_selects(selector: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    if not selector.get("IncludeManagementEvents", True):
        return False
    if event["eventSource"] in selector.get("ExcludeManagementEventSources", ()):
        return False
    wanted = selector.get("ReadWriteType", "All")
    return wanted == "All" or wanted == ("ReadOnly" if event["readOnly"] else "WriteOnly")


def _advanced_selects(selector: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    return all(_field_selects(clause, event) for clause in selector.get("FieldSelectors", ()))


def _field_selects(clause: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Operators of one field are alternatives when positive and conditions when negative, as AWS documents them."""
    value: Any = event
    for step in clause["Field"].split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    # selectors write booleans as text
    text = str(value).lower() if isinstance(value, bool) else str(value or "")
    checks = {
        "Equals": lambda given: text == given,
        "StartsWith": text.startswith,
        "EndsWith": text.endswith,
        "NotEquals": lambda given: text != given,
        "NotStartsWith": lambda given: not text.startswith(given),
        "NotEndsWith": lambda given: not text.endswith(given),
    }
    positive = [checks[op](given) for op in ("Equals", "StartsWith", "EndsWith") for given in clause.get(op) or ()]
    negative = [
        checks[op](given) for op in ("NotEquals", "NotStartsWith", "NotEndsWith") for given in clause.get(op) or ()
    ]
    return (any(positive) if positive else True) and all(negative)


class TrailStore:
    """All trails of all accounts. Accounts never see each other."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._trails: dict[str, dict[str, Trail]] = {}

    def of_account(self, account: str) -> list[Trail]:
        """A snapshot: later changes do not reach the returned values."""
        with self._lock:
            return list(self._trails.get(account, {}).values())

    def put(self, trail: Trail) -> None:
        with self._lock:
            self._trails.setdefault(trail.account, {})[trail.arn] = trail

    def remove(self, trail: Trail) -> None:
        with self._lock:
            self._trails.get(trail.account, {}).pop(trail.arn, None)

    def delivered(self, trail: Trail, now: datetime, logs_error: str | None) -> None:
        """Notes a delivery, unless the trail has been deleted or has changed its log group since."""
        with self._lock:
            trails = self._trails.get(trail.account, {})
            current = trails.get(trail.arn)
            if current is None:
                return
            current = replace(current, delivered=now)
            if current.log_group_arn and current.log_group_arn == trail.log_group_arn:
                logs_delivered = current.logs_delivered if logs_error else now
                current = replace(current, logs_error=logs_error, logs_delivered=logs_delivered)
            trails[trail.arn] = current


def recording(trails: Iterable[Trail], event: Mapping[str, Any], *, global_service: bool) -> list[Trail]:
    """The trails that record an event."""
    return [trail for trail in trails if trail.records(event, global_service=global_service)]
