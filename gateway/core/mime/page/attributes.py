"""Text in attributes and scripts: link targets, tooltips, form fields, files inside addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

from gateway.core.mime.charsets.marks import without_marks
from gateway.core.mime.charsets.misread import misread_characters
from gateway.core.mime.encoded_words import decode_base64

MAX_TARGET = 300
"""Characters of a link target that are appended to its text."""

_MAX_ADDRESS = 20_000
_MAX_LITERALS = 50_000
_MAX_INSIDE = 4
"""How often an address may be encoded."""
_GAP = re.compile(r"^ | (?= )|(?<= ) ")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_TARGET = re.compile(
    r"https?://|(?:mailto|tel|sms):|(?!javascript|vbscript|data|cid|mid|about|file|blob|res|mhtml|urn|xapp)[a-z][a-z0-9+.-]{1,20}:/{0,2}(?=\w)",
    re.IGNORECASE,
)
"""How a link begins that a person can follow: of the web, of mail and telephones, and of the apps for messages."""
_LINKS = frozenset(
    "action formaction action-xhr href xlink:href ping cite longdesc manifest about resource download".split()
)
_FRAMES = frozenset("iframe frame object embed amp-list amp-iframe amp-state portal".split())
_TELLING = re.compile(
    r"[A-Za-z]{1,20}(?:[-_+./\\&=#~|@%?, ]{1,3}[A-Za-z']{1,20}){4}"
    r"|(?:[A-Z][a-z']{1,20}){4}|(?:%[0-9A-Fa-f]{2}.{0,12}){3}"
)
"""What the words of an address may look like."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:")
_LONG_WORD = re.compile(r"[^\W\d_]{8}|[^\W\d_] +[^\W\d_]")
_RUN_TOGETHER = re.compile(r"[A-Za-z]{24}")
_BROKEN = re.compile(r"[<>]|\n\S|(?<!\S)(?:\S++ ){3}")
_REFRESH = re.compile(r"\s{0,20}[\d.]{1,12}\s{0,20}[;,]?\s{0,20}(?:url\s{0,20}=)?\s{0,20}", re.IGNORECASE)
_NAMED_LINK = re.compile("href|url|link")
_VALUED = frozenset("button option data input param".split())
_JSON_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"?', re.DOTALL)
_ACCOUNT = re.compile(r"\w+:/{0,2}([^?]*)")
_DATA = re.compile(r"\s*data:([^,]{0,200}),", re.IGNORECASE)
SPOKEN = frozenset(
    "title aria-label aria-description aria-roledescription aria-valuetext aria-placeholder aria-braillelabel summary "
    "standby abbr alttext prompt".split()
)
"""Attributes that appear as tooltips or are read by screen readers."""
SHOWN = frozenset("alt href label placeholder srcdoc value".split())
"""Attributes that are read by the name of their element."""
SHOWING = frozenset("a area img image input textarea option optgroup track iframe".split())
"""Elements whose attributes are read by their names."""
ADDRESSES = frozenset("src srcset action formaction background cite longdesc poster data href ping".split())
STRUCTURAL = frozenset(
    "accept accept-charset accesskey align alink axis bgcolor border bordercolor cellpadding cellspacing char "
    "charset class clear code color cols colspan compact coords dir disabled enctype face for frame frameborder "
    "headers height hidden hspace id lang language leftmargin link marginheight marginwidth maxlength method "
    "multiple name "
    "nohref noresize noshade nowrap readonly rel rev role rows rowspan rules scope scrolling selected shape size span "
    "start tabindex target text topmargin type usemap valign version vlink vspace width xml:lang xmlns xmlns:o xmlns:v "
    "xmlns:w xmlns:m bottommargin rightmargin checked open start http-equiv".split()
)
"""Attributes that contain no text."""
_MAX_VALUE = 20_000
_TAGS, _MIN_TAGS = re.compile(r"</?[A-Za-z][^<>]{0,400}>|<!--"), 2
"""A tag in a value, and as many as a page has that is in one."""
_LITERAL = re.compile(  # the closing quote may be missing, so that no text is searched twice
    r"\\.|\"((?:[^\"\\\n]|\\.)*+)\"?|'((?:[^'\\\n]|\\.)*+)'?|`((?:[^`\\]|\\.)*+)`?", re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
PAIR_OF_HALVES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
"""The halves of a character beyond the first plane."""
_DATA_ADDRESS = re.compile(
    r"\"\s*+(data:[^\"]*+)|'\s*+(data:[^']*+)|((?:(?<=[=(,;\s])|(?<!.))data:[^\"')]*+)", re.IGNORECASE | re.DOTALL
)
_SENTENCES = re.compile(r"[^\W\d_]{2,40}(?:[,;:.!?]? [^\W\d_][\w'’]{0,40}){2,}+")

_ODD = re.compile(r"[\u0250-\u1fff\u2070-\uffff\U00010000-\U0010ffff]")
_MIN_ODD = 12
"""Characters beyond Western ones from which a value may be words in odd letters."""
_MIN_JOINTS = 5
_JOINED_WORDS = re.compile(r"(?<![A-Za-z'])[A-Za-z'.,]{1,20}+(?:[-_+]{1,2}[A-Za-z'.,]{1,20}+){5,200}+")
_JOINT = re.compile(r"[-_+]+")
_ENCODED_VALUE = re.compile(r"(?<==)[A-Za-z0-9+/_-]{24,4000}")
_URL_SAFE = str.maketrans("-_", "+/")

_DISGUISED = re.compile(
    r"(?:[A-Z][a-z']{1,20}[,.;:!?]?){5}|(?:&#x?[0-9a-fA-F]{2,6};?[^&]{0,3}){6}|(?:(?<![^\W_])[^\W_][\W_]{1,4}){8}"
    r"|[A-Za-z']{2,20}(?:[-_+][A-Za-z']{1,20}){5}|(?:%[0-9A-Fa-f]{2}[A-Za-z']{0,20}){6}"
)
"""Words without blanks, character references, letters with something between them, words with signs between them."""
_ACCOUNT_TO_WRITE_TO = re.compile(r"(?:mailto|sms|smsto):", re.IGNORECASE)
_SENTENCE_OF_LINK = re.compile(r"(?:[A-Za-z']{1,20}(?:[-_+/]|%20)){7}")
_SPEAKS = re.compile(r"(?:[-_+/=#]|%20)(?:i|me|my|you|your|our|mi|tu|te|nos)(?:[-_+/]|%20)", re.IGNORECASE)
"""The words of a link that may be a sentence, and one that speaks of somebody."""
_LEET_WORD = re.compile(
    r"(?<![\w$@!])(?![0-9a-f]+(?![\w$@!]))(?=[a-z0-9$@!]{0,19}[013457$@!][a-z])[a-z0-9$@!']{2,20}(?![\w$@!])"
)
_MIN_LEET = 5
"""Words with digits for letters from which a value may be a sentence in them."""

Attributes = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A file inside an address (RFC 2397)."""

    media_type: str
    data: bytes


def with_gaps(line: str) -> str:
    """A line whose blanks are shown as they are. Those that make a gap do not collapse later: letters are drawn so."""
    line = line.replace("\t", " ")
    return _GAP.sub("\u00a0", line) if ("  " in line or line[:1] == " ") and line.strip() else line


def collapse(text: str) -> str:
    """A text with each run of blanks as one."""
    if "  " in text or "\n" in text or "\t" in text or "\r" in text or "\f" in text:
        return _BLANKS.sub(" ", text)
    return text


def link_target(address: str) -> str:
    """The address of a link that is shown after its text; "" if it is of no kind that a reader may use."""
    address = _BLANKS.sub("", address[: 4 * MAX_TARGET])[:MAX_TARGET]
    return address if _TARGET.match(address) else ""


def followed_link(name: str, attribute: str, value: str) -> str:
    """The link in an attribute other than the target of a link: a button, a map, another page; "" if it is none.

    Pictures, fonts, and what is counted when a mail is opened are no links.
    """
    if ":" not in value or name == "link":
        return ""
    if name == "meta":
        refresh = _REFRESH.match(value)
        return link_target(value[refresh.end() :].strip("'\" ")) if refresh else ""
    is_link = (
        attribute in _LINKS
        or (name in _FRAMES and attribute in ("src", "data"))
        or (attribute[:5] == "data-" and (name == "a" or _NAMED_LINK.search(attribute) is not None))
        or (name in _VALUED and attribute == "value")
        or (name in ("set", "animate") and attribute in ("to", "values"))
    )
    return link_target(value) if is_link else ""


def data_texts(script: str) -> str:
    """The texts and links in data of a page, such as the actions that a mail program shows above a message."""
    script = script[:_MAX_LITERALS]
    if "\\u" in script:
        script = PAIR_OF_HALVES.sub(lambda pair: surrogate_pair(pair[1], pair[2]), script)
    found = (_ESCAPE.sub(_unescape, text) for text in _JSON_STRING.findall(script))
    return "\n".join(
        text for text in found if _BLANKS.search(text) or "://" in text or len(_ODD.findall(text)) >= _MIN_ODD
    )


def telling_address(address: str) -> str:
    """An address of another kind than `link_target` knows, if it may have words in it."""
    address = _BLANKS.sub(" ", address[: 4 * MAX_TARGET]).strip()
    if address[:11].lower().startswith(("javascript:", "data:", "cid:")):
        return ""
    if address.startswith("#"):
        return address[1:] if _TELLING.search(address) or _RUN_TOGETHER.search(address) else ""
    is_telling = _TELLING.search(address) or (_LONG_WORD.search(address) and not _SCHEME.match(address))
    return address.replace(" ", "-") if is_telling else ""


def broken_address(address: str) -> str:
    """What stands in an address that is none: a quote that does not end takes words and tags into it."""
    address = address[:_MAX_VALUE]
    return address if _BROKEN.search(address) and address.lstrip()[:5].lower() != "data:" else ""


def swallowed_pages(attributes: Attributes) -> list[str]:
    """The values with tags in them: a quote that ends late, or never, takes a part of the page into an attribute.

    Simple programs, and those that mend the source, show it. A page that is meant to be a value is read as a frame.
    """
    return [
        value
        for name, value in attributes.items()
        if value and "<" in value and name != "srcdoc" and not _DATA.match(value) and _has_page(value[:_MAX_VALUE])
    ]


def _has_page(value: str) -> bool:
    return len(_TAGS.findall(value)) >= _MIN_TAGS and any(map(str.isalpha, _TAGS.sub("", value)))


def is_shown_in(target: str, text: str) -> bool:
    """Whether the text of a link says its target already."""
    account = None if target[:4].lower() == "http" else _ACCOUNT.match(target)
    return target in text or bool(account and account[1] in text)


def words_in_address(address: str) -> str:
    """Sentences in an address: subject and body of mailto and sms, words in the query of a web address."""
    address = address[:_MAX_ADDRESS]
    if "%" not in address and "+" not in address and "=" not in address:
        return ""
    scheme = address.lstrip()[:11].lower()
    if scheme.startswith(("mailto:", "sms:", "smsto:")):
        pairs = (pair.partition("=") for pair in address.partition("?")[2].split("&"))
        return "\n".join(unquote(value) for name, _, value in pairs if name.lower() in ("subject", "body"))
    if scheme.startswith(("javascript:", "data:")):
        return ""
    decoded = address.replace("+", " ")
    for _ in range(_MAX_INSIDE):  # an address inside another one is encoded twice
        if "%" not in decoded:
            break
        decoded = unquote(decoded)
    return "\n".join([*sentences(decoded), *_encoded_words(decoded)])


def _encoded_words(address: str) -> Iterator[str]:
    """Words in base64 in the query of an address."""
    for found in _ENCODED_VALUE.finditer(address):
        data = decode_base64(found[0].translate(_URL_SAFE).encode())
        text = " ".join(data.decode("utf-8", "replace").split())
        if without_marks(text).isprintable() and "\ufffd" not in text:
            yield from sentences(text)


def words_in_path(address: str) -> str:
    """The words of an address that nobody follows, such as that of a picture, if there are many of them in a row."""
    if address.count("-") + address.count("_") + address.count("+") + address.count("%20") < _MIN_JOINTS:
        return ""
    found = _JOINED_WORDS.search(without_marks(unquote(address[:_MAX_ADDRESS])).replace(" ", "-"))
    return "" if found is None else _JOINT.sub(" ", found[0])


def sentences(value: str) -> list[str]:
    """Three words or more in a row in a value, or what may be words in odd letters, without blanks, or encoded."""
    if not value.isascii() and (len(_ODD.findall(value)) >= _MIN_ODD or misread_characters(value)):
        return [value[:_MAX_VALUE]]
    if (bare := without_marks(value)) != value and sentences(bare):
        return [value[:_MAX_VALUE]]
    value = collapse(value[:_MAX_VALUE])
    found = _SENTENCES.findall(value) if " " in value else []
    if "://" in value or _ACCOUNT_TO_WRITE_TO.match(value):
        if value.count("%") >= _MIN_JOINTS and unquote(value) != value:
            found += words_in_address(value).splitlines()
        return found or ([value] if _SENTENCE_OF_LINK.search(value) and _SPEAKS.search(value) else [])
    return found or ([value] if is_disguised(value) else [])


def is_disguised(value: str) -> bool:
    """Whether a value that has no words in plain letters may have disguised ones."""
    if _DISGUISED.search(value) is not None:
        return True
    blanks = value.count(" ")
    return blanks >= _MIN_LEET and len(_LEET_WORD.findall(value.lower())) >= max(_MIN_LEET, blanks // 4)


def data_addresses(value: str, *, is_whole: bool = False) -> list[str]:
    """The data: addresses in a value, such as a style, a list of pictures, or a delay before an address.

    `is_whole`: a value that begins with such an address is one, whatever quotes are in it.
    """
    if is_whole and _DATA.match(value):
        return [value, *(other for other in _found_addresses(value) if not value.startswith(other))]
    return _found_addresses(value)


def _found_addresses(value: str) -> list[str]:
    return [found[1] or found[2] or found[3] for found in _DATA_ADDRESS.finditer(value)]


def embedded_file(address: str) -> EmbeddedFile | None:
    """The file in a data: address; None if it is another address."""
    found = _DATA.match(address)
    if found is None:
        return None
    head, data = found[1].lower(), unquote_to_bytes(address[found.end() :])
    if head.rstrip().endswith(";base64"):
        data = decode_base64(data)
    return EmbeddedFile(head.partition(";")[0].strip() or "text/plain", data)


def field_text(attributes: Attributes) -> tuple[str, str]:
    """The text that a form field shows, and text in it that it does not show."""
    kind = (attributes.get("type") or "text").strip().lower()
    value, placeholder = attributes.get("value") or "", attributes.get("placeholder") or ""
    if kind == "image":
        return attributes.get("alt") or "", value
    if kind in ("hidden", "checkbox", "radio", "color", "file"):
        return "", value
    if kind == "password":
        return ("", value) if value else (placeholder, "")
    return (value, placeholder) if value else (placeholder, "")


def script_texts(script: str) -> str:
    """The texts in a script: each, and all of them joined, because a script may put words together."""
    found: list[str] = []
    size = 0
    if "\\u" in script:
        script = PAIR_OF_HALVES.sub(lambda pair: surrogate_pair(pair[1], pair[2]), script)
    for literal in _LITERAL.finditer(script):
        text = _ESCAPE.sub(_unescape, literal[1] or literal[2] or literal[3] or "")
        size += len(text)
        if size > _MAX_LITERALS:
            break
        found.append(text)
    sentences = [text for text in found if _is_said(text.strip())]
    joined = "".join(found)
    return "\n".join([*sentences, joined] if len(found) > len(sentences) and " " in joined else sentences)


def _is_said(text: str) -> bool:
    """Whether a text in a script may be words: several, or disguised ones."""
    if " " in text or "\n" in text:
        return any(map(str.isalpha, text)) or not text.isascii()
    return len(text) < _MAX_VALUE and (is_disguised(text) or len(_ODD.findall(text)) >= _MIN_ODD)


def surrogate_pair(high: str, low: str) -> str:
    """The character that two halves in hexadecimal digits write."""
    return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))


def _unescape(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    if digits is None:
        return {"n": "\n", "t": " ", "\n": ""}.get(found[4], found[4])
    code = int(digits, 16)
    return chr(code) if code < 0x11_0000 and not 0xD800 <= code < 0xE000 else "\ufffd"
