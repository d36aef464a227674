"""Real servers for all tests, the order of the tests, and how property tests choose their examples.

Each server starts when first needed; tests of a missing one are skipped and listed.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

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

settings.register_profile(
    "chaperone",
    deadline=None,  # on a busy machine the time of one example says nothing
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CHAPERONE_TEST_REQUIRE") == "all",  # a complete check tries the same examples each time
)
settings.load_profile("chaperone")

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
    items[:] = _in_order(items)


def _in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """The files with long tests first, each followed by some others, and files with short tests only at the end.

    Then no test process is at work on a long file when the other one has ended, and two long files seldom run at once.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    long = [tests for tests in files.values() if any(map(_is_long, tests))]
    short = [tests for tests in files.values() if not any(map(_is_long, tests))]
    between = 3 * len(short) // (4 * len(long) or 1)
    groups = [group for n, tests in enumerate(long) for group in (tests, *short[n * between : (n + 1) * between])]
    return [item for group in (*groups, *short[len(long) * between :]) for item in group]


def _is_long(item: pytest.Item) -> bool:
    """Whether a test takes seconds: it says so, or it runs whole gateways or servers of its own."""
    if {"stories", "chaos", "operations", "smpp"} & {*item.path.parts} or item.get_closest_marker("slow"):
        return True
    return bool({name for mark in item.iter_markers("peer") for name in mark.args} - {"postgresql"})


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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate of localhost, and its key."""
    folder: Path = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return str(cert), str(key)
