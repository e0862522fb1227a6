#!/usr/bin/env python3
"""Seeds an account of a LocalStack with the chain that the benchmark asks for and trailwarden's event wiring.

    python localstack/seed.py --endpoint http://127.0.0.1:4566 [--account 111122223333] [--region us-east-1]

Prints what it made as JSON. The account begins PASS with an empty queue.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

PATTERN = (
    "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail)"
    " || ($.eventName = StartLogging) || ($.eventName = StopLogging) }"
)
"""The text that CIS 4.5 prescribes, to the letter: Security Hub compares letters."""

EVENTS: dict[str, list[str]] = {
    "cloudtrail": "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging PutEventSelectors".split(),
    "logs": """PutMetricFilter DeleteMetricFilter CreateLogGroup DeleteLogGroup PutTransformer DeleteTransformer
        PutAccountPolicy DeleteAccountPolicy PutDataProtectionPolicy DeleteDataProtectionPolicy PutResourcePolicy
        DeleteResourcePolicy AssociateKmsKey DisassociateKmsKey""".split(),
    "monitoring": """PutMetricAlarm PutCompositeAlarm PutLogAlarm DeleteAlarms EnableAlarmActions DisableAlarmActions
        SetAlarmState PutAlarmMuteRule DeleteAlarmMuteRule""".split(),
    "sns": """CreateTopic DeleteTopic Subscribe ConfirmSubscription Unsubscribe SetSubscriptionAttributes
        SetTopicAttributes AddPermission RemovePermission""".split(),
    "kms": "PutKeyPolicy DisableKey EnableKey ScheduleKeyDeletion CancelKeyDeletion".split(),
    "iam": """DeleteRole UpdateAssumeRolePolicy PutRolePolicy DeleteRolePolicy AttachRolePolicy DetachRolePolicy
        PutRolePermissionsBoundary""".split(),
    "events": """PutRule EnableRule DisableRule DeleteRule PutTargets RemoveTargets DeleteEventBus PutPermission
        RemovePermission""".split(),
    "sqs": "DeleteQueue PurgeQueue SetQueueAttributes AddPermission RemovePermission".split(),
}
"""Calls that can change the verdict, by the service's name in events."""

HEARTBEAT = {"source": ["trailwarden.heartbeat"], "detail-type": ["trailwarden heartbeat"]}
"""The daemon's own event, by which it sees that this rule and the queue still work."""

GLOBAL_REGION = "us-east-1"
"""Where IAM's events appear, wherever the caller was."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was made."""

    account: str
    region: str
    trail: str
    trail_arn: str
    bucket: str
    role_arn: str
    log_group: str
    metric_filter: str
    metric_namespace: str
    metric_name: str
    alarm: str
    topic_arn: str
    subscription_arn: str
    inbox_url: str
    queue_url: str
    queue_arn: str
    dead_letter_url: str
    rules: list[str]


