"""The Grafana dashboard, read by the schema that Grafana generates its SDKs from (version 11.6)."""

import json
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard

FILE = Path(__file__).parents[2] / "deploy/grafana/trailwarden.json"


@pytest.fixture(scope="module")
def given():
    return json.loads(FILE.read_text())


def emitted(document):
    """What the SDK makes of a document: it reads the fields of the schema and forgets all others."""
    read = dashboard.Dashboard.from_json(document)
    return json.loads(JSONEncoder().encode(read))


def lost(given, kept, path=""):
    """The paths of what is in one and not in the other."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            if key not in kept:
                yield f"{path}/{key}"
            else:
                yield from lost(value, kept[key], f"{path}/{key}")
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for index, (one, other) in enumerate(zip(given, kept)):
            yield from lost(one, other, f"{path}/{index}")
    elif given != kept:
        yield f"{path}: {given!r} became {kept!r}"


def test_every_field_is_one_of_the_schema(given):
    register_default_plugins()
    assert list(lost(given, emitted(given))) == []


def test_the_schema_would_notice_a_field_that_it_does_not_know(given):
    register_default_plugins()
    changed = json.loads(json.dumps(given))
    panel = next(one for one in changed["panels"] if one["type"] == "timeseries")
    panel["options"]["legned"] = {}
    panel["targets"][0]["epxr"] = "up"
    assert len(list(lost(changed, emitted(changed)))) == 2
