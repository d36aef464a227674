"""Decodes bytes as mail programs do: the declared charset if it is valid, else UTF-8, else Windows-1252."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.core.mime.labels.charsets import codec_of

_ALIASES = {
    # The meaning of a name to the programs that write and display it (WHATWG Encoding, section 4.2).
    "ascii": "utf-8", "us-ascii": "utf-8", "ansi_x3.4-1968": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252", "unicode-1-1-utf-8": "utf-8", "utf8": "utf-8",
    "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
    "shift-jis": "cp932", "sjis": "cp932", "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874",
    "windows-874": "cp874", "iso-8859-8-i": "iso-8859-8", "big5": "big5hkscs", "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman", "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip
_KNOWN = re.compile(
    r"utf-?(?:7|8|16|32)(?:[-_]?[lb]e)?|cp\d{3,4}|windows-?\d{3,4}|iso-?8859-\d{1,2}|iso-?2022-(?:jp|kr)(?:-\w+)?"
    r"|koi8-?[rtu]|gb18030|hz(?:-gb-2312)?|big5hkscs|euc-?(?:jp|jis-2004)|johab|mac-\w{2,12}|ibm\d{3,4}"
)
"""Only charsets that occur in mail: some other codecs of Python take quadratic time or do not decode text."""
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")

_SIMPLE = re.compile(r"(?:us-)?ascii|utf-?8|iso-?8859-\d{1,2}|windows-?125\d|cp125\d|latin-?1|koi8-?[ru]|")
"""Charsets in which ASCII bytes mean ASCII characters to every program."""
_INCOMPATIBLE = frozenset(
    "utf-7 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be cp037 cp273 cp424 cp500 cp875 cp1026 cp1140 "
    "hz iso-2022-kr"
    .split()
)  # fmt: skip
"""Charsets in which ASCII bytes do not mean ASCII characters, and which many programs do not know."""
_OTHER_ORDER = {"utf-16": "utf-16-be", "utf-16-le": "utf-16-be", "utf-16-be": "utf-16-le"}
_EBCDIC = frozenset("cp037 cp273 cp424 cp500 cp875 cp1026 cp1140".split())
_TWO_BYTES = ("gb18030", "big5", "cp932", "cp949", "euc", "hz", "iso-2022")
"""How charsets begin in which a letter may be the second byte of a character."""
_SWALLOWED = re.compile(rb"(?<![\x80-\xff])[\x80-\xff][A-Za-z]")
"""A byte that makes the letter behind it a part of its character in those charsets, as hardly any does."""
_SWALLOWED_LETTER = re.compile(rb"(?<![^\s>a-z])[\x80-\xff](?=[A-Za-z][a-z])")
"""Such a byte at the start of a word or in one."""
_OUT_OF_STEP, _MIN_OUT_OF_STEP = re.compile("[\u2000\u2100-\u7a00]"), 8
_MULTIBYTE = ("gb", "big5", "shift", "euc", "iso-2022", "hz", "cp93", "ks_c", "utf-16", "utf-32")
"""How charsets begin whose bytes are valid only by intent."""
_OF_EAST_ASIA = ("cp949", "gb18030", "euc-jp", "cp932", "big5")
_OTHER_LETTER, _MIN_ALIKE = re.compile(r"[^\0-\x7f\u3000]"), 6
_ALIKE = re.compile(
    "[\u0180-\u04ff\u13a0-\u13ff\u1d00-\u1dbf\u2000-\u206f\u2460-\u24ff\u2800-\u28ff\uff01-\uff5e\U0001d400-\U0001d7ff"
    "\U0001f100-\U0001f1ff]"
)
"""Letters that look like Latin ones, and the marks on them."""
_ESCAPES = re.compile(rb"\x1b[$(&][^\r\n]|~\{")
UTF_7_MARKS = (b"+/v8", b"+/v9", b"+/v+", b"+/v/")
"""A mark of the byte order in UTF-7."""
_SHIFT = re.compile(rb"\+[A-Za-z0-9/]{3}(?:[A-Za-z0-9/]{3}|[A-Za-z0-9/]{5}|[A-Za-z0-9/]{8})?(?![A-Za-z0-9/])")
_MIN_SHIFTS = 6
"""One to four letters beyond ASCII in UTF-7, and how often they stand in a text that is in it."""
_SHIFTED = re.compile(r"\+[A-Za-z0-9/+]{2,400}+-?")
_MIN_SHIFTED_LETTERS = 60
"""Any letters in UTF-7, and their characters in a text that has fewer than `_MIN_SHIFTS` such runs."""
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_AMONG_CONTROLS = re.compile(rb"(?:[\x01-\x08\x0e-\x1a\x1c-\x1f]{1,3}[A-Za-z ]){6}")
_CONTROL_CHARACTERS = re.compile("[\0-\x08\x0e-\x1f\x7f-\x9f\ufffd]")
LETTER_SIGNS = "\u2460-\u24ff\u2801-\u28ff\U0001f100-\U0001f1ff"
"""Signs that are read as letters: in circles, brackets, boxes, flags, Braille. A part of a class in a pattern."""
_LETTER_SIGN = re.compile(f"[{LETTER_SIGNS}]")
_SIGN_OR_BLANK = re.compile(f"[\u2800{LETTER_SIGNS}]")
"""Such a sign, or the blank of Braille."""
_INVISIBLE = (
    "\u00ad\u0300-\u036f\u0488\u0489\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20f0"
    "\ufe00-\ufe0f\ufeff"
)  # fmt: skip
"""Marks that stand on or between letters. A part of a class in a pattern."""
_SPLITTING = "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u3164\ufe0f\ufeff"
_LATIN = re.compile(r"[\t\n\r -~\u3000\uff01-\uff5e\U0001d400-\U0001d7ff]")
_MAX_PLANE, _MIN_ZEROS, _MIN_LATIN = 0x10, 0.7, 16
"""The highest plane of Unicode, the share of zeros in text in UTF-16, and its characters if it has fewer of them."""
_BYTE_ORDER_MARKS, _MIN_MARKED_ZEROS = (b"\xff\xfe", b"\xfe\xff"), 6
"""How a text begins that says its order of bytes; of its bytes, one in so many is zero at least."""
_PLAIN_RUN = re.compile(rb"[ -~]{16}")
"""Text in one byte a letter, beside which a mark says nothing."""
_MARKS = re.compile(f"[{_INVISIBLE}\u115f\u1160\u3164\uffa0\U000e0000-\U000e01ef]+")
_UNWRITTEN = re.compile(r"[^\w\s.,:;!?'\"()<>/@-]|_")
"""Signs that few texts of people have."""
_SAMPLE = 4096
_MISREAD = re.compile(
    r"[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{1,3}"
)
"""A character of UTF-8 whose bytes were read in a Western charset."""
_MIN_MISREAD = 4
"""Such characters in a text from which it was read in the wrong charset."""


def without_lone_surrogates(text: str) -> str:
    """A text with U+FFFD for halves of characters, which are no characters: nothing writes, stores or reads them."""
    return text if text.isascii() else _LONE_SURROGATES.sub("\ufffd", text)


def to_text(data: bytes, charset: str = "utf-8") -> str:
    """Decodes bytes; never raises, and the result has no lone surrogates.

    Bytes that are invalid in the charset become U+FFFD one by one, so that a stray byte affects nothing else.
    """
    if charset == "utf-8" and data.isascii() and b"\0" not in data[:64]:
        return data.decode("ascii")
    if b"\0" in data[:64] and (detected := detect_wide_charset(data)):
        charset = detected[:6] if data.startswith(_BYTE_ORDER_MARKS) else detected  # without its mark
    elif charset[:5].lower() in ("utf-1", "utf-3", "utf16", "utf32") and b"\0" not in data and _is_utf_8(data):
        charset = "utf-8"  # text in two or four bytes per character is never plain ASCII, nor valid UTF-8
    name = charset.strip().strip("\"'").lower().partition("*")[0]  # RFC 2231 appends a language after an asterisk
    name = _ALIASES.get(name, name)
    declared = codec_of(name) or (name if _KNOWN.fullmatch(name) else "utf-8")
    if codec_of(declared) in _EBCDIC and data[:_SAMPLE].isascii():
        declared = "utf-8"  # letters in EBCDIC are never ASCII
    is_wide = declared.startswith(("utf-16", "utf-32", "utf16", "utf32"))
    for codec in (declared,) if is_wide and b"\0" in data else (declared, "utf-8"):
        try:
            return without_lone_surrogates(data.decode(codec))
        except (LookupError, ValueError):
            continue
    try:
        text = without_lone_surrogates(data.decode(declared, "replace"))
    except (LookupError, ValueError):
        text = data.decode("utf-8", "replace")
    if is_wide and text.count("\ufffd") * 20 <= len(text):
        return text  # a line end of one byte behind it
    # Text that mostly does not fit its declared charset is likely Windows-1252, which old mail programs wrote.
    non_ascii = len(text) - len(text.encode("ascii", "ignore"))
    if text.count("\ufffd") * 4 <= non_ascii:
        return text
    return _alike_text_of_east_asia(data) or data.decode("cp1252", "replace")


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def detect_wide_charset(data: bytes) -> str:
    """The UTF-16 or UTF-32 charset of text that does not declare it; "" if it is neither."""
    head = data[: min(len(data), 4096) & ~3]
    if len(head) < 8 or b"\0" not in head:
        return ""
    zeros = [head[at::4].count(0) * 4 / len(head) for at in range(4)]
    low, high = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if zeros[3] == 1 and max(head[2::4]) <= _MAX_PLANE:
        name = "utf-32-le"
    elif zeros[0] == 1 and max(head[1::4]) <= _MAX_PLANE:
        name = "utf-32-be"
    elif max(low, high) >= _MIN_ZEROS:
        name = "utf-16-le" if high > low else "utf-16-be"
    else:
        is_marked = head.startswith(_BYTE_ORDER_MARKS) and head.count(0) * _MIN_MARKED_ZEROS >= len(head)
        if is_marked and not _PLAIN_RUN.search(head):
            return "utf-16-le" if head.startswith(_BYTE_ORDER_MARKS[0]) else "utf-16-be"
        return next((name for name in ("utf-16-le", "utf-16-be") if _is_latin(head.decode(name, "replace"))), "")
    text = head.decode(name, "replace")
    if head.startswith(_BYTE_ORDER_MARKS) and "\ufffd" not in text[:-1] and "\0" not in text:
        return name
    bare = without_marks(text)
    plain = sum(character.isprintable() or character in "\r\n\t" for character in bare)
    return name if plain >= 0.95 * len(bare) and "\ufffd" not in text[:-1] else ""


def _is_latin(text: str) -> bool:
    """Whether a text is ASCII but for marks, styled letters and signs that are read as letters."""
    bare = _SIGN_OR_BLANK.sub("a", without_marks(text))
    if "\ufffd" in text[:-1] or len(_UNWRITTEN.findall(bare)) * 10 > len(bare):
        return False
    return len(_LATIN.findall(bare)) >= max(0.95 * len(bare), _MIN_LATIN)


def other_texts(data: bytes, charsets: Sequence[str]) -> list[str]:
    """What programs may show of bytes that `to_text` reads in the first charset: nothing for ordinary text.

    Programs differ in which charsets they know, which of several labels they use, and whether they detect charsets.
    """
    names = [name for charset in charsets if (name := _plain_name(charset)) is not None] or ["utf-8"]
    is_shifted = _has_shifts(data)
    if (
        data.isascii()
        and not is_shifted
        and all(_SIMPLE.fullmatch(name) for name in names)
        and not (_CONTROLS.search(data) or b"\x1b" in data)
    ):
        return []
    guesses = [_codec(name) for name in names[1:]]
    if not _KNOWN.fullmatch(_ALIASES.get(names[0], names[0])):
        guesses.append(_codec(names[0]))
    own = _codec(names[0])
    if _ESCAPES.search(data) and not own.startswith("iso-2022-jp"):
        guesses += ["iso2022_jp_ext", "iso2022_kr", "hz"]
    sample = data[:_SAMPLE]
    if own.startswith(_TWO_BYTES) and len(_SWALLOWED.findall(data)) * 2 > len(data) - len(
        data.translate(None, _NON_ASCII)
    ):
        guesses.append("cp1252")
    if is_ebcdic(sample):
        guesses += ["cp037", "cp500"]
    if _CONTROLS.search(sample):
        guesses += ["utf-16-le", "utf-16-be"]
    first = to_text(data, names[0])
    found = [text for text in [to_text(data)] if own in _INCOMPATIBLE and text != first and is_printable(text)]
    for guess in dict.fromkeys(guesses):
        text = without_lone_surrogates(data.decode(guess, "replace")) if guess and guess != own else first
        if text != first and text.count("\ufffd") * 10 <= len(text) and is_written(text):
            found.append(text)
    if own in _OTHER_ORDER and (text := _alike_text(data, _OTHER_ORDER[own])):
        found.append(text)
    if is_shifted and own != "utf-7" and (text := _alike_text(data, "utf-7")):
        found.append(text)
    if not own.startswith(_TWO_BYTES) and (text := _alike_text_of_east_asia(data)):
        found.append(text)
    if own.startswith(_TWO_BYTES) and _SWALLOWED_LETTER.search(data):
        found.append(to_text(_SWALLOWED_LETTER.sub(b"", data), names[0]))
    if b"\0" in data and sum(not ord(letter) & 0xFF for letter in _OUT_OF_STEP.findall(first)) >= _MIN_OUT_OF_STEP:
        found.append(data.replace(b"\0", b"").decode("latin-1"))  # a byte is missing: letters of UTF-16 out of step
    return list(dict.fromkeys(found))


def _alike_text_of_east_asia(data: bytes) -> str:
    """Bytes in the first charset of East Asia in which they are `_alike_text`; "" for UTF-8 and other text."""
    if _is_utf_8(data):
        return ""
    return next(filter(None, (_alike_text(data, charset) for charset in _OF_EAST_ASIA)), "")


def _alike_text(data: bytes, charset: str) -> str:
    """The text of bytes in a charset whose other letters all look like Latin ones; "" if they do not.

    Such letters are Greek, Cyrillic, wide or mathematical ones. Western text is not valid in such a charset, or has
    letters of East Asia in it.
    """
    try:
        text = without_lone_surrogates(data.decode(charset))
    except UnicodeDecodeError:
        return ""
    others = len(_OTHER_LETTER.findall(text))
    return text if others >= _MIN_ALIKE and len(_ALIKE.findall(text)) * 20 >= others * 19 else ""


def _has_shifts(data: bytes) -> bool:
    """Whether bytes have several words with letters in UTF-7."""
    return data.count(b"+") >= _MIN_SHIFTS and len(_SHIFT.findall(data)) >= _MIN_SHIFTS


def undecoded_utf_7(text: str) -> tuple[str, str, bool] | None:
    """A text whose letters in UTF-7 nobody decoded: the text, those letters, and whether they are in several places.

    None if it is no such text. Letters in few places may be those of other data in base64.
    """
    if "+" not in text or not text.isascii():
        return None
    runs = _SHIFTED.findall(text)
    is_frequent = len(runs) >= _MIN_SHIFTS
    if not is_frequent and sum(map(len, runs)) < max(_MIN_SHIFTED_LETTERS, len(text) // 2):
        return None
    try:
        letters = "".join(run.encode().decode("utf-7") for run in runs)
        return without_lone_surrogates(text.encode().decode("utf-7")), letters, is_frequent
    except UnicodeDecodeError:
        return None


def _codec(name: str) -> str:
    """The codec of a charset that any program may know; "" if none does."""
    return codec_of(name) or _ALIASES.get(name, "")


def _plain_name(charset: str) -> str | None:
    name = charset.strip().strip("\"'").lower().partition("*")[0]
    return name or None


def is_ebcdic(data: bytes) -> bool:
    """Whether bytes look like words in EBCDIC, in which blanks are 0x40 and letters are above 0x80."""
    if len(data) < 8 or data.count(b"\x40") * 20 < len(data):
        return False
    letters = sum(byte in _EBCDIC_LETTERS for byte in data)
    return letters * 10 >= 8 * len(data)


_EBCDIC_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,.'".encode("cp037"))


def is_letter_sign(char: str) -> bool:
    """Whether a character is a sign that is read as a letter."""
    return _LETTER_SIGN.match(char) is not None


def without_marks(text: str) -> str:
    """A text without marks on its letters and invisible signs between them."""
    return text if text.isascii() else _MARKS.sub("", text)


def visible(text: str) -> str:
    """A text without marks and invisible signs, if it has any of the invisible signs that may split words."""
    return without_marks(text) if not text.isascii() and any(map(text.__contains__, _SPLITTING)) else text


def has_letters(text: str) -> bool:
    """Whether a text has letters, or signs that are read as letters."""
    return any(map(str.isalpha, text)) or (not text.isascii() and _LETTER_SIGN.search(text) is not None)


def is_written(text: str) -> bool:
    """Whether a text is something that a person could have written: mostly letters and blanks, nothing unprintable."""
    sample = text[:_SAMPLE]
    if any(map(str.isalpha, sample)) and len(_UNWRITTEN.findall(sample)) * 10 <= len(sample):
        return True
    return not sample.isascii() and _is_latin(sample)


def is_printable(text: str) -> bool:
    """Whether a text has letters and hardly any control characters, as the source of a message has."""
    sample = text[:_SAMPLE]
    odd = len(_CONTROL_CHARACTERS.findall(sample))
    return odd * 10 <= len(sample) and has_letters(sample)


def written_text(data: bytes) -> str:
    """The text of bytes that are text in UTF-8 or in a Western charset; of other bytes, the runs of text in them.

    Bytes of zero are left out, so that words in UTF-16 are among the runs; so are control characters between letters.
    """
    if b"\0" in data:
        if charset := detect_wide_charset(data):
            return to_text(data, charset)
        data = data.replace(b"\0", b"")
    if _AMONG_CONTROLS.search(data):
        data = _CONTROLS.sub(b"", data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        sample = data[:_SAMPLE]
        is_western = len(sample.translate(None, _NON_ASCII)) * 10 >= 8 * len(sample)
        text = (_alike_text_of_east_asia(data) or data.decode("cp1252", "replace")) if is_western else ""
    plain = _MARKUP.sub("a", text) if "&" in text or "<" in text else text
    if plain and is_written(plain) and (len(plain) <= _SAMPLE or is_written(plain[-_SAMPLE:])):
        return text
    is_long = len(data) >= _MIN_PLAIN or len(data) - len(data.translate(None, _NON_ASCII)) > _MIN_UTF_8
    if text and is_long and not _CONTROL_CHARACTERS.search(text):
        return text  # other bytes are not valid UTF-8, nor printable, by chance
    runs = (run.decode() for run in _ASCII_RUN.findall(data))  # rules and addresses may stand among words
    texts = (text for run in runs for text in ([run] if _has_words(run) else run.splitlines()))
    return "\n".join(filter(_has_words, texts))


def text_in_charset(data: bytes, charset: str) -> str:
    """The text of bytes in EBCDIC, or in a charset whose bytes are valid only by intent; "" if they are no text."""
    if not charset.lower().startswith(_MULTIBYTE):
        text = to_text(data, charset) if _codec(charset.lower()) in _EBCDIC else ""
        return text if is_written(text) and is_printable(text) else ""
    text = to_text(data, charset)
    is_text = is_written(text) or sum(map(str.isalpha, text[:_SAMPLE])) * 2 > len(text[:_SAMPLE])
    return text if text.count("\ufffd") * 20 <= len(text) and is_text else ""


def _has_words(text: str) -> bool:
    letters = sum(character.isalpha() or character == " " for character in text)
    return " " in text and letters * 5 >= 4 * len(text) and is_written(text)


_MARKUP = re.compile(r"&#?\w{1,9};|<[^<>]{1,2000}>")
_MIN_UTF_8 = 12
"""Bytes of characters beyond ASCII in valid UTF-8 from which it is no other charset."""
_MIN_PLAIN = 24
"""Printable bytes in a row from which they are no other data."""
_ASCII_RUN = re.compile(rb"[\t\r\n -~]{10,}")
_NON_ASCII = bytes(range(128, 256))


def misread_characters(text: str) -> list[tuple[int, int, str]]:
    """The ranges of such characters, with the character meant; none if only a few are among other letters."""
    changes: list[tuple[int, int, str]] = []
    for found in _MISREAD.finditer(text):
        data = b"".join(bytes((ord(it),)) if ord(it) < 0x100 else it.encode("cp1252", "replace") for it in found[0])
        for end in range(len(data), 1, -1):
            try:
                changes.append((found.start(), found.start() + end, data[:end].decode()))
                break
            except UnicodeDecodeError:
                continue
    is_misread = sum(end - start for start, end, _ in changes) * 2 > len(text) - len(text.encode("ascii", "ignore"))
    return changes if is_misread and len(changes) >= _MIN_MISREAD else []
