"""Where a key stands in the text of a policy file."""

from __future__ import annotations

import re
from collections.abc import Iterator

_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")
_HEADER = re.compile(r"\s*+(\[\[?)([^\[\]#]++)\]\]?\s*+(?:#.*)?$")
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"]*+"|'[^']*+')"""
_KEY = re.compile(rf"\s*+({_PART}(?:\s*+\.\s*+{_PART})*+)\s*+=")


def line_of(source: str, key: str) -> int:
    """The line, from 1, of a dotted key such as `clauses.7b.due` or `tools[2].name`.

    The line of its table if the key is not there, and 0 if the table is not there either.
    """
    wanted = tuple(_STEP.findall(key))
    best, line = 0, 0
    for path, number in _places(source):
        common = 0
        for one, other in zip(path, wanted, strict=False):
            if one != other:
                break
            common += 1
        is_above, is_below = common == len(path), common == len(wanted)
        if (is_above or is_below) and common > best:
            best, line = common, number
    return line


def _places(source: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """The path of every table and key with its line. Keys of inline tables belong to the key that holds them."""
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    in_text = ""
    for number, line in enumerate(source.split("\n"), 1):
        if in_text:
            in_text = "" if in_text in line else in_text
            continue
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2:
                in_text = quotes
        if (header := _HEADER.match(line)) is not None:
            path: tuple[str, ...] = ()
            for step in _steps(header[2]):
                path = (*path, step)
                if path in counts:
                    path = (*path, f"[{counts[path]}]")
            if header[1] == "[[":
                if path[-1].startswith("["):
                    path = path[:-1]
                counts[path] = counts.get(path, 0) + 1
                path = (*path, f"[{counts[path]}]")
            table = path
            yield table, number
        elif (key := _KEY.match(line)) is not None:
            yield (*table, *_steps(key[1])), number


def _steps(text: str) -> list[str]:
    return [step.strip().strip("\"'") for step in text.split(".")]
