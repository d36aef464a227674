"""What changes between two policies, in words: one line for each key of the file that differs.

The files are compared, not what they mean, so no change is left out. Comments and layout change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.messages.parties import Direction

_DIRECTIONS: Mapping[str, str] = {
    Direction.STAFF_TO_STUDENT: "staff to students", Direction.STUDENT_TO_STAFF: "students to staff",
}  # fmt: skip
_POINTS = {"flag": "flags", "hold": "holds", "hold_evasive": "holds what evades"}
_WORDS = {
    "due": "held messages are due after", "advice": "the advice to senders is", "title": "the title is",
    "text": "the text is", "urgency": "people are told", "urgent_cues": "told at once only with the cues",
    "at_due": "at the due time of a held message, it does", "reason": "a reason is required to",
    "two_people": "two people are required to", "authorised": "who may have the information is",
    "outside": "over personal accounts, the action is", "waiting_notice": "the sender is told that a message waits:",
    "action": "the action is",
}  # fmt: skip
_TABLES = {
    "help": "Calls for help", "distress": "Distress", "contact": "Contact over time", "rate": "Rates of one sender",
    "night": "Night", "calendar": "School calendar", "failed": "Where a classifier fails", "review": "Review",
    "sampling": "Sample of clean messages", "own_child_cues": "One's own child",
}  # fmt: skip
_ROW_NAMES = {"tools": ("Tool", "domain"), "words": ("Word", "word"), "overrides": ("Override", "")}
_MISSING = object()


@dataclass(frozen=True, slots=True)
class PolicyDifference:
    """One change in words. `key` is the dotted key in the file, and `what` the clause or table that it is about."""

    key: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.what}: {self.text}" if self.what else self.text


def policy_differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[PolicyDifference]:
    """What changes from one parsed policy file to another, in the order of the new file."""
    titles = _titles(before) | _titles(after)
    flat_before, flat_after = dict(_flat(before)), dict(_flat(after))
    names = [*flat_after, *(name for name in flat_before if name not in flat_after)]
    return [
        _difference(name, flat_before.get(name, _MISSING), flat_after.get(name, _MISSING), titles)
        for name in names
        if not _same(flat_before.get(name, _MISSING), flat_after.get(name, _MISSING))
    ]


def _same(before: object, after: object) -> bool:
    return before == after and isinstance(before, bool) == isinstance(after, bool)


def _titles(document: Mapping[str, object]) -> dict[str, str]:
    clauses = document.get("clauses")
    if not isinstance(clauses, Mapping):
        return {}
    return {
        str(id_): str(clause.get("title", "")) for id_, clause in clauses.items() if isinstance(clause, Mapping)
    }  # fmt: skip


def _flat(values: Mapping[str, object], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every value with its path. A table of a list of tables is named by what it is about, or by its number."""
    for name, value in values.items():
        here = (*path, name)
        if isinstance(value, Mapping):
            if value:
                yield from _flat(value, here)
            else:
                yield here, "nothing"
        elif isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
            key = _ROW_NAMES.get(name, ("", ""))[1]
            seen: dict[str, int] = {}
            for number, row in enumerate(value, 1):
                label = str(row.get(key, number)) if key else str(number)
                seen[label] = seen.get(label, 0) + 1
                yield from _flat(row, (*here, label if seen[label] == 1 else f"{label} ({seen[label]})"))
        else:
            yield here, value


def _difference(path: tuple[str, ...], before: object, after: object, titles: Mapping[str, str]) -> PolicyDifference:
    what, rest = _subject(path, titles)
    if not rest:
        return PolicyDifference(".".join(path), what, _change("", before, after))
    direction = _DIRECTIONS.get(rest[0])
    if direction is not None and len(rest) == 1:
        return PolicyDifference(".".join(path), f"{what}, {direction}", _change("", before, after))
    if direction is not None and len(rest) == 2 and rest[1] in _POINTS:
        return PolicyDifference(".".join(path), f"{what}, {direction}", _point(rest[1], before, after, path[0]))
    if rest[-1] in _DIRECTIONS:
        what = f"{what}, {_DIRECTIONS[rest[-1]]}"
        rest = rest[:-1]
    names = [_WORDS.get(name, name.replace("_", " ")) for name in rest]
    return PolicyDifference(".".join(path), what, _change(", ".join(names), before, after))


def _subject(path: tuple[str, ...], titles: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """What a key is about, and the rest of its path."""
    first = path[0]
    if first in _ROW_NAMES and len(path) > 2:
        name, _ = _ROW_NAMES[first]
        if first == "overrides" and path[2] == "clauses" and len(path) > 3:
            return f"{name} {path[1]}, {_clause(path[3], titles)}", path[4:]
        return f"{name} {path[1]}", path[2:]
    if first == "clauses" and len(path) > 1:
        return _clause(path[1], titles), path[2:]
    if first == "own_child_cues" and len(path) > 1:
        return f"One's own child, {_clause(path[1], titles)}", ("only with the cues",)
    if first in _TABLES and len(path) > 1:
        return _TABLES[first], path[1:]
    return "", path


def _clause(id_: str, titles: Mapping[str, str]) -> str:
    return f"{id_} {titles[id_]}" if titles.get(id_) else id_


def _point(name: str, before: object, after: object, table: str) -> str:
    verb, otherwise = _POINTS[name], "as everywhere else" if table == "overrides" else "never"
    was = otherwise if before is _MISSING else _value(before)
    return f"{verb} {otherwise if after is _MISSING else f'from {_value(after)}'}, was {was}"


def _change(name: str, before: object, after: object) -> str:
    lead = f"{name} " if name else ""
    if isinstance(before, list) and isinstance(after, list):
        added = [item for item in after if item not in before]
        removed = [item for item in before if item not in after]
        parts = [f"{word} {_value(items)}" for word, items in (("adds", added), ("removes", removed)) if items]
        if parts:
            return f"{lead.rstrip()}{': ' if name else ''}{' and '.join(parts)}"
    if before is _MISSING:
        return f"{lead}{_value(after)}, was not set"
    if after is _MISSING:
        return f"{lead}not set any more, was {_value(before)}"
    return f"{lead}{_value(after)}, was {_value(before)}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}" if round(value, 2) == value else f"{value:g}"
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "nothing"
    if isinstance(value, str):
        return f"“{value}”" if " " in value else value.replace("_", " ")
    return str(value)


def changed_clauses(differences: Sequence[PolicyDifference]) -> tuple[str, ...]:
    """The clauses that differences are about, in their order."""
    found = [item.key.split(".")[1] for item in differences if item.key.startswith("clauses.")]
    return tuple(dict.fromkeys(found))
