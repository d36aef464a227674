"""Whose information it is that findings tell: names as the text has them become people of the directory, or nothing.

Names leave neither the process that reads nor the one that asks the directory: no record and no log has them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from classifiers.pipeline.mentions import READER, WRITER
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Finding, Verdict


@dataclass(frozen=True, slots=True)
class Telling(Finding):
    """A finding with the names of those of whom it tells, as the text has them; the codec of verdicts knows none."""

    names: tuple[str, ...] = ()


class Whose(Protocol):
    """The directory, as far as the classifiers know it: `gateway.directory.watch.LiveDirectory` is one."""

    def meant(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """Of names in a message between some people: the sourcedIds of those whom only one person fits."""


def telling(finding: Finding, names: tuple[str, ...] | None) -> Finding:
    """A finding that tells of these; None: of somebody unknown."""
    if not names:
        return finding
    return Telling(
        finding.clause, finding.score, finding.by, finding.spans, finding.cue, finding.quoted, finding.about, names
    )


def pack_names(verdicts: Sequence[Verdict]) -> bytes:
    """The names of all findings, by the numbers of verdict and finding."""
    return json.dumps(
        [
            (number, at, finding.names)
            for number, verdict in enumerate(verdicts)
            for at, finding in enumerate(verdict.findings)
            if isinstance(finding, Telling)
        ]
    ).encode()


def with_names(verdicts: Sequence[Verdict], packed: bytes) -> list[Verdict]:
    """Verdicts with the names of `pack_names`. Raises ValueError and LookupError where these belong to others."""
    found = [list(verdict.findings) for verdict in verdicts]
    for number, at, names in json.loads(packed):
        found[number][at] = telling(found[number][at], tuple(map(str, names)))
    return [
        replace(verdict, findings=tuple(findings)) if any(isinstance(each, Telling) for each in findings) else verdict
        for verdict, findings in zip(verdicts, found, strict=True)
    ]


def settled(verdict: Verdict, pairs: Sequence[Pair], whose: Whose | None) -> Verdict:
    """The verdict on a message of some pairs, with people of the directory in the place of names.

    It has a finding for each, and one about nobody for whom none fits.
    """
    names = {name for each in verdict.findings if isinstance(each, Telling) for name in each.names}
    if not names:
        return verdict
    found = _parties(pairs)
    if whose is not None:
        near = dict.fromkeys(id_ for pair in pairs for id_ in (pair.staff, pair.student))
        found |= whose.meant(sorted(names - {READER, WRITER}), list(near))
    settled_ = (one for each in verdict.findings for one in _about(each, found))
    return replace(verdict, findings=tuple(dict.fromkeys(settled_)))


def _about(finding: Finding, found: Mapping[str, str]) -> Iterator[Finding]:
    if not isinstance(finding, Telling):
        yield finding
        return
    for about in dict.fromkeys(found.get(name, "") for name in finding.names):
        yield Finding(finding.clause, finding.score, finding.by, finding.spans, finding.cue, finding.quoted, about)


def _parties(pairs: Sequence[Pair]) -> dict[str, str]:
    """Who reads and who wrote, where the message says it of one person alone."""
    directions = {pair.direction for pair in pairs}
    if len(directions) != 1:
        return {}
    students, staff = {pair.student for pair in pairs}, {pair.staff for pair in pairs}
    down = directions == {Direction.STAFF_TO_STUDENT}
    readers, writers = (students, staff) if down else (staff, students)
    parties = {READER: readers, WRITER: writers}
    return {name: next(iter(ids)) for name, ids in parties.items() if len(ids) == 1 and "@" not in next(iter(ids))}
