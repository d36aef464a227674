"""Which names belong to the confidential words of a text."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from spacy.language import Language

from classifiers.features.annotations import TextAnnotations, annotations_of
from classifiers.pipeline.mentions import MAX_PEOPLE, READER, WRITER, NameMentions
from classifiers.pipeline.rules import build_rule_pipeline
from tests.growth import grows_linearly

SYLLABLES = [f"{first}{vowel}{last}" for first in "BDFGKLMNPRST" for vowel in "aeiou" for last in "klmnrst"]


SUFFIXES = ["o", "ella", "ina", "ek", "ulla", "ash", "eno", "ik", "ora", "ett", "yn", "is", "amo", "us", "ira"]


@cache
def _rules() -> Language:
    return build_rule_pipeline()


def read(text: str) -> TextAnnotations:
    return annotations_of(_rules()(_rules().make_doc(text)))


def people_in_hits(text: str) -> set[tuple[str, ...] | None]:
    """The people that each confidential word of a text is about."""
    annotations = read(text)
    people = {NameMentions(annotations).people_in_hit(hit) for hit in annotations.hits if hit.clause == "8"}
    assert people, "no word of it was found to be confidential"
    return people


def people_in_text_of(text: str) -> tuple[str, ...] | None:
    annotations = read(text)
    return NameMentions(annotations).people_in_text([hit for hit in annotations.hits if hit.clause == "8"])


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
        ("I met Avery. She has an IEP.", {("Avery",)}),
        ("La maestra dice que Mateo tiene un 62 en ciencias.", {("Mateo",)}),
    ],
)
def test_names_near_confidential_words(text: str, names: set[tuple[str, ...] | None]) -> None:
    assert people_in_hits(text) == names


@pytest.mark.parametrize("text", ["Avery's password is Hunter22!", "Her SSN is 219-09-9999, Avery Lindqvist."])
def test_secrets_are_about_nobody(text: str) -> None:
    assert people_in_hits(text) == {None}


def test_a_list_names_each_person_and_a_long_one_nobody() -> None:
    some = "Avery Lindqvist: 62\n\nPacheco, Jordan: 71%\n"
    assert people_in_hits(some) == {("Avery Lindqvist",), ("Pacheco, Jordan",)}
    assert people_in_text_of(some) == ("Avery Lindqvist", "Pacheco, Jordan", "Jordan")
    many = "".join(f"{name} Lindqvist: 62\n" for name in SYLLABLES[: 2 * MAX_PEOPLE])
    assert people_in_text_of(many) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hi Ms. Whitfield,\ncan I see Avery's IEP?\nThanks\nJordan", ("Avery",)),
        ("Avery's IEP is here.", ("Avery",)),
        ("Avery's IEP is here. Give it to Jordan.", ("Avery", "Jordan")),
        ("Avery's IEP is here. He knows of it.", ("Avery",)),
        ("The IEP is here. He knows of it.", None),
        ("Avery's IEP is here. The IEP of that boy is not.", None),
        ("Ms. Whitfield has Avery's IEP on Monday at Riverbend.", ("Avery", "Riverbend")),
        ("Nothing of that kind.", None),
    ],
)
def test_a_text_is_about_everybody_named_in_it(text: str, names: tuple[str, ...] | None) -> None:
    assert people_in_text_of(text) == names


@pytest.mark.parametrize(
    "make",
    [
        lambda count: "IEP. " * 60 * count,
        lambda count: "".join(f"{one}{two} {two}{one} is failing.\n" for one in SYLLABLES[:count] for two in SUFFIXES),
        lambda count: (
            "Her IEP is for "
            + " and ".join(f"{one}{two} {two.title()}{one.lower()}" for one in SYLLABLES[:count] for two in SUFFIXES)
        ),
    ],
    ids=["records", "lines", "names"],
)
def test_long_lists_take_linear_time(make: Callable[[int], str]) -> None:
    assert grows_linearly(people_in_text_of, make, len(SYLLABLES) // 8, len(SYLLABLES))
