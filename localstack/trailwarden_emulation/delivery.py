"""CloudTrail's deliveries: events to EventBridge and to the log groups of trails, off the caller's path, in order."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to

from .api import Json
from .cloudtrail_api import parse_log_group_arn
from .trails import Trail, TrailStore
from .world import World

LOG = logging.getLogger(__name__)

MAX_BATCH = 10
"""PutEvents takes ten entries."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record and where it goes, decided when the call was answered."""

    record: Json
    source: str
    trails: tuple[Trail, ...]

    @property
    def account(self) -> str:
        return str(self.record["recipientAccountId"])

    @property
    def region(self) -> str:
        return str(self.record["awsRegion"])


class Courier:
    """One thread that delivers, so that order holds and no caller waits."""

    def __init__(self, store: TrailStore, world: World) -> None:
        self._store = store
        self._world = world
        self._queue: queue.Queue[Delivery] = queue.Queue()
        threading.Thread(target=self._run, name="trailwarden-courier", daemon=True).start()

    @property
    def pending(self) -> int:
        """Deliveries not finished yet."""
        return self._queue.unfinished_tasks

    def accept(self, delivery: Delivery) -> None:
        self._queue.put(delivery)

    def _run(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < MAX_BATCH and not self._queue.empty():
                batch.append(self._queue.get())
            try:
                self._to_bridge(batch)
                self._to_log_groups(batch)
            except Exception:
                LOG.exception("delivery of %d events failed", len(batch))
            finally:
                for _ in batch:
                    self._queue.task_done()

    def _to_bridge(self, batch: list[Delivery]) -> None:
        for (account, region), deliveries in groupby(batch, key=lambda each: (each.account, each.region)):
            entries = [
                {
                    "Time": datetime.strptime(each.record["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
                    "Source": each.source,
                    "DetailType": "AWS API Call via CloudTrail",
                    "Detail": json.dumps(each.record),
                    "Resources": [],
                }
                for each in deliveries
            ]
            connect_to(aws_access_key_id=account, region_name=region).events.put_events(Entries=entries)

    def _to_log_groups(self, batch: list[Delivery]) -> None:
        for (_, stream), deliveries in groupby(_log_deliveries(batch), key=lambda each: (each[0].arn, each[1])):
            together = list(deliveries)
            trail = together[-1][0]
            error = self._log(trail, stream, [record for _, _, record in together])
            self._store.delivered(trail, datetime.now(UTC), error)

    def _log(self, trail: Trail, stream: str, records: list[Json]) -> str | None:
        """Puts records into the trail's log group; the error that GetTrailStatus will report, if any."""
        place = parse_log_group_arn(trail.log_group_arn or "")
        if place is None:
            return None
        account, region, group = place
        if not trail.role_arn or not self._world.role_exists(trail.role_arn):
            return "AccessDenied"
        logs = connect_to(aws_access_key_id=account, region_name=region).logs
        events = [{"timestamp": int(time.time() * 1000), "message": json.dumps(record)} for record in records]
        try:
            try:
                logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
            except logs.exceptions.ResourceNotFoundException:
                logs.create_log_stream(logGroupName=group, logStreamName=stream)
                logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return None


def _log_deliveries(batch: list[Delivery]) -> Iterator[tuple[Trail, str, Json]]:
    """Trail by trail, so that records of one log stream travel together and stay in order."""
    flat = [
        (trail, f"{delivery.account}_CloudTrail_{delivery.region}", delivery.record)
        for delivery in batch
        for trail in delivery.trails
    ]
    yield from sorted(flat, key=lambda each: (each[0].arn, each[1]))
