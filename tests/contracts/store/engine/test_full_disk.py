"""A SQLite store on a full disk: writes fail as an outage does, and go on when there is room again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from gateway.ports.messages import StoreDown
from gateway.store import open_store
from tests.contracts.messages import mail

PROGRAM = r"""
import asyncio, resource, sys
from dataclasses import replace
from gateway.core.messages.message import sha256_of
from gateway.ports.messages import StoreDown
from gateway.store import open_store
from tests.contracts.messages import mail

def large():
    content = b"Subject: Plan\r\n\r\n" + b"x" * 200_000
    return replace(mail(), content=content, sha256=sha256_of(content))

async def main():
    stored, refused = [], []
    async with open_store(sys.argv[1]) as store:
        await store.intake.accept(mail())
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, -1))  # SQLite sees it as an error of the disk
        while len(refused) < 20:
            message = large()
            try:
                await store.intake.accept(message)
            except StoreDown:
                refused.append(message.id)
            else:
                stored.append(message.id)
        assert stored
        assert await store.intake.states(stored[-1])  # reading goes on
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
        for _ in range(20):
            message = large()
            await store.intake.accept(message)
            stored.append(message.id)
    async with open_store(sys.argv[1]) as store:
        assert all([await store.intake.states(id_) for id_ in stored])
        assert not any([await store.intake.states(id_) for id_ in refused])
    print("ok", len(stored), len(refused))

asyncio.run(main())
"""


async def test_writes_go_on_when_there_is_room_again(tmp_path: Path) -> None:
    """What was refused is not stored, and what was accepted is there after the store was opened again."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, f"sqlite:///{tmp_path}/chaperone.db",
        cwd=Path(__file__).parents[4], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(100):
        said, errors = await child.communicate()
    assert said.startswith(b"ok "), errors.decode()


async def test_full_database_refuses_and_recovers(tmp_path: Path) -> None:
    """As by a quota: SQLite itself says that the disk is full."""
    async with open_store(f"sqlite:///{tmp_path}/chaperone.db") as store:
        await store.intake.accept(mail())
        (writer,) = [c for c in store.intake._writer._connections._open if c.execute("PRAGMA query_only").fetchone()]
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count = {pages}").close()
        refused = mail(content=b"Subject: Plan\r\n\r\n" + b"x" * 500_000)
        with pytest.raises(StoreDown):
            await store.intake.accept(refused)
        assert await store.intake.states(refused.id) == {}
        writer.execute("PRAGMA max_page_count = 1000000").close()
        await store.intake.accept(refused)
        assert await store.intake.states(refused.id)
