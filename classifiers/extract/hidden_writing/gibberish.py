"""Finds what nobody can read in a text: data that was not decoded, bytes in another charset, control characters.

Such text says nothing, but a model would give it scores all the same. It is blanked, and the message is `unreadable`.
Only lines that are mostly such data count, so words beside a code or an identifier are read as before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from classifiers.extract.armor import is_key_material
from classifiers.extract.hidden_writing.sign_runs import DIGITS, LETTERS, SignRun
from classifiers.extract.hidden_writing.spelled_codes import ESCAPES
from classifiers.extract.hidden_writing.unread_writing import unread_writing
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.misread import misread_characters
from gateway.core.mime.charsets.text_in_bytes import written_text
from gateway.core.mime.charsets.written import is_written
from gateway.core.mime.html import read_html
from gateway.core.mime.transfer import decode, layered_decodings

MIN_SIZE = 40
"""Characters of encoded data from which it is blanked. Shorter ones may be an identifier."""

# What a text has somewhere that may have lines of data: base64, uuencoded lines, and so on.
_LETTERS_OF_DATA = SignRun(LETTERS + DIGITS + "+/=", 12)
_DATA = re.compile(r"[A-Za-z0-9+/=]{12}(?<![A-Za-z]{12})")
_CAPITAL_LINE = re.compile(r"^([!-`])(?!\1{3})[ -`]{20,}+\r?$", re.MULTILINE)
_QUOTED_ROW = re.compile(r"(?:=[0-9A-F]{2}.?.?){4}")
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f\ufffd]")
_FOREIGN_LETTERS = re.compile("[\u0080-\u00bf\u0192\u02c6\u2020\u2021\u2030\u203a][^\\W\\d_]|[\u00c0-\u00ff]{4}")
_MAY_BE_ENCODED = re.compile(r"[A-Za-z0-9+/=]{12}|=[0-9A-F]{2}")
_LINE = re.compile(r"[^\n\x85]+")
_TOKEN = re.compile(r"\S+")
_BASE64, _MIN_TOKEN = re.compile(r"[A-Za-z0-9+/=]{12,}+"), 12
_EDGE = re.compile(r"^[^\s\w<>()\[\]{}\"'+/=]{1,3}|[^\s\w<>()\[\]{}\"'+/=]{1,3}$", re.ASCII)
"""Signs at an edge of data, which decoders pass over."""
_LAST_LINE = re.compile(r"[A-Za-z0-9+/]{2,12}={0,2}")
_FULL_BASE64, _MIN_SWITCHES = re.compile(r"[A-Za-z0-9+/]{60,}+={0,2}"), 4
"""A full line of base64, which may be zeros for the most part, and its switches."""
_NO_WORD = re.compile(r"[0-9+/=]")
_HASH = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_SWITCH = re.compile(r"[a-z0-9][A-Z]|[A-Za-z][0-9]")
_UUENCODED, _MIN_UUENCODED = re.compile(r"[!-`][ -`]{15,90}\Z"), 16
_SIGN = re.compile(r"[!-/:-@[-`]")
_FULL_LINE, _MIN_SIGNS_OF_FULL_LINE = 61, 4
_RULE = re.compile(r"([^ `])\1{3}")
_MIN_SIGNS, _MIN_DIFFERENT = 0.15, 12
"""The share of signs in a uuencoded line, and its different characters: a line in capital letters has fewer."""
_QUOTED = re.compile(r"=[0-9A-F]{2}")
_FOREIGN = re.compile(
    "[\u0080-\u00a0\u00a2-\u00a9\u00ab\u00ac\u00ae-\u00b3\u00b5\u00b6\u00b8\u00b9\u00bb-\u00be\u0192\u02c6\u02dc\u2020-\u2022"
    "\u2030\u203a\u2122]"
)
"""Signs that stand among letters only where bytes were read in another charset."""
_ACCENTED, _MIN_ACCENTED = re.compile("[\u00c0-\u00ff]"), 20
"""Letters that no language has so many of that they are half of a line, and from how many of them this tells."""
_PLAIN_WORD = re.compile(r"(?<!\S)[(\"']?[^\W\d_]{3,}+[.,;:!?)\"']{0,2}(?!\S)")
_PLAIN_WORDS = re.compile(
    r"(?<![^\s\0-\x1f\x7f])[(\"']?[^\W\d_]{2,}+[.,;:!?)\"']{0,2}(?:\s{1,3}[(\"']?[^\W\d_]{2,}+[.,;:!?)\"']{0,2}(?!\S))++"
)
"""Words in a row, which are no data."""
WORD_RUN = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,}+(?:[',.;:!?]{0,2}\s{1,3}[A-Za-z]{2,}+){2,}+[.!?]?")
"""Words in a row that may stand beside bytes of another kind, as they hardly do by chance."""
_WRITTEN = re.compile(r"[\t\r\n -~\u00a0-\uffef]{6,}")
"""A run of characters that a person may have written."""
_TAG = re.compile(r"</?[a-zA-Z]")
_ARMOR = re.compile(r"-----BEGIN PGP (?:SIGNATURE|PUBLIC KEY BLOCK)-----[ \t]*\r?\n(?:[^\r\n]{0,100}\r?\n){0,8}\Z")
_MAX_ARMOR = 1_000
_MAX_DEPTH = 3
"""How often data may be encoded."""
_FIRST_LETTERS, _LAST_LETTERS = re.compile(r"[A-Za-z]+"), re.compile(r"(?<![A-Za-z])[A-Za-z]++\Z")
_MAX_LETTERS = 40
"""Letters of a word beside control characters."""
_UNPRINTABLE = re.compile("[\0-\x08\x0e-\x1f\x7f-\x9f\ufffd]")
_ODD = re.compile(f"{_UNPRINTABLE.pattern}|{_FOREIGN.pattern}|[\u00c0-\u00ff][\u00c0-\u00ff]")


@dataclass(frozen=True, slots=True)
class ReadableText:
    """A text with blanks for what nobody can read, at the same offsets.

    `decoded`: the texts that the encoded data says. `is_complete`: all of it was decoded, or known. `has_encoded`: some
    is data in ASCII that was not decoded, not only foreign bytes.
    """

    text: str
    decoded: tuple[str, ...] = ()
    is_complete: bool = True
    has_encoded: bool = False


def without_gibberish(text: str) -> ReadableText:
    """What can be read of a text. Signatures and keys that parse are known, so they are blanked only."""
    if not _may_have_data(text):
        return ReadableText(text)
    ranges = _gibberish(text)
    has_encoded = False
    pieces, decoded, at = [], [], 0
    for start, end in ranges:
        pieces += [text[at:start], " " * (end - start)]
        is_armored = _ARMOR.search(text, max(0, start - _MAX_ARMOR), start) is not None
        decoded.append(_decoded(_with_letters_beside(text, start, end), is_armored))
        has_encoded |= decoded[-1] is None and text[start:end].isascii()
        at = end
    text = "".join((*pieces, text[at:])) if ranges else text
    return ReadableText(text, tuple(filter(None, decoded)), None not in decoded, has_encoded)


def writing_beside_bytes(text: str) -> str:
    """What a person may have written in a text that is the bytes of a file, with blanks for the others."""
    if is_written(text):
        return without_gibberish(text).text
    written = [found.span() for found in _WRITTEN.finditer(text) if is_written(found[0])]
    text = without_gibberish(_only(text, written)).text
    return _only(text, [words.span() for words in WORD_RUN.finditer(text)]) if unread_writing(text) else text


def _only(text: str, ranges: list[tuple[int, int]]) -> str:
    """A text with blanks for what is in none of the ranges, at the same offsets."""
    pieces, at = [], 0
    for start, end in ranges:
        pieces += [" " * (start - at), text[start:end]]
        at = end
    return "".join((*pieces, " " * (len(text) - at)))


def _with_letters_beside(text: str, start: int, end: int) -> str:
    """A run with the letters of words that go on into it, where a control character is at its edge."""
    run = text[start:end]
    if _UNPRINTABLE.match(run):
        before = _LAST_LETTERS.search(text[max(0, start - _MAX_LETTERS) : start])
        run = f"{before[0] if before else ''}{run}"
    if _UNPRINTABLE.match(text[end - 1]):
        after = _FIRST_LETTERS.match(text, end, end + _MAX_LETTERS)
        run = f"{run}{after[0] if after else ''}"
    return run


def _decoded(run: str, is_armored: bool, depth: int = 0) -> str | None:
    """The text that encoded lines say: "" for a key or signature, None if some of them are unknown."""
    run = run.replace("\x85", "\n").replace("\xa0", " ")  # a line end of EBCDIC and of Unicode; a blank of pages
    if not run.isascii():
        return None
    whole = _decoded_block(run, is_armored, depth)
    if whole is not None:
        return whole
    blocks = [_decoded_block(block, is_armored, depth) for block in _blocks(run)]
    return None if None in blocks else "\n".join(filter(None, blocks))


def _blocks(run: str) -> Iterator[str]:
    """The lines of a run that are in the same encoding. A short line is in that of the line before."""
    lines: list[str] = []
    kind: Callable[[str], bool] | None = None
    for line in run.splitlines(keepends=True):
        text = line.rstrip("\r\n")
        other = next((one for one in (_is_quoted, _is_base64, _is_uuencoded) if one(text)), kind)
        if other is not kind and lines and kind is not None:
            yield "".join(lines)
            lines = []
        kind = other
        lines.append(line)
    yield "".join(lines)


def _decoded_block(run: str, is_armored: bool, depth: int) -> str | None:
    """The text that lines in one encoding say: "" for a key or signature, None if it is unknown."""
    raw = run.encode()
    if _is_quoted(run):
        data = decode("quoted-printable", raw)
    elif _is_base64(run):
        data = b"".join(decode("base64", line) for line in raw.split())
    elif any(map(_is_uuencoded, run.splitlines())):
        data = decode("x-uuencode", b"begin 644 a\n" + raw)
    else:
        return words_among_controls(run) or ("" if is_armored else None)
    text = to_text(data)
    if len(set(text)) <= 1:  # it fills a place
        return ""
    if "\ufffd" in text or _UNPRINTABLE.search(text) or any(map(_is_odd, text.splitlines())):
        return "" if is_armored or is_key_material(data) else None
    is_base64 = len(text) >= MIN_SIZE and " " not in text and _is_base64(text.strip())
    if depth < _MAX_DEPTH and (is_base64 or _is_quoted(text)):
        return _decoded(text, is_armored, depth + 1)  # encoded twice
    inner = _decoded_inside(text, depth) if depth < _MAX_DEPTH else ""
    if _TAG.search(text):
        page = read_html(text)
        return f"{page.shown}\n{page.hidden}{inner}"
    return f"{text}{inner}"


def words_among_controls(text: str) -> str:
    """What a text says without its control characters, and that decoded; "" if it has none, or is no writing then."""
    plain = _UNPRINTABLE.sub("", ESCAPES.sub("", text))
    if plain == text or not ((is_written(plain) and _has_words(plain)) or len(plain) * 4 >= len(text) * 3):
        return ""
    inner = map(written_text, layered_decodings("", plain.encode()))
    return "\n".join((plain, *filter(None, inner)))


def _may_have_data(text: str) -> bool:
    return (
        (_LETTERS_OF_DATA.may_be_in(text) and _DATA.search(text) is not None)
        or _CAPITAL_LINE.search(text) is not None
        or ("=" in text and _QUOTED_ROW.search(text) is not None)
        or _CONTROL.search(text) is not None
        or (not text.isascii() and _FOREIGN_LETTERS.search(text) is not None)
    )


def _decoded_inside(text: str, depth: int) -> str:
    """What encoded lines inside a decoded text say, each after a line end."""
    if not _may_have_data(text):
        return ""
    inner = [_decoded(text[start:end], False, depth + 1) for start, end in _gibberish(text)]
    return "".join(f"\n{said}" for said in inner if said)


def _gibberish(text: str) -> list[tuple[int, int]]:
    """The ranges of runs of unreadable lines that are long enough.

    Random bytes have line ends as well, so some of their lines are too short to tell. Such a line belongs to the
    lines of foreign bytes beside it.
    """
    ranges: list[tuple[int, int]] = []
    start = end = size = 0
    short = -1
    """Where short lines began that may belong to a run; -1 for none."""
    is_foreign = False
    words: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        content = line[0].rstrip("\r")
        if not size and short < 0 and not _may_be_unreadable(content):
            continue
        if not content.strip():
            continue
        begin, stop = line.span()
        is_odd = _is_odd(content)
        is_base64 = not is_odd and _is_base64(content)
        if is_base64 and " " in content:  # words may stand before and after it in the line
            encoded = [token.span() for token in _TOKEN.finditer(text, begin, stop) if _is_base64(token[0])]
            begin, stop = encoded[0][0], encoded[-1][1]
            words += [found.span() for found in _PLAIN_WORDS.finditer(text, begin, stop)]
        if is_odd or not content.isascii():  # nothing decodes them
            words += [found.span() for found in WORD_RUN.finditer(text, begin, stop)]
        is_encoded = is_odd or is_base64 or _is_uuencoded(content) or _is_quoted(content)
        if is_encoded or (size and _continues(content.strip())):
            if not size:
                start = short if is_odd and short >= 0 else begin
                size = begin - start
                is_foreign = False
            end, short = stop, -1
            is_foreign |= is_odd
            size += len(content)
            continue
        if not _has_words(content):
            if size and is_foreign:
                if _ODD.search(content):
                    end = line.end()
                    size += len(content)
                continue
            short = line.start() if short < 0 and _ODD.search(content) else short
        else:
            short = -1
        if size >= MIN_SIZE:
            ranges.append((start, end))
        size = 0
    if size >= MIN_SIZE:
        ranges.append((start, end))
    return _without(text, ranges, words) if words else ranges


def _without(text: str, ranges: list[tuple[int, int]], words: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of ranges between words; encoded data that is too short then may be identifiers."""
    left: list[tuple[int, int]] = []
    for start, end in ranges:
        inner = [(begin, stop) for begin, stop in words if start <= begin and stop <= end]
        begins, stops = [start, *(stop for _, stop in inner)], [*(begin for begin, _ in inner), end]
        pieces = list(zip(begins, stops, strict=True))
        is_data = bool(inner) and text[start:end].isascii()
        left += [piece for piece in pieces if piece[1] - piece[0] >= (MIN_SIZE if is_data else 1)]
    return left


