"""SNS calls that AWS answers with what exists already: LocalStack looks and then writes, so two at once write twice."""

from __future__ import annotations

from threading import Lock
from typing import Any

ONE_AT_A_TIME = Lock()
"""Held while one of the calls runs: none of them waits for anything but memory."""


def keep_sns_idempotent() -> None:
    """Makes concurrent Subscribe and CreateTopic calls find each other's work, as AWS documents of both.

    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html ("This action is idempotent"); an endpoint is
    subscribed to a topic once.
    """
    from localstack.services.sns.provider import SnsProvider
    from localstack.utils.patch import patch

    @patch(SnsProvider.create_topic)
    def create_topic(create: Any, *args: Any, **kwargs: Any) -> Any:
        with ONE_AT_A_TIME:
            return create(*args, **kwargs)

    @patch(SnsProvider.subscribe)
    def subscribe(enter: Any, *args: Any, **kwargs: Any) -> Any:
        with ONE_AT_A_TIME:
            return enter(*args, **kwargs)
