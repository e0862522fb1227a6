"""The one error type of the emulated services."""

from __future__ import annotations


class ApiError(Exception):
    """An AWS error answer: the code that SDKs match on, and the message that people read."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
