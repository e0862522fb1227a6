"""The CloudTrail API over the store of trails: what the console, the CLI and an intruder call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from .api import ApiError, Json, Operation, Scope
from .trails import DEFAULT_SELECTORS, Trail, TrailStore

MAX_TRAILS = 5
"""Trails that one region may show (CloudTrail quotas)."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]")
_LOG_GROUP = re.compile(r"arn:[\w-]+:logs:(?P<region>[\w-]+):(?P<account>\d{12}):log-group:(?P<name>[^:*]+):\*")
_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/.+")
_TRAIL = re.compile(r"arn:[\w-]+:cloudtrail:(?P<region>[\w-]+):(?P<account>\d{12}):trail/(?P<name>.+)")


class World(Protocol):
    """What CloudTrail asks of other services before it accepts a trail."""

    def bucket_exists(self, bucket: str) -> bool: ...

    def log_group_exists(self, account: str, region: str, name: str) -> bool: ...

    def role_exists(self, role_arn: str) -> bool: ...


def parse_log_group_arn(arn: str) -> tuple[str, str, str] | None:
    """Account, region and name of the group that a trail delivers to; the ARN ends in `:*`."""
    match = _LOG_GROUP.fullmatch(arn)
    return (match["account"], match["region"], match["name"]) if match else None


