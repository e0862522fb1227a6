"""The templates: AWS's schemas, and what LocalStack makes of them."""

import json
import os
import random
import re

import boto3
import pytest

from conftest import ROOT

TEMPLATES = ROOT / "deploy/cloudformation"
CALLS = json.loads(os.environ["TRAILWARDEN_CALLS"])
FEED_REGION, OTHER_REGION = "eu-west-1", "us-east-1"
EXTERNAL_ID = "what-the-member-asked-for"


def account_id():
    return f"{random.randrange(10**11, 10**12)}"  # noqa: S311


def client(service, account, region):
    session = boto3.Session(aws_access_key_id=account, aws_secret_access_key="test", region_name=region)
    return session.client(service, endpoint_url=os.environ["LOCALSTACK_ENDPOINT"])


def deploy(account, region, template, **parameters):
    """Makes a stack; answers its outputs."""
    stacks = client("cloudformation", account, region)
    name = f"trailwarden-{template}"
    stacks.create_stack(
        StackName=name,
        TemplateBody=(TEMPLATES / f"{template}.yaml").read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    waiter = stacks.get_waiter("stack_create_complete")
    try:
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    except Exception as error:
        events = stacks.describe_stack_events(StackName=name)["StackEvents"]
        failed = [one for one in events if "FAILED" in one["ResourceStatus"]]
        raise AssertionError(failed or events) from error
    [stack] = stacks.describe_stacks(StackName=name)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}


class World:
    """A feed, its account's other region, and a member account."""

    def __init__(self):
        self.account, self.member = account_id(), account_id()
        watch, heal = (f"arn:aws:iam::{self.account}:role/trailwarden-{name}" for name in ("watch", "heal"))
        self.member_role = f"arn:aws:iam::{self.member}:role/trailwarden-heal"
        self.topic = f"arn:aws:sns:{FEED_REGION}:{self.account}:told"
        self.endpoints = ["sec@example.com", "soc@example.com"]
        self.roles = deploy(
            self.account,
            FEED_REGION,
            "roles",
            MemberRoleArns=self.member_role,
            NotifyTopicArns=self.topic,
            WithHealRole="yes",
            MendTrails="yes",
            ExpectedSubscriptions=",".join(self.endpoints),
            DrillPrincipalArn=f"arn:aws:iam::{self.account}:role/admin",
        )
        assert (self.roles["WatchRoleArn"], self.roles["HealRoleArn"]) == (watch, heal)
        self.feed = deploy(
            self.account, FEED_REGION, "feed", MemberAccounts=self.member, ConsumerRoleArn=watch
        )
        place = {"FeedAccount": self.account, "FeedRegion": FEED_REGION}
        deploy(self.account, OTHER_REGION, "member", **place, Roles="no")
        self.of_member = deploy(
            self.member,
            FEED_REGION,
            "member",
            **place,
            DaemonRoleArns=f"{watch},{heal}",
            ExternalId=EXTERNAL_ID,
            WithHealRole="yes",
            MendTrails="yes",
            ExpectedSubscriptions=",".join(self.endpoints),
        )
        deploy(self.member, OTHER_REGION, "member", **place, Roles="no")

    def queue(self, name="trailwarden-events"):
        """The attributes of a queue, read as JSON where they are."""
        sqs = client("sqs", self.account, FEED_REGION)
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return {key: json.loads(text) if text.startswith("{") else text for key, text in attributes.items()}


@pytest.fixture(scope="module")
def world():
    return World()


def documents(role_arn):
    """The statements of every policy of a role, by Sid."""
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    iam = client("iam", account, OTHER_REGION)
    found = {}
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        arn = policy["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        # IAM quotas: characters of a managed policy, white space aside
        assert len(re.sub(r"\s", "", json.dumps(document))) < 6144
        for statement in document["Statement"]:
            assert statement["Sid"] not in found
            found[statement["Sid"]] = normal(statement)
    return found


def trust(role_arn):
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    return client("iam", account, OTHER_REGION).get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]


