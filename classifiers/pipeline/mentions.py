"""The people that confidential words are about: the names that stand near them, as written in the text.

Only clear cases count. Words near no name, or near more names than MAX_PEOPLE, are about somebody unknown.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from classifiers.features.annotations import Hit, TextAnnotations
from gateway.core.cached_value import cached_value

READER, WRITER = "you", "i"
"""Placeholders for a name: the recipient ("your IEP") and the author ("my IEP"). No real name looks like them."""

MAX_PEOPLE = 60
"""People that words can be about. Longer lists are about nobody in particular."""

_TITLE = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Coach|Principal|Nurse|Officer|Sra?|Srta|Señora?|Señorita|Maestr[oa])\b\.?"
_WORD = r"[A-ZÁÉÍÓÚÑÜ](?:['’][A-ZÁÉÍÓÚÑÜ])?[a-záéíóúñüç](?:[\w-]|['’](?!s\b))*"
MAX_NAMES_OF_RECORD = 150
"""Words of a file that look like names, at most: many are no names. More is a list of nobody in particular."""

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
_ADULTS_LINE = re.compile(  # labels of a form whose names are not those of students
    r"(?:parents?|guardians?|mother|father|case manager|teachers?|counselor|physician|doctor|provider|evaluator"
    r"|evaluated by"
    r"|psychologist|principal|administrator|nurse|prepared by|written by|signature|signed|author|school|district|agency"
    r"|padres?|madre|tutor(?:es)?|maestr[oa]|docente|director[a]?|escuela|firma)\b[^\n:]{0,40}:",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(
    r"\b(?:kids?|boys?|girls?|students?|classmates?|friends?|somebody|someone|everyone|everybody|others?|another|anyone"
    r"|list|chic[oa]s?|niñ[oa]s?|alumn[oa]s?|estudiantes?|compañer[oa]s?|alguien|todos|todas|otr[oa]s?|lista)\b",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_STUDENT_ID = re.compile(
    r"\b(?:[Ss]tudents?|[Ii][Dd]|ID|#|[Aa]lumn[oa])\s{0,2}(?:#|no\.|ID|id|:)?\s{0,2}(\w{0,4}-?\d{2,10})\b"
)
_ONE_PERSON = re.compile(r"\b(?:he|she|his|her|hers|him|él|ella)\b", re.IGNORECASE)
_ADULT = re.compile(
    r"\b(?:mom|mother|dad|father|parents?|guardian|grandm\w*|grandp\w*|aunt|uncle|teacher|coach|counselor|nurse"
    r"|principal"
    r"|doctor|psychologist|secretary|mr|ms|mrs|dr|mamá|papá|madre|padre|abuel[oa]|maestr[oa]|director[a]?|enfermera"
    r"|sra?)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:St|Street|Ave|Avenue|Rd|Road|Dr|Drive|Ln|Lane|Ct|Court|Blvd|Way|School|High|Middle|Elementary|Academy|College"
    r"|University|Hospital|Clinic|Center|County|District)\Z"
)
_BEFORE_PLACE = re.compile(r"\b(?:calle|avenida|av\.|colonia|escuela|colegio|hospital|clínica)[ \t]+\Z", re.IGNORECASE)
_READER_POSSESSIVE = re.compile(r"\b(?:your|yours|tu|tus)\b", re.IGNORECASE)
_WRITER_POSSESSIVE = re.compile(r"\b(?:my|mi|mis)\b", re.IGNORECASE)
_READER_WORD = re.compile(r"\b(?:you|your|yours|tu|tus|tú|usted)\b", re.IGNORECASE)
_ORDINARY_WORD = re.compile(
    r"\w{2,}(?:tions?|ments?|ness|ities|ability|ogical|ional|ized|ical|ics|ships?|ings|ciones|ción|mientos?|dad|dades)\Z"
)
_SCHOOL_WORDS = frozenset(
    "academic accommodation accommodations achievement act action address adhd age agency annual assessment"
    " assistance attention autism basic behavior behavioral benchmark board care case child classroom code comments"
    " committee communication community comprehension concerns conference confidential consent contact copy county"
    " current daily data date deficit description development developmental diagnosis disability disabilities"
    " discipline disorder dob document dyslexia early effective eligibility emergency end enrollment environment"
    " evaluation evaluator extended family fax file fluency form free full functional general goal goals guidance"
    " guidelines health hearing history id identification iep impairment incident individual individualized"
    " information instruction instructional intervention language law lead learning least legal letter level levels"
    " life long lunch manager medical medication meet mental minutes name needs notes notice number objective"
    " objectives observation occupational office officer page part participation performance period phone physical"
    " plan planning policy present price primary prior private procedural procedures program progress protection"
    " provider psychological public purpose reason record records reduced referral region related report request"
    " response restrictive results review safeguards schedule score scores screening secondary security service"
    " services setting short signature skills social special specialist specially speech staff standard start state"
    " statement status strength strengths sub summary support supports suspension table term testing therapy time"
    " title total training transcript transition transportation type update verbal vision vocational weekly work"
    " written year years iowa federal department education new parent guardian signed regular extra programa educativo"
    " individualizado educación especial evaluación nombre fecha alumno alumna estudiante grado escuela distrito"
    " diagnóstico servicios metas objetivos firma apoyo reunión maestro maestra director directora informe"
    " calificaciones boleta promedio".split()
)
_NEAR = 200  # characters before a pronoun that are searched for the adult that it means
_MAX_LABEL = 120  # characters of a line before a name that are searched for a label
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
_SECRETS = frozenset({"password", "card", "ssn"})  # nobody may receive these, whoever they belong to
_PERSONAL_DATA = re.compile(  # credentials that belong to a person's own record
    r"(?:home )?address|phone|birth|dob|student id|id number|lives|domicilio|dirección|fecha|matrícula|número|vive",
    re.IGNORECASE,
)
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


def is_ordinary_name(name: str) -> bool:
    """Whether what looks like a name consists of words that schools capitalize in forms and headings."""
    words = [word.strip(".,:").casefold() for word in name.split()]
    return all(word in _SCHOOL_WORDS or word in _NOT_NAMES or _ORDINARY_WORD.match(word) for word in words)


class NameMentions:
    """The names in one text, and the people that its confidential words are about."""

    def __init__(self, annotations: TextAnnotations, *, is_record: bool = False) -> None:
        """`is_record`: the text is a file, in which "the student" is the person of the file."""
        self._is_record = is_record
        self.text, self._sentences = annotations.text.replace("\n\t", " \t"), annotations.sentences  # table cells
        self._text = self.text
        self._names = _full_names(list(_names(self.text)))
        self._starts = [first for _, first, _ in self._names]
        self._greeting_end = _line_end(self._text, _GREETING_LINES)
        self._signature_start = _line_begin(self._text.rstrip(), _SIGNATURE_LINES)

    @property
    def has_names(self) -> bool:
        """Whether anything in the text looks like a name, an address or a number of a person."""
        return bool(self._names or self._others)

    @cached_value
    def _others(self) -> list[tuple[str, int, int]]:
        """The mentions of people other than reader and writer, in order, with their offsets.

        Names, mail addresses and numbers of students. Left out are people who are only greeted, who sign, and adults
        named by their titles or by the label of their line.
        """
        text = self._text
        accounts = [(found.group(), *found.span()) for found in _ACCOUNT.finditer(text)] if "@" in text else []
        numbers = [(found[1], *found.span(1)) for found in _STUDENT_ID.finditer(text)]
        named = [
            mention
            for mention in self._names
            if not _TITLED.match(mention[0]) and not self._is_greeting_or_signature(*mention[1:])
            and not self._is_adult_by_label(mention[1]) and not self._is_label_or_place(*mention)
        ]  # fmt: skip
        return sorted([*named, *accounts, *numbers], key=lambda mention: mention[1])

    @cached_value
    def _other_starts(self) -> list[int]:
        return [first for _, first, _ in self._others]

    def others_between(self, start: int, end: int) -> list[tuple[str, int, int]]:
        """The people mentioned between two offsets, other than reader and writer."""
        return self._others[bisect_left(self._other_starts, start) : bisect_left(self._other_starts, end)]

    def others_in_sentence(self, start: int, end: int) -> bool:
        """Whether the sentence of a place mentions somebody."""
        return bool(self.others_between(*self.sentence_at(start, end)))

    def antecedent(self, at: int) -> str:
        """The person that "he" or "she" at an offset means: the one named last before it; "" for none."""
        number = bisect_left(self._other_starts, at) - 1
        return self._others[number][0] if number >= 0 else ""

    def _means_adult(self, at: int) -> bool:
        """Whether "he" or "she" at an offset can mean an adult who is mentioned shortly before."""
        return _ADULT.search(self._text, max(0, at - _NEAR), at) is not None

    def people_in_hit(self, hit: Hit, of_text: tuple[str, ...] | None = None) -> tuple[str, ...] | None:
        """The people that one hit is about; None if that is not clear.

        A hit whose sentence mentions nobody is about `of_text`, the people of the whole text.
        """
        people = self._people_in_hit(hit)
        return (people or of_text) if people is not None else None

    def _people_in_hit(self, hit: Hit) -> tuple[str, ...] | None:
        """As `people_in_hit`, but empty where the sentence mentions nobody at all."""
        if self._is_secret(hit):
            return None
        if hit.cue == "roster":
            listed = _LISTED.search(self._text, hit.start, hit.end)
            return (listed.group(),) if listed else None
        text, (start, end) = self._text, self.sentence_at(hit.start, hit.end)
        names = self._names_between(start, end)
        for name, first, end_of_name in names:
            is_grade_holder = hit.cue == "grade_of" and first < hit.end and end_of_name > hit.start
            if is_grade_holder or (end_of_name <= hit.start and _POSSESSIVE.match(text[end_of_name : hit.start])):
                return (name,)
        others = tuple(
            dict.fromkeys(
                name
                for name, first, end_of_name in names
                if not self._is_greeting_or_signature(first, end_of_name)
                and not self._is_adult_by_label(first)
                and not self._is_label_or_place(name, first, end_of_name)
            )
        )
        if others:
            return others if len(others) <= MAX_PEOPLE else None
        third = _THIRD_PERSON.search(text, start, end)
        if third is not None and (antecedent := self.antecedent(third.start())):
            return (antecedent,) if _ONE_PERSON.search(text, start, end) else self._nobody_clear()
        if third is not None and not self._means_adult(third.start()):
            return self._nobody_clear()
        before = text[start : hit.start]
        if _BEFORE_YOURS.search(before) or _YOUR.match(text, hit.start):
            return (READER,)
        if _BEFORE_MINE.search(before):
            return (WRITER,)
        return self._nobody_clear() if _SOMEBODY.search(text, start, end) else ()

    def _nobody_clear(self) -> tuple[str, ...] | None:
        """The answer where a text means somebody without saying who. In a record it is the person of the record."""
        return () if self._is_record else None

    def people_in_text(self, hits: Sequence[Hit]) -> tuple[str, ...] | None:
        """The people that a text with these hits is about; None if that is not clear for every hit.

        Words of a record that name nobody are about the people named in the record.

        Everybody else named in the text counts too, because confidential facts need not be in the words that were
        found. Exceptions are people who are only greeted, who sign, and adults named by their titles.
        """
        people: list[str] = []
        unnamed = False
        for hit in hits:
            hit_people = self._people_in_hit(hit)
            if hit_people is None:
                return None
            unnamed = unnamed or not hit_people
            people += hit_people
        for start, end in self._sentences:
            names = self.others_between(start, end)
            person = None if names or self._is_record else _ONE_PERSON.search(self._text, start, end)
            if person is not None and not self.antecedent(start) and not self._means_adult(person.start()):
                return None
        people += [name for name, _, _ in self._others if "@" not in name and name[:1].isalpha()]
        if not people and unnamed:
            people += (READER,) if _READER_WORD.search(self._text) else ()
        names_of_people = tuple(dict.fromkeys(people))
        return names_of_people if 0 < len(names_of_people) <= MAX_PEOPLE else None

    def only_reader_or_writer(self) -> tuple[str, ...]:
        """The reader or the writer where a text speaks about nobody else; empty otherwise."""
        if any(not is_ordinary_name(name) for name, _, _ in self._others) or _ONE_PERSON.search(self._text):
            return ()
        if _READER_POSSESSIVE.search(self._text):
            return (READER,)
        return (WRITER,) if _WRITER_POSSESSIVE.search(self._text) else ()

    def everybody(self) -> tuple[str, ...]:
        """The names in the text, without those who are greeted or sign; none if they are too many."""
        names = dict.fromkeys(name for name, _, _ in self._others if "@" not in name)
        return tuple(names) if len(names) <= MAX_NAMES_OF_RECORD else ()

    def _is_label_or_place(self, name: str, start: int, end: int) -> bool:
        """Whether a name is a label of a form ("Disability:"), or that of a street, school or clinic."""
        if self._is_record and " " not in name and self._text.startswith(":", end):
            return True
        return (
            _PLACE.search(name) is not None or _BEFORE_PLACE.search(self._text, max(0, start - 20), start) is not None
        )

    def has_secret(self, hits: Sequence[Hit]) -> bool:
        """Whether some hits are secrets that nobody may receive."""
        return any(self._is_secret(hit) for hit in hits)

    def _is_secret(self, hit: Hit) -> bool:
        cue = hit.cue.partition("_of_")[0]
        if cue == "credentials":
            return _PERSONAL_DATA.search(self._text, hit.start, hit.end) is None
        return cue in _SECRETS

    def sentence_at(self, start: int, end: int) -> tuple[int, int]:
        """The bounds of the sentence that contains an offset; the bounds given if there is none."""
        at = bisect_right(self._sentences, start, key=lambda sentence: sentence[0]) - 1
        return self._sentences[at] if at >= 0 and start < self._sentences[at][1] else (start, end)

    def _is_adult_by_label(self, start: int) -> bool:
        """Whether a name stands behind a label such as "Case manager:"."""
        line = self._text.rfind("\n", 0, start) + 1
        return start - line < _MAX_LABEL and _ADULTS_LINE.search(self._text, line, start) is not None

    def _is_greeting_or_signature(self, start: int, end: int) -> bool:
        """Whether a name is a greeting or a signature: after a greeting word, or among the first or last lines."""
        text = self._text
        if self._is_record:
            return False
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
