"""CloudTrail records and EventBridge entries in the shape that AWS gives them. Pure: values in, values out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .api import Json, Names

SOURCES: Mapping[str, str] = {
    "cloudtrail": "cloudtrail",
    "cloudwatch": "monitoring",
    "events": "events",
    "iam": "iam",
    "kms": "kms",
    "logs": "logs",
    "sns": "sns",
    "sqs": "sqs",
}
"""Recorded services: their name in botocore, and the one that events use (`aws.X`, `X.amazonaws.com`)."""

GLOBAL_SERVICES = frozenset({"iam"})
"""Services whose events appear in us-east-1 wherever the caller was."""

_READ_VERBS = (
    "BatchGet",
    "Describe",
    "Estimate",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Search",
    "Select",
    "Test",
)

_READS: frozenset[Names] = frozenset(
    {
        ("iam", "SimulateCustomPolicy"),
        ("iam", "SimulatePrincipalPolicy"),
        ("logs", "StartQuery"),
        ("logs", "StopQuery"),
        ("logs", "StartLiveTail"),
        ("sns", "CheckIfPhoneNumberIsOptedOut"),
    }
)

_DATA_PLANE: Mapping[str, frozenset[str]] = {
    "cloudwatch": frozenset({"PutMetricData"}),
    "events": frozenset({"PutEvents", "PutPartnerEvents"}),
    "kms": frozenset(
        """Decrypt DeriveSharedSecret Encrypt GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext
        GenerateDataKeyWithoutPlaintext GenerateMac GenerateRandom ReEncrypt Sign Verify VerifyMac""".split()
    ),
    "logs": frozenset({"PutLogEvents"}),
    "sns": frozenset({"Publish", "PublishBatch"}),
    "sqs": frozenset(
        """ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage DeleteMessageBatch ReceiveMessage
        SendMessage SendMessageBatch""".split()
    ),
    "sts": frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}),
}

_SECRET_MEMBERS = frozenset({"SecretAccessKey", "SessionToken", "Password"})


def kind_of(service: str, operation: str) -> str:
    """`read`, `write` (changes configuration) or `data` (moves data or hands out credentials: no management write)."""
    if operation in _DATA_PLANE.get(service, ()):
        return "data"
    if operation.startswith(_READ_VERBS) or (service, operation) in _READS:
        return "read"
    return "write"


def is_recorded(service: str, operation: str) -> bool:
    """Whether CloudTrail makes a management write event of this call."""
    return service in SOURCES and kind_of(service, operation) == "write"


def lower_camel(value: Any, shape: Shape | None) -> Any:
    """A request or answer as CloudTrail writes it: member names begin lower-case, keys of maps stay as they are."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return {
            name[:1].lower() + name[1:]: lower_camel(member, shape.members.get(name))
            for name, member in value.items()
            if member is not None and name not in _SECRET_MEMBERS and name != "ResponseMetadata"
        }
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [lower_camel(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {str(key): lower_camel(item, shape.value) for key, item in value.items()}
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%b %-d, %Y %-I:%M:%S %p")
    if isinstance(value, bytes):
        return "HIDDEN_DUE_TO_SECURITY_REASONS"
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answered API call: everything that a CloudTrail record is made of."""

    service: str
    operation: str
    account: str
    region: str
    time: datetime
    caller: Json
    source_ip: str
    user_agent: str
    request_id: str
    request: Json | None
    response: Json | None
    error_code: str | None = None
    error_message: str | None = None


def record_of(call: Answered) -> Json:
    """The CloudTrail record (event version 1.11) of a call."""
    record: Json = {
        "eventVersion": "1.11",
        "userIdentity": call.caller,
        "eventTime": call.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{SOURCES[call.service]}.amazonaws.com",
        "eventName": call.operation,
        "awsRegion": "us-east-1" if call.service in GLOBAL_SERVICES else call.region,
        "sourceIPAddress": call.source_ip,
        "userAgent": call.user_agent,
        "requestParameters": call.request or None,
        "responseElements": None if call.error_code else call.response or None,
        "requestID": call.request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.account,
        "eventCategory": "Management",
    }
    if call.error_code:
        record["errorCode"] = call.error_code
        record["errorMessage"] = call.error_message or ""
    return record


def bridge_source(service: str) -> str:
    """The `source` of a service's events on EventBridge."""
    return f"aws.{SOURCES[service]}"
