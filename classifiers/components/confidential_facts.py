"""Facts about a person that schools keep confidential, found by their wording, in English and Spanish.

Unlike the cues of the lexicon, a fact is a statement: "got a 62", "has an IEP", "'s suspension". A topic ("a
presentation on diabetes") is none. Who the person is, is found elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NUMBER = r"\d{1,3}(?:\.\d{1,2})?(?:\s?%|\s?percent\b|\s?/\s?\d{1,3}\b|\s(?:out of|points? of|de|sobre)\s\d{1,3}\b)"
_NO_GRADE = (
    r"(?!/?\d|\s(?:[\w-]{1,20}\s)?(?:milk|fat|cream|chance|humidity|rain|off|discount|sale|tip|tax|interest|battery"
    r"|cotton|juice|leche|grasa|probabilidad|descuento|batería|algodón|jugo)\b)"
)
"""What makes a number no grade: a date, or a share of something else."""
_LETTER = r"[ABCDF](?:[+-]|\s(?:plus|minus)\b)?(?![\w'’+-])"
_ENDS = (
    r"(?=\s*(?:[.,;:!?)\n]|$|(?:on|in|for|and|but|this|last|average|avg|from|as|en|y|pero|del?|again|overall|at|so)\b))"
)
_EXAM = (
    r"exams?|tests?|quiz(?:zes)?|midterms?|finals?|essay|paper|lab(?: report)?|project|class|course|subject|algebra"
    r"|geometry"
    r"|biology|chemistry|physics|english|spanish|math|history|science|calculus|examen|prueba|materias?|clase"
    r"|matemáticas"
    r"|ciencias|inglés|historia|álgebra|biología|química|proyecto|ensayo"
)
_GRADES = (
    rf"\b(?:got|gets|scored|earned|received|has|had|have|made|pulled|holds|is at|at|with|by|dropped to|to|gave|sacó"
    rf"|saco"
    rf"|obtuvo|tiene|lleva|trae)\s(?:only\s|just\s|another\s|un\s|una\s)?"
    rf"(?:(?:an?\s)?{_NUMBER}{_NO_GRADE}|an?\s{_LETTER}{_ENDS})",
    rf"\b(?:got|scored|earned|received|sacó|saco|obtuvo)\s{_LETTER}{_ENDS}",
    rf"\b(?:got|scored|earned|received|has|had|made|sacó|saco|obtuvo|tiene|lleva)\s"
    rf"(?:only\s|just\s)?(?:an?\s|un\s|una\s|solo\s)?"
    rf"(?:\d{{2,3}}|zero)(?:\.\d)?\s(?:on|in|for|en)\s(?:[\w'’]{{1,20}}\s){{0,4}}(?:{_EXAM})\b",
    rf"\b(?:got|scored|earned|received|has|had|made)\s(?:only\s|just\s)?an?\s(?:[2-9]\d|100|zero)(?:\.\d)?{_ENDS}",
    r"\b(?:sacó|saco|obtuvo|reprobó con|pasó con)\s(?:un\s|una\s|solo\s|apenas\s)*\d{1,3}(?:\.\d)?\b",
    rf"\b(?:failed|flunked|failing|flunking|bombed|reprobó|reprobo|reprobando"
    rf"|suspendió)\s(?!to\b)(?:[\w'’]{{1,20}}\s){{0,4}}"
    rf"(?:{_EXAM})\b",
    r"\b(?:is|are|was|were)\s(?:still\s)?(?:failing|flunking)\b",
    rf"\b(?:grades?|scores?|gpa|average|percentage|calificación|calificaciones|promedio|nota|puntaje)\b[^.\n]{{0,40}}?"
    rf"(?:\b(?:is|was|es|fue|fell to|dropped to)\b|[:=])\s*(?:only\s|just\s|now\s|an?\s|un\s)*"
    rf"(?:{_NUMBER}|[0-4]\.\d{{1,2}}\b|(?:1[3-9]|[2-9]\d|100)(?![\w%])|{_LETTER})",
    r"\b(?:lowest|worst)\s(?:score|grade|average)\b",
    r"\b(?:report card|transcript|gpa|class rank|boleta(?: de calificaciones)?)\b",
    r"\b(?:being|been|was|got)\s(?:held back|retained)\b",
)
_SPECIAL_EDUCATION = (
    r"\bieps?\b|\b504 (?:plan|meeting|accommodations)\b|\bplan 504\b|\b(?:special ed(?:ucation)?|sped|resource room"
    r"|behavior (?:intervention )?plan"
    r"|educación especial|adecuaciones|individualized education program)\b"
)
_SPECIAL_EDUCATION_LINKED = (
    r"\b(?:adhd|autis(?:m|tic)|on the spectrum|dyslexi[ac]|dyscalculia|learning disabilit(?:y|ies)|disabilit(?:y|ies)"
    r"|accommodations?|paraprofessional|extra time|extended time|speech therapy|tdah|autismo|autista|dislexia"
    r"|disléxic[oa]"
    r"|discapacidad|problemas de aprendizaje)\b"
)
_DISCIPLINE = (
    r"\b(?:suspended|suspension|expelled|expulsion|in-school suspension|disciplinary (?:record|referral|hearing|action)"
    r"|discipline (?:record|file|referral)|office referral|behavior contract|probation officer|juvenile court"
    r"|written up for"
    r"|suspendid[oa]|suspendieron|suspensión|expulsad[oa]|expulsaron|expulsión|medida disciplinaria)\b"
)
_DISCIPLINE_LINKED = (
    r"\b(?:detention|arrested|probation|caught (?:with|vaping|cheating|stealing)"
    r"|detenid[oa]|arrestad[oa]|castigad[oa])\b"
)
_HEALTH = (
    r"\b(?:diagnos(?:ed|is)|pregnant|suicide attempt|suicidal|psych ward|self[- ]harm(?:s|ed|ing)?|tested positive"
    r"|antidepressants?|embarazada|diagnóstico|diagnosticaron)\b"
)
_HEALTH_LINKED = (
    r"\b(?:medications?|meds|insulin|ritalin|adderall|zoloft|prozac|lexapro|lithium|therap(?:y|ist)|psychiatrist"
    r"|hospitalized|rehab|bipolar|depress(?:ion|ed)|anxiety|eating disorder|anorexi[ac]|bulimi[ac]|miscarriage"
    r"|abortion|hiv"
    r"|epilep(?:sy|tic)|seizures?|diabet(?:es|ic)|cancer|chemo(?:therapy)?|leukemia|asthma|overdose|ptsd|ocd"
    r"|panic attacks"
    r"|medicamentos?|medicinas?|terapia|psiquiatra|hospitalizad[oa]|depresión|ansiedad|epilepsia|convulsiones"
    r"|cáncer|asma"
    r"|anorexia|bulimia|concussion|hepatitis|mononucleosis|lice|surgery|allerg(?:y|ies|ic)|conmoción|piojos|cirugía|alergias?"
    r"|alérgic[oa])\b"
)
_FAMILY = (
    r"\b(?:foster (?:care|home|kid|child)|custody|restraining order|cps|dcfs|child protective services|custodia"
    r"|orden de restricción|hogar temporal)\b"
)
_FAMILY_LINKED = (
    r"\b(?:divorc(?:ed|ing|e)|homeless|evicted|shelter|in (?:jail|prison)|incarcerated|adopted|divorci(?:o|ando)"
    r"|desalojad[oa]s?|en la cárcel|adoptad[oa])\b"
)
_IMMIGRATION = (
    r"\b(?:undocumented|immigration status|daca|green card|no papers"
    r"|indocumentad[oa]s?|estatus migratorio|sin papeles)\b"
)
_IMMIGRATION_LINKED = r"\b(?:deport(?:ed|ation)|asylum|visa|deportad[oa]|deportación|deportaron|asilo)\b"
_LUNCH = (
    r"\b(?:free (?:(?:and|or|/) reduced )?(?:price )?lunch|reduced(?:[- ]price)? lunch|lunch debt|food stamps"
    r"|fee waiver"
    r"|almuerzo gratis|almuerzo gratuito|lonche gratis|estampillas de comida)\b"
)
_STREET = "st|street|ave|avenue|rd|road|dr|drive|ln|lane|ct|court|blvd|way|place|apt|circle|terrace"
_CONTACT = (
    rf"\b(?:lives|living|stays|address)\b[^.\n]{{0,20}}?\b\d{{1,5}}\s(?:[\w.]{{1,20}}\s){{1,4}}(?:{_STREET})\b"
    r"|\b(?:vive|dirección|domicilio)\b[^.\n]{0,20}?\b(?:calle|avenida|av\.)\s[^\n.]{1,30}?\d{1,5}"
    r"|\b(?:phone|cell|number|teléfono|celular|número)\b[^.\n]{0,20}?\(?\b[2-9]\d{2}\)?[-. ]\d{3}[-. ]\d{4}\b"
)
_IDS = (
    r"\b(?:student|lunch|state)\s(?:id|number|pin)\b[^.\n]{0,12}?\d{4,10}\b"
    r"|\b(?:ssn|social security(?: number)?|seguro social)\b[^.\n]{0,12}?\d{3}[- ]\d{2}[- ]\d{4}\b"
    r"|\b(?:born|birth ?date|dob|date of birth|nació|fecha de nacimiento)\b[^.\n]{0,12}?\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}"
    r"|\b(?:matrícula|número de estudiante)\b[^.\n]{0,12}?\d{4,10}\b"
)

GRADES = "grades"
"""The kind of facts that rows of a table state as a bare number or letter."""

_STATED = {
    GRADES: "|".join(f"(?:{pattern})" for pattern in _GRADES),
    "special_education": _SPECIAL_EDUCATION,
    "discipline": _DISCIPLINE,
    "health": _HEALTH,
    "family": _FAMILY,
    "immigration": _IMMIGRATION,
    "free_lunch": _LUNCH,
    "address": _CONTACT,
    "id": _IDS,
}
_LINKED = {
    "special_education": _SPECIAL_EDUCATION_LINKED,
    "discipline": _DISCIPLINE_LINKED,
    "health": _HEALTH_LINKED,
    "family": _FAMILY_LINKED,
    "immigration": _IMMIGRATION_LINKED,
}


def _compiled(flags: re.RegexFlag) -> tuple[tuple[tuple[str, re.Pattern[str]], ...], ...]:
    return tuple(
        tuple(
            (kind, re.compile(pattern, re.NOFLAG if kind == GRADES else flags))  # the letters of grades are capital
            for kind, pattern in patterns.items()
        )
        for patterns in (_STATED, _LINKED)
    )


_IN_ANY_CASE, _IN_LOWER_CASE = _compiled(re.IGNORECASE), _compiled(re.NOFLAG)
"""Patterns of facts, and of those that count only where a word links them to a person. All are written in lower case.

