"""Who made a call: CloudTrail's `userIdentity`, found from the access key that signed the request."""

from __future__ import annotations

from typing import Any, Protocol

from .api import Json


class Principals(Protocol):
    """What IAM and STS know about access keys."""

    def assumed_role(self, account: str, access_key: str) -> Any | None: ...

    def user(self, account: str, access_key: str) -> Any | None: ...

    def role_id(self, role_arn: str) -> str: ...


def identity(account: str, access_key: str, principals: Principals) -> Json:
    """The identity behind a key; one that IAM and STS do not know is the account's root, as GetCallerIdentity says."""
    if session := principals.assumed_role(account, access_key):
        return _assumed_role(account, access_key, session, principals.role_id(session.role_arn))
    if user := principals.user(account, access_key):
        return {
            "type": "IAMUser",
            "principalId": user.id,
            "arn": user.arn,
            "accountId": account,
            "accessKeyId": access_key,
            "userName": user.name,
        }
    return {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
        "accessKeyId": access_key,
    }


def _assumed_role(account: str, access_key: str, session: Any, role_id: str) -> Json:
    role_name = session.role_arn.rsplit("/", 1)[-1]
    return {
        "type": "AssumedRole",
        "principalId": f"{role_id}:{session.session_name}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session.session_name}",
        "accountId": account,
        "accessKeyId": access_key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role_id,
                "arn": session.role_arn,
                "accountId": account,
                "userName": role_name,
            },
            "attributes": {
                "creationDate": session.access_key.create_date.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "mfaAuthenticated": "false",
            },
        },
    }
