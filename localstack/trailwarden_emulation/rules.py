"""EventBridge rules: LocalStack stores that a rule is disabled and delivers all the same."""

from __future__ import annotations

from typing import Any


def respect_disabled_rules() -> None:
    """Makes a disabled rule deliver nothing."""
    from localstack.services.events.provider import EventsProvider
    from localstack.utils.patch import patch

    @patch(EventsProvider._process_rules)
    def only_enabled(process: Any, provider: Any, rule: Any, *args: Any, **kwargs: Any) -> None:
        if rule.state != "DISABLED":
            process(provider, rule, *args, **kwargs)
