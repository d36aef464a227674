"""Sentences in addresses: words joined by signs, encoded once or several times, in parts of an address.

A person reads them in the address bar, in the status line, or in a text. Only what has the commonest words of a
language, and speaks of somebody, counts: the titles of articles in addresses seldom do.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterator
from html import unescape
from unicodedata import normalize
from urllib.parse import unquote

from classifiers.extract.hidden_writing.sign_runs import PRINTABLE, SignRun
from classifiers.normalize.plain_letters import plain_letters
from classifiers.normalize.word_segmentation import LEET
from gateway.core.mime.charsets.marks import without_marks
from gateway.core.mime.spelling.spelled_words import spells_words

ADDRESS = re.compile(r"[^\s<>\"()\[\]]{24,4000}")
LONG = SignRun(PRINTABLE.translate(str.maketrans("", "", '<>"()[]')), 24)
_MAY_SAY = re.compile(
    r"%[0-9A-Fa-fu]{2}|[A-Za-z]{2}(?:[-_+./=&#~|][A-Za-z']{1,20}){4}|(?:[A-Z][a-z']{1,20}){4}|[/=#,?][A-Za-z0-9+/_-]{32}"
    r"|[A-Za-z][&?][A-Za-z0-9]{1,8}=[A-Za-z]|(?:[-_+][A-Za-z0-9$@'.,]{1,16}){6}|xn--"
    r"|(?:[?&;][A-Za-z']{1,20}=[^&;\s]{0,8}){4}"
)
"""What an address has that may say something."""
_TOGETHER = re.compile(r"(?<![A-Za-z',!?])[A-Za-z',!?]{20,400}+")
"""Words without a sign between them, but for those of a sentence."""
_LONG_CODE = re.compile(r"%u([0-9A-Fa-f]{4})")
_ENCODED = re.compile(r"[A-Za-z0-9+_-]{32,4000}")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2}){16,}+")
_KEY = re.compile(r"[?&;][A-Za-z]?[0-9]{0,3}=")
_FIELD_NAME, _MIN_NAMES = re.compile(r"[?&;]([^\W\d_][^\W\d_']{0,19})="), 5
"""The name of a field, and how many of them may be a sentence."""
_LABEL = re.compile(r"xn--([a-z0-9-]{1,59})", re.IGNORECASE)
"""A part of the name of a host in Punycode (RFC 3492). A browser shows the letters that it means."""
_LAST_CODE = re.compile(r"://[^\s/]{1,253}/(?:[^\s]{0,200}[/=#])?([A-Za-z0-9+_-]{2,32})={0,2}(?=[\s)>\"']|\Z)")
"""The end of an address, if it may be a word in base64."""
_MAX_INFLATED = 4_000
"""Bytes of what an address has packed."""
_JOINT = re.compile(r"[-_+./&=?#:;,!~@|\\*'\"(){}\[\]]+")
_CAPITAL = re.compile(r"(?<=[a-zñáéíóú])(?=[A-ZÑÁÉÍÓÚ])")
_LEET_LETTER, _MIN_LEET = re.compile(r"[a-z][013457$]{1,2}[a-z]"), 4
"""How digits and signs for letters stand in a word, and how often in a sentence."""
_URL_SAFE = str.maketrans("-_", "+/")
SPEAKING = frozenset(
    "i im me my mine you your youre we us our he she him his her yo tu mi mis me te ti nos nosotros nuestro nuestra "
    "conmigo contigo verme verte dime nadie el ella su".split()
)
"""Words by which a sentence speaks of somebody."""
SPEAKS = re.compile(rf"\b(?:{'|'.join(sorted(SPEAKING))})\b")
_MIN_BLANKS, _MIN_WORDS = 4, 3
"""Blanks in what an address says, and words of three letters or more."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_WORD_ALONE, _MAX_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?[.,!?]?"), 24
_MIN_LINKED, _MAX_LINKED, _MAX_APART = 6, 8_000, 160
"""Addresses that each follow a single word, characters in which they are looked for, and those of a word and one."""
_MAX_DECODINGS = 4
_MAX_ADDRESSES = 200


