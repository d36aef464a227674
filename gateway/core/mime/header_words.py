"""Words that mail programs show from header fields other than the subject: display names, comments, names of lists."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import unescape

from gateway.core.mime.charsets.marks import is_letter_sign
from gateway.core.mime.headers import HeaderSection, decode_value, unfold

ADDRESS_FIELDS = frozenset({"from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-to", "resent-cc",
                            "disposition-notification-to", "return-receipt-to", "errors-to"})  # fmt: skip
TEXT_FIELDS = frozenset(
    {
        "comments", "keywords", "organization", "organisation", "thread-topic", "content-description", "date",
        "summary", "list-id", "list-post", "list-help", "list-owner", "list-subscribe", "list-unsubscribe",
        "list-archive", "sensitivity", "x-label", "newsgroups", "x-message-flag", "resent-subject", "x-keywords",
    }
)  # fmt: skip
"""Fields that some program shows in the list of messages, above the text, or in its details."""

MAX_SECTION = 1 << 17
"""Bytes of a header section whose fields are read. Mail servers take at most about as many."""
_MAX_COMPARED = 4096
"""Characters of addresses to which names are compared."""
_FIELDS = ADDRESS_FIELDS | TEXT_FIELDS
_ELSEWHERE = frozenset(("subject", "received", "dkim-signature", "content-type", "content-disposition"))
"""Fields with encoded words that are read elsewhere, or that nobody reads. Encoded words in others are for people."""
_CONTROLS = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")
_BARE_CR = re.compile(rb"\r(?![\r\n]|\Z)")
"""Some programs pass over it, others take it for a blank."""
_ANGLED = re.compile(r"<[^<>]*>")
_NO_ADDRESS = re.compile(r"<[^<>@]*>")
"""What stands in angle brackets inside of a name, such as tags of HTML."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MACHINE = re.compile(r"@|://|^mailto:|[\d_=+/%.][^\W\d_]|[^\W\d_][\d_=+/%.]")
"""A link, an address, or a word with digits or signs among its letters, such as an identifier."""
_MAX_WORD = 25
_RUN_TOGETHER = re.compile(r"(?:[A-Z][a-z']{1,20}[,.;:!?]?){5}")
"""Words without blanks, each with a capital."""
_MAX_NAME_WORDS = 5
_TELLING = frozenset(
    (
        "abuse abused add afraid after alcohol alone am amor answers anyone arent ass ayuda ayudame ayúdame "
        "babe baby be beat beats beautiful because bed been beer before behind beso besos between bitch blood body "
        "bomb bonita boobs boyfriend bring butt buy call calls can cant casa cell cheat cock come comes coming "
        "conmigo could crying cut cute dad danger darling dead desnuda desnudo dick did didnt die discord do does "
        "doesnt dont drug drugs drunk dumb dying emergency eres escríbeme estoy everyone exam fag faggot fat feel "
        "fight foto fotos fuck fucking gave get girlfriend give go going gonna gorgeous "
        "got guapa gun guns had has hate hates have help helps her hide him his hit hola honey hot house "
        "how hungry hurt hurts i idiot im insta instagram isnt just keep kill killing kiss knife know leave "
        "let lets llama llámame loser love loved loves make matar mañana me meet meeting mi miedo might mine miss "
        "mom money morir must my myself mí nadie naked need needs never nigger no nobody noche nosotros not nothing "
        "nude nudes number only our ours pain para password phone photo photos pic pics picture pictures pill "
        "pills please pretty puedo pussy quieres quiero rape raped retard room run said say scared secret secretly "
        "secreto secrets sell send sex sexy shall shit shoot shooting should show sin slut snap snapchat sola "
        "solo somebody someone sorry starving stepdad stop stupid suicidal suicide sweetheart take te tell tengo "
        "text texting texts them these they think threat ti tiktok today tomorrow tonight took touch "
        "touched touching trapped tu tú u ugly uncle unsafe ur us vape vapes ven vodka wait wanna want wants was we "
        "weed weekend were whatsapp where who whore why wont would yo you your yours yourself"
    ).split()
)
"""Words of sentences. A short name without any of them is the name of a person, an office, a list or an employer."""
_USUAL = re.compile(r"[\t -~\u00a0-\u024f\u2010-\u201f]*+")
_USUAL_RUN = re.compile(r"[\t -~\u00a0-\u024f]+")
_MAX_NAME, _MAX_ADDRESS = 60, 320
_MIN_TOKENS = 5
"""Tokens of a field that is read as a whole if most of them look like identifiers."""
_CODED = re.compile(r"&#|%[2-7][0-9A-Fa-f]|=[2-7][0-9A-F]|\\[ux]")
_JOINTS = re.compile(r"[A-Za-z][-_+./][A-Za-z]")
_MAX_SMALL_WORDS = 3
"""Words in small letters that a name may have."""
_DATE = re.compile(r"(?:\w{3},)?[\d :]*\w{3} [\d :+-]*(?:\(?[A-Z]{1,5}\)?)?")
_MAX_ZONE = 5
_DATE_WORDS = frozenset(
    "Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Standard Daylight Time Summer Zone "
    "Eastern Central Mountain Pacific Greenwich Mean Coordinated Universal Romance GMT UTC UT EST EDT CST CDT MST MDT "
    "PST PDT BST IST CET CEST Z AM PM".split()
)
"""Words of dates and names of time zones."""
_DISGUISED = re.compile(
    r"(?:\b\w[\W_]+){3}\w\b|[A-Za-z][0-9@$!|]{1,3}[A-Za-z]|(?:[A-Z][a-z]+){3}|[\u200b-\u200f\u2060-\u2064\u00ad]"
)
"""Letters with something between them, digits among letters, words without blanks, invisible characters."""


