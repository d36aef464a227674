"""Detectors of confidential information (clause 8):

identifiers by their format, record words by the person they are about.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from spacy.language import Language
from spacy.tokens import Doc

from classifiers.features.annotations import Hit, annotations_of
from gateway.core.policy.clauses import CONFIDENTIAL

# bounded: a run without spaces may be long
_SECRET_VALUE = r"(?:is|are|:|=|-|->|es|son)\s*[\"']?(?=\S{0,63}[\d!@#$%^&*_])\S{4,64}"
_FREE_MAIL = "gmail|yahoo|hotmail|outlook|icloud|aol|proton|protonmail|live|me|msn"
_STREET = "St|Street|Ave|Avenue|Rd|Road|Dr|Drive|Ln|Lane|Ct|Court|Blvd|Way|Pl|Place|Apt|Terrace|Circle"

_PATTERNS = {
    "ssn": r"(?<![\d-])(?!000|666|9\d\d)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}(?![\d-])",
    "card": r"(?<![\d-])(?:\d{4}[ -]){3}\d{4}(?![\d-])",
    "password": (
        r"\b(?i:password|passwd|passcode|pwd|pass|pw|contraseñas?|clave|login|pin|code|código)\b"
        rf"[^.\n]{{0,25}}?\s*(?i:{_SECRET_VALUE})"
    ),
    "student_id": (
        r"\b(?:student|lunch|state|alumno|estudiante)?\s*+(?:id|ID|number|matrícula|no\.|#)\s*+"
        r"(?:is|es|:|#|number)?\s*+#?\d{5,10}\b"
    ),
    "birth_date": (
        r"\b(?i:born|birthday|dob|date of birth|birth date|nació|nacimiento|cumpleaños)\b[^.\n]{0,20}\b"
        r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|(?:19|20)\d\d)"
    ),
    "address": (
        rf"\b\d{{2,5}}\s+(?:[NSEW]\.?\s+)?(?:[A-Z][a-z]+\s+){{1,3}}(?:{_STREET})\b"
        r"|\b(?:calle|avenida)\s+[A-ZÁÉÍÓÚ]\w+(?:\s+\w+)?\s+#?\d{1,5}"
    ),
    "phone": r"(?<![\d-])(?:\+?1[-. ]?)?\(?[2-9]\d{2}\)?[-. ]\d{3}[-. ]\d{4}(?![\d-])",
    "email": rf"(?<![\w.+-])[\w.+-]{{1,64}}@(?i:{_FREE_MAIL})\.[a-z]{{2,}}",
    "grade_of": (
        r"\b[A-Z][a-z]+(?:'s|\s+[A-Z][a-z]+)?\s+"
        r"(?:has|got|made|earned|scored|is (?:failing|passing|sitting)|tiene|sacó|is at|dropped to)\s+"
        r"(?:an?\s+|una?\s+)?(?:[A-DF][+-]?\b|\d{1,3}(?:\.\d)?\s?(?:%|percent|out of|on)?)"
    ),
    "roster": r"(?:^|\n)[ \t*-]*[A-Z][a-z]+,? [A-Z][a-zA-Z.]+[,:\t -]+(?:[A-DF][+-]?|\d{1,3}%?)[ \t]*(?:,|\n|$)",
}
IDENTIFIER_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (cue, re.compile(pattern)) for cue, pattern in _PATTERNS.items()
)
"""Identifiers and records by their format, each with the name of its cue."""

RECORD_CUES = frozenset({"special_education", "health", "grades", "discipline", "family", "personnel", "credentials"})
"""Cues of the lexicon whose words belong to confidential records."""

_NOT_A_NAME = (  # capitalized words inside a sentence that are no names of people
    "I|Mr|Mrs|Ms|Dr|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July"
    "|August|September|October|November|December|English|Spanish|Room|Google|Canvas|Algebra|Biology|Chemistry|History"
    "|School|High|Central|IEP|American|AP|PE"
)
_OTHER_PERSON = re.compile(
    r"\b(?:he|she|his|her|him|hers|their|él|ella)\b"
    rf"|(?<=[a-z,;] )(?!(?:{_NOT_A_NAME})\b)[A-ZÁÉÍÓÚ][a-záéíóúñ]{{2,}}"
)
_READER_OR_WRITER = re.compile(r"\b(?:your|you|my|tu|tus|mi|mis|i|usted)\b", re.IGNORECASE)


@Language.factory("chaperone_confidential")
def create(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """The spaCy component. It runs after the lexicon, because it looks at the record words found there."""
    return annotate


def annotate(doc: Doc) -> Doc:
    """Add hits for identifiers, and for record words about somebody else or about the recipient."""
    annotations = annotations_of(doc)
    text = annotations.text
    digits = any(char.isdigit() for char in text)
    for cue, pattern in IDENTIFIER_PATTERNS:
        if digits or cue in ("email", "grade_of"):
            annotations.hits.extend(
                Hit(CONFIDENTIAL, cue, *found.span(), "confidential") for found in pattern.finditer(text)
            )
    for hit in [hit for hit in annotations.hits if hit.cue in RECORD_CUES]:
        start, end = _sentence_at(annotations.sentences, hit.start)
        sentence = text[start:end]
        if _OTHER_PERSON.search(sentence):
            annotations.hits.append(Hit(CONFIDENTIAL, f"{hit.cue}_of_other", hit.start, hit.end, "confidential"))
        elif _READER_OR_WRITER.search(sentence):
            annotations.hits.append(Hit(CONFIDENTIAL, f"{hit.cue}_of_reader", hit.start, hit.end, "confidential"))
    return doc


def _sentence_at(sentences: list[tuple[int, int]], at: int) -> tuple[int, int]:
    number = bisect_right(sentences, at, key=lambda sentence: sentence[0]) - 1
    return sentences[number] if number >= 0 and at < sentences[number][1] else (at, at)
