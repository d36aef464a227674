"""From the evidence on a text to findings: clause, score, component, cue, and where it stands in what was received."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from classifiers.components.encoder import EncoderReader
from classifiers.components.encoder import telling as telling_sentence
from classifiers.components.linear import LinearReader
from classifiers.extract.quoting import Kind
from classifiers.features.annotations import Evidence, Hit
from classifiers.pipeline.entity_resolution import Telling, telling
from classifiers.pipeline.mentions import MOST as NAMED
from classifiers.pipeline.mentions import Naming
from classifiers.pipeline.texts import ReadText
from gateway.core.messages.verdict import CLAUSES, HELP, IN_CLAIMED, IN_FILE, IN_HIDDEN, Finding, Span

LEAST = 0.1
"""Findings below this score are not worth a word."""

MOST = 40
"""Findings that a verdict carries, the highest scores first."""

MOST_PLACES = 100
"""Places that a finding names, the first ones: whoever repeats a word ten thousand times is told of no more.

With MOST it bounds a verdict to a part of what the bus takes in one record.
"""

_PLACES = {Kind.ATTACHED: IN_FILE, Kind.HIDDEN: IN_HIDDEN, Kind.CLAIMED: IN_CLAIMED}

_WORDS_SHOWN = 5
_LONGEST_CUE = 300  # characters: a domain has at most 253


def findings(
    text: ReadText, noted: Evidence, reader: LinearReader, encoder: EncoderReader | None = None
) -> Iterator[Finding]:
    """The findings of one text of a message; those of clause 8 with the names of whom they tell."""
    quoted = text.kind is Kind.QUOTED
    told = noted.scores.get("8", 0.0) >= LEAST
    naming = Naming(noted) if told and any(hit.clause == "8" for hit in noted.hits) else None
    unnamed = [each for each in CLAUSES if noted.scores.get(each, 0.0) >= LEAST and _by(noted, each) == "linear"]
    weightiest = _weightiest(text, noted, unnamed, reader)
    for clause in CLAUSES:
        score = round(noted.scores.get(clause, 0.0), 4)
        if score < LEAST:
            continue
        hits = [hit for hit in noted.hits if hit.clause == clause and hit.cue != "evasion"]
        by = _by(noted, clause)
        known = naming if clause == "8" else None
        whom = known.all_told_of(hits) if known is not None else None
        if by == "encoder" and encoder is not None:
            found = telling_sentence(encoder, noted, reader.weights.heads.index(clause))
            spans = tuple(text.spans(*found)) if found else ()
            whom = whom if found and any(found[0] <= hit.start < found[1] for hit in hits) else None
        else:
            spans = tuple(_spans(text, hits)) if by != "linear" else weightiest.get(clause, ())
        yield telling(Finding(clause, score, by, spans, _PLACES.get(text.kind, ""), quoted), whom)
        for cue in dict.fromkeys(hit.cue for hit in hits):
            named = [hit for hit in hits if hit.cue == cue]
            finding = Finding(clause, score, named[0].by, tuple(_spans(text, named)), cue, quoted)
            yield finding if known is None else telling(finding, _together(known, named))
    yield from _by_rule(text, noted, quoted)
    if text.kind is Kind.HIDDEN and len(text.text.split()) > 20:
        yield Finding("9", 0.15, "extraction", (), "hidden")


def _together(naming: Naming, hits: Iterable[Hit]) -> tuple[str, ...] | None:
    """Of whom the words of several hits tell; None where one does not say it, or they are many."""
    told = [naming.told_of(hit) for hit in hits]
    names = tuple(dict.fromkeys(name for each in told if each is not None for name in each))
    return None if None in told or len(names) > NAMED else names


def _by(noted: Evidence, clause: str) -> str:
    return noted.leading.get(clause, "linear")


def calls(
    text: ReadText, noted: Evidence, reader: LinearReader, encoder: EncoderReader | None = None
) -> Iterator[Finding]:
    """Which words of a text ask for help, and which kind of it: no clause, but what whoever is alerted looks for."""
    score = round(noted.help, 4)
    if score < LEAST:
        return
    hits, by = [hit for hit in noted.hits if hit.clause == HELP], _by(noted, HELP)
    quoted, place = text.kind is Kind.QUOTED, _PLACES.get(text.kind, "")
    for cue in dict.fromkeys(hit.cue for hit in hits):
        named = [hit for hit in hits if hit.cue == cue]
        yield Finding(HELP, score, named[0].by, tuple(_spans(text, named)), cue, quoted)
    if by == "encoder" and encoder is not None:
        found = telling_sentence(encoder, noted, reader.weights.heads.index(HELP))
        yield Finding(HELP, score, by, tuple(text.spans(*found)) if found else (), place, quoted)
    elif not hits:
        yield Finding(HELP, score, "linear", _weightiest(text, noted, [HELP], reader).get(HELP, ()), place, quoted)
    elif place:
        yield Finding(HELP, score, by, tuple(_spans(text, hits)), place, quoted)


def _by_rule(text: ReadText, noted: Evidence, quoted: bool) -> Iterator[Finding]:
    """What needs no weighing: the way back to the school account, links to tools, hiding and evading."""
    for clause, score in (("5", 0.9), ("2", 0.6)):
        hits = [hit for hit in noted.hits if hit.clause == clause]
        for cue in dict.fromkeys(hit.cue for hit in hits):
            named = [hit for hit in hits if hit.cue == cue]
            yield Finding(clause, score, named[0].by, tuple(_spans(text, named)), cue, quoted)
    evasive = noted.scores.get("hold", 0.0)
    for clause in ("1", "4"):
        if noted.scores.get(clause, 0.0) >= 0.5 and evasive >= LEAST:
            hits = [hit for hit in noted.hits if hit.cue in ("evasion", "secrecy")]
            yield Finding(clause, round(evasive, 4), "head", tuple(_spans(text, hits)), "evasion", quoted)


def _spans(text: ReadText, hits: Iterable[Hit]) -> Iterator[Span]:
    """The places of hits in order, overlapping ones as one."""
    reach = 0
    runs: list[list[int]] = []
    for start, end in sorted((hit.start, hit.end) for hit in hits):
        if runs and start <= reach:
            runs[-1][1] = reach = max(reach, end)
        else:
            runs.append([start, end])
            reach = end
    for start, end in runs:
        yield from text.spans(start, end)


def _weightiest(
    text: ReadText, noted: Evidence, clauses: Sequence[str], reader: LinearReader
) -> dict[str, tuple[Span, ...]]:
    """For each clause the words that weigh most, in the window that speaks for it most; neighbours are one span."""
    asked = [clause for clause in clauses if clause in reader.weights.heads]
    if not asked or not noted.windows or not noted.words:
        return {}
    weights = reader.weights_of_words(text.text, [start for _, start, _ in noted.words], asked)
    out = {}
    for column, clause in enumerate(asked):
        head = reader.weights.heads.index(clause)
        window = max(noted.windows, key=lambda each: float(each.logits[head]))
        start, end = noted.sentences[window.first][0], noted.sentences[window.last][1]
        inside = [at for at, (_, begin, _) in enumerate(noted.words) if start <= begin < end]
        ranked = sorted(inside, key=lambda at: -weights[at, column])[:_WORDS_SHOWN]
        chosen = sorted(at for at in ranked if weights[at, column] > 0)
        out[clause] = tuple(
            span for first, last in _runs(chosen) for span in text.spans(noted.words[first][1], noted.words[last][2])
        )
    return out


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    first: int | None = None
    before = -2
    for number in numbers:
        if number != before + 1:
            if first is not None:
                yield first, before
            first = number
        before = number
    if first is not None:
        yield first, before


def strongest(found: list[Finding]) -> tuple[Finding, ...]:
    """The findings of a message, the highest scores first; the same thing said twice is said once."""
    bounded = (replace(each, spans=each.spans[:MOST_PLACES], cue=each.cue[:_LONGEST_CUE]) for each in found)
    first = sorted(dict.fromkeys(bounded), key=lambda each: (-each.score, isinstance(each, Telling)))
    return tuple(first[:MOST])  # what tells of nobody in particular counts for everybody, and must not be cut off
