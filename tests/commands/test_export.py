"""`chaperone export person`: the file, its errors, and that only its owner may read it."""

from __future__ import annotations

import asyncio
import json
import stat
import zipfile
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.store import open_store
from tests.console.district import fill_store

MAYA = "maya.lindqvist@students.riverbend.example"


@pytest.fixture
def filled(configuration: Path) -> Path:
    """A configuration whose store has the messages of the sample district."""

    async def fill() -> None:
        async with open_store(f"sqlite:///{configuration.parent / 'chaperone.db'}") as store:
            await fill_store(store, 1_900_000_000.0)

    asyncio.run(fill())
    return configuration


@pytest.mark.parametrize("redact", [False, True])
def test_export_writes_a_file(filled: Path, capsys: pytest.CaptureFixture[str], *, redact: bool) -> None:
    out = filled.parent / "maya.zip"
    command = ["export", "person", "-c", str(filled), "k-02", "--out", str(out), *["--redact"] * redact]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "3 messages" in said
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        text = b"".join(archive.read(name) for name in archive.namelist() if name.startswith("messages/")).decode()
    assert manifest["manifest"] in said
    assert (manifest["person"], manifest["redacted"]) == ("k-02", redact)
    assert ("Peter Lindgren" in text or "peter.lindgren" in text) is not redact
    assert MAYA in text


def test_nobody_is_exported_by_mistake(filled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = filled.parent / "nobody.zip"
    assert main(["export", "person", "-c", str(filled), "k-9999", "--out", str(out)]) == 1
    assert "nobody is known by 'k-9999'" in capsys.readouterr().err
    assert main(["export", "person", "-c", str(filled), "k-02", "--out", str(filled.parent / "no" / "x.zip")]) == 2
    assert not out.exists()
    assert not list(filled.parent.glob("*.part"))
