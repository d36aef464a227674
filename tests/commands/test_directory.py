"""`chaperone directory`: imports a roster, shows an address, writes an example."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import main

CONFIGURATION = """
[district]
domains = ["district.example", "students.district.example"]
[directory]
oneroster = "oneroster"
student_domains = ["students.district.example"]
[smtp.next_hop]
"*" = "127.0.0.1:2600"
[store]
url = "sqlite:///chaperone.db"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "chaperone.toml"
    file.write_text(CONFIGURATION)
    return file


def test_the_example_can_be_imported(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = config.parent / "example"
    assert main(["directory", "example", str(example)]) == 0
    assert f"wrote an example roster to {example}" in capsys.readouterr().out
    assert main(["directory", "import", "-c", str(config), str(example)]) == 0
    output = capsys.readouterr().out
    assert "note:" not in output
    assert output.endswith("changed 6 people: 0 before, 6 after\n")
    assert main(["directory", "show", "-c", str(config), "terry.teacher@district.example"]) == 0
    output = capsys.readouterr().out
    assert "Terry Teacher (s-3)" in output
    assert "children   Robin Teacher (k-2)" in output


def test_the_example_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "users.csv").write_text("sourcedId\n")
    assert main(["directory", "example", str(tmp_path)]) == 2
    assert "is not empty; name a new or empty folder" in capsys.readouterr().err
    assert (tmp_path / "users.csv").read_text() == "sourcedId\n"


def test_an_unknown_address_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["directory", "example", str(config.parent / "oneroster")]) == 0
    assert main(["directory", "show", "-c", str(config), "nobody@elsewhere.example"]) == 1
    assert "is unknown: outside the district" in capsys.readouterr().err
