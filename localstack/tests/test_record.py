"""CloudTrail records, from the call that they tell of."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from trailwarden_emulation.caller import identity
from trailwarden_emulation.record import Answered, bridge_source, is_recorded, kind_of, lower_camel, record_of

NOW = datetime(2026, 11, 23, 15, 48, 9, 123456, tzinfo=UTC)


def model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def answered(**changes: Any) -> Answered:
    call: dict[str, Any] = {
        "service": "logs",
        "operation": "DeleteMetricFilter",
        "account": "001122223333",
        "region": "eu-west-1",
        "time": NOW,
        "caller": {"type": "Root"},
        "source_ip": "192.0.2.1",
        "user_agent": "aws-cli/2 <script>",
        "request_id": "request-1",
        "request": {"logGroupName": "g", "filterName": "f"},
        "response": {},
    }
    return Answered(**(call | changes))


def test_record_has_the_shape_of_version_1_11() -> None:
    record = record_of(answered())
    assert len(record.pop("eventID")) == 36
    assert record == {
        "eventVersion": "1.11",
        "userIdentity": {"type": "Root"},
        "eventTime": "2026-11-23T15:48:09Z",
        "eventSource": "logs.amazonaws.com",
        "eventName": "DeleteMetricFilter",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "aws-cli/2 <script>",
        "requestParameters": {"logGroupName": "g", "filterName": "f"},
        "responseElements": None,
        "requestID": "request-1",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "001122223333",
        "eventCategory": "Management",
    }


def test_failed_call_has_an_error_and_no_response() -> None:
    record = record_of(answered(error_code="AccessDenied", error_message="no", response={"a": 1}))
    assert (record["errorCode"], record["errorMessage"], record["responseElements"]) == ("AccessDenied", "no", None)


def test_cloudwatch_is_called_monitoring() -> None:
    record = record_of(answered(service="cloudwatch", operation="DeleteAlarms"))
    assert record["eventSource"] == "monitoring.amazonaws.com"
    assert bridge_source("cloudwatch") == "aws.monitoring"


def test_iam_is_recorded_in_us_east_1() -> None:
    assert record_of(answered(service="iam", operation="DeleteRole"))["awsRegion"] == "us-east-1"


def test_members_begin_lower_case_and_keys_of_maps_stay() -> None:
    request = {
        "QueueUrl": "u",
        "Attributes": {"RedrivePolicy": "{}", "Policy": "{}"},
    }
    shape = model("sqs").operation_model("SetQueueAttributes").input_shape
    assert lower_camel(request, shape) == {
        "queueUrl": "u",
        "attributes": {"RedrivePolicy": "{}", "Policy": "{}"},
    }


def test_lists_of_structures_are_lowered_too() -> None:
    request = {"AlarmName": "a", "Dimensions": [{"Name": "N", "Value": "V"}], "AlarmActions": ["arn:aws:sns:::T"]}
    shape = model("cloudwatch").operation_model("PutMetricAlarm").input_shape
    assert lower_camel(request, shape) == {
        "alarmName": "a",
        "dimensions": [{"name": "N", "value": "V"}],
        "alarmActions": ["arn:aws:sns:::T"],
    }


def test_secrets_do_not_reach_the_record() -> None:
    answer = {"AccessKey": {"UserName": "u", "AccessKeyId": "AKIA", "SecretAccessKey": "s", "Status": "Active"}}
    shape = model("iam").operation_model("CreateAccessKey").output_shape
    assert lower_camel(answer, shape) == {"accessKey": {"userName": "u", "accessKeyId": "AKIA", "status": "Active"}}


@pytest.mark.parametrize(
    ("service", "operation", "kind"),
    [
        ("logs", "PutMetricFilter", "write"),
        ("logs", "DeleteLogGroup", "write"),
        ("logs", "PutLogEvents", "data"),
        ("logs", "FilterLogEvents", "read"),
        ("logs", "TestMetricFilter", "read"),
        ("cloudwatch", "PutMetricData", "data"),
        ("cloudwatch", "SetAlarmState", "write"),
        ("sns", "Unsubscribe", "write"),
        ("sns", "Publish", "data"),
        ("sqs", "ReceiveMessage", "data"),
        ("sqs", "PurgeQueue", "write"),
        ("kms", "GenerateDataKey", "data"),
        ("kms", "DisableKey", "write"),
        ("cloudtrail", "StopLogging", "write"),
        ("cloudtrail", "LookupEvents", "read"),
        ("sts", "AssumeRole", "data"),
        ("account", "ListRegions", "read"),
    ],
)
def test_kind_of_call(service: str, operation: str, kind: str) -> None:
    assert kind_of(service, operation) == kind


def test_only_writes_of_the_recorded_services_are_recorded() -> None:
    assert is_recorded("events", "DisableRule")
    assert not is_recorded("events", "PutEvents")
    assert not is_recorded("s3", "CreateBucket")
    assert not is_recorded("iam", "GetRole")


class NoPrincipals:
    def assumed_role(self, account: str, access_key: str) -> None:
        return None

    def user(self, account: str, access_key: str) -> None:
        return None

    def role_id(self, role_arn: str) -> str:
        return "AROAX"


def test_unknown_key_is_root() -> None:
    assert identity("111122223333", "111122223333", NoPrincipals()) == {
        "type": "Root",
        "principalId": "111122223333",
        "arn": "arn:aws:iam::111122223333:root",
        "accountId": "111122223333",
        "accessKeyId": "111122223333",
    }


def test_session_tells_its_role_and_name() -> None:
    class Sessions(NoPrincipals):
        def assumed_role(self, account: str, access_key: str) -> Any:
            return SimpleNamespace(
                role_arn="arn:aws:iam::111122223333:role/path/Admin",
                session_name="eve",
                access_key=SimpleNamespace(create_date=NOW),
            )

    found = identity("111122223333", "ASIAX", Sessions())
    assert found["type"] == "AssumedRole"
    assert found["arn"] == "arn:aws:sts::111122223333:assumed-role/Admin/eve"
    assert found["principalId"] == "AROAX:eve"
    assert found["sessionContext"]["sessionIssuer"]["arn"] == "arn:aws:iam::111122223333:role/path/Admin"
