"""Of whom confidential words tell: the names that stand with them, as the text has them.

Only what is plain is said. Words that tell of nobody by name, or of more people than a few, tell of somebody unknown.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from classifiers.features.annotations import Evidence, Hit

READER, WRITER = "you", "i"
"""In the place of a name: whoever gets the text ("your IEP"), whoever wrote it ("my IEP"). No name is so written."""

MOST = 4
"""Of more people than this nobody is named: a list of a class is everybody's."""

_TITLE = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Coach|Principal|Nurse|Officer|Sra?|Srta|Señora?|Señorita|Maestr[oa])\b\.?"
_WORD = r"[A-ZÁÉÍÓÚÑÜ](?:['’][A-ZÁÉÍÓÚÑÜ])?[a-záéíóúñüç](?:[\w-]|['’](?!s\b))*"
_MORE = rf"[ \t]+(?!{_TITLE})(?:(?:de|la|del|van|von)[ \t]+)*(?:{_WORD}|[A-Z]\b\.?)"
_NAME = re.compile(rf"(?<![\w@.])(?:{_TITLE}\s+)?{_WORD}(?:{_MORE})*")
_LISTED = re.compile(r"[A-ZÁÉÍÓÚÑÜ][\w'’-]+,? [A-ZÁÉÍÓÚÑÜ][\w.'’-]*")
_TITLED = re.compile(rf"{_TITLE}\s")

