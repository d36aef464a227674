"""`[[words]]` of the policy file: a district's own words, which classifiers read without being trained again.

A word either stands for ordinary words (`means`) or is evidence for a clause (`clause` and `score`).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from gateway.core.messages.verdict import Verdict
from gateway.core.policy.toml_table import TomlTable

BY_WORDS = "words"
"""What findings of a district's own words name as the component. Their cue is the word."""
MAX_WORDS = 1000
MAX_PARTS = 5
"""Words of a phrase, at most."""
MAX_LENGTH = 60
_PARTS = re.compile(r"[^\W_]+(?:'[^\W_]+)*(?:[ -][^\W_]+(?:'[^\W_]+)*)*")
_VOWELS = re.compile("[áàâäéèêëíìîïóòôöúùûü]")


@dataclass(frozen=True, slots=True)
class DistrictWord:
    """A word or phrase, in lower case. It has either `means` or `clause` and `score`; the others are empty."""

    word: str
    means: str = ""
    clause: str = ""
    score: float = 0.0


def read_words(tables: Iterable[TomlTable], clauses: Collection[str]) -> tuple[DistrictWord, ...]:
    """The words of a policy file. Raises PolicyError for the first that cannot be used."""
    found: dict[str, tuple[int, DistrictWord]] = {}
    for number, table in enumerate(tables, 1):
        word = _word(table, "word")
        if number > MAX_WORDS:
            raise table.error("word", f"is one too many; a policy has at most {MAX_WORDS} words")
        first = found.get(form_of(word))
        if first is not None:
            same = (
                "" if first[1].word == word else f" (written {first[1].word!r} there; accents and hyphens count alike)"
            )
            raise table.error("word", f"is {word!r} again, as in words[{first[0]}]{same}; keep one of them")
        found[form_of(word)] = number, _entry(table, word, clauses)
        table.done()
    return tuple(entry for _, entry in found.values())


def _entry(table: TomlTable, word: str, clauses: Collection[str]) -> DistrictWord:
    has_clause = table.has("clause") or table.has("score")
    if table.has("means") and has_clause:
        raise table.error("means", "is there beside clause or score; a word has either means, or clause and score")
    if table.has("means"):
        means = _word(table, "means")
        if form_of(means) == form_of(word):
            raise table.error("means", f"is the word {word!r} itself; write the ordinary word that it stands for")
        return DistrictWord(word, means=means)
    if not has_clause:
        raise table.error("means", 'is missing; write means = "an ordinary word", or clause = "7b" and score = 0.6')
    clause = table.text("clause")
    if clause not in clauses:
        raise table.error("clause", f"is {clause!r}, which is not a clause; the clauses are {', '.join(clauses)}")
    return DistrictWord(word, clause=clause, score=table.share("score"))


def _word(table: TomlTable, name: str) -> str:
    """A word, or a phrase of at most MAX_PARTS words."""
    word = " ".join(unicodedata.normalize("NFC", table.text(name)).replace("\u2019", "'").lower().split())
    if _PARTS.fullmatch(word) is None:
        raise table.error(name, f"is {word!r}; write letters and digits, with spaces, hyphens or apostrophes between")
    if len(word) > MAX_LENGTH or len(re.split("[ -]", word)) > MAX_PARTS:
        raise table.error(name, f"is too long; a phrase has at most {MAX_PARTS} words and {MAX_LENGTH} characters")
    if len(word) < 2:
        raise table.error(name, f"is {word!r}, a single character; it would be found everywhere")
    return word


def form_of(word: str) -> str:
    """What two ways to write the same word share: without accents on vowels, and hyphens as spaces."""
    plain = _VOWELS.sub(lambda found: unicodedata.normalize("NFD", found.group())[0], word.lower())
    return plain.replace("-", " ")


def pack_words(words: Sequence[DistrictWord]) -> bytes:
    """Words as JSON for a process that classifies; empty for none."""
    rows = [(entry.word, entry.means, entry.clause, entry.score) for entry in words]
    return json.dumps(rows).encode() if rows else b""


def unpack_words(packed: bytes) -> tuple[DistrictWord, ...]:
    """The words of `pack_words`."""
    return tuple(DistrictWord(*row) for row in json.loads(packed)) if packed else ()


def with_words(verdict: Verdict, words: Sequence[DistrictWord]) -> Verdict:
    """The verdict with the scores of other words: for messages that nobody can read again.

    Words that it did not find stay unfound, and what it read in the place of a word stays too.
    """
    scores = {entry.word: entry for entry in words if entry.clause}
    findings = [
        replace(finding, clause=entry.clause, score=entry.score)
        if finding.by == BY_WORDS and (entry := scores.get(finding.cue)) is not None
        else finding
        for finding in verdict.findings
        if finding.by != BY_WORDS or finding.cue in scores
    ]
    return replace(verdict, findings=tuple(findings))