def _may_be_unreadable(line: str) -> bool:
    """Whether a line by itself may be data, at a look that costs little."""
    if not (line.isascii() and line.isprintable()):
        return True
    if _NO_WORD.search(line) is not None and _MAY_BE_ENCODED.search(line) is not None:
        return True
    return len(line) >= _MIN_UUENCODED and _UUENCODED.match(line) is not None


def _has_words(line: str) -> bool:
    """Whether a line has a word of three letters that stands by itself."""
    return _PLAIN_WORD.search(line) is not None


def _continues(line: str) -> bool:
    """Whether a line may be the rest of base64 above it."""
    if _FULL_BASE64.fullmatch(line):
        return True
    if _BASE64.fullmatch(line):
        return _NO_WORD.search(line) is not None
    return len(line) % 4 == 0 and _LAST_LINE.fullmatch(line) is not None and _SWITCH.search(line) is not None


def _is_odd(line: str) -> bool:
    """Whether a line is control characters, or bytes in another charset."""
    if line.isascii() and line.isprintable():
        return False
    unprintable = len(_UNPRINTABLE.findall(line))
    if unprintable * 8 > len(line):
        return True
    if unprintable and len(_ODD.findall(line)) * 8 > len(line):  # no language has so many beside control characters
        return True
    foreign = sum(len(_FOREIGN.findall(token[0], 1, len(token[0]) - 1)) for token in _TOKEN.finditer(line))
    if unprintable and (unprintable + foreign) * (6 if _has_words(line) else 10) > len(line):
        return True
    return (foreign > 0 or len(_ACCENTED.findall(line)) >= _MIN_ACCENTED) and _is_foreign(line)


