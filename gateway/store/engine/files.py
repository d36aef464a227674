"""The file of a SQLite store: made for this user only, and locked while a gateway serves it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from gateway.store.engine.database_url import StoreAway, StoreError

_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


def make_folder(path: Path) -> None:
    """Make the folder of a store's file, for this user only. An existing folder stays. Raises StoreError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(path.parent, error) from None


def make_file(path: Path) -> None:
    """Make a store's file and its folder, with access for this user only. Existing ones stay. Raises StoreError."""
    make_folder(path)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise _not_writable(path, error) from None


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a store's file while a gateway serves it. Raises StoreError if another process holds it."""
    lock = path.with_name(path.name + ".lock")
    make_folder(path)
    try:
        handle = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _not_writable(lock, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StoreError(f"store.url: {path} is served by another process: stop it, or give this one its own") from None
    try:
        yield
    finally:
        os.close(handle)  # releases the lock; the file stays, because removing it would race with the next process


def _not_writable(path: Path, error: OSError) -> StoreError:
    kind = StoreAway if error.errno in _PASSING else StoreError
    return kind(
        f"store.url: {path} cannot be written ({error.strerror}): make this user its owner, or change store.url"
    )
