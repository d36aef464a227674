"""Nicknames: which first names can stand for each other, from the shipped table `nicknames.txt`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from gateway.directory.names.name_keys import fold_words


@cache
def _table() -> dict[str, frozenset[str]]:
    lines = files("gateway.directory").joinpath("nicknames.txt").read_text("utf-8").splitlines()
    table: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("#"):
            continue
        names = {word for name in line.split() for word in fold_words(name)}
        for name in names:
            table.setdefault(name, set()).update(names)
    return {name: frozenset(names - {name}) for name, names in table.items()}


def other_first_names(name: str) -> frozenset[str]:
    """The folded first names that a folded one can stand for: Katherine and Kate for Katie; empty for most names."""
    return _table().get(name, frozenset())
