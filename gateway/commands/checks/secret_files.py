"""Files with passwords and keys that other users of the machine can read."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.commands.checks.line import Line, warn

_SECRETS = ("password_file", "token_file", "secret_file", "tls_key")


def secret_files(written: Mapping[str, object], folder: Path, prefix: str = "") -> Iterator[tuple[str, Path]]:
    """Key and path of each file that the configuration names for a secret."""
    for name, value in written.items():
        if isinstance(value, Mapping):
            yield from secret_files(value, folder, f"{prefix}{name}.")
        elif value and isinstance(value, str) and name.endswith(_SECRETS):
            yield f"{prefix}{name}", folder / value


def check_secret_file(key: str, file: Path) -> Iterator[Line]:
    """One file with a secret."""
    try:
        mode = file.stat().st_mode
        empty = file.stat().st_size == 0
    except OSError:
        return  # reading the configuration has said so
    if mode & (stat.S_IWGRP | stat.S_IRWXO):  # a group of this service may read it
        yield warn(key, f"other users can read {file}; run `chmod o-rwx,g-w {file}`")
    if empty:
        yield warn(key, f"{file} is empty; write the secret into it")
