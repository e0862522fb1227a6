"""The part of the filter-pattern language that the benchmark's JSON patterns use, evaluated on one log event.

Understood: `=` and `!=` with quoted or bare values and `*` at either end, `NOT EXISTS`, `&&`, `||`, parentheses, dotted
selectors. Anything else is refused, and a filter with such a pattern counts nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Test = Callable[[Any], bool]

_MISSING: Final = object()

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<selector>\$(?:\.[A-Za-z0-9_-]+)+)
      | (?P<quoted>"[^"\\]*")
      | (?P<op>&&|\|\||!=|=|\(|\))
      | (?P<absent>NOT\s+EXISTS\b)
      | (?P<bare>[A-Za-z0-9_.*-]+)
    )""",
    re.VERBOSE,
)


class UnsupportedPatternError(ValueError):
    """A pattern beyond the part of the language that is understood here."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """A test of raw log messages. An empty pattern matches all of them."""
    text = pattern.strip()
    if not text:
        return lambda _message: True
    if not (text.startswith("{") and text.endswith("}")):
        raise UnsupportedPatternError(pattern)
    test = _Parser(_tokens(text[1:-1], pattern), pattern).parse()

    def matches(message: str) -> bool:
        try:
            event = json.loads(message)
        except ValueError:
            return False
        return isinstance(event, dict) and test(event)

    return matches


def select(event: Any, selector: str) -> Any:
    """What `$.a.b` addresses; `None` where it is missing or null."""
    value = _walk(event, selector)
    return None if value is _MISSING else value


def _tokens(text: str, pattern: str) -> list[_Token]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise UnsupportedPatternError(pattern)
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent; `&&` binds tighter than `||`."""

    def __init__(self, tokens: list[_Token], pattern: str) -> None:
        self._tokens = tokens
        self._next = 0
        self._pattern = pattern

    def parse(self) -> Test:
        test = self._any()
        if self._next != len(self._tokens):
            raise UnsupportedPatternError(self._pattern)
        return test

    def _any(self) -> Test:
        tests = [self._all()]
        while self._accept("op", "||"):
            tests.append(self._all())
        return lambda event: any(test(event) for test in tests)

    def _all(self) -> Test:
        tests = [self._unit()]
        while self._accept("op", "&&"):
            tests.append(self._unit())
        return lambda event: all(test(event) for test in tests)

    def _unit(self) -> Test:
        if self._accept("op", "("):
            inner = self._any()
            self._expect("op", ")")
            return inner
        selector = self._expect("selector")
        if self._accept("absent"):
            return lambda event: _walk(event, selector) is _MISSING
        negated = self._accept("op", "!=") is not None
        if not negated:
            self._expect("op", "=")
        value = self._accept("quoted") or self._expect("bare")
        quoted = value.startswith('"')
        equal = _equality(value.strip('"'), quoted=quoted)
        return lambda event: _compare(_walk(event, selector), equal, negated=negated)

    def _accept(self, kind: str, text: str | None = None) -> str | None:
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token.kind == kind and text in (None, token.text):
                self._next += 1
                return token.text
        return None

    def _expect(self, kind: str, text: str | None = None) -> str:
        token = self._accept(kind, text)
        if token is None:
            raise UnsupportedPatternError(self._pattern)
        return token


def _walk(event: Any, selector: str) -> Any:
    value = event
    for step in selector.split(".")[1:]:
        if not isinstance(value, dict) or step not in value:
            return _MISSING
        value = value[step]
    return value


def _equality(wanted: str, *, quoted: bool) -> Callable[[str | float], bool]:
    if "*" in wanted[1:-1]:
        raise UnsupportedPatternError(wanted)
    if wanted == "*":
        return lambda _value: True
    starts, ends = wanted.endswith("*"), wanted.startswith("*")
    core = wanted.strip("*")

    def equal(value: str | float) -> bool:
        if isinstance(value, int | float) and not quoted:
            try:
                return value == float(wanted)
            except ValueError:
                pass
        text = str(value)
        if starts and ends:
            return core in text
        if starts:
            return text.startswith(core)
        if ends:
            return text.endswith(core)
        return text == core

    return equal


def _compare(value: Any, equal: Callable[[str | float], bool], *, negated: bool) -> bool:
    """Only strings and numbers compare; `!=` is false, too, for whatever else is there or is not."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return equal(value) != negated
