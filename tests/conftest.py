"""Real servers for all tests. Each starts when first needed; tests of a missing server are skipped and listed."""

from __future__ import annotations

import functools
import importlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.peers import commands

PEERS = (
    "kafka",
    "postgresql",
    "postfix",
    "exim",
    "opensmtpd",
    "older_version",
    "prometheus",
    "chromium",
    "axe",
    "oidc_provider",
    "node_smpp",
    "kannel",
    "mail_parsers",
    *commands.PACKAGES,
)
"""The names for `@pytest.mark.peer(name)`: modules of tests.peers, or commands."""

_MISSING_MESSAGE = re.compile(rf"\b({'|'.join(PEERS)}) is (?:required and )?missing: ")


@functools.cache
def _missing(name: str) -> str:
    """What is missing on this machine for a peer and how to install it; "" if nothing is."""
    if name in commands.PACKAGES:
        return commands.missing(name)
    room = "stories" if name == "older_version" else "peers"
    return str(importlib.import_module(f"tests.{room}.{name}").missing())


def need(name: str) -> None:
    """Skip the test if the peer is missing; under CHAPERONE_TEST_REQUIRE=all fail it."""
    if not (reason := _missing(name)):
        return
    if os.environ.get("CHAPERONE_TEST_REQUIRE") == "all":
        pytest.fail(f"{name} is required and missing: {reason}", pytrace=False)
    pytest.skip(f"{name} is missing: {reason}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse unknown peer names, and give whole gateways more time."""
    for item in items:
        if {"stories", "chaos"} & {*item.path.parts} and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(900))
        for mark in item.iter_markers("peer"):
            if unknown := set(mark.args) - set(PEERS):
                raise pytest.UsageError(f"{item.nodeid}: unknown peer {sorted(unknown)}, known: {sorted(PEERS)}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Require every peer that the test names."""
    for mark in item.iter_markers("peer"):
        for name in mark.args:
            need(name)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List the missing servers at the end, from all test processes."""
    reports = [
        report for outcome in ("skipped", "error", "failed") for report in terminalreporter.stats.get(outcome, ())
    ]
    missing = Counter(found[1] for report in reports if (found := _MISSING_MESSAGE.search(str(report.longrepr))))
    if not missing:
        return
    terminalreporter.section("MISSING SERVERS: these tests did not run", sep="!", red=True, bold=True)
    for name, count in sorted(missing.items()):
        terminalreporter.line(f"{name}: {count} test{'s' * (count > 1)} not run; {_missing(name)}", red=True)
    terminalreporter.line("`make services kafka node` installs what is missing (as root on Debian).", red=True)


@pytest.fixture(scope="session", name="kafka")
def _kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running Apache Kafka broker, one for the whole session."""
    need("kafka")
    from tests.peers.kafka import running_kafka

    with running_kafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session", name="postgresql")
def _postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running PostgreSQL server, one for the whole session."""
    need("postgresql")
    from tests.peers.postgresql import running_postgresql

    with running_postgresql(tmp_path_factory.mktemp("postgresql")) as server:
        yield server
