"""Whose information is told: which names stand with confidential words, and what becomes of them; never a record."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache

import pytest
from spacy.language import Language

from classifiers.features.annotations import TextAnnotations, annotations_of
from classifiers.pipeline.classifier import build_rule_pipeline
from classifiers.pipeline.entity_resolution import NamedFinding, name_people, pack_names, resolve_people, unpack_names
from classifiers.pipeline.findings import strongest_findings
from classifiers.pipeline.mentions import READER, WRITER, NameMentions
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.serialization.wire import decode_verdict, encode_verdict

SYLLABLES = [f"{first}{vowel}{last}" for first in "BDFGKLMNPRST" for vowel in "aeiou" for last in "klmnrst"]
ENDINGS = ["o", "ella", "ina", "ek", "ulla", "ash", "eno", "ik", "ora", "ett", "yn", "is", "amo", "us", "ira"]
DOWN, UP = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF


@cache
def _rules() -> Language:
    return build_rule_pipeline()


def read(text: str) -> TextAnnotations:
    return annotations_of(_rules()(_rules().make_doc(text)))


def whom(text: str) -> set[tuple[str, ...] | None]:
    """Of whom each of the confidential words of a text tells."""
    noted = read(text)
    told = {NameMentions(noted).told_of(hit) for hit in noted.hits if hit.clause == "8"}
    assert told, "no word of it was found to be confidential"
    return told


def everybody(text: str) -> tuple[str, ...] | None:
    noted = read(text)
    return NameMentions(noted).all_told_of([hit for hit in noted.hits if hit.clause == "8"])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("I heard that Avery Lindqvist has a 62 in Algebra.", {("Avery Lindqvist",)}),
        ("Please keep Avery's IEP in the drawer.", {("Avery",)}),
        ("Please look at Mary Ann's special education file.", {("Mary Ann",)}),
        ("We moved the IEP of Avery and Jordan Pacheco to May.", {("Avery", "Jordan Pacheco")}),
        ("Did you know that he has an IEP?", {None}),
        ("Avery, did you know that he has an IEP?", {None}),
        ("Your IEP is on my desk.", {(READER,)}),
        ("Can I have a copy of my IEP?", {(WRITER,)}),
        ("Do you know about the IEP of the new kid?", {None}),
        ("La maestra dice que Mateo tiene un 62 en ciencias.", {("Mateo",)}),
    ],
)
def test_names_that_stand_with_confidential_words(text: str, names: set[tuple[str, ...] | None]) -> None:
    assert whom(text) == names


@pytest.mark.parametrize("text", ["Avery's password is Hunter22!", "Her SSN is 219-09-9999, Avery Lindqvist."])
def test_what_is_for_nobody_s_eyes_is_told_of_nobody(text: str) -> None:
    assert whom(text) == {None}


def test_a_list_names_each_in_its_line_and_a_long_one_nobody() -> None:
    some = "Avery Lindqvist: 62\n\nPacheco, Jordan: 71%\n"
    assert whom(some) == {("Avery Lindqvist",), ("Pacheco, Jordan",)}
    assert everybody(some) == ("Avery Lindqvist", "Pacheco, Jordan", "Jordan")
    many = "".join(f"{name} Lindqvist: 62\n" for name in ("Avery", "Ben", "Cleo", "Dan", "Eve"))
    assert everybody(many) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hi Ms. Whitfield,\ncan I see Avery's IEP?\nThanks\nJordan", ("Avery",)),
        ("Avery's IEP is here.", ("Avery",)),
        ("Avery's IEP is here. Give it to Jordan.", ("Avery", "Jordan")),
        ("Avery's IEP is here. He knows of it.", None),  # of whom, a reader guesses and does not know
        ("Avery's IEP is here. The IEP of that boy is not.", None),
        ("Ms. Whitfield has Avery's IEP on Monday at Riverbend.", ("Avery", "Riverbend")),
        ("Nothing of that kind.", None),
    ],
)
def test_a_whole_text_tells_of_everybody_who_is_named_in_it(text: str, names: tuple[str, ...] | None) -> None:
    assert everybody(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "IEP. " * 30_000,
        "".join(f"{one}{two} {two}{one} is failing.\n" for one in SYLLABLES for two in ENDINGS),
        "Her IEP is for "
        + " and ".join(f"{one}{two} {two.title()}{one.lower()}" for one in SYLLABLES for two in ENDINGS),
    ],
    ids=["records", "lines", "names"],
)
def test_a_long_list_takes_no_more_than_its_length(text: str) -> None:
    began = time.process_time()
    everybody(text)
    assert time.process_time() - began < 8


# --- from names to people --------------------------------------------------------------------------------------------


class People:
    """A directory of two."""

    asked: tuple[list[str], list[str]] = ([], [])

    def resolve_names(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """Avery and Jordan are known."""
        self.asked = list(names), list(near)
        return {name: id_ for name, id_ in {"Avery": "s1", "Jordan": "s2"}.items() if name in names}


FOUND = Finding("8", 0.9, "confidential", cue="grade_of")
OTHER = Finding("7e", 0.4, "head")
PAIR = Pair("x@y.example", "t1", "s1", DOWN)


def about(names: tuple[str, ...], *pairs: Pair, whose: People | None) -> list[str]:
    verdict = Verdict("m", "0" * 64, "1", findings=(name_people(FOUND, names), OTHER))
    found = resolve_people(verdict, pairs, whose).findings
    assert all(type(each) is Finding for each in found)
    assert found[-1] == OTHER
    return [each.about for each in found[:-1]]


def test_a_finding_becomes_one_for_each_person_and_one_for_whoever_is_not_known() -> None:
    people = People()
    assert about(("Avery", "Jordan"), PAIR, whose=people) == ["s1", "s2"]
    assert people.asked == (["Avery", "Jordan"], ["t1", "s1"])
    assert about(("Avery", "Tommy", "Sue"), PAIR, whose=people) == ["s1", ""]
    assert about(("Avery",), PAIR, whose=None) == [""]


def test_reader_and_writer_are_those_of_the_only_pair() -> None:
    people = People()
    assert about((READER,), PAIR, whose=people) == ["s1"]
    assert about((WRITER,), PAIR, whose=people) == ["t1"]
    assert about((READER,), replace(PAIR, direction=UP), whose=people) == ["t1"]
    assert about((WRITER,), replace(PAIR, direction=UP), whose=people) == ["s1"]
    assert about((READER,), PAIR, replace(PAIR, student="s2"), whose=people) == [""]
    assert about((READER,), PAIR, replace(PAIR, direction=UP), whose=people) == [""]
    assert about((READER,), replace(PAIR, student="new@students.example"), whose=people) == [""]


def test_no_record_has_a_name_and_the_pipe_does() -> None:
    verdict = Verdict("m", "0" * 64, "1", findings=(OTHER, name_people(FOUND, ("Avery Lindqvist",))))
    record = encode_verdict(verdict)
    assert b"Avery" not in record
    assert decode_verdict(record).findings == (OTHER, FOUND)
    assert unpack_names([decode_verdict(record)], pack_names([verdict])) == [verdict]


@pytest.mark.parametrize("packed", [b"", b"[[5, 0, []]]", b'[[0, 9, ["A"]]]', b"{"])
def test_names_of_other_verdicts_are_refused(packed: bytes) -> None:
    with pytest.raises((ValueError, LookupError)):
        unpack_names([Verdict("m", "0" * 64, "1")], packed)


def test_what_is_told_of_nobody_in_particular_is_never_cut_off() -> None:
    many = [name_people(replace(FOUND, cue=f"c{number}"), ("Avery",)) for number in range(60)]
    kept = strongest_findings([*many, FOUND])
    assert FOUND in kept
    assert isinstance(kept[-1], NamedFinding)
