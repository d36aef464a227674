"""Tests of a missing server are skipped and listed, or fail if all servers are required."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
INNER = """
import pytest

@pytest.mark.peer("swaks")
def test_with_swaks(): pass

def test_without(): pass
"""


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Two tests under the real conftest, on a machine without any command."""
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text())
    pytester.makepyfile(INNER)
    pytester.makeini(f"[pytest]\npythonpath = {ROOT}\nmarkers = peer(name)\n")
    monkeypatch.setenv("PATH", "/nonexistent")
    return pytester


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_missing_server_is_skipped_and_listed(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, processes: str
) -> None:
    monkeypatch.delenv("CHAPERONE_TEST_REQUIRE", raising=False)
    ran = inner.runpytest_subprocess("-p", "no:randomly", "-n", processes)
    ran.assert_outcomes(passed=1, skipped=1)
    ran.stdout.fnmatch_lines(["*MISSING SERVERS*", "swaks: 1 test not run; *make services*"])


def test_a_missing_server_fails_when_required(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPERONE_TEST_REQUIRE", "all")
    ran = inner.runpytest_subprocess("-p", "no:randomly")
    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines(["*swaks is required and missing: *"])


def test_an_unknown_server_is_refused(inner: pytest.Pytester) -> None:
    inner.makepyfile(test_more=INNER.replace("swaks", "swarks"))
    ran = inner.runpytest_subprocess("-p", "no:randomly")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["*unknown peer*swarks*"])
