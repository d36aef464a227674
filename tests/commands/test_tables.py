"""Tables are printed in full where output is not a terminal."""

from __future__ import annotations

import pytest
from rich.table import Table

from gateway.commands.tables import print_table


def test_a_piped_table_cuts_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    subject, sender = "subject " * 40, "a" * 60 + "@district.example"
    table = Table("id", "from", "subject", "due", box=None)
    table.add_row("m" * 26, sender, subject, "2026-11-24 09:30:00")
    print_table(table, empty="Nothing is held.")
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["id", "from", "subject", "due"]
    assert [text in row for text in ("m" * 26, sender, subject.strip(), "09:30:00")] == [True] * 4


def test_an_empty_table_is_replaced_by_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Table("id"), empty="Nothing is held.")
    assert capsys.readouterr().out == "Nothing is held.\n"
