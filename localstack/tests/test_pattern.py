"""The evaluator of filter patterns."""

import json

import pytest

from trailwarden_emulation.pattern import UnsupportedPatternError, compile_pattern

STOP = {"eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com", "userIdentity": {"type": "Root"}}


def matches(pattern: str, event: object) -> bool:
    return compile_pattern(pattern)(json.dumps(event))


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "{ $.eventName = StopLogging }",
        '{ $.eventName = "StopLogging" }',
        "{($.eventName=StopLogging)}",
        "{ ($.eventName = CreateTrail) || ($.eventName = StopLogging) }",
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }',
        "{ $.eventName = Stop* }",
        "{ $.eventName = *Logging }",
        "{ $.eventName = *topLog* }",
        "{ $.eventName = * }",
        "{ $.eventName != StartLogging }",
        # && binds tighter than ||
        "{ $.eventName = StopLogging || $.eventName = CreateTrail && $.eventName = DeleteTrail }",
        " \n{ $.eventName\n=\tStopLogging } ",
    ],
)
def test_pattern_selects_the_event(pattern: str) -> None:
    assert matches(pattern, STOP)


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.eventName = StartLogging }",
        "{ $.eventName = stoplogging }",
        "{ ($.eventName = StopLogging || $.eventName = CreateTrail) && $.eventName = DeleteTrail }",
        "{ $.eventName != StopLogging }",
        "{ $.userIdentity = Root }",
        "{ $.userIdentity.type NOT EXISTS }",
        # != needs a value to differ from
        "{ $.errorCode != AccessDenied }",
        "{ $.eventName = Logging* }",
    ],
)
def test_pattern_leaves_the_event_out(pattern: str) -> None:
    assert not matches(pattern, STOP)


def test_numbers_compare_by_value_bare_and_by_text_quoted() -> None:
    assert matches("{ $.n = 1 }", {"n": 1.0})
    assert matches('{ $.n = "1" }', {"n": 1})
    assert not matches('{ $.n = "1" }', {"n": 1.0})
    assert matches("{ $.n != 2 }", {"n": 1})


@pytest.mark.parametrize("value", [None, True, {"a": 1}, [1]])
def test_neither_equal_nor_unequal(value: object) -> None:
    assert not matches("{ $.v = x }", {"v": value})
    assert not matches("{ $.v != x }", {"v": value})


@pytest.mark.parametrize("message", ["StopLogging", "[1]", '"x"', "{"])
def test_only_json_objects_match_json_patterns(message: str) -> None:
    assert not compile_pattern("{ $.eventName NOT EXISTS }")(message)


@pytest.mark.parametrize(
    "pattern",
    [
        "ERROR",
        "[a, b]",
        "{ $.a > 1 }",
        "{ $.a = %x% }",
        "{ $.a[0] = 1 }",
        "{ $.a IS NULL }",
        "{ $.a = 1*3 }",
        "{ $.a = 1",
        "{ ($.a = 1 }",
        "{ $.a = 1 && }",
        "{ $.a = 1 $.b = 2 }",
        "{ }",
        "{ $.a = b c }",
    ],
)
def test_the_rest_of_the_language_is_refused(pattern: str) -> None:
    with pytest.raises(UnsupportedPatternError):
        compile_pattern(pattern)
