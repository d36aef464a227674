"""Names in findings resolve to people of the directory. No record contains a name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from classifiers.pipeline.entity_resolution import FACTS, name_people, pack_names, resolve_people, unpack_names
from classifiers.pipeline.mentions import READER, WRITER
from gateway.core.messages.parties import Direction, Pair, Person, Role
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.serialization.wire import decode_verdict, encode_verdict

DOWN, UP = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF


class DirectoryOfTwo:
    """A directory of two people."""

    asked: tuple[list[str], list[str]] = ([], [])

    def resolve_names(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """Resolve Avery and Jordan."""
        self.asked = list(names), list(near)
        return {name: id_ for name, id_ in {"Avery": "s1", "Jordan": "s2", "Dana": "t1"}.items() if name in names}

    def by_id(self, id_: str) -> Person | None:
        """Ids tell the roles."""
        return Person(id_, "", frozenset({Role.STAFF if id_.startswith("t") else Role.STUDENT}))


RECORD_FINDING = Finding("8", 0.9, "confidential", cue="grade_of")


OTHER_FINDING = Finding("7e", 0.4, "head")


PAIR = Pair("x@y.example", "t1", "s1", DOWN)


def resolved_ids(names: tuple[str, ...], *pairs: Pair, directory: DirectoryOfTwo | None) -> list[str]:
    verdict = Verdict("m", "0" * 64, "1", findings=(name_people(RECORD_FINDING, names), OTHER_FINDING))
    found = resolve_people(verdict, pairs, directory).findings
    assert all(type(finding) is Finding for finding in found)
    assert found[-1] == OTHER_FINDING
    return [finding.about for finding in found[:-1]]


def test_a_finding_becomes_one_per_person_and_one_for_unknown_people() -> None:
    people = DirectoryOfTwo()
    assert resolved_ids(("Avery", "Jordan"), PAIR, directory=people) == ["s1", "s2"]
    assert people.asked == (["Avery", "Jordan"], ["t1", "s1"])
    assert resolved_ids(("Avery", "Tommy", "Sue"), PAIR, directory=people) == ["s1", ""]
    assert resolved_ids(("Avery",), PAIR, directory=None) == [""]


def ids_in_record(names: tuple[str, ...], in_record: tuple[str, ...], finding: Finding = RECORD_FINDING) -> list[str]:
    verdict = Verdict("m", "0" * 64, "1", findings=(name_people(finding, names, in_record),))
    return [found.about for found in resolve_people(verdict, [PAIR], DirectoryOfTwo()).findings]


def test_words_of_a_record_are_about_the_people_whom_it_names() -> None:
    assert ids_in_record((), ("Avery", "Annual Goals", "Riverbend Clinic")) == ["s1"]
    assert ids_in_record(("Present Levels",), ("Present Levels", "Avery")) == ["s1"]
    assert ids_in_record(("Avery",), ("Avery", "Jordan")) == ["s1"]
    assert ids_in_record((), ("Avery", "Jordan", "Dana")) == ["s1", "s2"]
    assert ids_in_record((), ("Annual Goals",)) == [""]


def test_staff_and_family_beside_a_student_are_not_whom_words_are_about() -> None:
    people = DirectoryOfTwo()
    assert resolved_ids(("Avery", "Dana"), PAIR, directory=people) == ["s1"]
    assert resolved_ids(("Dana",), PAIR, directory=people) == ["t1"]
    assert resolved_ids(("Avery", "Annual Goals"), PAIR, directory=people) == ["s1"]


def test_stated_facts_count_for_known_students_only() -> None:
    fact = Finding("8", 0.9, FACTS, cue="grades")
    assert ids_in_record(("Avery", "Tommy"), (), fact) == ["s1"]
    assert ids_in_record(("Tommy", "Dana"), (), fact) == []


def test_a_finding_says_how_many_people_it_concerns() -> None:
    verdict = Verdict("m", "0" * 64, "1", findings=(name_people(RECORD_FINDING, ("Avery", "Jordan")),))
    resolved = resolve_people(verdict, [PAIR], DirectoryOfTwo())
    assert [(finding.about, finding.people) for finding in resolved.findings] == [("s1", 2), ("s2", 2)]
    assert decode_verdict(encode_verdict(resolved)).findings == resolved.findings


def test_reader_and_writer_are_those_of_the_only_pair() -> None:
    people = DirectoryOfTwo()
    assert resolved_ids((READER,), PAIR, directory=people) == ["s1"]
    assert resolved_ids((WRITER,), PAIR, directory=people) == ["t1"]
    assert resolved_ids((READER,), replace(PAIR, direction=UP), directory=people) == ["t1"]
    assert resolved_ids((WRITER,), replace(PAIR, direction=UP), directory=people) == ["s1"]
    assert resolved_ids((READER,), PAIR, replace(PAIR, student="s2"), directory=people) == [""]
    assert resolved_ids((READER,), PAIR, replace(PAIR, direction=UP), directory=people) == [""]
    assert resolved_ids((READER,), replace(PAIR, student="new@students.example"), directory=people) == [""]


def test_names_cross_the_pipe_but_are_in_no_record() -> None:
    verdict = Verdict("m", "0" * 64, "1", findings=(OTHER_FINDING, name_people(RECORD_FINDING, ("Avery Lindqvist",))))
    record = encode_verdict(verdict)
    assert b"Avery" not in record
    assert decode_verdict(record).findings == (OTHER_FINDING, RECORD_FINDING)
    assert unpack_names([decode_verdict(record)], pack_names([verdict])) == [verdict]


@pytest.mark.parametrize("packed", [b"", b"[[5, 0, [], []]]", b'[[0, 9, ["A"], []]]', b"{"])
def test_names_of_other_verdicts_are_rejected(packed: bytes) -> None:
    with pytest.raises((ValueError, LookupError)):
        unpack_names([Verdict("m", "0" * 64, "1")], packed)