def _is_base64(line: str) -> bool:
    """Whether a line is base64: its tokens switch between small and capital letters and digits as no words do."""
    if _BASE64.search(line) is None:
        return False
    tokens = line.split()
    if len(tokens) > 1:
        least = sum(map(len, tokens)) * 4
        long = [token for token in tokens if len(token) >= _MIN_TOKEN]
        return sum(map(len, long)) * 5 > least and sum(len(token) for token in long if _is_base64(token)) * 5 > least
    line = _EDGE.sub("", line)
    if _FULL_BASE64.fullmatch(line) and not _HASH.fullmatch(line) and len(_SWITCH.findall(line)) >= _MIN_SWITCHES:
        return True
    if (
        _BASE64.fullmatch(line) is None
        or _NO_WORD.search(line) is None
        or _HASH.fullmatch(line)
        or len(set(line)) < _MIN_DIFFERENT // 2
    ):
        return False
    return len(_SWITCH.findall(line)) * 6 > len(line)


def _is_uuencoded(line: str) -> bool:
    """Whether a line has the length that its first character gives, and is no sentence."""
    if _UUENCODED.match(line) is None or _RULE.search(line):
        return False
    size = (ord(line[0]) - 32) & 63
    expected = 1 + (size + 2) // 3 * 4
    if len(line) == _FULL_LINE == expected:
        return len(set(line)) > _MIN_DIFFERENT // 2 and len(_SIGN.findall(line)) >= _MIN_SIGNS_OF_FULL_LINE
    if not expected - 3 <= len(line) <= expected + 1:
        return False
    return len(set(line)) >= _MIN_DIFFERENT and len(_SIGN.findall(line)) >= _MIN_SIGNS * len(line)


def _is_quoted(line: str) -> bool:
    """Whether a line is mostly quoted-printable."""
    return len(_QUOTED.findall(line)) * 5 > len(line)


def _is_foreign(line: str) -> bool:
    """Whether most words of a line have signs or letters of another charset, and no charset explains them."""
    odd = total = 0
    for token in _TOKEN.finditer(line):
        inner = token[0][1:-1]
        total += len(token[0])
        if len(_FOREIGN.findall(inner)) * 6 > len(token[0]) or len(_ACCENTED.findall(token[0])) * 2 > len(token[0]):
            odd += len(token[0])
    return odd * 2 > total and not misread_characters(line)
