"""The words that the emulated services share: where a call arrives, how it is answered, how it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = dict[str, Any]

Names = tuple[str, str]
"""A service, as botocore calls it, and an operation."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a call arrives and when."""

    account: str
    region: str
    now: datetime


Operation = Callable[[Scope, Mapping[str, Any]], Json]
"""Answers a request."""

Amendment = Callable[[Scope, Mapping[str, Any], Json], Json]
"""Corrects LocalStack's answer to a request."""

Observer = Callable[[Scope, Mapping[str, Any]], None]
"""Learns of a request that succeeded."""


class ApiError(Exception):
    """An AWS error answer: the code that SDKs match on, and the message that people read."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
