"""Resolves the names in findings to people of the directory: whose information a message reveals.

Names stay inside the process that classifies and the one that asks the directory. No record and no log contains them.
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
class NamedFinding(Finding):
    """A finding with the names of the people it is about, as written in the text.

    Names are not part of the wire format of verdicts.
    """

    names: tuple[str, ...] = ()


class NameDirectory(Protocol):
    """The directory, as far as the classifiers use it: `gateway.directory.live_directory.LiveDirectory` is one."""

    def resolve_names(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """Map names in a message between some people to sourcedIds.

        Names that fit no one, or several people, are left out.
        """


def name_people(finding: Finding, names: tuple[str, ...] | None) -> Finding:
    """The finding with the names of the people it is about; unchanged if there are none."""
    if not names:
        return finding
    return NamedFinding(
        finding.clause, finding.score, finding.by, finding.spans, finding.cue, finding.quoted, finding.about, names
    )


def pack_names(verdicts: Sequence[Verdict]) -> bytes:
    """The names of all findings as JSON, keyed by the numbers of verdict and finding."""
    return json.dumps(
        [
            (number, at, finding.names)
            for number, verdict in enumerate(verdicts)
            for at, finding in enumerate(verdict.findings)
            if isinstance(finding, NamedFinding)
        ]
    ).encode()


def unpack_names(verdicts: Sequence[Verdict], packed: bytes) -> list[Verdict]:
    """Verdicts with the names of `pack_names`. Raises ValueError or LookupError if they belong to other verdicts."""
    people = [list(verdict.findings) for verdict in verdicts]
    for number, at, names in json.loads(packed):
        people[number][at] = name_people(people[number][at], tuple(map(str, names)))
    return [
        replace(verdict, findings=tuple(findings))
        if any(isinstance(finding, NamedFinding) for finding in findings)
        else verdict
        for verdict, findings in zip(verdicts, people, strict=True)
    ]


def resolve_people(verdict: Verdict, pairs: Sequence[Pair], directory: NameDirectory | None) -> Verdict:
    """The verdict with people of the directory in the place of names.

    A finding becomes one finding per person, and one about nobody for names that do not resolve.
    """
    names = {name for finding in verdict.findings if isinstance(finding, NamedFinding) for name in finding.names}
    if not names:
        return verdict
    people = _parties(pairs)
    if directory is not None:
        near = dict.fromkeys(id_ for pair in pairs for id_ in (pair.staff, pair.student))
        people |= directory.resolve_names(sorted(names - {READER, WRITER}), list(near))
    resolved = (one for finding in verdict.findings for one in _findings_by_person(finding, people))
    return replace(verdict, findings=tuple(dict.fromkeys(resolved)))


def _findings_by_person(finding: Finding, people: Mapping[str, str]) -> Iterator[Finding]:
    if not isinstance(finding, NamedFinding):
        yield finding
        return
    for about in dict.fromkeys(people.get(name, "") for name in finding.names):
        yield Finding(finding.clause, finding.score, finding.by, finding.spans, finding.cue, finding.quoted, about)


def _parties(pairs: Sequence[Pair]) -> dict[str, str]:
    """Reader and writer, if the message has only one of each."""
    directions = {pair.direction for pair in pairs}
    if len(directions) != 1:
        return {}
    students, staff = {pair.student for pair in pairs}, {pair.staff for pair in pairs}
    down = directions == {Direction.STAFF_TO_STUDENT}
    readers, writers = (students, staff) if down else (staff, students)
    parties = {READER: readers, WRITER: writers}
    return {name: next(iter(ids)) for name, ids in parties.items() if len(ids) == 1 and "@" not in next(iter(ids))}
