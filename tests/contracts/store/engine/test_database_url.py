"""URLs and connections."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store import StoreError, open_store


async def test_file_uses_a_synchronous_write_ahead_log(tmp_path: Path) -> None:
    """Every connection sets the mode; the file remembers the log mode."""
    async with open_store(f"sqlite:///{tmp_path}/chaperone.db") as store:
        run = store.intake._readers.read(lambda db: [db._cursor.execute(f"PRAGMA {what}").fetchall() for what in WHAT])
        assert await run == [[("wal",)], [(2,)]]


WHAT = ("journal_mode", "synchronous")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is not a URL"),
        ("chaperone.db", "is not a URL"),
        ("mysql://root@localhost/x", "names 'mysql'"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////proc/chaperone.db", "cannot be written"),
        ("sqlite:////etc/passwd/chaperone.db", "cannot be written"),
    ],
)
async def test_bad_url_is_reported_in_one_line(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        async with open_store(url):
            pass
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("store.url")