_NO_NAMES = frozenset(  # words with a capital that name nobody: what begins sentences, and what schools write so
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
_THEY = re.compile(r"\b(?:he|she|his|her|hers|him|they|their|theirs|them|él|ella|ellos|ellas)\b", re.IGNORECASE)
_GREETING = re.compile(
    r"\s*(?P<word>(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hola|buen[oa]s (?:días|tardes|noches)"
    r"|estimad[oa]|querid[oa])\b[ ,]*)?",
    re.IGNORECASE,
)
_BEHIND_GREETING = re.compile(r"[ \t]*(?:[,!]|:?[ \t]*\n)")
_ENDS_LINE = re.compile(r"[ \t]*[,.!]?[ \t]*(?:\n|$)")
_FIRST = 3
"""Words that are looked at as the beginning of a longer name."""
_HEAD, _FOOT = 2, 1  # lines before a name that is greeted without a word for it, lines behind one that signs
_TO_NOBODY = frozenset({"password", "credentials", "card", "ssn"})  # to be told to nobody, whosever they are
_WORDS = re.compile(r"\S+")
_OF = re.compile(r"['’]s?\s+(?:[\w-]+\s+){0,2}$")
_YOUR = re.compile(r"(?:your|tu|tus)\b", re.IGNORECASE)
_YOURS = re.compile(
    r"\b(?:your|tu|tus)\s+(?:[\w-]+\s+){0,2}$"
    r"|\byou(?:'ve|'re| have| got| are| were| made| earned| scored| need| qualify)(?: [\w-]+){0,3}\s+$",
    re.IGNORECASE,
)
_MINE = re.compile(
    r"\b(?:my|mi|mis)\s+(?:[\w-]+\s+){0,2}$|\bi(?:'ve|'m| have| got| am| was| need)(?: [\w-]+){0,3}\s+$", re.IGNORECASE
)


class Naming:
    """The names in one text, and of whom its confidential words tell."""

    def __init__(self, noted: Evidence) -> None:
        self._text, self._sentences = noted.text, noted.sentences
        self._names = _in_full(list(_names(noted.text)))
        self._starts = [first for _, first, _ in self._names]
        self._head = _line_end(self._text, _HEAD)
        self._foot = _line_begin(self._text.rstrip(), _FOOT)

    def told_of(self, hit: Hit) -> tuple[str, ...] | None:
        """Of whom the words of one hit tell; None where that is not plain."""
        if hit.cue.partition("_of_")[0] in _TO_NOBODY:
            return None
        if hit.cue == "roster":
            listed = _LISTED.search(self._text, hit.start, hit.end)
            return (listed.group(),) if listed else None
        text, (start, end) = self._text, self._around(hit)
        names = self._within(start, end)
        for name, first, behind in names:
            has_it = hit.cue == "grade_of" and first < hit.end and behind > hit.start
            if has_it or (behind <= hit.start and _OF.match(text[behind : hit.start])):
                return (name,)
        meant = tuple(dict.fromkeys(name for name, first, behind in names if not self._addressed(first, behind)))
        if meant:
            return meant if len(meant) <= MOST else None
        if _THEY.search(text, start, end):
            return None
        before = text[start : hit.start]
        if _YOURS.search(before) or _YOUR.match(text, hit.start):
            return (READER,)
        return (WRITER,) if _MINE.search(before) else None

    def all_told_of(self, hits: Sequence[Hit]) -> tuple[str, ...] | None:
        """Of whom a text tells whose confidential words are these; None where that is not plain of every one of them.

        Whoever else is named anywhere in it counts too, for what is confidential is not only in the words that were
        found; but for those who are only addressed, or who sign, and for grown-ups by their titles.
        """
        told: list[str] = []
        for hit in hits:
            whom = self.told_of(hit)
            if whom is None:
                return None
            told += whom
        for start, end in self._sentences:
            names = [each for each in self._within(start, end) if not self._addressed(*each[1:])]
            if not names and _THEY.search(self._text, start, end):
                return None
            told += [name for name, _, _ in names if not _TITLED.match(name)]
        whole = tuple(dict.fromkeys(told))
        return whole if 0 < len(whole) <= MOST else None

    def _around(self, hit: Hit) -> tuple[int, int]:
        at = bisect_right(self._sentences, hit.start, key=lambda each: each[0]) - 1
        return self._sentences[at] if at >= 0 and hit.start < self._sentences[at][1] else (hit.start, hit.end)

    def _addressed(self, start: int, end: int) -> bool:
        """Whether a name greets somebody or signs: behind a word of greeting, or among the first or last lines."""
        text = self._text
        line = text.rfind("\n", 0, start) + 1
        begins = _GREETING.fullmatch(text, line, start)
        if begins is None:
            return False
        if (begins["word"] or line <= self._head) and _BEHIND_GREETING.match(text, end):
            return True
        if _ENDS_LINE.match(text, end) is None:
            return False
        rest = _WORDS.search(text, end)
        return rest is None or rest.start() >= self._foot

    def _within(self, start: int, end: int) -> list[tuple[str, int, int]]:
        """The names that begin between two places."""
        return self._names[bisect_left(self._starts, start) : bisect_left(self._starts, end)]


def _names(text: str) -> Iterator[tuple[str, int, int]]:
    """The names in a text, with where they stand; a word that names nobody ends or begins none."""
    for found in _NAME.finditer(text):
        titled = _TITLED.match(found.group())
        first = found.start() + (titled.end() if titled else 0)
        run: list[re.Match[str]] = []
        for word in _WORDS.finditer(text, first, found.end()):
            if word.group().strip(".,").casefold() in _NO_NAMES:
                yield from _joined(text, run, None)
                run, titled = [], None
            else:
                run.append(word)
        yield from _joined(text, run, found.start() if titled else None)


def _in_full(names: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Names, a first name alone as the only longer one in the text that begins with it: they are one person's."""
    longer: dict[str, list[str]] = {}
    for name in dict.fromkeys(name for name, _, _ in names):
        words = name.split(" ", _FIRST)
        for count in range(1, len(words)):
            longer.setdefault(" ".join(words[:count]), []).append(name)
    return [(known[0] if len(known := longer.get(name, [])) == 1 else name, start, end) for name, start, end in names]


def _joined(text: str, run: list[re.Match[str]], begins: int | None) -> Iterator[tuple[str, int, int]]:
    if run:
        start, end = run[0].start() if begins is None else begins, run[-1].end()
        yield text[start:end], start, end


def _line_end(text: str, number: int) -> int:
    """Where a line ends, the first one being 0; the end of a text that has fewer."""
    at = -1
    for _ in range(number + 1):
        at = text.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at


def _line_begin(text: str, number: int) -> int:
    """Where a line begins, the last one being 0; the beginning of a text that has fewer."""
    at = len(text)
    for _ in range(number + 1):
        at = text.rfind("\n", 0, at)
        if at < 0:
            return 0
    return at + 1
