"""What LocalStack's community edition lacks and trailwarden's tests need, added inside LocalStack's own process.

CloudTrail's API, CloudTrail's behaviour (every configuration call becomes an event), metric filters that select by
pattern, and a log of the calls that were made. Independent of the Rust code on purpose: an emulator that shared the
evaluator under test would agree with its faults.
"""

from __future__ import annotations

import logging

LOG = logging.getLogger(__name__)


def install() -> None:
    """Adds everything to the LocalStack of this process."""
    from localstack.aws import handlers
    from localstack.services.edge import ROUTER

    from . import endpoints
    from .calls import CallLog
    from .cloudtrail_api import CloudTrailApi
    from .delivery import Courier
    from .hooks import Answers, Watcher
    from .trails import TrailStore
    from .world import World

    store, world, calls = TrailStore(), World(), CallLog()
    courier = Courier(store, world)
    operations = {("cloudtrail", name): fn for name, fn in CloudTrailApi(store, world).operations().items()}

    handlers.serve_custom_service_request_handlers.append(Answers(operations, store))
    handlers.run_custom_response_handlers.append(
        Watcher(calls=calls, store=store, courier=courier, world=world, observers={})
    )
    endpoints.add(ROUTER, calls, courier)
    LOG.info("trailwarden's additions are installed")
