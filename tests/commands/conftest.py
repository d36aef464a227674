"""A configuration with an SQLite store in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.gateway import DISTRICT


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    file = tmp_path / "chaperone.toml"
    file.write_text(
        f"""
        [district]
        domains = ["riverbend.example", "students.riverbend.example"]
        [directory]
        oneroster = "{DISTRICT / "oneroster"}"
        [smtp.next_hop]
        "*" = "127.0.0.1:2600"
        [store]
        url = "sqlite:///{tmp_path / "chaperone.db"}"
        [classify]
        model = "{tmp_path / "model"}"
        """
    )
    return file
