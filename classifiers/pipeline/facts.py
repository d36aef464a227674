"""Whose confidential facts a text states: by name, by pronoun, by the row of a table, by the person a form is about.

These findings count only for people that the roster knows, so that other texts raise nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from classifiers.components.confidential_facts import GRADES, Fact, find_facts
from classifiers.pipeline.mentions import NameMentions

MAX_ROWS = 2000
"""Rows of tables that are read, at most."""

_SUBJECT_PRONOUN = re.compile(
    r"\b(?:(?P<other>he|she|his|her|hers|him|él|ella|he['’]s|she['’]s)"
    r"|(?P<self>you|your|yours|you['’](?:ve|re|ll|d)|tu|tus|tú|usted|i|i['’](?:ve|m|ll|d)|my|mi|mis))\b",
    re.IGNORECASE,
)
_OF = re.compile(r"[^.\n]{0,30}?\b(?:of|for|from|de|del|para)\s+(?:the\s+)?\Z", re.IGNORECASE)
_JOINS = re.compile(r"\s*(?:,|&|and|y|,\s*and|['’]s)\s*", re.IGNORECASE)
_FORM = re.compile(
    r"[ \t*•-]{0,8}(?:student(?:['’]s)?(?: full)?(?: name)?|name(?: of (?:student|child))?|child|patient|re|alumn[oa]"
    r"|estudiante|nombre(?: del (?:alumno|estudiante))?)\s*[:=\t]\s*(?:name\s*[:=]\s*)?",
    re.IGNORECASE,
)
_CELL_WORD = r"[A-ZÁÉÍÓÚÑÜ][\w'’-]{1,30}+"
_NAME_CELLS = (
    rf"(?P<name>{_CELL_WORD}(?:[ \t]{{1,8}}{_CELL_WORD}){{0,3}}"
    rf"(?:[ \t]{{0,8}},[ \t]{{0,8}}{_CELL_WORD}(?:[ \t]{{1,8}}{_CELL_WORD})?)?)"
)
_ROW = re.compile(
    rf"[ \t|*•\"'-]{{0,8}}+(?:\d{{1,10}}[.)]?[ \t]{{0,8}}[,;|\t:.) ][ \t\"]{{0,8}})?{_NAME_CELLS}"
    r"(?P<rest>(?:[ \t]{0,8}[,;|\t:–—\"=-]|[ \t]{1,8}|(?=\n|\Z))[^\n]{0,300})"
)
_NAME_WORD = re.compile(_CELL_WORD)
_ENTRY = re.compile(
    rf"(?<![\w.'’-])(?P<name>{_CELL_WORD}(?:[ \t]{{1,8}}{_CELL_WORD})?)[ \t]{{0,8}}[:(=–-]?[ \t]{{0,8}}"
    r"(?P<grade>\d{1,3}(?:\.\d{1,2})?%?|[ABCDF][+-]?)(?=[\s,;.)]|\Z)(?![ \t]{1,8}(?:[ap]\.?m\b|points?\b|[a-z]))"
)
_SEPARATORS = (",", ";", "|", "\t", ":")
_CELL = re.compile(r"[\s,;|\t:–—\"=()]+|(?<!\d)-|-(?!\d)")
_GRADE_LETTER = re.compile(r"[ABCDF][+-]?")
_LOW_OR_SIGNED = re.compile(r"[DF][+-]?|[ABC][+-]")
_GROUP_WORD = re.compile(
    r"\b(?:groups?|teams?|line-?up|sections?|seats?|bus|shifts?|rooms?|grupos?|equipos?)\b", re.IGNORECASE
)
_GRADE_NUMBER = re.compile(r"(?:100|\d{1,2})(?:\.\d{1,2})?")
_GRADE_SHARE = re.compile(r"\d{1,3}(?:\.\d{1,2})?%|\d{1,3}/\d{1,3}")
_GRADE_WORD = re.compile(
    r"\b(?:exams?|tests?|quiz(?:zes)?|grades?|scores?|points|finals?|midterms?|averages?|avg|gpa|results|percent"
    r"|failing"
    r"|calificaci(?:ón|ones)|promedios?|notas?|puntajes?|examen|exámenes)\b",
    re.IGNORECASE,
)
_SCORE_WORD = re.compile(r"\b(?:quiz(?:zes)?|scores?|points|exams?|tests?|examen|puntaje)\b", re.IGNORECASE)
_MAX_GRADE_LEVEL = 12
_TABLE_MIN_ROWS = 2
_MAX_CELLS = 12  # words of a row; a line with more is prose


@dataclass(frozen=True, slots=True)
class PersonalFact:
    """A fact with the name of the person it is about, as written in the text."""

    fact: Fact
    name: str


def personal_facts(mentions: NameMentions, *, is_file: bool) -> list[PersonalFact]:
    """The facts of a text about named people, without those about its reader or writer."""
    text = mentions.text
    if not mentions.has_names:
        return []
    rows = list(_rows(text))
    found = [*_table_grades(text, rows), *_table_grades(text, _listed(text), 80), *_row_facts(text, rows)]
    taken = [(row.start, row.end) for row in rows if row.is_table]
    form = _form_subjects(mentions) if is_file else []
    for fact in find_facts(text):
        if not any(start <= fact.start < end for start, end in taken):
            found += [PersonalFact(fact, name) for name in _subjects(mentions, fact, form)]
    if form:
        stated = {item.fact for item in found}
        for fact in find_facts(text, in_record=True):
            name = _subject_of_form(form, fact.start)
            if name and fact not in stated and not mentions.others_in_sentence(fact.start, fact.end):
                found.append(PersonalFact(fact, name))
    return list(dict.fromkeys(found))


def _subjects(mentions: NameMentions, fact: Fact, form: list[tuple[int, str]]) -> tuple[str, ...]:
    """The names of the people that a fact in a sentence is about: the nearest subject before it counts."""
    text = mentions.text
    start, end = mentions.sentence_at(fact.start, fact.end)
    names = mentions.others_between(start, end)
    before = [(at, to, name) for name, at, to in names if at < fact.end]
    pronouns = [
        (found.start(), found.end(), "" if found["self"] else None)
        for found in _SUBJECT_PRONOUN.finditer(text, start, fact.end)
    ]
    marks = [*before, *pronouns]
    marks = [mark for mark in marks if mark[0] < fact.start] or marks
    nearest = max(marks, key=lambda mark: mark[0], default=None)
    if nearest is not None:
        at, _, name = nearest
        if name is None:
            antecedent = mentions.antecedent(at)
            return (antecedent,) if antecedent else ()
        return _chain(text, before, at) if name else ()
    for name, at, _ in names:
        if _OF.match(text, fact.end, at):
            return (name,)
    name = _subject_of_form(form, fact.start) or (
        mentions.antecedent(start) if _begins_with_verb(text, start, fact) else ""
    )
    return (name,) if name else ()


def _begins_with_verb(text: str, start: int, fact: Fact) -> bool:
    """Whether a sentence states a fact without any subject, as Spanish does: "Sacó un 62"."""
    return not text[start : fact.start].strip(" \t\n¡¿-*•") and text[fact.start : fact.start + 1].isalpha()


def _chain(text: str, names: list[tuple[int, int, str]], at: int) -> tuple[str, ...]:
    """The name at an offset, and those before it that "and" or commas join to it."""
    chained: list[str] = []
    until = None
    for start, end, name in sorted(names, reverse=True):
        if start > at:
            continue
        if until is not None and _JOINS.fullmatch(text, end, until) is None:
            break
        chained.append(name)
        until = start
    return tuple(dict.fromkeys(reversed(chained)))


def _form_subjects(mentions: NameMentions) -> list[tuple[int, str]]:
    """Where a form begins to be about a person, and the person's name."""
    found = []
    for name, start, _ in mentions.others_between(0, len(mentions.text)):
        line = mentions.text.rfind("\n", 0, start) + 1
        if _FORM.fullmatch(mentions.text, line, start):
            found.append((start, name))
    return found


