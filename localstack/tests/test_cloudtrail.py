"""The CloudTrail API and what trails record."""

from datetime import UTC, datetime
from typing import Any

import pytest

from trailwarden_emulation.api import ApiError, Scope
from trailwarden_emulation.cloudtrail_api import CloudTrailApi
from trailwarden_emulation.trails import Trail, TrailStore, recording

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = datetime(2026, 11, 24, tzinfo=UTC)
ACCOUNT = "001122223333"
HOME = Scope(ACCOUNT, "us-east-1", NOW)
ABROAD = Scope(ACCOUNT, "eu-west-1", NOW)
STRANGER = Scope("999988887777", "us-east-1", NOW)
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:trail/logs:*"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deliver"


class AllThere:
    def bucket_exists(self, bucket: str) -> bool:
        return bucket == "bucket"

    def log_group_exists(self, account: str, region: str, name: str) -> bool:
        return name == "trail/logs"

    def role_exists(self, role_arn: str) -> bool:
        return role_arn == ROLE


@pytest.fixture
def store() -> TrailStore:
    return TrailStore()


@pytest.fixture
def api(store: TrailStore) -> CloudTrailApi:
    return CloudTrailApi(store, AllThere())


def create(api: CloudTrailApi, scope: Scope = HOME, **more: Any) -> str:
    request = {"Name": "main", "S3BucketName": "bucket", "IsMultiRegionTrail": True, **more}
    return str(api.create_trail(scope, request)["TrailARN"])


def code(error: pytest.ExceptionInfo[ApiError]) -> str:
    return error.value.code


def test_absent_field_stays_and_empty_log_group_takes_it_away(api: CloudTrailApi) -> None:
    create(api, CloudWatchLogsLogGroupArn=GROUP, CloudWatchLogsRoleArn=ROLE)
    api.update_trail(HOME, {"Name": "main", "EnableLogFileValidation": True})
    [trail] = api.describe_trails(HOME, {})["trailList"]
    assert (trail["CloudWatchLogsLogGroupArn"], trail["LogFileValidationEnabled"]) == (GROUP, True)
    api.update_trail(HOME, {"Name": "main", "CloudWatchLogsLogGroupArn": ""})
    [trail] = api.describe_trails(HOME, {})["trailList"]
    assert "CloudWatchLogsLogGroupArn" not in trail


def test_logging_leaves_its_times(api: CloudTrailApi) -> None:
    arn = create(api)
    assert api.get_trail_status(HOME, {"Name": arn})["IsLogging"] is False
    api.start_logging(HOME, {"Name": "main"})
    status = api.get_trail_status(HOME, {"Name": "main"})
    assert (status["IsLogging"], status["StartLoggingTime"], "StopLoggingTime" in status) == (True, NOW, False)
    api.stop_logging(HOME, {"Name": arn})
    status = api.get_trail_status(HOME, {"Name": "main"})
    assert (status["IsLogging"], status["StopLoggingTime"]) == (False, NOW)


def test_multi_region_trail_has_shadows(api: CloudTrailApi) -> None:
    arn = create(api)
    assert [trail["HomeRegion"] for trail in api.describe_trails(ABROAD, {})["trailList"]] == ["us-east-1"]
    assert api.describe_trails(ABROAD, {"includeShadowTrails": False})["trailList"] == []
    assert api.get_trail(ABROAD, {"Name": arn})["Trail"]["Name"] == "main"


def test_single_region_trail_is_seen_at_home_only(api: CloudTrailApi) -> None:
    create(api, IsMultiRegionTrail=False)
    assert api.describe_trails(ABROAD, {})["trailList"] == []
    with pytest.raises(ApiError) as error:
        api.get_trail_status(ABROAD, {"Name": "main"})
    assert code(error) == "TrailNotFoundException"


@pytest.mark.parametrize("operation", ["StopLogging", "StartLogging", "DeleteTrail", "UpdateTrail"])
def test_changes_are_refused_away_from_home(api: CloudTrailApi, operation: str) -> None:
    arn = create(api)
    for name in ("main", arn):
        with pytest.raises(ApiError) as error:
            api.operations()[operation](ABROAD, {"Name": name})
        assert code(error) == "InvalidHomeRegionException"


def test_accounts_are_strangers(api: CloudTrailApi) -> None:
    arn = create(api)
    assert api.describe_trails(STRANGER, {})["trailList"] == []
    with pytest.raises(ApiError) as error:
        api.delete_trail(STRANGER, {"Name": arn})
    assert code(error) == "TrailNotFoundException"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"Name": "main"}, "TrailAlreadyExistsException"),
        ({"Name": "x"}, "InvalidTrailNameException"),
        ({"Name": "a b c"}, "InvalidTrailNameException"),
        ({"Name": "a..b"}, "InvalidTrailNameException"),
        ({"Name": "other", "S3BucketName": "none"}, "S3BucketDoesNotExistException"),
        ({"Name": "other", "CloudWatchLogsLogGroupArn": GROUP}, "InvalidCloudWatchLogsRoleArnException"),
        (
            {"Name": "other", "CloudWatchLogsLogGroupArn": GROUP.removesuffix(":*"), "CloudWatchLogsRoleArn": ROLE},
            "InvalidCloudWatchLogsLogGroupArnException",
        ),
        (
            {"Name": "other", "CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE + "-gone"},
            "InvalidCloudWatchLogsRoleArnException",
        ),
    ],
)
def test_create_is_refused(api: CloudTrailApi, request_: dict[str, Any], expected: str) -> None:
    create(api)
    with pytest.raises(ApiError) as error:
        api.create_trail(HOME, {"S3BucketName": "bucket", **request_})
    assert code(error) == expected