class Seeder:
    """One account in one region."""

    def __init__(self, endpoint: str, account: str, region: str, period: int) -> None:
        self.account = account
        self.region = region
        self.period = period
        self._session = boto3.Session(aws_access_key_id=account, aws_secret_access_key="test", region_name=region)  # noqa: S106
        self._endpoint = endpoint

    def client(self, service: str, region: str | None = None) -> Any:
        return self._session.client(
            service,
            endpoint_url=self._endpoint,
            region_name=region or self.region,
            config=Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"}),
        )

    def run(self) -> Seeded:
        """Nothing is recorded before logging starts, so the wiring comes first; what StartLogging and PutMetricFilter
        then send through it is waited for and taken out. The filter comes after StartLogging's record has reached the
        log group: it would match it and raise the alarm.
        """
        bucket = self._bucket()
        role_arn = self._role("trailwarden-demo-cloudtrail", "cloudtrail.amazonaws.com", "logs:*")
        log_group = "trailwarden-demo/cloudtrail"
        logs = self.client("logs")
        logs.create_log_group(logGroupName=log_group)
        topic_arn, subscription_arn, inbox_url = self._topic()
        self._alarm(topic_arn)
        queue_url, queue_arn, dead_letter_url = self._queues()
        rules = self._rules(queue_arn)

        trails = self.client("cloudtrail")
        trail = trails.create_trail(
            Name="trailwarden-demo",
            S3BucketName=bucket,
            IsMultiRegionTrail=True,
            EnableLogFileValidation=True,
            CloudWatchLogsLogGroupArn=f"arn:aws:logs:{self.region}:{self.account}:log-group:{log_group}:*",
            CloudWatchLogsRoleArn=role_arn,
        )
        trails.start_logging(Name=trail["TrailARN"])
        _wait(
            lambda: "LatestCloudWatchLogsDeliveryTime" in trails.get_trail_status(Name=trail["TrailARN"]),
            "StartLogging in the trail's log group",
        )
        logs.put_metric_filter(
            logGroupName=log_group,
            filterName="cloudtrail_cfg_changes",
            filterPattern=PATTERN,
            metricTransformations=[
                {
                    "metricName": "cloudtrail_cfg_changes_metric",
                    "metricNamespace": "CISBenchmark",
                    "metricValue": "1",
                }
            ],
        )
        self._take(queue_url, {"StartLogging", "PutMetricFilter"})
        return Seeded(
            account=self.account,
            region=self.region,
            trail=trail["Name"],
            trail_arn=trail["TrailARN"],
            bucket=bucket,
            role_arn=role_arn,
            log_group=log_group,
            metric_filter="cloudtrail_cfg_changes",
            metric_namespace="CISBenchmark",
            metric_name="cloudtrail_cfg_changes_metric",
            alarm="cloudtrail_cfg_changes_alarm",
            topic_arn=topic_arn,
            subscription_arn=subscription_arn,
            inbox_url=inbox_url,
            queue_url=queue_url,
            queue_arn=queue_arn,
            dead_letter_url=dead_letter_url,
            rules=rules,
        )

    def _bucket(self) -> str:
        name = f"trailwarden-demo-{self.account}-{self.region}"
        place = {} if self.region == GLOBAL_REGION else {"LocationConstraint": self.region}
        arguments = {"CreateBucketConfiguration": place} if place else {}
        self.client("s3").create_bucket(Bucket=name, **arguments)
        return name

    def _role(self, name: str, service: str, action: str) -> str:
        """Roles are global: a second region of the same account finds the first one's."""
        iam = self.client("iam")
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
        try:
            role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityAlreadyExists":
                raise
            role = iam.get_role(RoleName=name)["Role"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        iam.put_role_policy(RoleName=name, PolicyName="deliver", PolicyDocument=json.dumps(policy))
        return str(role["Arn"])

    def _topic(self) -> tuple[str, str, str]:
        sns, sqs = self.client("sns"), self.client("sqs")
        topic_arn = sns.create_topic(Name="cis-alarms")["TopicArn"]
        inbox_arn = f"arn:aws:sqs:{self.region}:{self.account}:cis-alarm-inbox"
        policy = _send_policy(inbox_arn, "sns.amazonaws.com", [topic_arn])
        inbox_url = sqs.create_queue(QueueName="cis-alarm-inbox", Attributes={"Policy": policy})["QueueUrl"]
        subscription = sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=inbox_arn, ReturnSubscriptionArn=True)
        return topic_arn, subscription["SubscriptionArn"], inbox_url

    def _alarm(self, topic_arn: str) -> None:
        self.client("cloudwatch").put_metric_alarm(
            AlarmName="cloudtrail_cfg_changes_alarm",
            MetricName="cloudtrail_cfg_changes_metric",
            Namespace="CISBenchmark",
            Statistic="Sum",
            Period=self.period,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic_arn],
        )

    def _queues(self) -> tuple[str, str, str]:
        sqs = self.client("sqs")
        dead_letter_url = sqs.create_queue(
            QueueName="trailwarden-events-dead", Attributes={"MessageRetentionPeriod": "1209600"}
        )["QueueUrl"]
        arn = f"arn:aws:sqs:{self.region}:{self.account}:trailwarden-events"
        rules = [f"arn:aws:events:{self.region}:{self.account}:rule/trailwarden-*"]
        redrive = {"deadLetterTargetArn": f"{arn}-dead", "maxReceiveCount": 20}
        url = sqs.create_queue(
            QueueName="trailwarden-events",
            Attributes={
                "Policy": _send_policy(arn, "events.amazonaws.com", rules),
                "RedrivePolicy": json.dumps(redrive),
                "VisibilityTimeout": "60",
            },
        )["QueueUrl"]
        return url, arn, dead_letter_url

    def _rules(self, queue_arn: str) -> list[str]:
        """One rule a service. Targets are in the rule's region, so IAM's events come through this region's bus."""
        names = [self._rule(source, self.region, {"Id": "queue", "Arn": queue_arn}) for source in EVENTS]
        if self.region != GLOBAL_REGION:
            bus = f"arn:aws:events:{self.region}:{self.account}:event-bus/default"
            role = self._role("trailwarden-demo-bus", "events.amazonaws.com", "events:PutEvents")
            self._rule("iam", GLOBAL_REGION, {"Id": f"bus-{self.region}", "Arn": bus, "RoleArn": role})
        return names

    def _rule(self, source: str, region: str, target: dict[str, str]) -> str:
        name = f"trailwarden-{source}"
        events = self.client("events", region)
        pattern: dict[str, Any] = {
            "source": [f"aws.{source}"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {"eventSource": [f"{source}.amazonaws.com"], "eventName": EVENTS[source]},
        }
        if source == "cloudtrail" and region == self.region:
            pattern = {"$or": [pattern, HEARTBEAT]}
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        answer = events.put_targets(Rule=name, Targets=[target])
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"rule {name} in {region}: {answer['FailedEntries']}")
        return name

    def _take(self, queue_url: str, expected: set[str]) -> None:
        """Receives until every expected event has come through the wiring; that it comes proves the wiring."""
        sqs = self.client("sqs")
        missing = set(expected)

        def arrived() -> bool:
            answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                missing.discard(json.loads(message["Body"])["detail"]["eventName"])
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            return not missing

        _wait(arrived, f"{sorted(expected)} in the queue")


def _send_policy(queue_arn: str, service: str, sources: list[str]) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnLike": {"aws:SourceArn": sources}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _wait(condition: Callable[[], bool], what: str, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description="Seed an account of a LocalStack with a compliant chain.")
    parser.add_argument("--endpoint", required=True, help="URL of the LocalStack")
    parser.add_argument("--account", default="111122223333", help="12 digits; leading zeros matter")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--period", type=int, default=300, help="the alarm's period in seconds (10, 30 or n x 60)")
    options = parser.parse_args()
    if len(options.account) != 12 or not options.account.isdecimal():
        parser.error("--account takes 12 digits")
    seeded = Seeder(options.endpoint, options.account, options.region, options.period).run()
    print(json.dumps(asdict(seeded), indent=2))


if __name__ == "__main__":
    main()
