"""Resolves the names in findings to people of the directory: whose information a message reveals.

Names stay inside the process that classifies and the one that asks the directory. No record and no log contains them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from classifiers.pipeline.mentions import READER, WRITER, is_ordinary_name
from gateway.core.messages.parties import Direction, Pair, Person, Role
from gateway.core.messages.verdict import Finding, Verdict

FACTS = "facts"
"""The component that finds facts stated about people by name."""

MAX_FINDINGS = 200
"""Findings in a verdict after names are resolved, at most: a class list has one for each person and kind."""

MAX_SPANS_OF_OTHERS = 1
"""Spans of the findings about further people of the same words: the first finding has them all."""


@dataclass(frozen=True, slots=True)
class NamedFinding(Finding):
    """A finding with the names of the people it is about, as written in the text.

    `in_record` are all names of the file in which it was found: where the roster knows nobody of `names`, the finding
    is about those of them that it knows. Names are not part of the wire format of verdicts.
    """

    names: tuple[str, ...] = ()
    in_record: tuple[str, ...] = ()


class NameDirectory(Protocol):
    """The directory, as far as the classifiers use it: `gateway.directory.live_directory.LiveDirectory` is one."""

    def resolve_names(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """Map names in a message between some people to sourcedIds.

        Names that fit several people are mapped to "", and those that fit nobody are left out.
        """

    def by_id(self, id_: str) -> Person | None:
        """The person with a sourcedId."""


def name_people(finding: Finding, names: tuple[str, ...] | None, in_record: tuple[str, ...] = ()) -> Finding:
    """The finding with the names of the people it is about; unchanged if there are none."""
    if not names and not in_record:
        return finding
    return NamedFinding(
        finding.clause, finding.score, finding.by, finding.spans, finding.cue, finding.quoted, finding.about,
        finding.people, names or (), in_record,
    )  # fmt: skip


def pack_names(verdicts: Sequence[Verdict]) -> bytes:
    """The names of all findings as JSON, keyed by the numbers of verdict and finding."""
    return json.dumps(
        [
            (number, at, finding.names, finding.in_record)
            for number, verdict in enumerate(verdicts)
            for at, finding in enumerate(verdict.findings)
            if isinstance(finding, NamedFinding)
        ]
    ).encode()


def unpack_names(verdicts: Sequence[Verdict], packed: bytes) -> list[Verdict]:
    """Verdicts with the names of `pack_names`. Raises ValueError or LookupError if they belong to other verdicts."""
    people = [list(verdict.findings) for verdict in verdicts]
    for number, at, names, in_record in json.loads(packed):
        people[number][at] = name_people(people[number][at], tuple(map(str, names)), tuple(map(str, in_record)))
    return [
        replace(verdict, findings=tuple(findings))
        if any(isinstance(finding, NamedFinding) for finding in findings)
        else verdict
        for verdict, findings in zip(verdicts, people, strict=True)
    ]


def resolve_people(verdict: Verdict, pairs: Sequence[Pair], directory: NameDirectory | None) -> Verdict:
    """The verdict with people of the directory in the place of names.

    A finding becomes one finding per person, and one about nobody for names that do not resolve. Stated facts count
    only for people of the directory.
    """
    named = [finding for finding in verdict.findings if isinstance(finding, NamedFinding)]
    if not named:
        return verdict
    names = {name for finding in named for name in (*finding.names, *finding.in_record)}
    people = _parties(pairs)
    staff: set[str] = set()
    if directory is not None:
        near = dict.fromkeys(id_ for pair in pairs for id_ in (pair.staff, pair.student))
        for pair in pairs:
            if pair.guardian and (guardian := directory.by_id(pair.student)) is not None:
                near |= dict.fromkeys(sorted(guardian.children))
        people |= directory.resolve_names(sorted(names - {READER, WRITER}), list(near))
        staff = {id_ for id_ in set(people.values()) if id_ and _is_staff_only(directory.by_id(id_))}
    resolved: dict[Finding, None] = {}
    for finding in verdict.findings:
        if not isinstance(finding, NamedFinding):
            resolved[finding] = None
            continue
        concerned = _people_of(finding, people, staff)
        if len(resolved) + len(concerned) > MAX_FINDINGS:
            concerned = () if finding.by == FACTS else ("",)
        for number, about in enumerate(concerned):
            spans = finding.spans if not number else finding.spans[:MAX_SPANS_OF_OTHERS]
            resolved[
                Finding(
                    finding.clause, finding.score, finding.by, spans, finding.cue, finding.quoted, about,
                    len(concerned) if len(concerned) > 1 else 0,
                )
            ] = None  # fmt: skip
    return replace(verdict, findings=tuple(resolved))


def _people_of(finding: NamedFinding, people: Mapping[str, str], staff: Collection[str]) -> tuple[str, ...]:
    """The sourcedIds of the people of a finding; "" stands for those that are not known.

    Where students are named, the record is not about staff named beside them, nor are members of their
    families, nor words of a form that only look like names.
    """
    names = finding.names
    if finding.in_record and not any(name in people for name in names):
        names = finding.in_record
    known = dict.fromkeys(id_ for name in names if (id_ := people.get(name)))
    students = tuple(id_ for id_ in known if id_ not in staff)
    if finding.by == FACTS:
        return students
    strangers = [name for name in names if not people.get(name)]
    if students:
        families = {name.split()[-1].casefold() for name in names if people.get(name) in students}
        strangers = [name for name in strangers if _is_stranger(name, people, families, bool(finding.in_record))]
    if not (students or known):
        return ("",)
    return (*(students or known), *[""] * bool(strangers))


def _is_stranger(name: str, people: Mapping[str, str], families: Collection[str], in_record: bool) -> bool:
    """Whether a name beside those of known students can be that of another student.

    In a record only a name of the roster can.
    """
    if name in people:
        return True
    return not (in_record or is_ordinary_name(name) or (" " in name and name.split()[-1].casefold() in families))


def _is_staff_only(person: Person | None) -> bool:
    return person is not None and Role.STAFF in person.roles and Role.STUDENT not in person.roles


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