def listed(value):
    return sorted(value) if isinstance(value, list) else [value]


def normal(statement):
    """One value and a list of one are the same to IAM, and order is nothing."""
    conditions = {
        operator: {key: listed(values) for key, values in keys.items()}
        for operator, keys in statement.get("Condition", {}).items()
    }
    return {
        "Effect": statement["Effect"],
        "Action": listed(statement["Action"]),
        "Resource": listed(statement["Resource"]),
        "Condition": conditions,
    }


def test_cfn_lint_finds_nothing(tool):
    assert len(list(TEMPLATES.glob("*.yaml"))) == 3
    tool("cfn-lint", "--regions", FEED_REGION, OTHER_REGION, "us-gov-west-1", "--", *TEMPLATES.glob("*.yaml"))


def test_cfn_lint_finds_what_is_wrong(tool, tmp_path):
    """The reading above can fail."""
    broken = (TEMPLATES / "feed.yaml").read_text().replace("SqsManagedSseEnabled: true", "SqsManagedSse: true")
    (tmp_path / "feed.yaml").write_text(broken)
    assert "SqsManagedSse" in tool("cfn-lint", "--regions", FEED_REGION, "--", tmp_path / "feed.yaml", expect=2)


def test_the_queue_keeps_and_guards_what_it_gets(world):
    queue = world.queue()
    assert queue["SqsManagedSseEnabled"] == "true"
    assert queue["VisibilityTimeout"] == "60"
    assert queue["RedrivePolicy"]["maxReceiveCount"] in (20, "20")
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == world.queue("trailwarden-events-dead")["QueueArn"]
    rules = [
        f"arn:aws:events:{FEED_REGION}:{world.account}:rule/{name}"
        for name in ("trailwarden-events", "trailwarden-guard", "trailwarden/trailwarden-events")
    ]
    policy = {statement["Sid"]: statement for statement in queue["Policy"]["Statement"]}
    assert set(policy) == {"RulesSend", "NobodyElseSends", "OnlyTheDaemonReceives", "OnlyEncrypted"}
    assert policy["RulesSend"]["Condition"] == {"ArnEquals": {"aws:SourceArn": rules}}
    assert policy["NobodyElseSends"]["Condition"] == {"ArnNotEquals": {"aws:SourceArn": rules}}
    receiver = world.roles["WatchRoleArn"]
    assert policy["OnlyTheDaemonReceives"]["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": receiver}}
    assert policy["OnlyTheDaemonReceives"]["Action"] == ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue"]
    dead = world.queue("trailwarden-events-dead")
    assert dead["MessageRetentionPeriod"] == "1209600"
    assert dead["SqsManagedSseEnabled"] == "true"
    assert [one["Sid"] for one in dead["Policy"]["Statement"]] == ["OnlyEncrypted"]


def rules(account, region):
    """Every rule, by bus and name: pattern and target."""
    events = client("events", account, region)
    found = {}
    for bus in events.list_event_buses()["EventBuses"]:
        for rule in events.list_rules(EventBusName=bus["Name"])["Rules"]:
            assert rule["State"] == "ENABLED"
            [target] = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus["Name"])["Targets"]
            found[bus["Name"], rule["Name"]] = json.loads(rule["EventPattern"]), target
    return found


def check_calls(*patterns):
    """Every call that the binary knows passes one of them, and no name is in them that it does not know."""
    passed = set()
    for pattern in patterns:
        # EventBridge quotas: characters of a pattern
        assert len(json.dumps(pattern)) < 2048
        assert (set(pattern), set(pattern["detail"])) == ({"source", "detail-type", "detail"}, {"eventName"})
        assert pattern["detail-type"] == ["AWS API Call via CloudTrail"]
        assert len(pattern["detail"]["eventName"]) == len(set(pattern["detail"]["eventName"]))
        passed |= {(source, name) for source in pattern["source"] for name in pattern["detail"]["eventName"]}
    known = {(f"aws.{service}", name) for service, calls in CALLS.items() for name in calls}
    assert known <= passed
    assert {source for source, _ in passed} == {source for source, _ in known}
    assert {name for _, name in passed} == {name for _, name in known}


