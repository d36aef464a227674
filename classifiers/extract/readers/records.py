"""Words that are spread over many small values: records of JSON and XML, columns, formulas, subtitles.

A person sees one field of each record, one column, or the result of a formula. Only what speaks of somebody counts:
the fields of ordinary files seldom do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from classifiers.extract.readers.html_files import unescape_script
from classifiers.extract.readers.reading import FileContent, InnerFile
from classifiers.extract.readers.text_runs import text_runs
from classifiers.extract.readers.words_in_values import has_words, is_address_to_somebody
from gateway.core.mime.charsets.text_in_bytes import written_text
from gateway.core.mime.transfer import decode

NAMES = " "
"""The key of the names of elements among the fields of a file."""
_BETWEEN_NAMES = re.compile(r"[-_.]+")
_MIN_RECORDS = 5
_MIN_BLANKS = 4
_MAX_VALUES = 20_000
_MAX_COLUMNS = 50
_SIGNS_OF_COLUMNS = (",", ";", "\t", "|", " - ", " : ", " = ")
_MAX_TABLE = 200_000
_MAX_WORD = 14
"""Characters of a value, on average, that is a word or two."""
_SHORT = 3
"""Characters of a value, on average, that is a piece of a word."""
_JSON_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"?(\s{0,20}:)?', re.DOTALL)
_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,400}>|<!--|&#[xX]?[0-9A-Fa-f]{2,6};")
_MAX_PAGES = 40
"""Strings with markup that are read as pages by themselves; more are read together."""
_ENCODED = re.compile(r"(?=.{0,40}[0-9A-Z+/])[A-Za-z0-9+/]{24,20000}={0,2}")
"""A value in base64."""
_ARRAY = re.compile(r"\[[^\[\]]{1,300}\]")
_LINE = re.compile(
    r"^[ \t*-]{0,20}(?:([A-Za-z_][\w.]{1,40})[ \t]{0,5}[:=(]|#{1,6} |\d{1,4}[.)] )[ \t]{0,5}(\S[^\n]{0,60})$",
    re.MULTILINE,
)
_ENCODED_LINE = re.compile(r"^([A-Za-z][\w;-]{1,40}):: ?([A-Za-z0-9+/]{2,2000}={0,2})\r?$", re.MULTILINE)
"""A value in base64, as in files of directories and address books (LDIF, RFC 2849)."""
_QUOTED = re.compile(r"\"([^\"\n]{0,60})\"|'([^'\n]{0,60})'|`([^`\n]{0,60})`|\{([^{}\n]{1,60})\}|\[([^\[\]\n]{1,60})\]")
_SIGNS = re.compile(
    r"\{\}|''{1,4}| -- |\*\*|~~|\[/?[a-z]{1,6}\]|\[[A-H][#b]?[a-z0-9+/#()-]{0,9}(?:/[A-H][#b]?)?\]"
    r"|\\(?:phantom|hphantom|vphantom|iffalse)\b\s?(?:\{[^{}\n]{0,80}\})?|(?<!\\)%[^\n]{0,200}\n"
)
_TEX_CODE = re.compile(r"\\char ?(?:(\d{1,6})|\"([0-9A-F]{1,5})|'([0-7]{1,6}))\s?|\\symbol\{(\d{1,6})\}")
"""A character by its number in TeX."""
_MIN_SIGNS = 8
_FRAME = "\"'`()[]{};,|\r "
_FORMULA_PART = re.compile(r'"((?:[^"]|"")*+)"|CHAR\((\d{1,6})\)', re.IGNORECASE)
_MAX_SEPARATOR = 20
"""Characters of what a formula puts between texts."""
_REPLACED = re.compile(r'SUBSTITUTE\("((?:[^"]|"")*+)","([^"]{1,20})","([^"]{0,20})"', re.IGNORECASE)
_CUE_TIMES = re.compile(
    r"^[ \t]{0,8}(?:\d{1,6}[ \t]{0,8}\r?\n)?(?:\d+:)?\d+:\d+[.,]\d+[ \t]{0,8}-->[ \t]{0,8}[\d:.,]{4,20}([^\n]*)$"
    r"|^\d{1,3}:\d\d:\d\d[.,]\d{1,3},\d{1,3}:\d\d:\d\d[.,]\d{1,3}\r?$|^Dialogue:(?:[^,\n]{0,60},){9}",
    re.MULTILINE,
)
_SUBTITLE_TAG = re.compile(r"<[^<>\n]{0,60}>|\[\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?\]|\{([^{}\n]{0,200})\}")

_UNSEEN_WORDS = re.compile(r"\{[^{}\n]{0,200}\\(?:alpha|1a)&H[Ff][0-9A-Fa-f]&[^{}\n]{0,200}\}[^{}\n]{0,2000}")
_UNSEEN_LINE = re.compile(r"^Comment: ?\d[^\n]*\n?", re.MULTILINE)
"""Words and lines of subtitles (Advanced SubStation Alpha) that are not shown."""


def keep_sentences(texts: Iterable[str]) -> list[str]:
    """The texts that speak of somebody, once each."""
    return list(dict.fromkeys(text for text in texts if is_address_to_somebody(text)))


def sentences_in(data: bytes) -> list[str]:
    """The runs of characters in binary data that speak of somebody, with blanks between their words."""
    return keep_sentences(run for run in text_runs(data).split("\n") if run.count(" ") >= _MIN_BLANKS)


def joined(values: Sequence[str]) -> str:
    """The values of one field in a row: pieces of words as they are, words with blanks."""
    are_pieces = sum(map(len, values)) <= _SHORT * len(values) or any(value[:1].isspace() for value in values[1:])
    return ("" if are_pieces else " ").join(values)


def fields_of_json(text: str) -> list[str]:
    """What the fields of JSON say, each over all records, and what is encoded in one."""
    fields: dict[str, list[str]] = {}
    encoded: list[str] = []
    key = ""
    for number, found in enumerate(_JSON_STRING.finditer(text)):
        if number >= _MAX_VALUES:
            break
        if found[2]:
            key = found[1]
        else:
            value = unescape_script(found[1]) if "\\" in found[1] else found[1]
            fields.setdefault(key, []).append(value)
            if _ENCODED.fullmatch(value):
                encoded.append(written_text(decode("base64", value.encode())))
    for row in _ARRAY.finditer(text[:_MAX_TABLE]):
        for number, cell in enumerate(_JSON_STRING.finditer(row[0])):
            fields.setdefault(f"{number} of a row", []).append(cell[1])
    return [*say_together(fields.values()), *keep_sentences(encoded)]


def pages_in_json(text: str) -> list[InnerFile]:
    """The strings of JSON that are pages, as in a notebook or an export of messages; lines in a row are one string."""
    if text[:1] not in "[{" or not _MARKUP.search(text):
        return []
    try:
        waiting = [json.loads(text)]
    except (ValueError, RecursionError):
        return []
    pages: list[str] = []
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed(list(value.values()))
        elif isinstance(value, list) and not all(isinstance(line, str) for line in value):
            waiting += reversed(value)
        elif isinstance(value, list | str) and _MARKUP.search(page := "".join(value)):
            pages.append(page)
    if len(pages) > _MAX_PAGES:
        pages = [*pages[:_MAX_PAGES], "\n".join(pages[_MAX_PAGES:])]
    return [InnerFile("", page.encode("utf-8", "replace"), "text/html") for page in pages]


def fields_of_lines(text: str) -> list[str]:
    """What lines with the same word before a sign say, as in YAML, settings and programs that print."""
    fields: dict[str, list[str]] = {}
    for found in _QUOTED.finditer(text[:_MAX_TABLE]):
        fields.setdefault(found[0][0], []).append(next(filter(None, found.groups()), ""))
    for number, found in enumerate(_LINE.finditer(text)):
        if number >= _MAX_VALUES:
            break
        quoted = _QUOTED.match(found[2])
        value = found[2].strip(_FRAME) if quoted is None else next(filter(None, quoted.groups()), "")
        fields.setdefault(found[1] or "list", []).append(value)
    for found in _ENCODED_LINE.finditer(text[:_MAX_TABLE]) if ":: " in text else ():
        fields.setdefault(found[1], []).append(written_text(decode("base64", found[2].encode())))
    return say_together(fields.values())


def without_signs(text: str) -> list[str]:
    """A text without the signs of TeX, wikis and scores that stand between its letters and that nobody sees."""
    found = [_SIGNS.sub("", text)] if len(_SIGNS.findall(text)) >= _MIN_SIGNS else []
    if text.count("\\char") + text.count("\\symbol") >= _MIN_SIGNS:
        found.append(_TEX_CODE.sub(_tex_character, text))
    return keep_sentences(found)


def _tex_character(code: re.Match[str]) -> str:
    number = int(code[1] or code[4] or 0) or (int(code[2], 16) if code[2] else int(code[3] or "0", 8))
    return _character(number)


def say_together(fields: Iterable[Sequence[str]]) -> list[str]:
    """The fields whose values are a sentence together, a word or two each."""
    return keep_sentences(
        joined(values)
        for values in fields
        if len(values) >= _MIN_RECORDS and sum(map(len, values)) <= _MAX_WORD * len(values)
    )


def put_first(said: Sequence[str], content: FileContent) -> None:
    """Let a content show what its fields say. All fields in a row say nothing, unless a line of theirs does."""
    if not said:
        return
    if any(is_address_to_somebody(line) for text in content.text for line in text.split("\n")):
        content.text = [*said, *content.text]
    else:
        content.text, content.hidden = [*said], [*content.text, *content.hidden]


def say_fields(fields: dict[str, list[str]], content: FileContent) -> None:
    """Add what the elements or attributes of one name say together in XML, and the names themselves."""
    names = " ".join(dict.fromkeys(fields.pop(NAMES, [])))
    said = say_together(fields.values())
    said += keep_sentences((_syllables(fields.get("text", ()), fields.get("syllabic", ())),))
    put_first(said, content)
    content.hidden += keep_sentences((_BETWEEN_NAMES.sub(" ", names),))


def _syllables(values: Sequence[str], places: Sequence[str]) -> str:
    """The words of a song in MusicXML, by the places of syllables in words."""
    ends = (" " if place in ("end", "single") else "" for place in places)
    return "".join(value + end for value, end in zip(values, ends, strict=False))


def columns(table: str, sign: str = "") -> Iterator[str]:
    """The cells of a table with separators, column by column: a text may run down."""
    sign = sign or max(",;\t|", key=table[:10_000].count)
    rows = [row.split(sign)[:_MAX_COLUMNS] for row in table.splitlines()[:_MAX_VALUES] if sign in row]
    for column in zip_longest(*rows, fillvalue=""):
        yield " ".join(cell.strip(_FRAME) for cell in column)


def columns_that_speak(text: str) -> list[str]:
    """The columns of rows that any common sign divides, as far as they speak of somebody."""
    text = text[:_MAX_TABLE]
    signs = (sign for sign in _SIGNS_OF_COLUMNS if text.count(sign) >= _MIN_RECORDS)
    return keep_sentences(column for sign in signs for column in columns(text, sign))


def formula_words(formula: str) -> str:
    """The texts and characters in a formula, as it puts them together."""
    if found := _REPLACED.search(formula):
        return found[1].replace(found[2], found[3])
    parts = [
        _character(int(found[2])) if found[2] else found[1].replace('""', '"')
        for found in _FORMULA_PART.finditer(formula)
    ]
    if "TEXTJOIN" in formula.upper() and len(parts) > 1:
        return parts[0][:_MAX_SEPARATOR].join(parts[1:])
    return ("" if any(" " in part for part in parts) else " ").join(parts)


def _character(number: int) -> str:
    return chr(number) if number < 0xD800 or 0xE000 <= number < 0x110000 else ""


def words_of_formulas(table: str) -> list[str]:
    """What the formulas of a table with separators show."""
    lines = (line for line in table.splitlines()[:_MAX_VALUES] if "=" in line and ("(" in line or "&" in line))
    return keep_sentences(formula_words(form) for line in lines for form in (line, _unquoted(line)))


def _unquoted(line: str) -> str:
    """A line of cells in quotes without them; two in a row stand for one."""
    return line.replace('""', "\0").replace('"', "").replace("\0", '"')


def read_subtitles(text: str) -> tuple[str, list[str]]:
    """The words of subtitles or timed lyrics, and what their tags say."""
    if "{" in text:
        text = _UNSEEN_LINE.sub("", _UNSEEN_WORDS.sub("", text))
    elif "Comment:" in text:
        text = _UNSEEN_LINE.sub("", text)
    tags = keep_sentences(found[1] or "" for found in _SUBTITLE_TAG.finditer(text))
    plain = _CUE_TIMES.sub(lambda cue: cue[1] if has_words(cue[1] or "") else "", text)
    return _SUBTITLE_TAG.sub("", plain), tags