class CloudTrailApi:
    """One method an operation, named as AWS names it; `operations()` is the dispatch table."""

    def __init__(self, store: TrailStore, world: World) -> None:
        self._store = store
        self._world = world

    def operations(self) -> dict[str, Operation]:
        return {
            "AddTags": self.add_tags,
            "CreateTrail": self.create_trail,
            "DeleteTrail": self.delete_trail,
            "DescribeTrails": self.describe_trails,
            "GetEventSelectors": self.get_event_selectors,
            "GetTrail": self.get_trail,
            "GetTrailStatus": self.get_trail_status,
            "ListTags": self.list_tags,
            "ListTrails": self.list_trails,
            "PutEventSelectors": self.put_event_selectors,
            "RemoveTags": self.remove_tags,
            "StartLogging": self.start_logging,
            "StopLogging": self.stop_logging,
            "UpdateTrail": self.update_trail,
        }

    def create_trail(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        name = _valid_name(request["Name"])
        here = [trail for trail in self._store.of_account(scope.account) if trail.seen_from(scope.region)]
        if any(trail.name == name for trail in here):
            raise ApiError("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {scope.account}")
        if len(here) >= MAX_TRAILS:
            raise ApiError(
                "MaximumNumberOfTrailsExceededException",
                f"User: {scope.account} already has {len(here)} trails in {scope.region}.",
            )
        trail = Trail(
            name=name,
            account=scope.account,
            home_region=scope.region,
            bucket=request["S3BucketName"],
            tags={tag["Key"]: tag.get("Value", "") for tag in request.get("TagsList") or ()},
        )
        trail = self._applied(trail, scope, request)
        self._store.put(trail)
        return _description(trail, with_home=False)

    def update_trail(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        trail = self._applied(self._at_home(scope, request["Name"]), scope, request)
        self._store.put(trail)
        return _description(trail, with_home=False)

    def delete_trail(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        self._store.remove(self._at_home(scope, request["Name"]))
        return {}

    def describe_trails(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        shadows = request.get("includeShadowTrails", True)
        names = request.get("trailNameList") or []
        trails = []
        for trail in self._store.of_account(scope.account):
            at_home = trail.home_region == scope.region
            if names:
                # an ARN reaches any region, a name only what this region shows
                wanted = trail.arn in names or (trail.name in names and trail.seen_from(scope.region))
            else:
                wanted = trail.seen_from(scope.region)
            if wanted and (at_home or shadows):
                trails.append(_description(trail))
        return {"trailList": trails}

    def get_trail(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        return {"Trail": _description(self._found(scope, request["Name"]))}

    def list_trails(self, scope: Scope, _request: Mapping[str, Any]) -> Json:
        return {
            "Trails": [
                {"TrailARN": trail.arn, "Name": trail.name, "HomeRegion": trail.home_region}
                for trail in self._store.of_account(scope.account)
            ]
        }

    def get_trail_status(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        trail = self._found(scope, request["Name"])
        status: Json = {"IsLogging": trail.logging}
        times = {
            "StartLoggingTime": trail.started,
            "StopLoggingTime": trail.stopped,
            "LatestDeliveryTime": trail.delivered,
            "LatestCloudWatchLogsDeliveryTime": trail.logs_delivered,
        }
        status |= {name: time for name, time in times.items() if time}
        texts = {
            "LatestDeliveryAttemptTime": _text(trail.delivered),
            "LatestDeliveryAttemptSucceeded": _text(trail.delivered),
            "LatestNotificationAttemptTime": "",
            "LatestNotificationAttemptSucceeded": "",
            "TimeLoggingStarted": _text(trail.started),
            "TimeLoggingStopped": _text(trail.stopped),
        }
        status |= texts
        if trail.logs_error:
            status["LatestCloudWatchLogsDeliveryError"] = trail.logs_error
        return status

    def start_logging(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        trail = self._at_home(scope, request["Name"])
        if not trail.logging:
            self._store.put(replace(trail, logging=True, started=scope.now))
        return {}

    def stop_logging(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        trail = self._at_home(scope, request["Name"])
        if trail.logging:
            self._store.put(replace(trail, logging=False, stopped=scope.now))
        return {}

    def get_event_selectors(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        return _selectors(self._found(scope, request["TrailName"]))

    def put_event_selectors(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        trail = self._at_home(scope, request["TrailName"])
        basic = request.get("EventSelectors") or []
        advanced = request.get("AdvancedEventSelectors") or []
        if bool(basic) == bool(advanced):
            raise ApiError(
                "InvalidEventSelectorsException",
                "Specify either EventSelectors or AdvancedEventSelectors, and at least one selector.",
            )
        for selector in advanced:
            if not any(clause["Field"] == "eventCategory" for clause in selector["FieldSelectors"]):
                raise ApiError(
                    "InvalidEventSelectorsException", "An advanced event selector needs the field eventCategory."
                )
        trail = replace(
            trail,
            selectors=tuple({**DEFAULT_SELECTORS[0], **selector} for selector in basic),
            advanced=tuple(advanced),
        )
        self._store.put(trail)
        return _selectors(trail)

    def add_tags(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        trail = self._at_home(scope, request["ResourceId"])
        added = {tag["Key"]: tag.get("Value", "") for tag in request["TagsList"]}
        self._store.put(replace(trail, tags={**trail.tags, **added}))
        return {}

    def remove_tags(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        trail = self._at_home(scope, request["ResourceId"])
        gone = {tag["Key"] for tag in request["TagsList"]}
        self._store.put(replace(trail, tags={key: text for key, text in trail.tags.items() if key not in gone}))
        return {}

    def list_tags(self, scope: Scope, request: Mapping[str, Any]) -> Json:
        found = [self._found(scope, resource) for resource in request["ResourceIdList"]]
        return {
            "ResourceTagList": [
                {"ResourceId": trail.arn, "TagsList": [{"Key": key, "Value": text} for key, text in trail.tags.items()]}
                for trail in found
            ]
        }

    def _found(self, scope: Scope, name_or_arn: str) -> Trail:
        """The trail that a name or ARN means in a region, at home or as a shadow."""
        if name_or_arn.startswith("arn:"):
            if not _TRAIL.fullmatch(name_or_arn):
                raise ApiError("CloudTrailARNInvalidException", f"{name_or_arn} is not a valid trail ARN.")
        else:
            _valid_name(name_or_arn)
        for trail in self._store.of_account(scope.account):
            if trail.seen_from(scope.region) and name_or_arn in (trail.name, trail.arn):
                return trail
        raise ApiError("TrailNotFoundException", f"Unknown trail: {name_or_arn} for the user: {scope.account}")

    def _at_home(self, scope: Scope, name_or_arn: str) -> Trail:
        """The same, for calls that change the trail: these are refused anywhere but in its home region."""
        for trail in self._store.of_account(scope.account):
            if trail.arn == name_or_arn and trail.home_region != scope.region:
                raise _wrong_region(trail, scope)
        trail = self._found(scope, name_or_arn)
        if trail.home_region != scope.region:
            raise _wrong_region(trail, scope)
        return trail

    def _applied(self, trail: Trail, scope: Scope, request: Mapping[str, Any]) -> Trail:
        """A trail with the fields of a request: what is absent stays, an empty string takes the value away."""
        given = {
            field: request[name]
            for name, field in {
                "S3BucketName": "bucket",
                "S3KeyPrefix": "key_prefix",
                "SnsTopicName": "sns_topic",
                "IncludeGlobalServiceEvents": "global_events",
                "IsMultiRegionTrail": "multi_region",
                "EnableLogFileValidation": "validation",
                "CloudWatchLogsLogGroupArn": "log_group_arn",
                "CloudWatchLogsRoleArn": "role_arn",
                "KmsKeyId": "kms_key",
                "IsOrganizationTrail": "organization",
            }.items()
            if request.get(name) is not None
        }
        changed = replace(trail, **{field: None if value == "" else value for field, value in given.items()})
        if changed.multi_region and not changed.global_events:
            raise ApiError(
                "InvalidParameterCombinationException", "Multi-Region trail must include global service events."
            )
        if not changed.bucket or not self._world.bucket_exists(changed.bucket):
            raise ApiError("S3BucketDoesNotExistException", f"S3 bucket {changed.bucket} does not exist!")
        if given.keys() & {"log_group_arn", "role_arn"}:
            self._check_log_delivery(changed, scope)
        if changed.log_group_arn != trail.log_group_arn:
            changed = replace(changed, logs_delivered=None, logs_error=None)
        return changed

    def _check_log_delivery(self, trail: Trail, scope: Scope) -> None:
        if trail.log_group_arn is None:
            return
        if trail.role_arn is None:
            raise ApiError(
                "InvalidCloudWatchLogsRoleArnException", "You must specify a role ARN as well as a log group."
            )
        place = parse_log_group_arn(trail.log_group_arn)
        if place is None or place[:2] != (scope.account, trail.home_region) or not self._world.log_group_exists(*place):
            raise ApiError(
                "InvalidCloudWatchLogsLogGroupArnException",
                "CloudTrail cannot validate the specified log group ARN.",
            )
        if not _ROLE.fullmatch(trail.role_arn) or not self._world.role_exists(trail.role_arn):
            raise ApiError(
                "InvalidCloudWatchLogsRoleArnException", "Access denied. Check the permissions for your role."
            )


def _valid_name(name: str) -> str:
    if not _NAME.fullmatch(name) or re.search(r"[._-]{2}", name):
        raise ApiError(
            "InvalidTrailNameException",
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.),"
            " hyphens (-), and underscores (_); it must be between 3 and 128 characters.",
        )
    return name


def _wrong_region(trail: Trail, scope: Scope) -> ApiError:
    return ApiError(
        "InvalidHomeRegionException",
        f"Trail {trail.arn} was called from region {scope.region}; its home region is {trail.home_region}.",
    )


def _text(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else ""


def _selectors(trail: Trail) -> Json:
    if trail.advanced:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": list(trail.advanced)}
    return {"TrailARN": trail.arn, "EventSelectors": list(trail.selectors)}


def _description(trail: Trail, *, with_home: bool = True) -> Json:
    """DescribeTrails tells the home region and whether selectors were put; the answers of Create and Update do not."""
    described: Json = {
        "Name": trail.name,
        "S3BucketName": trail.bucket,
        "S3KeyPrefix": trail.key_prefix,
        "SnsTopicName": trail.sns_topic,
        "SnsTopicARN": f"arn:aws:sns:{trail.home_region}:{trail.account}:{trail.sns_topic.rsplit(':', 1)[-1]}"
        if trail.sns_topic
        else None,
        "IncludeGlobalServiceEvents": trail.global_events,
        "IsMultiRegionTrail": trail.multi_region,
        "TrailARN": trail.arn,
        "LogFileValidationEnabled": trail.validation,
        "CloudWatchLogsLogGroupArn": trail.log_group_arn,
        "CloudWatchLogsRoleArn": trail.role_arn,
        "KmsKeyId": trail.kms_key,
        "IsOrganizationTrail": trail.organization,
    }
    if with_home:
        described |= {
            "HomeRegion": trail.home_region,
            "HasCustomEventSelectors": bool(trail.advanced) or trail.selectors != DEFAULT_SELECTORS,
            "HasInsightSelectors": False,
        }
    return {name: value for name, value in described.items() if value is not None}