def test_the_rules_pass_the_calls_that_the_binary_knows_and_no_others(world):
    events, guard = ("default", "trailwarden-events"), ("default", "trailwarden-guard")
    central = ("trailwarden", "trailwarden-events")
    home = rules(world.account, FEED_REGION)
    assert set(home) == {events, guard, central}
    heartbeat, calls = home[events][0]["$or"]
    assert heartbeat == {"source": ["trailwarden.heartbeat"], "detail-type": ["trailwarden heartbeat"]}
    check_calls(calls, home[guard][0])
    check_calls(home[central][0])
    queue = {"Id": "trailwarden", "Arn": world.queue()["QueueArn"]}
    assert [target for _, target in home.values()] == [queue] * 3
    for account, region in [
        (world.account, OTHER_REGION),
        (world.member, FEED_REGION),
        (world.member, OTHER_REGION),
    ]:
        away = rules(account, region)
        assert set(away) == {events, guard}
        check_calls(*(pattern for pattern, _ in away.values()))
        bus = {
            "Id": "trailwarden",
            "Arn": world.feed["BusArn"],
            "RoleArn": f"arn:aws:iam::{account}:role/trailwarden-forward",
        }
        assert [target for _, target in away.values()] == [bus] * 2


def test_the_bus_lets_the_members_in(world):
    bus = client("events", world.account, FEED_REGION).describe_event_bus(Name="trailwarden")
    [statement] = json.loads(bus["Policy"])["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "events:PutEvents")
    assert listed(statement["Principal"]["AWS"]) in ([world.member], [f"arn:aws:iam::{world.member}:root"])


def test_the_forwarding_roles_may_put_events_on_that_bus_and_nothing_else(world):
    for account in (world.account, world.member):
        iam = client("iam", account, OTHER_REGION)
        assert not iam.list_attached_role_policies(RoleName="trailwarden-forward")["AttachedPolicies"]
        assert iam.list_role_policies(RoleName="trailwarden-forward")["PolicyNames"] == ["forward"]
        document = iam.get_role_policy(RoleName="trailwarden-forward", PolicyName="forward")["PolicyDocument"]
        [statement] = document["Statement"]
        assert statement == {"Effect": "Allow", "Action": "events:PutEvents", "Resource": world.feed["BusArn"]}
        [trusted] = trust(f"arn:aws:iam::{account}:role/trailwarden-forward")
        assert trusted["Principal"] == {"Service": "events.amazonaws.com"}
        assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": account}}


def test_only_those_named_assume_the_roles(world):
    for name in ("WatchRoleArn", "HealRoleArn"):
        [own] = trust(world.roles[name])
        assert (own["Principal"], own["Action"]) == ({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")
        [foreign] = trust(world.of_member[name])
        assert foreign["Principal"] == {"AWS": [world.roles["WatchRoleArn"], world.roles["HealRoleArn"]]}
        assert foreign["Condition"] == {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
    [drill] = trust(world.roles["DrillRoleArn"])
    assert drill["Principal"] == {"AWS": f"arn:aws:iam::{world.account}:role/admin"}


def test_an_event_of_the_member_s_other_region_reaches_the_queue(world):
    source = client("events", world.member, OTHER_REGION)
    detail = {"eventName": "DeleteRole", "marker": world.member}
    entry = {"Source": "aws.iam", "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(detail)}
    assert source.put_events(Entries=[entry])["FailedEntryCount"] == 0
    own = {"Source": "trailwarden.heartbeat", "DetailType": "trailwarden heartbeat", "Detail": '{"marker": "own"}'}
    assert client("events", world.account, FEED_REGION).put_events(Entries=[own])["FailedEntryCount"] == 0
    sqs = client("sqs", world.account, FEED_REGION)
    markers = set()
    for _ in range(10):
        answer = sqs.receive_message(QueueUrl=world.feed["QueueUrl"], WaitTimeSeconds=2, MaxNumberOfMessages=10)
        markers |= {json.loads(one["Body"])["detail"].get("marker") for one in answer.get("Messages", [])}
        if markers >= {world.member, "own"}:
            return
    raise AssertionError(f"only {markers} arrived")


def settings(world, tmp_path, account=None):
    """A configuration that says what the stacks were told, for `iam-policy`."""
    links = "trail selector log_group pattern metric alarm action topic subscription".split()
    text = f"heal.links = {json.dumps(links)}\nexpect.subscriptions = {json.dumps(world.endpoints)}\n"
    if account is None:
        text = f'queue_url = "https://sqs.{FEED_REGION}.amazonaws.com/{world.account}/trailwarden-events"\n' + text
        text += f'[[scope]]\naccount = "{world.account}"\n'
        text += f'[[notify]]\nkind = "sns"\ntopic_arn = "{world.topic}"\n'
    text += f'[[scope]]\naccount = "{world.member}"\nrole_arn = "{world.member_role}"\n'
    path = tmp_path / "trailwarden.toml"
    path.write_text(text)
    return path


def prescribed(trailwarden, path, *arguments):
    """What `iam-policy` prints, by Sid."""
    code, output, errors = trailwarden("iam-policy", "--config", path, *arguments)
    assert code == 0, errors
    return {statement["Sid"]: normal(statement) for statement in json.loads(output)["Statement"]}


def test_the_roles_have_the_policies_that_the_binary_prints(world, trailwarden, tmp_path):
    path = settings(world, tmp_path)
    watch = prescribed(trailwarden, path)
    assert documents(world.roles["WatchRoleArn"]) == watch
    assert documents(world.roles["HealRoleArn"]) == watch | prescribed(trailwarden, path, "--heal")
    path = settings(world, tmp_path, world.member)
    look = prescribed(trailwarden, path, "--account", world.member)
    assert documents(world.of_member["WatchRoleArn"]) == look
    heal = prescribed(trailwarden, path, "--account", world.member, "--heal")
    assert documents(world.of_member["HealRoleArn"]) == look | heal


def test_the_role_of_drills_looks_and_drills_and_does_not_listen(world, trailwarden, tmp_path):
    path = tmp_path / "trailwarden.toml"
    role = f"arn:aws:iam::{world.account}:role/any"
    path.write_text(f'[[scope]]\naccount = "{world.account}"\nrole_arn = "{role}"\n')
    account = ("--account", world.account)
    look = prescribed(trailwarden, path, *account)
    assert documents(world.roles["DrillRoleArn"]) == look | prescribed(trailwarden, path, *account, "--drill")


def test_wire_finds_nothing_to_do(world, trailwarden, tmp_path):
    """The daemon's own reading of the feed: every rule, policy, role and queue that it needs is there."""
    (tmp_path / "external-id").write_text(EXTERNAL_ID)
    path = tmp_path / "trailwarden.toml"
    path.write_text(
        f"""queue_url = "{world.feed["QueueUrl"]}"
        wiring.consumer_role_arn = "{world.roles["WatchRoleArn"]}"
        [[scope]]
        account = "{world.account}"
        regions = ["{FEED_REGION}"]
        [[scope]]
        account = "{world.member}"
        regions = ["{FEED_REGION}"]
        role_arn = "{world.of_member["WatchRoleArn"]}"
        external_id_file = "{tmp_path}/external-id"
        """
    )
    variables = {
        "AWS_ACCESS_KEY_ID": world.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": FEED_REGION,
        "AWS_ENDPOINT_URL": os.environ["LOCALSTACK_ENDPOINT"],
    }
    code, output, errors = trailwarden("wire", "--config", path, variables=variables)
    assert code == 0, output + errors
    # and it sees what is not
    client("events", world.member, OTHER_REGION).disable_rule(Name="trailwarden-events")
    code, output, errors = trailwarden("wire", "--config", path, variables=variables)
    assert code == 2, output + errors
    assert "trailwarden-events" in output
