"""Detectors of confidential information (clause 8): identifiers by their form, records by whom they are told of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from spacy.language import Language
from spacy.tokens import Doc

from classifiers.features.annotations import Hit, evidence

_SECRET = r"(?:is|are|:|=|-|->|es|son)\s*[\"']?(?=\S{0,63}[\d!@#$%^&*_])\S{4,64}"  # bounded: runs may be long
_FREE_MAIL = "gmail|yahoo|hotmail|outlook|icloud|aol|proton|protonmail|live|me|msn"
_STREET = "St|Street|Ave|Avenue|Rd|Road|Dr|Drive|Ln|Lane|Ct|Court|Blvd|Way|Pl|Place|Apt|Terrace|Circle"

_WRITTEN = {
    "ssn": r"(?<![\d-])(?!000|666|9\d\d)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}(?![\d-])",
    "card": r"(?<![\d-])(?:\d{4}[ -]){3}\d{4}(?![\d-])",
    "password": (
        r"\b(?i:password|passwd|passcode|pwd|pass|pw|contraseñas?|clave|login|pin|code|código)\b"
        rf"[^.\n]{{0,25}}?\s*(?i:{_SECRET})"
    ),
    "student_id": (
        r"\b(?:student|lunch|state|alumno|estudiante)?\s*(?:id|ID|number|matrícula|no\.|#)\s*"
        r"(?:is|es|:|#|number)?\s*#?\d{5,10}\b"
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
FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple((cue, re.compile(form)) for cue, form in _WRITTEN.items())
"""Identifiers and records by their written form, each with the cue that it is."""

RECORDS = frozenset({"special_education", "health", "grades", "discipline", "family", "personnel", "credentials"})
"""The cues of the lexicon whose words are of confidential records."""

_CAPITALISED = (  # words with a capital inside a sentence that are no names of persons
    "I|Mr|Mrs|Ms|Dr|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July"
    "|August|September|October|November|December|English|Spanish|Room|Google|Canvas|Algebra|Biology|Chemistry|History"
    "|School|High|Central|IEP|American|AP|PE"
)
_OTHER = re.compile(
    r"\b(?:he|she|his|her|him|hers|their|él|ella)\b"
    rf"|(?<=[a-z,;] )(?!(?:{_CAPITALISED})\b)[A-ZÁÉÍÓÚ][a-záéíóúñ]{{2,}}"
)
_OWN = re.compile(r"\b(?:your|you|my|tu|tus|mi|mis|i|usted)\b", re.IGNORECASE)


@Language.factory("chaperone_confidential")
def create(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """The component; it stands behind the lexicon, whose record words it looks at."""
    return mark


def mark(doc: Doc) -> Doc:
    """Note identifiers, and record words told of somebody else."""
    noted = evidence(doc)
    text = noted.text
    digits = any(char.isdigit() for char in text)
    for cue, form in FORMS:
        if digits or cue in ("email", "grade_of"):
            noted.hits.extend(Hit("8", cue, *found.span(), "confidential") for found in form.finditer(text))
    for hit in [each for each in noted.hits if each.cue in RECORDS]:
        start, end = _sentence(noted.sentences, hit.start)
        around = text[start:end]
        if _OTHER.search(around):
            noted.hits.append(Hit("8", f"{hit.cue}_of_other", hit.start, hit.end, "confidential"))
        elif _OWN.search(around):
            noted.hits.append(Hit("8", f"{hit.cue}_of_reader", hit.start, hit.end, "confidential"))
    return doc


def _sentence(sentences: list[tuple[int, int]], at: int) -> tuple[int, int]:
    number = bisect_right(sentences, at, key=lambda each: each[0]) - 1
    return sentences[number] if number >= 0 and at < sentences[number][1] else (at, at)
