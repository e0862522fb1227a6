"""What `trailwarden check --format ...` prints, read by the published schemas and by those who read such documents.

The binary is $TRAILWARDEN_BINARY; it is run offline on saved snapshots.
"""

import copy
import json
import os
import re
import subprocess
from pathlib import Path

import botocore.session
import jsonschema
import pytest
import xmlschema
from botocore.validate import ParamValidator
from markdown_it import MarkdownIt
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

BINARY = os.environ["TRAILWARDEN_BINARY"]
HERE = Path(__file__).parent
VENV = HERE.parents[1] / ".venv/formats"
WHOLE = json.loads((HERE.parent / "fixtures/compliant-snapshot.json").read_text())

EVIL = (
    "a|b`c```d]]>--><script>alert(1)</script>&amp;\"' ![x](https://evil.example/x) [y](javascript:alert) "
    "www.evil.example https://evil.example @everyone <https://evil.example> *b* _i_ ~~s~~ \\| "
    "\x1b[31m\r\n# line\n| a |\x00\x85\u202e\ufffe\uffff" + "ß" * 2000
)


def cut():
    snapshot = copy.deepcopy(WHOLE)
    snapshot["alarms"][0]["Threshold"] = 5.0
    return snapshot


def narrow():
    snapshot = copy.deepcopy(WHOLE)
    pattern = snapshot["metric_filters"][0]["filterPattern"]
    snapshot["metric_filters"][0]["filterPattern"] = pattern.replace("StopLogging", "Stop")
    return snapshot


def unseen():
    snapshot = copy.deepcopy(WHOLE)
    del snapshot["alarms"]
    snapshot["api_errors"] = {"cloudwatch:DescribeAlarms us-east-1": "AccessDenied"}
    return snapshot


def bare(region="us-east-1"):
    """An account that has nothing."""
    return {
        "account_id": "012345678901",
        "now": "2026-11-23T00:05:00.123456789Z",
        "enabled_regions": [region],
        "trails": [],
        "metric_filters": [],
        "alarms": [],
        "topics": [],
        "subscriptions": [],
    }


def evil():
    """Cut at the filter and at the alarm, and every name is somebody's joke."""
    snapshot = narrow()
    snapshot["account_id"] = "999999999999"
    text = json.dumps(snapshot).replace("111122223333", "999999999999")
    snapshot = json.loads(text)
    snapshot["metric_filters"][0]["filterName"] = EVIL
    snapshot["alarms"][0]["AlarmName"] = EVIL
    snapshot["alarms"][0]["Threshold"] = 5.0
    snapshot["subscriptions"][0]["Endpoint"] = EVIL
    return snapshot


ACCOUNTS = {
    "whole": WHOLE,
    "cut": cut(),
    "narrow": narrow(),
    "unseen": unseen(),
    "bare": bare(),
    "govcloud": bare("us-gov-west-1"),
    "evil": evil(),
}


@pytest.fixture
def check(tmp_path):
    """Runs `check` on snapshots; answers the document."""

    def run(output_format, *snapshots, controls="all"):
        for number, snapshot in enumerate(snapshots):
            (tmp_path / f"{number}.json").write_text(json.dumps(snapshot))
        arguments = ["check", "--format", output_format, "--controls", controls, "--snapshot", str(tmp_path)]
        done = subprocess.run([BINARY, *arguments], env={}, capture_output=True, check=False)
        assert done.returncode in (0, 2, 3), done.stderr.decode()
        return done.stdout.decode()

    return run


# --- AWS Security Finding Format


def import_shape():
    model = botocore.session.get_session().get_service_model("securityhub")
    return model.operation_model("BatchImportFindings").input_shape


def faults(shape, value, path):
    """What botocore leaves to the service: enumerations, patterns, and the lengths that the documentation names."""
    if shape.type_name == "structure":
        for name, part in value.items():
            yield from faults(shape.members[name], part, f"{path}.{name}")
    elif shape.type_name == "list":
        most = shape.metadata.get("max") or documented(shape, r"Maximum number of (\d+) items")
        if most and len(value) > most:
            yield f"{path} has {len(value)} items, of {most}"
        for index, part in enumerate(value):
            yield from faults(shape.member, part, f"{path}[{index}]")
    elif shape.type_name == "map":
        for name, part in value.items():
            yield from faults(shape.value, part, f"{path}[{name}]")
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"{path} is {value}, none of {shape.enum}"
        if shape.metadata.get("pattern") and not re.fullmatch(shape.metadata["pattern"], value, re.DOTALL):
            yield f"{path} does not match {shape.metadata['pattern']}"
        most = documented(shape, r"Maximum (?:length )?of (\d+)")
        if most and len(value) > most:
            yield f"{path} has {len(value)} characters, of {most}"


def documented(shape, words):
    found = re.search(words, re.sub("<[^>]+>", "", shape.documentation))
    return int(found.group(1)) if found else None


@pytest.mark.parametrize("name", ACCOUNTS)
def test_batch_import_findings_takes_the_asff_document(check, name):
    findings = json.loads(check("asff", ACCOUNTS[name]))
    assert len(findings) == 15
    shape = import_shape()
    report = ParamValidator().validate({"Findings": findings}, shape)
    assert not report.has_errors(), report.generate_report()
    assert not list(faults(shape, {"Findings": findings}, ""))
    for finding in findings:
        assert len(json.dumps(finding)) < 240 * 1024
        assert finding["AwsAccountId"] == ACCOUNTS[name]["account_id"]
        # BatchImportFindings: title and description as the page "Required top-level ASFF attributes" bounds them
        assert len(finding["Title"]) <= 256
        assert len(finding["Description"]) <= 1024
        assert len(finding["ProductFields"]) <= 50
        assert all(len(value) <= 2048 for value in finding["ProductFields"].values())
    # one call is for one region
    assert len({finding["ProductArn"] for finding in findings}) == 1
    assert len({finding["Id"] for finding in findings}) == 15