def words_of_links(text: str, is_sentence: Callable[[str], bool]) -> Iterator[str]:
    """What the addresses in a text say, by a test for sentences, and the words that have one each."""
    count = 0
    addresses = text.count("://")
    if addresses >= _MIN_LINKED and len(text) <= _MAX_APART * addresses:
        for find in (_linked_words, _words_in_codes):
            said = " ".join(find(text[:_MAX_LINKED]))
            if said.count(" ") >= _MIN_LINKED - 1 and SPEAKS.search(said.lower()) and is_sentence(said):
                yield said
    for found in ADDRESS.finditer(text) if LONG.may_be_in(text) else ():
        if _MAY_SAY.search(found[0]) is None:
            yield from _together(found[0])
            continue
        count += 1
        if count > _MAX_ADDRESSES:
            break
        for words in _sayings(found[0]):
            if (
                words.count(" ") >= _MIN_BLANKS
                and is_sentence(words)
                and len(_WORD.findall(words)) >= _MIN_WORDS
                and SPEAKS.search(words.lower())
            ):
                yield words
                break
        else:
            yield from _together(decoded_address(found[0]))


def _together(address: str) -> Iterator[str]:
    """The words of an address that run together, as letters; the normalizer divides them."""
    for run in _TOGETHER.findall(address):
        letters = "".join(filter(str.isalpha, run))
        if spells_words(letters):
            yield letters


def _linked_words(text: str) -> Iterator[str]:
    """The words that stand alone before an address."""
    alone, word = 0, ""
    for token in text.split():
        if "://" not in token:
            alone, word = alone + 1, token
            continue
        label = token.partition("](")[0] if "](" in token else word if alone == 1 else ""
        if label:
            yield label.strip("[]()<>")
        alone, word = 0, ""


def _words_in_codes(text: str) -> Iterator[str]:
    """The words that the ends of addresses are in base64, one each."""
    for code in _LAST_CODE.findall(text):
        word = next(filter(str.isprintable, texts_in_code(code)), "")
        if len(word) <= _MAX_WORD and _WORD_ALONE.fullmatch(word):
            yield word


def decoded_address(address: str) -> str:
    """An address as a browser shows it: without percent signs, also where they are encoded again, and Punycode."""
    for _ in range(_MAX_DECODINGS):
        decoded = unquote(_LONG_CODE.sub(lambda code: _character(code[1]), address))
        if decoded == address:
            break
        address = decoded
    if "&#" in address:
        address = unescape(address)
    address = without_marks(address)
    return _LABEL.sub(lambda label: _from_punycode(label[0]), address) if "xn--" in address.lower() else address


def _sayings(address: str) -> Iterator[str]:
    has_labels = "xn--" in address.lower()
    address = decoded_address(address)
    if has_labels:
        yield _plain(plain_letters(normalize("NFD", address)))
    plain = _plain(address)
    yield plain
    if len(names := _FIELD_NAME.findall(address)) >= _MIN_NAMES:
        yield " ".join(names)
    if len(_LEET_LETTER.findall(plain)) >= _MIN_LEET:
        yield " ".join(word if len(word) == 1 or word.isdecimal() else word.translate(LEET) for word in plain.split())
    for found in _ENCODED.finditer(address):
        for said in texts_in_code(found[0]):
            yield _plain(unquote(said))
    head, _, rest = address.partition("://")
    for part in re.split(r"[/?&#]", rest or head):  # one part may say something beside others that do not
        if len(part) > 16:
            yield _plain(part)


def _character(code: str) -> str:
    number = int(code, 16)
    return "" if 0xD800 <= number < 0xE000 else chr(number)


def _from_punycode(label: str) -> str:
    try:
        return label[4:].lower().encode().decode("punycode")
    except (UnicodeError, OverflowError):
        return label


def _plain(address: str) -> str:
    """The words of an address, without its host and the names of its fields."""
    rest = address.partition("://")[2] or address
    words = _JOINT.sub(" ", _CAPITAL.sub(" ", _KEY.sub(" ", rest)))
    return " ".join(words.split())


def texts_in_code(code: str) -> Iterator[str]:
    """What letters and digits of an address mean in hexadecimal or base64, packed or not; "" for other data."""
    if _HEXADECIMAL.fullmatch(code):
        yield _text(bytes.fromhex(code))
    letters = code.translate(_URL_SAFE)
    try:
        data = base64.b64decode(
            letters[: len(letters) // 4 * 4] if len(letters) % 4 == 1 else letters + "=" * (-len(letters) % 4)
        )
    except binascii.Error:
        return
    yield _text(data)
    yield from map(_text, _inflated(data))
    if data[1::2].count(0) * 3 > len(data):
        yield data.decode("utf-16-le", "replace")


def _inflated(data: bytes) -> Iterator[bytes]:
    """Packed data with the headers of zlib or gzip, or without one."""
    for window in (15 + 32, -15):
        try:
            yield zlib.decompressobj(window).decompress(data, _MAX_INFLATED)
        except zlib.error:
            continue


def _text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    text = " ".join(text.split())
    return text if text.isprintable() else ""
