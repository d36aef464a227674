"""The event log: log lines with hints, and metrics."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

from gateway.observability.events import EventLog
from gateway.observability.json_lines import JsonLines
from gateway.relays.smtp.context import is_trusted


@pytest.fixture(name="lines")
def _lines() -> Iterator[io.StringIO]:
    """What the event log writes, apart from the logging of the tests."""
    stream, log = io.StringIO(), logging.getLogger("chaperone")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield stream
    log.removeHandler(handler)
    log.setLevel(level)


def test_problem_has_a_hint(lines: io.StringIO) -> None:
    EventLog(CollectorRegistry()).bus_lost("publication")
    line = json.loads(lines.getvalue())
    assert {name: line[name] for name in line if name != "at"} == {
        "level": "warning", "event": "bus_lost", "during": "publication",
        "hint": "check bus.url and that the broker runs",
    }  # fmt: skip


def test_exception_has_type_and_place_but_no_text(lines: io.StringIO) -> None:
    try:
        raise ValueError("content of a message")
    except ValueError:
        EventLog(CollectorRegistry()).unexpected_failure("test")
    line = json.loads(lines.getvalue())
    assert (line["event"], line["error"], line["during"]) == ("failed", "ValueError", "test")
    assert line["where"].startswith("test_events.py:")
    assert "content" not in lines.getvalue()


def test_failure_in_a_library_has_our_place_too(lines: io.StringIO) -> None:
    try:
        is_trusted(("no network",), "127.0.0.1")
    except ValueError as error:
        EventLog(CollectorRegistry()).unexpected_failure("test", error)
    library, _, ours = json.loads(lines.getvalue())["where"].partition(" from ")
    assert library.startswith("ipaddress.py:")
    assert ours.startswith("context.py:")


def test_findings_are_counted_by_clause() -> None:
    registry = CollectorRegistry()
    EventLog(registry).clauses_found(["7a", "10"])
    assert registry.get_sample_value("chaperone_findings_total", {"clause": "10"}) == 1.0
