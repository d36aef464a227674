"""The file of a SQLite store."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.store import StoreError, hold_lock, open_store
from tests.contracts.messages import mail


async def test_file_is_for_this_user_only(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "chaperone.db"
    async with open_store(f"sqlite:///{path}") as store:
        await store.intake.accept(mail())
        assert {_mode(file) for file in path.parent.iterdir()} == {0o600}
    assert _mode(path.parent) == 0o700


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_process_serves_a_file(tmp_path: Path) -> None:
    """The lock ends with its process, however that ends."""
    path = tmp_path / "var" / "chaperone.db"
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom gateway.store import hold_lock\n"
        "with hold_lock(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=r"chaperone\.db is served by another process"), hold_lock(path):
            pass
        holder.kill()
    with hold_lock(path):
        assert path.with_name("chaperone.db.lock").exists()
    with hold_lock(path):
        pass
