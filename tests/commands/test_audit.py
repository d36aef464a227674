"""An exported audit log can be verified anywhere, with a script that needs only the standard library."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.core.policy.decision import AuditEntry
from gateway.store import open_store
from tests.settings.test_model import LEAST

VERIFY = Path(__file__).parents[2] / "deploy" / "verify_audit.py"


@pytest.fixture
def exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of an export of a few entries with values of every kind."""
    config = tmp_path / "chaperone.toml"
    config.write_text(LEAST)

    async def write_entries() -> None:
        async with open_store(f"sqlite:///{tmp_path}/var/chaperone.db") as store:
            detail = {
                "text": "\u00e9 \U0001f642 \udcff",
                "numbers": [1, 1.0, 0.1, 1e-9, 2**53],
                "none": None,
                "yes": True,
            }
            await store.audit.record(
                [AuditEntry(1.25 * at, f"person {at}", "viewed", f"s{at}", detail) for at in range(6)]
            )
            await store.audit.link(10)

    (tmp_path / "var").mkdir()
    asyncio.run(write_entries())
    assert main(["audit", "export", "-c", str(config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    return lines


def verify(folder: Path, lines: list[str], *more: str) -> tuple[int, str]:
    """The exit code and output of the verifier, run without any installed package."""
    (folder / "audit.jsonl").write_text("".join(f"{line}\n" for line in lines))
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFY), str(folder / "audit.jsonl"), *more],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_complete_export_is_valid(tmp_path: Path, exported: list[str]) -> None:
    last = json.loads(exported[-1])
    assert verify(tmp_path, exported) == (0, f"valid: 6 rows, the last one {last['hash']}\n")
    assert verify(tmp_path, exported, "--last", f"6:{last['hash']}")[0] == 0


def test_every_change_is_found(tmp_path: Path, exported: list[str]) -> None:
    last = json.loads(exported[-1])
    changed = json.dumps({**json.loads(exported[2]), "actor": "somebody else"})
    assert verify(tmp_path, [*exported[:2], changed, *exported[3:]]) == (1, "broken at row 3: changed\n")
    assert "row 3" in verify(tmp_path, [*exported[:2], *exported[3:]])[1]
    assert "row 4" in verify(tmp_path, [*exported[:3], exported[4], exported[3], exported[5]])[1]
    assert "row 1" in verify(tmp_path, ["nonsense"])[1]
    assert "row 6" in verify(tmp_path, exported[:5], "--last", f"6:{last['hash']}")[1]
    assert "row 6" in verify(tmp_path, exported, "--last", f"6:{'0' * 64}")[1]


def test_a_store_failure_prints_one_line(
    tmp_path: Path, exported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    database = sqlite3.connect(tmp_path / "var" / "chaperone.db")
    database.executescript("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END")
    database.close()
    assert main(["audit", "export", "-c", str(tmp_path / "chaperone.toml")]) == 1
    output = capsys.readouterr()
    assert (output.out, len(output.err.splitlines())) == ("", 1)
    assert "then try again" in output.err
