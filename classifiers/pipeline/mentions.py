"""The people that confidential words are about: the names that stand near them, as written in the text.

Only clear cases count. Words near no name, or near more names than MAX_PEOPLE, are about somebody unknown.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from classifiers.features.annotations import Hit, TextAnnotations

READER, WRITER = "you", "i"
"""Placeholders for a name: the recipient ("your IEP") and the author ("my IEP"). No real name looks like them."""

MAX_PEOPLE = 4
"""People that words can be about. More than this is a class list, which is about nobody in particular."""

_TITLE = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Coach|Principal|Nurse|Officer|Sra?|Srta|Señora?|Señorita|Maestr[oa])\b\.?"
_WORD = r"[A-ZÁÉÍÓÚÑÜ](?:['’][A-ZÁÉÍÓÚÑÜ])?[a-záéíóúñüç](?:[\w-]|['’](?!s\b))*"
_MORE = rf"[ \t]+(?!{_TITLE})(?:(?:de|la|del|van|von)[ \t]+)*(?:{_WORD}|[A-Z]\b\.?)"
_NAME = re.compile(rf"(?<![\w@.])(?:{_TITLE}\s+)?{_WORD}(?:{_MORE})*")
_LISTED = re.compile(r"(?<![\w'’-])[A-ZÁÉÍÓÚÑÜ][\w'’-]++,? [A-ZÁÉÍÓÚÑÜ][\w.'’-]*")
_TITLED = re.compile(rf"{_TITLE}\s")

_NOT_NAMES = frozenset(  # capitalized words that are no names: sentence starts, and words that schools capitalize
    "a about after again all also although am an and any are as ask at attached be because been before being below"
    " both but by call can check come could dear did do does don don't each either email every everyone everything"
    " for from get give go good great had has have he hello her here hers hey hi him his how i i'd i'll i'm i've if"
    " in is it it's its just keep let let's look make many may maybe me meet more most much my need never next no"
    " not nothing now of ok okay on once one only or our out over per please re read remember right see send she"
    " should since so some someone soon sorry still such sure take talk tell thank thanks that that's the their them"
    " then there these they this those though thus to today tomorrow tonight too try turn two until up us use very"
    " wait was we we'll we're well were what what's when where which while who why will with without would write yes"
    " yesterday yet you you'll you're you've your yours monday tuesday wednesday thursday friday saturday sunday"
    " january february march april june july august september october november december fall spring summer winter"
    " morning afternoon evening english spanish french german latin american math maths algebra geometry calculus"
    " statistics biology chemistry physics science history government economics art band choir orchestra music drama"
    " theater reading writing literature health gym homeroom advisory study hall period quarter semester trimester"
    " unit chapter lesson test quiz exam final finals midterm midterms homework essay project grade grades gpa"
    " report card class school high middle elementary district office room building library cafeteria gradebook"
    " google canvas classroom schoology powerschool zoom teams chromebook outlook gmail team varsity practice game"
    " coach principal counselor nurse teacher student students parent parents mom dad grandma grandpa aunt uncle"
    " section plan meeting subject team's hola gracias por favor buenos buenas días tardes estimado estimada querido"
    " querida el la los las un una de del en con para que si tu tus su sus mi mis yo él ella ellos ellas es está son"
    " fue ya hoy mañana ayer lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo"
    " junio julio agosto septiembre octubre noviembre diciembre como cuando donde porque pero también tiene tienes"
    " sacó saludos atentamente sincerely best regards cheers love".split()
)
_THIRD_PERSON = re.compile(r"\b(?:he|she|his|her|hers|him|they|their|theirs|them|él|ella|ellos|ellas)\b", re.IGNORECASE)
_GREETING = re.compile(
    r"\s*(?P<word>(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hola|buen[oa]s (?:días|tardes|noches)"
    r"|estimad[oa]|querid[oa])\b[ ,]*)?",
    re.IGNORECASE,
)
_AFTER_GREETING = re.compile(r"[ \t]*+(?:[,!]|:?[ \t]*+\n)")
_ENDS_LINE = re.compile(r"[ \t]*+(?:[,.!][ \t]*+)?(?:\n|$)")
_MAX_PREFIX_WORDS = 3
"""Words of a longer name that a shorter name may repeat."""
_GREETING_LINES, _SIGNATURE_LINES = (
    2,
    1,
)  # lines at the start where a name is a greeting, lines at the end where it is a signature
_SECRETS = frozenset({"password", "credentials", "card", "ssn"})  # nobody may receive these, whoever they belong to
_WORDS = re.compile(r"\S+")
_POSSESSIVE = re.compile(r"['’]s?\s+(?:[\w-]+\s+){0,2}$")
_YOUR = re.compile(r"(?:your|tu|tus)\b", re.IGNORECASE)
_BEFORE_YOURS = re.compile(
    r"\b(?:your|tu|tus)\s+(?:[\w-]+\s+){0,2}$"
    r"|\byou(?:'ve|'re| have| got| are| were| made| earned| scored| need| qualify)(?: [\w-]+){0,3}\s+$",
    re.IGNORECASE,
)
_BEFORE_MINE = re.compile(
    r"\b(?:my|mi|mis)\s+(?:[\w-]+\s+){0,2}$|\bi(?:'ve|'m| have| got| am| was| need)(?: [\w-]+){0,3}\s+$", re.IGNORECASE
)


class NameMentions:
    """The names in one text, and the people that its confidential words are about."""

    def __init__(self, annotations: TextAnnotations) -> None:
        self._text, self._sentences = annotations.text, annotations.sentences
        self._names = _full_names(list(_names(annotations.text)))
        self._starts = [first for _, first, _ in self._names]
        self._greeting_end = _line_end(self._text, _GREETING_LINES)
        self._signature_start = _line_begin(self._text.rstrip(), _SIGNATURE_LINES)

    def people_in_hit(self, hit: Hit) -> tuple[str, ...] | None:
        """The people that one hit is about; None if that is not clear."""
        if hit.cue.partition("_of_")[0] in _SECRETS:
            return None
        if hit.cue == "roster":
            listed = _LISTED.search(self._text, hit.start, hit.end)
            return (listed.group(),) if listed else None
        text, (start, end) = self._text, self._sentence_of(hit)
        names = self._names_between(start, end)
        for name, first, end_of_name in names:
            is_grade_holder = hit.cue == "grade_of" and first < hit.end and end_of_name > hit.start
            if is_grade_holder or (end_of_name <= hit.start and _POSSESSIVE.match(text[end_of_name : hit.start])):
                return (name,)
        others = tuple(
            dict.fromkeys(
                name for name, first, end_of_name in names if not self._is_greeting_or_signature(first, end_of_name)
            )
        )
        if others:
            return others if len(others) <= MAX_PEOPLE else None
        if _THIRD_PERSON.search(text, start, end):
            return None
        before = text[start : hit.start]
        if _BEFORE_YOURS.search(before) or _YOUR.match(text, hit.start):
            return (READER,)
        return (WRITER,) if _BEFORE_MINE.search(before) else None

    def people_in_text(self, hits: Sequence[Hit]) -> tuple[str, ...] | None:
        """The people that a text with these hits is about; None if that is not clear for every hit.

        Everybody else named in the text counts too, because confidential facts need not be in the words that were
        found. Exceptions are people who are only greeted, who sign, and adults named by their titles.
        """
        people: list[str] = []
        for hit in hits:
            hit_people = self.people_in_hit(hit)
            if hit_people is None:
                return None
            people += hit_people
        for start, end in self._sentences:
            names = [name for name in self._names_between(start, end) if not self._is_greeting_or_signature(*name[1:])]
            if not names and _THIRD_PERSON.search(self._text, start, end):
                return None
            people += [name for name, _, _ in names if not _TITLED.match(name)]
        names_of_people = tuple(dict.fromkeys(people))
        return names_of_people if 0 < len(names_of_people) <= MAX_PEOPLE else None

    def _sentence_of(self, hit: Hit) -> tuple[int, int]:
        at = bisect_right(self._sentences, hit.start, key=lambda sentence: sentence[0]) - 1
        return self._sentences[at] if at >= 0 and hit.start < self._sentences[at][1] else (hit.start, hit.end)

    def _is_greeting_or_signature(self, start: int, end: int) -> bool:
        """Whether a name is a greeting or a signature: after a greeting word, or among the first or last lines."""
        text = self._text
        line = text.rfind("\n", 0, start) + 1
        begins = _GREETING.fullmatch(text, line, start)
        if begins is None:
            return False
        if (begins["word"] or line <= self._greeting_end) and _AFTER_GREETING.match(text, end):
            return True
        if _ENDS_LINE.match(text, end) is None:
            return False
        rest = _WORDS.search(text, end)
        return rest is None or rest.start() >= self._signature_start

    def _names_between(self, start: int, end: int) -> list[tuple[str, int, int]]:
        """The names that begin between two offsets."""
        return self._names[bisect_left(self._starts, start) : bisect_left(self._starts, end)]


def _names(text: str) -> Iterator[tuple[str, int, int]]:
    """The names in a text and their offsets. Words that are no names separate names."""
    for found in _NAME.finditer(text):
        titled = _TITLED.match(found.group())
        first = found.start() + (titled.end() if titled else 0)
        run: list[re.Match[str]] = []
        for word in _WORDS.finditer(text, first, found.end()):
            if word.group().strip(".,").casefold() in _NOT_NAMES:
                yield from _joined(text, run, None)
                run, titled = [], None
            else:
                run.append(word)
        yield from _joined(text, run, found.start() if titled else None)


def _full_names(names: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Names in full: a first name becomes the longer name in the text that begins with it, if there is only one."""
    longer: dict[str, list[str]] = {}
    for name in dict.fromkeys(name for name, _, _ in names):
        words = name.split(" ", _MAX_PREFIX_WORDS)
        for count in range(1, len(words)):
            longer.setdefault(" ".join(words[:count]), []).append(name)
    return [(known[0] if len(known := longer.get(name, [])) == 1 else name, start, end) for name, start, end in names]


def _joined(text: str, run: list[re.Match[str]], begins: int | None) -> Iterator[tuple[str, int, int]]:
    if run:
        start, end = run[0].start() if begins is None else begins, run[-1].end()
        yield text[start:end], start, end


def _line_end(text: str, number: int) -> int:
    """The end of a line, counted from 0; the end of the text if it has fewer lines."""
    at = -1
    for _ in range(number + 1):
        at = text.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at


def _line_begin(text: str, number: int) -> int:
    """The start of a line, counted from 0 at the end; the start of the text if it has fewer lines."""
    at = len(text)
    for _ in range(number + 1):
        at = text.rfind("\n", 0, at)
        if at < 0:
            return 0
    return at + 1
