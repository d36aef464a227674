"""A server that the tests talk to and that is missing: skipped loudly, or failed where everything is required."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

HOUSE = Path(__file__).parents[2]
INNER = """
import pytest

@pytest.mark.peer("swaks")
def test_with_swaks(): pass

def test_without(): pass
"""


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Two tests under our own conftest, on a machine without a single command."""
    pytester.makeconftest((HOUSE / "tests" / "conftest.py").read_text())
    pytester.makepyfile(INNER)
    pytester.makeini(f"[pytest]\npythonpath = {HOUSE}\nmarkers = peer(name)\n")
    monkeypatch.setenv("PATH", "/nonexistent")
    return pytester


@pytest.mark.parametrize("processes", ["0", "2"])
def test_it_is_skipped_and_named_at_the_end(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, processes: str
) -> None:
    monkeypatch.delenv("CHAPERONE_TEST_REQUIRE", raising=False)
    ran = inner.runpytest_subprocess("-p", "no:randomly", "-n", processes)
    ran.assert_outcomes(passed=1, skipped=1)
    ran.stdout.fnmatch_lines(["*MISSING SERVERS*", "swaks: 1 test not run; *make services*"])


def test_it_is_a_failure_where_everything_is_required(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPERONE_TEST_REQUIRE", "all")
    ran = inner.runpytest_subprocess("-p", "no:randomly")
    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines(["*swaks is required and missing: *"])


def test_a_misspelt_server_is_refused(inner: pytest.Pytester) -> None:
    inner.makepyfile(test_more=INNER.replace("swaks", "swarks"))
    ran = inner.runpytest_subprocess("-p", "no:randomly")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["*unknown peer*swarks*"])