def test_sixth_trail_is_one_too_many(api: CloudTrailApi) -> None:
    for number in range(5):
        create(api, Name=f"trail-{number}")
    with pytest.raises(ApiError) as error:
        create(api, Name="trail-6")
    assert code(error) == "MaximumNumberOfTrailsExceededException"


def test_advanced_selectors_replace_basic_ones_and_back(api: CloudTrailApi) -> None:
    create(api)
    basic = api.get_event_selectors(HOME, {"TrailName": "main"})["EventSelectors"]
    assert basic[0]["IncludeManagementEvents"] is True
    advanced = [{"Name": "m", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    api.put_event_selectors(HOME, {"TrailName": "main", "AdvancedEventSelectors": advanced})
    assert api.get_event_selectors(HOME, {"TrailName": "main"}).keys() == {"TrailARN", "AdvancedEventSelectors"}
    api.put_event_selectors(HOME, {"TrailName": "main", "EventSelectors": [{"ReadWriteType": "WriteOnly"}]})
    [selector] = api.get_event_selectors(HOME, {"TrailName": "main"})["EventSelectors"]
    assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("WriteOnly", True)


def test_tags_come_and_go(api: CloudTrailApi) -> None:
    arn = create(api)
    api.add_tags(HOME, {"ResourceId": arn, "TagsList": [{"Key": "a", "Value": "1"}, {"Key": "b"}]})
    api.remove_tags(HOME, {"ResourceId": arn, "TagsList": [{"Key": "b"}]})
    [listed] = api.list_tags(HOME, {"ResourceIdList": [arn]})["ResourceTagList"]
    assert listed == {"ResourceId": arn, "TagsList": [{"Key": "a", "Value": "1"}]}


def trail(**changes: Any) -> Trail:
    return Trail(
        **({"name": "t", "account": ACCOUNT, "home_region": "us-east-1", "bucket": "b", "logging": True} | changes)
    )


def event(**changes: Any) -> dict[str, Any]:
    told = {"awsRegion": "us-east-1", "eventSource": "logs.amazonaws.com", "eventName": "DeleteLogGroup"}
    return told | {"readOnly": False, "eventCategory": "Management"} | changes


def advanced(*clauses: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return ({"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, *clauses]},)


@pytest.mark.parametrize(
    ("changes", "recorded"),
    [
        ({}, True),
        ({"logging": False}, False),
        ({"home_region": "eu-west-1"}, False),
        ({"home_region": "eu-west-1", "multi_region": True}, True),
        ({"selectors": ({"ReadWriteType": "WriteOnly"},)}, True),
        ({"selectors": ({"ReadWriteType": "ReadOnly"},)}, False),
        ({"selectors": ({"IncludeManagementEvents": False}, {"ReadWriteType": "All"})}, True),
        ({"selectors": ({"IncludeManagementEvents": False},)}, False),
        ({"selectors": ({"ExcludeManagementEventSources": ["logs.amazonaws.com"]},)}, False),
        ({"advanced": advanced()}, True),
        ({"advanced": advanced({"Field": "readOnly", "Equals": ["false"]})}, True),
        ({"advanced": advanced({"Field": "readOnly", "Equals": ["true"]})}, False),
        ({"advanced": advanced({"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]})}, True),
        ({"advanced": advanced({"Field": "eventSource", "NotEquals": ["logs.amazonaws.com"]})}, False),
        ({"advanced": advanced({"Field": "eventName", "StartsWith": ["Put", "Delete"]})}, True),
        ({"advanced": ({"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]},)}, False),
    ],
)
def test_what_a_trail_records(changes: dict[str, Any], recorded: bool) -> None:
    assert bool(recording([trail(**changes)], event(), global_service=False)) is recorded


def test_global_events_can_be_left_out() -> None:
    assert not trail(global_events=False).records(event(), global_service=True)
    assert trail(global_events=False).records(event(), global_service=False)


def test_late_delivery_does_not_bring_a_deleted_trail_back(store: TrailStore) -> None:
    store.put(gone := trail())
    store.remove(gone)
    store.delivered(gone, NOW, None)
    assert store.of_account(ACCOUNT) == []


def test_late_delivery_to_the_former_log_group_is_not_one_to_the_new(store: TrailStore) -> None:
    store.put(trail(log_group_arn="new"))
    store.delivered(trail(log_group_arn="old"), NOW, "ResourceNotFoundException")
    [now] = store.of_account(ACCOUNT)
    assert (now.delivered, now.logs_delivered, now.logs_error) == (NOW, None, None)


def test_failed_delivery_keeps_the_time_of_the_last_good_one(store: TrailStore) -> None:
    store.put(same := trail(log_group_arn="group"))
    store.delivered(same, NOW, None)
    store.delivered(same, LATER, "AccessDenied")
    [now] = store.of_account(ACCOUNT)
    assert (now.delivered, now.logs_delivered, now.logs_error) == (LATER, NOW, "AccessDenied")
