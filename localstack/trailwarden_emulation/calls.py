"""The last answered AWS calls, so that a test can say what was called, and above all what was not."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

CAPACITY = 50_000
"""Calls kept; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Call:
    """One answered call from outside. `operation` is null where the request named none that botocore knows."""

    time: str
    account: str
    region: str
    access_key: str
    service: str
    operation: str | None
    kind: str
    mutating: bool
    status: int
    error_code: str | None
    request_id: str
    user_agent: str


class CallLog:
    """A bounded ring of calls, read and cleared per account, because tests share one LocalStack."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._calls: deque[Call] = deque(maxlen=capacity)

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def read(self, account: str | None = None) -> list[dict[str, Any]]:
        with self._lock:
            calls = list(self._calls)
        return [asdict(call) for call in calls if account in (None, call.account)]

    def clear(self, account: str | None = None) -> None:
        with self._lock:
            kept = [] if account is None else [call for call in self._calls if call.account != account]
            self._calls = deque(kept, maxlen=self._calls.maxlen)
