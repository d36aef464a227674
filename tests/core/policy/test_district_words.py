"""`[[words]]` of the policy file: what is read, and one clear line for each fault."""

from __future__ import annotations

import pytest

from gateway.core.policy.district_words import DistrictWord, pack_words, read_words, unpack_words
from gateway.core.policy.toml_table import PolicyError, TomlTable

CLAUSES = ("7b", "9")


def words(*rows: dict[str, object]) -> tuple[DistrictWord, ...]:
    return read_words(TomlTable({"words": list(rows)}).tables("words"), CLAUSES)


def test_word_has_a_meaning_or_a_clause() -> None:
    assert words(
        {"word": "The  Pit", "means": "the gym"}, {"word": "zaza", "clause": "7b", "score": 0.6}
    ) == (DistrictWord("the pit", means="the gym"), DistrictWord("zaza", clause="7b", score=0.6))  # fmt: skip
    assert words() == ()


@pytest.mark.parametrize(
    ("row", "key", "said"),
    [
        ({"means": "gym"}, "words[1].word", "is missing"),
        ({"word": "", "means": "gym"}, "words[1].word", "must be a text"),
        ({"word": "a", "means": "gym"}, "words[1].word", "single character"),
        ({"word": "z*", "means": "gym"}, "words[1].word", "letters and digits"),
        ({"word": "a b c d e f", "means": "gym"}, "words[1].word", "at most 5 words"),
        ({"word": "x" * 61, "means": "gym"}, "words[1].word", "60 characters"),
        ({"word": "pit"}, "words[1].means", "is missing"),
        ({"word": "pit", "means": "Pit"}, "words[1].means", "the word 'pit' itself"),
        ({"word": "pit", "means": "gym", "clause": "9", "score": 0.5}, "words[1].means", "either means"),
        ({"word": "pit", "means": "gym", "score": 0.5}, "words[1].means", "either means"),
        ({"word": "pit", "clause": "9"}, "words[1].score", "is missing"),
        ({"word": "pit", "score": 0.5}, "words[1].clause", "is missing"),
        ({"word": "pit", "clause": "77", "score": 0.5}, "words[1].clause", "not a clause; the clauses are 7b, 9"),
        ({"word": "pit", "clause": "9", "score": 1.5}, "words[1].score", "from 0 to 1"),
        ({"word": "pit", "clause": "9", "score": True}, "words[1].score", "from 0 to 1"),
        ({"word": "pit", "meaning": "gym", "means": "gym"}, "words[1].meaning", "did you mean means?"),
    ],
)
def test_fault_names_the_key_and_how_to_fix_it(row: dict[str, object], key: str, said: str) -> None:
    with pytest.raises(PolicyError) as raised:
        words(row)
    assert raised.value.key == key
    assert said in raised.value.hint


def test_same_word_twice_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"words\[2\].word.*as in words\[1\]"):
        words({"word": "agüite", "means": "pena"}, {"word": "AGUITE", "clause": "9", "score": 0.5})
    with pytest.raises(PolicyError, match="again"):
        words({"word": "walk-out", "means": "x y"}, {"word": "walk out", "means": "z z"})


def test_packed_words_are_the_same() -> None:
    some = words({"word": "el hoyo", "means": "el gimnasio"}, {"word": "zaza", "clause": "7b", "score": 0.6})
    assert unpack_words(pack_words(some)) == some
    assert pack_words(()) == b""
    assert unpack_words(b"") == ()
