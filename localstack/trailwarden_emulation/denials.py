"""Operations refused to all callers of an account: a test takes a permission away. LocalStack itself enforces none."""

from __future__ import annotations

import threading

from .api import ApiError, Names

CODES = {"sns": "AuthorizationError", "cloudwatch": "AccessDenied"}
"""The code that a service gives a refusal; the others say AccessDeniedException."""


class Denials:
    """What is refused, per account, because tests share one LocalStack."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._denied: set[tuple[str, Names]] = set()

    def deny(self, account: str, operation: Names) -> None:
        with self._lock:
            self._denied.add((account, operation))

    def clear(self, account: str) -> None:
        with self._lock:
            self._denied = {each for each in self._denied if each[0] != account}

    def check(self, account: str, caller: str, operation: Names) -> None:
        """Raises AWS's refusal if the operation is denied."""
        with self._lock:
            denied = (account, operation) in self._denied
        if denied:
            service, name = operation
            action = f"{service}:{name}"
            message = (
                f"User: {caller} is not authorized to perform: {action} "
                f"because no identity-based policy allows the {action} action"
            )
            raise ApiError(CODES.get(service, "AccessDeniedException"), message, 403)
