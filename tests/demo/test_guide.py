"""The addresses and commands that the demo prints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.demo.folder import DemoFolder, SampleDistrict
from gateway.demo.guide import command_name, example_commands


def test_the_command_as_another_terminal_calls_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "chaperone"
    command.write_text("#!/bin/sh\n", encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command_name(str(command), {}) == "chaperone"
    assert command_name(str(command), {"VIRTUAL_ENV": "x"}) == str(command)
    monkeypatch.setenv("PATH", "")
    assert command_name(str(command), {}) == str(command)
    assert command_name("/x/pytest", {}) == f"{sys.executable} -m gateway.cli"


@pytest.mark.parametrize(("there", "begins"), [("swaks", "swaks --server 127.0.0.1:1 "), ("curl", "printf '")])
def test_the_commands_use_swaks_or_curl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, begins: str
) -> None:
    (tmp_path / there).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = DemoFolder(Path("/a b"), "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", SampleDistrict(1, 1, 1, {}))
    lines = [line for _, line in example_commands(folder, "chaperone")]
    assert lines[0].startswith(begins)
    assert "127.0.0.1:1" in lines[0]
    assert "chaperone held list -c '/a b/chaperone.toml'" in lines
    assert lines[-1].endswith(" ID")