def _subject_of_form(form: list[tuple[int, str]], at: int) -> str:
    return next((name for start, name in reversed(form) if start <= at), form[0][1] if len(form) == 1 else "")


@dataclass(slots=True)
class _Row:
    """A line that begins with a name. `cells` are the words after it."""

    name: str
    start: int
    end: int
    values: int  # where the cells begin
    cells: list[str]
    is_table: bool = False


def _rows(text: str) -> Iterator[_Row]:
    """The lines that begin with a name; those that look like rows of one table are marked."""
    rows: list[_Row] = []
    at = 0
    while at < len(text) and len(rows) < MAX_ROWS:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        found = _ROW.match(text, at, end)
        if found is not None:
            values = found.start("rest")
            full_name, tab, _ = found["name"].partition("\t")
            if tab and " " in full_name.strip():  # what follows a whole name is the next cell: "Maya Lindqvist\tIEP"
                values = found.start("name") + len(full_name)
            name, rest = text[found.start("name") : values], text[values : found.end("rest")]
            cells = [cell for cell in _CELL.split(rest) if cell]
            if " " not in name.strip() and cells and _NAME_WORD.fullmatch(cells[0]):
                name = f"{name} {cells.pop(0)}"  # family and given name in columns of their own
            first, _, last = name.rpartition(" ")
            if first and _GRADE_LETTER.fullmatch(last):  # "Maya Lindqvist F"
                name, cells = first, [last, *cells]
            if not any(map(_is_grade_cell, cells)):  # a grade in a line of its own, as some PDF files have it
                below = text[end + 1 : end + 12].partition("\n")[0].strip()
                cells += [below] * _is_grade_cell(below)
            rows.append(_Row(" ".join(name.split()), at, end, values, cells))
        at = end + 1
    graded = [row for row in rows if len(row.cells) <= _MAX_CELLS and any(map(_is_grade_cell, row.cells))]
    for row in graded if len(graded) >= _TABLE_MIN_ROWS else ():
        row.is_table = True
    return iter(rows)