def test_the_model_refuses_what_is_wrong(check):
    """The reading above can fail."""
    [finding] = json.loads(check("asff", WHOLE, controls="4.5"))
    shape = import_shape()
    for break_it in (
        lambda one: one.pop("ProductArn"),
        lambda one: one.update(Unknown="x"),
        lambda one: one.update(Resources={}),
    ):
        broken = copy.deepcopy(finding)
        break_it(broken)
        assert ParamValidator().validate({"Findings": [broken]}, shape).has_errors()
    for break_it in (
        lambda one: one["Severity"].update(Label="BAD"),
        lambda one: one.update(Title=" "),
        lambda one: one.update(Id="x" * 513),
        lambda one: one["Compliance"].update(RelatedRequirements=["x"] * 33),
    ):
        broken = copy.deepcopy(finding)
        break_it(broken)
        assert list(faults(shape, {"Findings": [broken]}, ""))


# --- OCSF


def ocsf_validator(version):
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version)).get_class_schema("compliance_finding", ["cloud"])
    assert schema["additionalProperties"] is False
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_ocsf_schema_accepts_each_event(check, name):
    events = json.loads(check("ocsf", ACCOUNTS[name]))
    assert len(events) == 15
    validator = ocsf_validator(events[0]["metadata"]["version"])
    for event in events:
        assert event["class_uid"] == 2003
        assert not [error.message for error in validator.iter_errors(event)]


def test_the_ocsf_captions_are_the_schema_s_own(check):
    events = json.loads(check("ocsf", WHOLE, cut(), unseen(), bare()))
    schema = get_ocsf_schema(events[0]["metadata"]["version"])
    of_class = schema["classes"]["compliance_finding"]["attributes"]
    of_compliance = schema["objects"]["compliance"]["attributes"]
    of_account = schema["objects"]["account"]["attributes"]
    for event in events:
        for holder, attributes, number, caption in [
            (event, of_class, "activity_id", "activity_name"),
            (event, of_class, "class_uid", "class_name"),
            (event, of_class, "category_uid", "category_name"),
            (event, of_class, "type_uid", "type_name"),
            (event, of_class, "severity_id", "severity"),
            (event, of_class, "status_id", "status"),
            (event["compliance"], of_compliance, "status_id", "status"),
            (event["cloud"]["account"], of_account, "type_id", "type"),
        ]:
            assert holder[caption] == attributes[number]["enum"][str(holder[number])]["caption"]


def test_the_ocsf_schema_refuses_what_is_wrong(check):
    [event] = json.loads(check("ocsf", WHOLE, controls="4.5"))
    validator = ocsf_validator(event["metadata"]["version"])
    for break_it in (
        lambda one: one.pop("compliance"),
        lambda one: one.update(severity_id=42),
        lambda one: one.update(nonsense=1),
        lambda one: one["finding_info"].pop("uid"),
    ):
        broken = copy.deepcopy(event)
        break_it(broken)
        assert not validator.is_valid(broken)


# --- JUnit


def junit_schemas():
    found = sorted((VENV / "junit").glob("*/tests/vendor/jenkins/xunit-plugin/*/junit-10.xsd"))
    assert len(found) == 2
    return [xmlschema.XMLSchema(path) for path in found]


def test_the_junit_schemas_accept_every_document(check):
    documents = [check("junit", account) for account in ACCOUNTS.values()]
    documents.append(check("junit", *ACCOUNTS.values()))
    for schema in junit_schemas():
        for document in documents:
            schema.validate(document)
        with pytest.raises(xmlschema.XMLSchemaValidationError):
            schema.validate(documents[0].replace("<testcase name=", "<testcase nmae="))


def test_junit_counts_what_it_holds(check):
    root = xmlschema.XMLResource(check("junit", *ACCOUNTS.values())).root
    assert root.get("tests") == str(15 * len(ACCOUNTS))
    for suite in root:
        assert suite.get("tests") == str(len(suite))
        for attribute, element in (("failures", "failure"), ("errors", "error")):
            assert suite.get(attribute) == str(len(suite.findall(f"testcase/{element}")))


# --- Markdown


def test_hostile_names_are_only_text_in_markdown(check):
    page = check("markdown", evil(), WHOLE, controls='["4.5"]')
    html = MarkdownIt("gfm-like", {"html": True}).render(page)
    assert "alert(1)" in html
    for tag in ("script", "a", "img", "em", "s", "blockquote"):
        assert not re.search(rf"<{tag}\b", html), tag
    # no name makes a heading, a cell or a row
    assert re.findall(r"<h\d>", html).count("<h1>") == 1
    rows = [row.count("</td>") for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)]
    assert sorted(set(rows) - {0}) == [5]
    outside_code = re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)
    assert "@everyone" not in outside_code


def test_remedies_survive_in_markdown(check):
    snapshot = cut()
    html = MarkdownIt("gfm-like").render(check("markdown", snapshot, controls='["4.5"]'))
    report = json.loads(check("json", snapshot, controls='["4.5"]'))
    remedy = report["controls"][0]["findings"][0]["remedy"]
    escaped = remedy.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    assert f'<pre><code class="language-sh">{escaped}\n</code></pre>' in html