def header_words(section: HeaderSection) -> str:
    """The words that programs show of these fields, one line each, without addresses, links and identifiers.

    Names of people, offices and lists are left out, and so is what the subject has. Fields beyond `MAX_SECTION` are not
    read.
    """
    lines: list[str] = []
    seen: set[bytes] = set()
    subject = section.subject.lower()
    left = MAX_SECTION
    for name, raw in section.fields:
        left -= len(raw)
        if (name not in _FIELDS and (b"=?" not in raw or name in _ELSEWHERE)) or raw in seen or left < 0:
            continue
        seen.add(raw)
        read = _beside_date if name == "date" else _names if name in ADDRESS_FIELDS else _phrases
        for shown in (raw, _BARE_CR.sub(b" ", raw)) if _BARE_CR.search(raw) else (raw,):
            value = _CONTROLS.sub("", decode_value(unfold(shown)))
            if "&#" in value:
                value = unescape(value)
            lines += [piece for piece in read(value) if piece.lower() not in subject]
    return "\n".join(dict.fromkeys(lines))


def shown_header_text(section: HeaderSection) -> str:
    """The subject of an attached message, and the words of its other fields."""
    return "\n".join(filter(None, (section.subject, header_words(section))))


def _names(value: str) -> Iterator[str]:
    """Display names that say something: each text between the addresses of a field."""
    addresses = " ".join(token for token in re.split(r"[\s<>,;]", value) if "@" in token).lower()[:_MAX_COMPARED]
    for piece in _pieces(_NO_ADDRESS.sub(" ", value)):
        tokens = piece.replace('"', " ").split()
        name = " ".join(token for token in tokens if "@" not in token or len(token) > _MAX_ADDRESS or "%20" in token)
        if name and _says_something(name, addresses):
            yield name


def _pieces(value: str) -> Iterator[str]:
    """The texts between addresses. A comma in a name does not divide it."""
    for piece in _ANGLED.split(value):
        if "@" in piece:
            yield from re.split(r"[,;]", piece)
        else:
            yield piece.strip(" ,;")


def _phrases(value: str) -> Iterator[str]:
    """What a field says in words."""
    tokens = _ANGLED.sub(" ", value).split()
    plain = [token for token in tokens if not _is_machine(token.rstrip(".,;:!?"))]
    text = " ".join(plain if len(plain) * 2 > len(tokens) or len(tokens) < _MIN_TOKENS else tokens)
    if text and _says_something(text, ""):
        yield text


def _is_machine(token: str) -> bool:
    """Whether a token is an address, a link or an identifier, without words in it."""
    if (not _MACHINE.search(token) and len(token) <= _MAX_WORD) or _RUN_TOGETHER.match(token):
        return False
    return token.isascii() and len(token) <= _MAX_NAME and not _CODED.search(token) and len(_JOINTS.findall(token)) < 4


def _beside_date(value: str) -> Iterator[str]:
    """What stands in a Date beside a date."""
    if not _DATE.fullmatch(value):
        words = [word for word in _WORD.findall(value) if word not in _DATE_WORDS]
        if len(words) > 1 or any(len(word) > _MAX_ZONE for word in words) or any(map(_is_odd, value)):
            yield value


def _says_something(text: str, addresses: str) -> bool:
    """Whether a text may be more than a name: it has words of sentences, is long, or is written in odd letters."""
    if not _USUAL.fullmatch(text):
        return any(map(_is_odd, text)) or _says_something(" ".join(_USUAL_RUN.findall(text)), addresses)
    if len(text) > _MAX_NAME or _CODED.search(text):
        return True
    words = _WORD.findall(text)
    lowered = [word.lower() for word in words]
    if all(len(word) < 2 or word in addresses for word in lowered):
        return len(words) > _MAX_NAME_WORDS
    return (
        not _TELLING.isdisjoint(word.replace("'", "").replace("’", "") for word in lowered)
        or len(words) > 2 * _MAX_NAME_WORDS
        or sum(word.islower() and len(word) > 2 for word in words) > _MAX_SMALL_WORDS
        or _DISGUISED.search(text) is not None
    )


def _is_odd(letter: str) -> bool:
    """Whether a character is a letter or mark beyond Latin ones: of another alphabet, styled, invisible."""
    return (letter > "\u024f" and unicodedata.category(letter)[0] in "LMCN") or is_letter_sign(letter)