def _listed(text: str) -> list[_Row]:
    """The entries of lists within a line: "Maya 62, Diego 58"."""
    entries = [
        _Row(" ".join(found["name"].split()), *found.span(), found.start("grade"), [found["grade"]], is_table=True)
        for found in islice(_ENTRY.finditer(text), MAX_ROWS)
    ]
    return entries if len(entries) >= _TABLE_MIN_ROWS else []


def _is_grade_cell(cell: str) -> bool:
    return bool(_GRADE_LETTER.fullmatch(cell) or _GRADE_NUMBER.fullmatch(cell) or _GRADE_SHARE.fullmatch(cell))


def _table_grades(text: str, rows: list[_Row], near: int = 400) -> Iterator[PersonalFact]:
    """The grades in rows, unless their numbers are something else: grade levels, numbers of players.

    `near`: the characters before the rows, and at the start of the text, that say what the numbers are.
    """
    table = [row for row in rows if row.is_table]
    if not table:
        return
    cells = [cell for row in table for cell in row.cells]
    numbers = [float(cell) for cell in cells if _GRADE_NUMBER.fullmatch(cell)]
    heading = text[max(0, table[0].start - near) : table[0].start] + text[:near]
    words = bool(_GRADE_WORD.search(heading))
    letters = [cell for cell in cells if _GRADE_LETTER.fullmatch(cell)]
    marked = words or (any(map(_LOW_OR_SIGNED.fullmatch, letters)) and not _GROUP_WORD.search(heading))
    stated = any(map(_GRADE_SHARE.fullmatch, cells)) or (marked and len(letters) * 2 >= len(table))
    levels = bool(numbers) and max(numbers) <= _MAX_GRADE_LEVEL and not _SCORE_WORD.search(heading)
    if stated or (words and numbers and not levels):
        for row in table:
            yield PersonalFact(Fact(GRADES, row.start, row.end), row.name)


def _row_facts(text: str, rows: list[_Row]) -> Iterator[PersonalFact]:
    """Other facts in rows of a table: "Maya Lindqvist 62 F, has an IEP"."""
    separated = [
        row
        for row in rows
        if row.is_table
        or (len(row.cells) <= _MAX_CELLS and text[row.values : row.values + 2].lstrip(" ")[:1] in _SEPARATORS)
    ]
    if len(separated) < _TABLE_MIN_ROWS:
        return
    for row in separated:
        for fact in find_facts(text, row.values, row.end, in_record=True):
            yield PersonalFact(fact, row.name)
