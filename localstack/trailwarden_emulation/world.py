"""What other services of this LocalStack hold, read without an API call, and the metrics that they are given."""

from __future__ import annotations

from typing import Any

from localstack.aws.connect import connect_to
from moto.core.exceptions import RESTError, ServiceException
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from .api import Json, Scope


class World:
    """Buckets, log groups, roles and access keys."""

    def bucket_exists(self, bucket: str) -> bool:
        from localstack.services.s3.models import s3_stores

        return bucket in s3_stores["000000000000"]["us-east-1"].global_bucket_map

    def log_group_exists(self, account: str, region: str, name: str) -> bool:
        from localstack.services.logs.models import get_moto_logs_backend

        return name in get_moto_logs_backend(account, region).groups

    def subscription_pending(self, arn: str) -> bool:
        subscription = self._sns(arn).subscriptions.get(arn)
        return bool(subscription) and subscription["PendingConfirmation"] == "true"

    def subscription_counts(self, topic_arn: str) -> tuple[int, int]:
        """Confirmed and waiting subscriptions of a topic."""
        store = self._sns(topic_arn)
        subscriptions = [store.subscriptions.get(arn) for arn in list(store.topics[topic_arn]["subscriptions"])]
        states = [each["PendingConfirmation"] for each in subscriptions if each]
        return states.count("false"), states.count("true")

    def put_metric(self, scope: Scope, namespace: str, datum: Json) -> None:
        cloudwatch = connect_to(aws_access_key_id=scope.account, region_name=scope.region).cloudwatch
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])

    def role_exists(self, role_arn: str) -> bool:
        return self._role(role_arn) is not None

    def role_id(self, role_arn: str) -> str:
        """A role's id; one that STS let somebody assume without its existing gets a stable stand-in."""
        role = self._role(role_arn)
        return str(role.id) if role else f"AROA{abs(hash(role_arn)) % 10**17:017d}"

    def assumed_role(self, account: str, access_key: str) -> Any | None:
        return sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)

    def user(self, account: str, access_key: str) -> Any | None:
        return iam_backends[account]["aws"].get_user_from_access_key_id(access_key)

    @staticmethod
    def _sns(arn: str) -> Any:
        from localstack.services.sns.models import sns_stores

        _, _, _, region, account, *_ = arn.split(":")
        return sns_stores[account][region]

    @staticmethod
    def _role(role_arn: str) -> Any | None:
        account = role_arn.split(":")[4]
        try:
            return iam_backends[account]["aws"].get_role_by_arn(role_arn)
        except (RESTError, ServiceException):
            return None
