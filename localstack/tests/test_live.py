"""The whole emulation, through the AWS API of a running LocalStack that LOCALSTACK_ENDPOINT names."""

import json
import os
import random
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from seed import Seeded, Seeder

ENDPOINT = os.environ.get("LOCALSTACK_ENDPOINT", "")
SILENCE_SECONDS = 1.5
"""How long an event that must not come is waited for; those that come take about 0.1 s."""

pytestmark = pytest.mark.skipif(not ENDPOINT, reason="LOCALSTACK_ENDPOINT is not set")


class Chain:
    """A seeded account that is this test's alone."""

    def __init__(self, region: str = "us-east-1", period: int = 300) -> None:
        account = f"{random.randrange(10**11):012d}"
        self.seeder = Seeder(ENDPOINT, account, region, period)
        self.made: Seeded = self.seeder.run()

    def __call__(self, service: str, region: str | None = None) -> Any:
        return self.seeder.client(service, region)

    def client_of(self, service: str, credentials: dict[str, str]) -> Any:
        return boto3.client(
            service,
            endpoint_url=ENDPOINT,
            region_name=self.made.region,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
        )

    def events(self, queue_url: str | None = None, seconds: float = 5) -> Iterator[dict[str, Any]]:
        """Messages as they come, until none has come for a while."""
        sqs = self("sqs")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = sqs.receive_message(
                QueueUrl=queue_url or self.made.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            for message in answer.get("Messages", []):
                sqs.delete_message(QueueUrl=queue_url or self.made.queue_url, ReceiptHandle=message["ReceiptHandle"])
                yield json.loads(message["Body"])

    def event(self, name: str) -> dict[str, Any]:
        return next(each for each in self.events() if each["detail"]["eventName"] == name)

    def silent(self) -> bool:
        return next(self.events(seconds=SILENCE_SECONDS), None) is None

    def status(self) -> dict[str, Any]:
        return self("cloudtrail").get_trail_status(Name=self.made.trail_arn)

    def calls(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{ENDPOINT}/_trailwarden/calls?account={self.made.account}") as answer:
            return json.load(answer)["calls"]


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def quick_chain() -> Chain:
    """With an alarm that is evaluated every ten seconds; each costs LocalStack some calls, so not for every test."""
    return Chain(period=10)


def until(condition: Callable[[], Any], seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value


def test_a_change_arrives_as_the_event_that_cloudtrail_makes_of_it(chain: Chain) -> None:
    made = chain.made
    answer = chain("logs").delete_metric_filter(logGroupName=made.log_group, filterName=made.metric_filter)
    begin = time.monotonic()
    event = chain.event("DeleteMetricFilter")
    assert time.monotonic() - begin < 1
    detail = event["detail"]
    assert {name: event[name] for name in ("version", "detail-type", "source", "account", "region", "resources")} == {
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.logs",
        "account": made.account,
        "region": "us-east-1",
        "resources": [],
    }
    assert event["time"] == detail["eventTime"]
    assert detail["requestID"] == answer["ResponseMetadata"]["RequestId"]
    assert detail["requestParameters"] == {"logGroupName": made.log_group, "filterName": made.metric_filter}
    assert detail["userAgent"].startswith("Boto3/")
    assert detail["userIdentity"]["arn"] == f"arn:aws:iam::{made.account}:root"
    assert "errorCode" not in detail


def test_a_failed_call_tells_its_error(chain: Chain) -> None:
    with pytest.raises(ClientError):
        chain("logs").delete_metric_filter(logGroupName=chain.made.log_group, filterName="missing")
    detail = chain.event("DeleteMetricFilter")["detail"]
    assert detail["errorCode"] == "ResourceNotFoundException"
    assert detail["errorMessage"] == "The specified metric filter does not exist."


def test_a_user_is_named(chain: Chain) -> None:
    chain("iam").create_user(UserName="mallory")
    key = chain("iam").create_access_key(UserName="mallory")["AccessKey"]
    chain.client_of("sns", key).unsubscribe(SubscriptionArn=chain.made.subscription_arn)
    who = chain.event("Unsubscribe")["detail"]["userIdentity"]
    assert (who["type"], who["userName"], who["accessKeyId"]) == ("IAMUser", "mallory", key["AccessKeyId"])
    assert who["arn"] == f"arn:aws:iam::{chain.made.account}:user/mallory"


def test_a_session_is_named(chain: Chain) -> None:
    session = chain("sts").assume_role(RoleArn=chain.made.role_arn, RoleSessionName="eve")["Credentials"]
    chain.client_of("cloudwatch", session).disable_alarm_actions(AlarmNames=[chain.made.alarm])
    event = chain.event("DisableAlarmActions")
    who = event["detail"]["userIdentity"]
    assert (who["type"], event["source"]) == ("AssumedRole", "aws.monitoring")
    assert who["arn"].endswith(":assumed-role/trailwarden-demo-cloudtrail/eve")
    assert event["detail"]["requestParameters"] == {"alarmNames": [chain.made.alarm]}


def test_stop_logging_is_the_last_event(chain: Chain) -> None:
    chain("cloudtrail").stop_logging(Name=chain.made.trail)
    assert chain.event("StopLogging")["detail"]["requestParameters"] == {"name": chain.made.trail}
    chain("logs").delete_metric_filter(logGroupName=chain.made.log_group, filterName=chain.made.metric_filter)
    assert chain.silent()
    chain("cloudtrail").start_logging(Name=chain.made.trail)
    assert chain.event("StartLogging")


def test_delete_trail_is_the_last_event(chain: Chain) -> None:
    chain("cloudtrail").delete_trail(Name=chain.made.trail)
    assert chain.event("DeleteTrail")
    chain("sns").delete_topic(TopicArn=chain.made.topic_arn)
    assert chain.silent()


def test_without_management_events_the_feed_is_blind(chain: Chain) -> None:
    nothing = {
        "IncludeManagementEvents": False,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
    }
    chain("cloudtrail").put_event_selectors(TrailName=chain.made.trail, EventSelectors=[nothing])
    assert chain.event("PutEventSelectors")
    chain("sns").delete_topic(TopicArn=chain.made.topic_arn)
    assert chain.silent()


def test_a_disabled_rule_delivers_nothing(chain: Chain) -> None:
    chain("events").disable_rule(Name="trailwarden-sns")
    assert chain.event("DisableRule")
    chain("sns").delete_topic(TopicArn=chain.made.topic_arn)
    assert chain.silent()


def test_stop_logging_ends_in_a_notification_and_a_harmless_call_does_not(quick_chain: Chain) -> None:
    chain = quick_chain
    made = chain.made
    until(lambda: alarm_state(chain) == "OK")
    chain("logs").put_retention_policy(logGroupName=made.log_group, retentionInDays=30)
    until(lambda: "PutRetentionPolicy" in logged(chain))
    assert metric_sum(chain) == 0
    chain("cloudtrail").stop_logging(Name=made.trail)
    notice = next(chain.events(made.inbox_url, seconds=25))
    message = json.loads(notice["Message"])
    assert (message["AlarmName"], message["NewStateValue"]) == (made.alarm, "ALARM")
    assert metric_sum(chain) == 1


def alarm_state(chain: Chain) -> str:
    [alarm] = chain("cloudwatch").describe_alarms(AlarmNames=[chain.made.alarm])["MetricAlarms"]
    return str(alarm["StateValue"])


def logged(chain: Chain) -> list[str]:
    answer = chain("logs").get_log_events(
        logGroupName=chain.made.log_group,
        logStreamName=f"{chain.made.account}_CloudTrail_{chain.made.region}",
        startFromHead=True,
    )
    return [json.loads(event["message"])["eventName"] for event in answer["events"]]


def metric_sum(chain: Chain) -> float:
    now = time.time()
    answer = chain("cloudwatch").get_metric_statistics(
        Namespace=chain.made.metric_namespace,
        MetricName=chain.made.metric_name,
        StartTime=now - 300,
        EndTime=now + 60,
        Period=60,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in answer["Datapoints"])


def test_without_a_log_group_records_go_nowhere(chain: Chain) -> None:
    chain("cloudtrail").update_trail(Name=chain.made.trail, CloudWatchLogsLogGroupArn="")
    until(lambda: "UpdateTrail" in logged(chain))
    chain("sns").delete_topic(TopicArn=chain.made.topic_arn)
    chain.event("DeleteTopic")
    assert "DeleteTopic" not in logged(chain)
    assert "LatestCloudWatchLogsDeliveryTime" not in chain.status()


def test_delivery_to_a_group_that_is_gone_is_an_error_of_the_trail(chain: Chain) -> None:
    chain("logs").delete_log_group(logGroupName=chain.made.log_group)
    until(lambda: chain.status().get("LatestCloudWatchLogsDeliveryError") == "ResourceNotFoundException")
    assert chain("logs").describe_metric_filters()["metricFilters"] == []
    chain("logs").create_log_group(logGroupName=chain.made.log_group)
    until(lambda: "LatestCloudWatchLogsDeliveryError" not in chain.status())


def test_delivery_without_its_role_is_an_error_of_the_trail(chain: Chain) -> None:
    chain("iam").delete_role_policy(RoleName="trailwarden-demo-cloudtrail", PolicyName="deliver")
    chain("iam").delete_role(RoleName="trailwarden-demo-cloudtrail")
    until(lambda: chain.status().get("LatestCloudWatchLogsDeliveryError") == "AccessDenied")


def test_events_of_iam_cross_regions() -> None:
    chain = Chain(region="eu-west-1")
    chain("iam").delete_role_policy(RoleName="trailwarden-demo-cloudtrail", PolicyName="deliver")
    event = chain.event("DeleteRolePolicy")
    assert (event["source"], event["detail"]["awsRegion"]) == ("aws.iam", "us-east-1")


def test_accounts_do_not_see_each_other(chain: Chain) -> None:
    other = Chain()
    other("sns").delete_topic(TopicArn=other.made.topic_arn)
    assert other.event("DeleteTopic")
    assert chain.silent()
    assert {each["account"] for each in chain.calls()} == {chain.made.account}


def test_calls_are_counted_and_those_of_localstack_itself_are_not(chain: Chain) -> None:
    begin = len(chain.calls())
    chain("cloudtrail").describe_trails()
    answer = chain("sns").publish(TopicArn=chain.made.topic_arn, Message="x")
    next(chain.events(chain.made.inbox_url))
    seen = [(each["service"], each["operation"], each["kind"]) for each in chain.calls()[begin:]]
    assert list(dict.fromkeys(seen)) == [
        ("cloudtrail", "DescribeTrails", "read"),
        ("sns", "Publish", "data"),
        ("sqs", "ReceiveMessage", "data"),
        ("sqs", "DeleteMessage", "data"),
    ]
    publish = next(each for each in chain.calls() if each["operation"] == "Publish")
    assert publish["request_id"] == answer["ResponseMetadata"]["RequestId"]
    url = f"{ENDPOINT}/_trailwarden/calls?account={chain.made.account}"
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE"))
    assert chain.calls() == []


def test_what_is_denied_is_refused_to_this_account_only(chain: Chain) -> None:
    other = Chain()
    account = chain.made.account
    deny = f"{ENDPOINT}/_trailwarden/deny?account={account}"
    operations = {
        ("sns", "CreateTopic"): "AuthorizationError",
        ("cloudwatch", "EnableAlarmActions"): "AccessDenied",
        ("logs", "PutMetricFilter"): "AccessDeniedException",
        ("cloudtrail", "StartLogging"): "AccessDeniedException",
    }
    for service, operation in operations:
        request = urllib.request.Request(f"{deny}&service={service}&operation={operation}", method="POST")
        assert urllib.request.urlopen(request).status == 204

    def act(of: Chain) -> list[Callable[[], Any]]:
        transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
        return [
            lambda: of("sns").create_topic(Name="other"),
            lambda: of("cloudwatch").enable_alarm_actions(AlarmNames=[of.made.alarm]),
            lambda: of("logs").put_metric_filter(
                logGroupName=of.made.log_group,
                filterName="f",
                filterPattern="",
                metricTransformations=[transformation],
            ),
            lambda: of("cloudtrail").start_logging(Name=of.made.trail),
        ]

    for call, ((service, operation), code) in zip(act(chain), operations.items(), strict=True):
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == code
        assert f"not authorized to perform: {service}:{operation}" in refused.value.response["Error"]["Message"]
    for call in act(other):
        call()
    urllib.request.urlopen(urllib.request.Request(deny, method="DELETE"))
    for call in act(chain):
        call()


def test_a_mailbox_waits_for_a_person(chain: Chain) -> None:
    sns, topic = chain("sns"), chain.made.topic_arn
    answer = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="soc@example.com")
    assert answer["SubscriptionArn"] == "pending confirmation"
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [each["SubscriptionArn"] for each in listed if each["Protocol"] == "email"] == ["PendingConfirmation"]
    counted = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (counted["SubscriptionsConfirmed"], counted["SubscriptionsPending"]) == ("1", "1")


def test_subscribers_that_come_at_once_are_one(chain: Chain) -> None:
    """LocalStack alone enters an endpoint twice in about one of fifty such rounds."""
    inbox, together, rounds = "arn:aws:sqs:us-east-1:111122223333:inbox", 4, 300
    start = threading.Barrier(together)

    def subscribe(sns: Any, name: str) -> str:
        start.wait()
        topic = sns.create_topic(Name=name)["TopicArn"]
        answer = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox)
        assert answer["SubscriptionArn"].startswith(topic)
        return topic

    clients = [chain("sns") for _ in range(together)]
    with ThreadPoolExecutor(together) as pool:
        for number in range(rounds):
            topic, *others = set(pool.map(lambda sns, name=f"at-once-{number}": subscribe(sns, name), clients))
            assert not others
            assert len(clients[0].list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1


def test_unknown_in_botocore_known_here() -> None:
    """ListAlarmMuteRules in the protocol of the Rust SDK; an empty CBOR map is `bf ff`."""
    request = urllib.request.Request(
        f"{ENDPOINT}/service/GraniteServiceVersion20100801/operation/ListAlarmMuteRules",
        data=b"\xbf\xff",
        headers={
            "Smithy-Protocol": "rpc-v2-cbor",
            "Content-Type": "application/cbor",
            "Authorization": "AWS4-HMAC-SHA256 Credential=111122223333/20261123/us-east-1/monitoring/aws4_request,"
            " SignedHeaders=host, Signature=x",
        },
    )
    with urllib.request.urlopen(request) as answer:
        assert b"AlarmMuteRuleSummaries" in answer.read()


def test_regions_and_log_policies_are_answered(chain: Chain) -> None:
    regions = chain("account").list_regions(RegionOptStatusContains=["ENABLED", "ENABLED_BY_DEFAULT"])["Regions"]
    assert [each["RegionName"] for each in regions] == ["eu-west-1", "us-east-1"]
    logs = chain("logs")
    assert logs.describe_account_policies(policyType="DATA_PROTECTION_POLICY")["accountPolicies"] == []
    assert "policyDocument" not in logs.get_data_protection_policy(logGroupIdentifier=chain.made.log_group)
    logs.put_data_protection_policy(logGroupIdentifier=chain.made.log_group, policyDocument="{}")
    assert chain.event("PutDataProtectionPolicy")
    [group] = logs.describe_log_groups(logGroupNamePrefix=chain.made.log_group)["logGroups"]
    assert (group["logGroupClass"], group["metricFilterCount"]) == ("STANDARD", 1)
