"""The command line: version, list of commands, exit codes."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest

from gateway.cli import main, parser


def test_no_command_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    output = capsys.readouterr().out
    lines = re.findall(r"^  (\w+) +(\S.+)$", output, re.MULTILINE)
    commands = next(iter(parser()._subparsers._group_actions)).choices  # type: ignore[union-attr]
    assert [name for name, _ in lines] == list(commands)
    assert "-c" not in output


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"chaperone {version('chaperone-gateway')}\n"


@pytest.mark.parametrize("arguments", [["nonsense"], ["held"], ["serve"], ["serve", "--role", "cook", "-c", "x"]])
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2


def test_a_missing_configuration_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-c", "/nonexistent/chaperone.toml"]) == 2
    output = capsys.readouterr()
    assert (output.out, len(output.err.splitlines())) == ("", 1)
