"""A district's own words in texts: found in every disguise, whole words only, with their place in the message."""

from __future__ import annotations

import pytest

from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.normalize.tokens import words_of
from classifiers.pipeline.district_words import DistrictWords, NormalizerWithWords
from classifiers.pipeline.texts import PipelineText
from gateway.core.policy.district_words import BY_WORDS, DistrictWord

KNOWN = frozenset("who has today meet me at the gym see you in pit zone los en nos vemos".split())
WORDS = DistrictWords(
    (
        DistrictWord("zaza", clause="7b", score=0.7),
        DistrictWord("walk-out wednesday", clause="9", score=0.8),
        DistrictWord("agüite", clause="7e", score=0.4),
        DistrictWord("the pit", means="the gym"),
        DistrictWord("el hoyo", means="el gimnasio de la escuela"),
    )
)
NORMALIZER = NormalizerWithWords(KNOWN, frozenset(), frozenset(), WORDS)


def found(text: str) -> list[tuple[str, str]]:
    """The words that are found, each with the characters as received."""
    normal = NORMALIZER(text)
    annotations = TextAnnotations(text=normal.text, words=words_of(normal.text))
    pipeline_text = PipelineText(PassageKind.NEW, normal.text, (), 0)
    places = []
    for number, first, end in WORDS._find_evidence.find([word for word, _, _ in annotations.words]):
        start, stop = normal.received_range(annotations.words[first][1], annotations.words[end - 1][2])
        places.append((WORDS._evidence[number].word, text[start:stop]))
    assert {finding.cue for finding in WORDS.findings(pipeline_text, annotations)} == {word for word, _ in places}
    return places


@pytest.mark.parametrize(
    ("text", "received"),
    [
        ("who has zaza today", "zaza"),
        ("who has ZAZA's today", "ZAZA's"),
        ("zazas in the zone", "zazas"),
        ("who has z4z4", "z4z4"),
        ("who has z\u0430z\u0430", "z\u0430z\u0430"),  # Cyrillic letters
        ("who has z.a.z.a today", "z.a.z.a"),
        ("who has z\u200baza", "z\u200baza"),
        ("who has z*za", "z*za"),
        ("who has za za", "za za"),
        ("who has \uff5a\uff41\uff5a\uff41", "\uff5a\uff41\uff5a\uff41"),  # full-width letters
    ],
)
def test_word_is_found_in_disguise(text: str, received: str) -> None:
    assert found(text) == [("zaza", received)]


@pytest.mark.parametrize("text", ["pizzazaza", "zazaland", "", "the wednesday walk", "hoyos"])
def test_parts_of_words_are_not_found(text: str) -> None:
    assert found(text) == []


def test_phrases_and_accents() -> None:
    assert found("Walk out  wednesdays!") == [("walk-out wednesday", "Walk out  wednesdays")]
    assert found("qué aguite") == [("agüite", "aguite")]
    assert found("QUÉ AGÜITE") == [("agüite", "AGÜITE")]


def test_word_is_read_as_what_it_means() -> None:
    normal = NORMALIZER("see you at The Pit, in the PIT's zone")
    assert normal.text == "see you at the gym, in the gym zone"
    start = normal.text.index("the gym")
    assert normal.received_range(start, start + 7) == (11, 18)
    assert NORMALIZER("nos vemos en el h\u043ey\u043e", "es").text == "nos vemos en el gimnasio de la escuela"
    assert NORMALIZER("the pith").text == "the pith"
    assert NORMALIZER.meanings("see you at The Pit") == [("The Pit", "the gym")]


def test_findings_name_the_word_and_its_score() -> None:
    annotations = TextAnnotations(text="zaza zaza", words=words_of("zaza zaza"))
    quoted = PipelineText(PassageKind.QUOTED, "zaza zaza", (), 0)
    (finding,) = WORDS.findings(quoted, annotations)
    assert (finding.clause, finding.score, finding.by, finding.cue) == ("7b", 0.7, BY_WORDS, "zaza")
    assert finding.quoted
    assert list(DistrictWords().findings(quoted, annotations)) == []
