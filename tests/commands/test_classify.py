"""`chaperone classify`: explains a message, with the configured directory if there is one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from gateway.cli import main
from tests.stories.gateway import COMMAND

pytestmark = pytest.mark.slow


def test_a_configuration_adds_its_directory(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = configuration.read_text()
    configuration.write_text(text[: text.index("[classify]")])

    def clauses(student: str) -> list[str]:
        name = "Liam Whitcomb"
        file = configuration.parent / "message.eml"
        file.write_text(
            f"From: dana.okafor@riverbend.example\nTo: {student}\nSubject: Records\n\n"
            f"{name}'s IEP is here. {name} has a 42 percent in Algebra and was suspended.\n"
        )
        assert main(["classify", "--json", "-c", str(configuration), str(file)]) == 0
        return list(json.loads(capsys.readouterr().out)["clauses"])

    assert "8" in clauses("maya.lindqvist@students.riverbend.example")
    assert "8" not in clauses("liam.whitcomb@students.riverbend.example")


def test_account_says_what_was_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "message.eml"
    file.write_bytes(
        b"Subject: Quiz\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nThe quiz is on Friday.\n"
        b"--b\nContent-Type: application/x-odd\n\n\x01\x02\x03\n--b--\n"
    )
    assert main(["classify", str(file)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "read: subject, 15 bytes; part 1 (text/plain, utf-8), 22 bytes not read: part 2 (application/x-odd)" in shown


@pytest.mark.parametrize("line", [b'{"text": "caf\xe9"}', b'{"id": 1}'])
def test_an_invalid_row_is_named_by_its_line(line: bytes) -> None:
    good = b'{"id": "a", "channel": "sms", "from": "staff", "text": "The quiz is on Friday."}'
    rows = b"\n".join((good, line, b""))
    done = subprocess.run([COMMAND, "classify", "--jsonl"], input=rows, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"line 2 of standard input" in done.stderr
    assert b"caf" not in done.stderr