A lower-case text is searched more than twice as fast, because no letter has to be compared in both cases.
"""
_ODD_LOWER_CASE = re.compile("[ıſ]")
"""Letters that are the same as i and s where case does not count, but are in lower case already."""
_LINK = re.compile(
    r"(?:\b(?:has|have|had|having|is|are|was|were|been|be|got|gets|getting|takes|taking|took|on|with|from|needs?"
    r"|receives?"
    r"|his|her|their|due to|because of|struggles|suffers|tiene|toma|está|estuvo|fue|lo|la|le|con|padece|sufre|por"
    r"|su|sus"
    r"|es|recibe|necesita)\b|['’]s?\b)(?:\s+[\w'’-]{1,20}){0,4}\s*\Z",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"\b(?:present\w*|report|project|essay|paper|poster|slides|research\w*|topic|article|writing|reading|book|about"
    r"|debate"
    r"|lesson|unit|chapter|quiz|test|club|fundraiser|awareness|campaign|proyecto|ensayo|tema|sobre|acerca|libro|unidad"
    r"|lección|artículo)\b",
    re.IGNORECASE,
)
_BEFORE = 60  # characters before a word that may link it to a person


@dataclass(frozen=True, slots=True)
class Fact:
    """A confidential fact of one kind, and its place in the text."""

    kind: str
    start: int
    end: int


def find_facts(text: str, start: int = 0, end: int | None = None, *, in_record: bool = False) -> Iterator[Fact]:
    """The facts of a text between two offsets.

    `in_record`: the text is a row or a form about one person, where single words are facts ("Diagnosis: ADHD").
    """
    stop = len(text) if end is None else end
    (stated, linked), searched = _IN_ANY_CASE, text
    if not start and end is None:
        lowered = text.lower()
        if len(lowered) == len(text) and _ODD_LOWER_CASE.search(lowered) is None:
            (stated, linked), searched = _IN_LOWER_CASE, lowered
    for kind, pattern in stated:
        for found in pattern.finditer(text if kind == GRADES else searched, start, stop):
            if in_record or kind == GRADES or not _is_topic(text, found.start()):
                yield Fact(kind, *found.span())
    for kind, pattern in linked:
        for found in pattern.finditer(searched, start, stop):
            if in_record or _is_linked(text, found.start()):
                yield Fact(kind, *found.span())


def _is_linked(text: str, at: int) -> bool:
    before = _words_before(text, at)
    return _LINK.search(before) is not None and _TOPIC.search(before) is None


def _is_topic(text: str, at: int) -> bool:
    return _TOPIC.search(_words_before(text, at)) is not None


def _words_before(text: str, at: int) -> str:
    before = text[max(0, at - _BEFORE) : at]
    return before[max(before.rfind(mark) for mark in ".!?\n;") + 1 :]
