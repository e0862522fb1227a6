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
    from localstack.aws.spec import loader
    from localstack.services.edge import ROUTER

    from . import endpoints, gaps, mute_rules
    from .calls import CallLog
    from .cloudtrail_api import CloudTrailApi
    from .delivery import Courier
    from .denials import Denials
    from .hooks import Amends, Answers, Refuses, Watcher
    from .idempotence import keep_sns_idempotent
    from .metric_filters import MetricFilters
    from .rules import respect_disabled_rules
    from .trails import TrailStore
    from .world import World

    store, world, calls, denials = TrailStore(), World(), CallLog(), Denials()
    courier = Courier(store, world)
    filters = MetricFilters(world, world.put_metric)
    mutes = mute_rules.MuteRules()
    loader.patches[mute_rules.MODEL] = [*loader.patches.get(mute_rules.MODEL, []), *mute_rules.model_patches()]
    policies = gaps.LogPolicies(world)

    operations = {
        **{("cloudtrail", name): fn for name, fn in CloudTrailApi(store, world).operations().items()},
        **{("logs", name): fn for name, fn in filters.operations().items()},
        **{("logs", name): fn for name, fn in policies.operations().items()},
        **{("cloudwatch", name): fn for name, fn in mutes.operations().items()},
        ("account", "ListRegions"): gaps.list_regions,
    }
    amendments = {
        ("cloudwatch", "DescribeAlarms"): gaps.describe_alarms,
        ("logs", "DescribeLogGroups"): gaps.describe_log_groups(filters),
        ("sns", "GetTopicAttributes"): gaps.get_topic_attributes(world.subscription_counts),
        ("sns", "ListSubscriptionsByTopic"): gaps.list_subscriptions_by_topic(world.subscription_pending),
        ("sns", "Subscribe"): gaps.subscribe,
    }
    observers = {
        ("logs", "DeleteLogGroup"): (filters.on_group_deleted, policies.on_group_deleted),
        ("logs", "PutLogEvents"): (filters.on_log_events,),
    }
    handlers.serve_custom_service_request_handlers.append(Refuses(denials, world))
    handlers.serve_custom_service_request_handlers.append(Answers(operations, store))
    handlers.run_custom_response_handlers.append(Amends(amendments))
    handlers.run_custom_response_handlers.append(
        Watcher(calls=calls, store=store, courier=courier, world=world, observers=observers)
    )
    respect_disabled_rules()
    keep_sns_idempotent()
    endpoints.add(ROUTER, calls, denials, courier)
    LOG.info("trailwarden's additions are installed")
