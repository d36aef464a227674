"""The text of a message at a first look: whatever can be decoded in a few linear passes over its bytes.

No structure is parsed, so no structure can make it slow or fail. It reads more than a person sees (source, styles), and
nothing in compressed files. What short texts say in codes is read too, by finders of which one that fails stops no
other. The complete reading is `classifiers.extract.extraction`.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from classifiers.extract.hidden_texts import read_hidden_writing
from classifiers.extract.passages import Passage
from classifiers.extract.quoting import PassageKind, split_readings
from gateway.core.channels.registry import capabilities_of
from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.written import is_written
from gateway.core.mime.guard import Guard
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.page.tokens import decode_references

MAX_BYTES = 1 << 18
"""Bytes of a content that are looked at: three quarters of them at its start, the others at its end."""
MAX_CHARACTERS = 8_000
"""Characters of text that are returned: the beginning, and what stands around words that calls for help have."""

MAX_FILE_BYTES = 8_000
"""Bytes of a file beside a text message that a first look reads: a card, a note, a line of subtitles."""
MAX_CODED = 2_000
"""Characters of a passage in which codes are looked for. A call for help in a code is short: it costs work to write."""

_HEAD_BYTES = 1 << 16
_BEGIN, _AROUND, _SEARCHED = 3_000, 250, 40_000
_BASE64 = re.compile(rb"^(?:[A-Za-z0-9+/]{20,}={0,2}[ \t]*\r?\n?)+(?:[A-Za-z0-9+/]{2,}={0,2}(?=\r?$))?", re.MULTILINE)
_ESCAPED = re.compile(rb"=(?:[0-9A-Fa-f]{2}|\r?\n)")
_HTML = re.compile(r"<(?:[a-zA-Z!]|/[a-zA-Z])")
_BREAK = re.compile(r"<(?:br|p|div|li|tr|td|h[1-6]|/p|/div|/li|/tr|/td|/h[1-6])\b[^<>]{0,1000}>", re.IGNORECASE)
_TAG = re.compile(r"<[/a-zA-Z!?][^<>]{0,4000}>")
_SKIPPED = re.compile(r"<(style|script)\b", re.IGNORECASE)
_SKIPPED_ENDS = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("style", "script")}
_SOURCE_LINE = re.compile(
    r"^(?:Content-[\w-]{2,40}:|MIME-Version:|--\S|[ \t]+(?:boundary|charset|name|filename)=|>).*$", re.M
)
_BLANKS = re.compile(r"[ \t\u00a0]{2,}")
_LINES = re.compile(r"(?<!\s)[^\S\n]*+\n\s*+")
_UNWRITTEN = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_SAMPLE = 8_000
"""Bytes by which a text is told from a file."""
_CUES = re.compile(
    r"\b(?:help|h[3a]lp|sos|ayud|auxilio|socorr|emergenc"
    r"|kill|suicid|die\b|dying|dead|hurt|cut(?:ting)?\b|harm|abus|rape|molest|touch|hit"
    r"|beat|chok|punch|gun\b|knife|weapon|shoot|bomb|scared|afraid|unsafe|not safe|safe place|hungry|starv|homeless"
    r"|sleep|alone|pills|overdose|runaway|ran away|kick(?:ed)? (?:me|us)|locked|bruise|bleed|matar|morir|peg[aoó]"
    r"|golpe|miedo|hambre|pistola|cuchillo|arma|lastim|viol[oóa]|pastillas|911|988|don'?t want to|can'?t (?:take|go)"
    r"|no one|nobody|please|bad thoughts|goodbye|want to tell|to tell (?:you|u|some)|talk to (?:you|u|some)"
    r"|didn'?t eat|eat(?:en)? (?:today|since)|locks? the|my door|go home|come home|at home|hates? me|not coming back"
    r"|threat|follow(?:s|ed|ing) me|scare|cry|blood|brother|stepdad|step-?(?:mom|father)|boyfriend|novio|drunk|police"
    r"|marks? on|marca|colgar|no (?:s[eé]|quiero|puedo|aguanto)|ya no|mi casa|padrastro|un se[ñn]or|duermo|comido"
    r"|tomado|borracho|polic[ií]a|estoy sol[oa])",
    re.IGNORECASE,
)


def bytes_of_look(content: bytes, channel: str) -> bytes:
    """The bytes of a content that a first look reads, at most MAX_BYTES. Of these themselves it reads all."""
    if len(content) <= MAX_BYTES or not capabilities_of(channel).has_header_section:
        return content[:MAX_BYTES]
    return content[: MAX_BYTES * 3 // 4 - 1] + b"\n" + content[-MAX_BYTES // 4 :]


def first_passages(content: bytes, channel: str) -> tuple[Passage, ...]:
    """The passages of a first look at a content. Never raises; takes linear time."""
    seen = bytes_of_look(content, channel)
    if not capabilities_of(channel).has_header_section:
        text = to_text(seen)
        readings = (text[start:end] for start, end, kind in split_readings(text) if kind is not PassageKind.QUOTED)
        said = "\n\n".join(readings)
        return _passages("", said, _shown(said) if _HTML.search(said) else "")
    subject = HeaderSection.of(seen[:_HEAD_BYTES]).subject[:2000]
    begin = max(seen.find(b"\r\n\r\n"), seen.find(b"\n\n"), 0)
    decoded = [_shown(text) for text in _encoded_texts(seen[begin:])]
    plain = _shown(to_text(_unescaped(_BASE64.sub(b"\n", seen[begin:]))))
    return _passages(subject, plain, "\n".join(decoded)) if plain else _passages(subject, "\n".join(decoded), "")


def is_looked_at(file: bytes) -> bool:
    """Whether a first look reads a file beside a text message: a small one that is written as text."""
    return len(file) <= MAX_FILE_BYTES and is_written(to_text(file[:_SAMPLE]))


def first_passages_of_files(files: Iterable[bytes]) -> tuple[Passage, ...]:
    """The passages of a first look at files beside a text message. Never raises; takes linear time."""
    shown = [_shown(to_text(_unescaped(file)))[:_BEGIN] for file in files if is_looked_at(file)]
    return tuple(Passage("", 0, text, PassageKind.ATTACHED) for text in shown if text.strip())


def with_codes_read(passages: Iterable[Passage]) -> tuple[Passage, ...]:
    """The passages of a first look, and what the short ones say in codes. Never raises; takes linear time."""
    shown = tuple(passages)
    coded = [replace(passage, text=passage.text[:MAX_CODED]) for passage in shown]
    said = dict.fromkeys(read_hidden_writing(coded, Guard()).texts)
    return (*shown, *(Passage("", 0, text[:_BEGIN], PassageKind.HIDDEN) for text in said if text.strip()))


def may_call_for_help(passages: Iterable[Passage]) -> bool:
    """Whether a text has a word that plain calls for help have. Half of them have none: it only says who is first."""
    return any(has_call_words(passage.text) for passage in passages)


def has_call_words(text: str) -> bool:
    """Whether a text has a word that plain calls for help have."""
    return _CUES.search(text) is not None


def _encoded_texts(body: bytes) -> Iterator[str]:
    """The texts among the runs of base64."""
    for run in _BASE64.finditer(body):
        try:
            letters = b"".join(run[0].split())
            data = binascii.a2b_base64(letters[: len(letters) // 4 * 4])
        except binascii.Error:
            continue
        if data[:_SAMPLE].count(0) > len(data[:_SAMPLE]) // 4:
            data = data.decode("utf-16-le", "ignore").encode()
        if 40 * len(_UNWRITTEN.findall(data[:_SAMPLE])) <= len(data[:_SAMPLE]):
            yield to_text(data)


def _unescaped(body: bytes) -> bytes:
    """Without the escapes of quoted-printable, if there are any."""
    return binascii.a2b_qp(body) if _ESCAPED.search(body) else body


def _shown(text: str) -> str:
    """The text without markup, as far as it can be told without parsing."""
    if _HTML.search(text):
        text = _TAG.sub("", _BREAK.sub("\n", _without_styles(text)))
    if "&" in text:
        text = decode_references(text)
    text = _SOURCE_LINE.sub("", text)
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()


def _without_styles(text: str) -> str:
    pieces, at = [], 0
    while (found := _SKIPPED.search(text, at)) is not None:
        end = _SKIPPED_ENDS[found[1].lower()].search(text, found.end())
        if end is None:
            break
        pieces.append(text[at : found.start()])
        at = end.end()
    return "".join((*pieces, text[at:]))


def _passages(subject: str, text: str, encoded: str) -> tuple[Passage, ...]:
    """The beginning of a text as new text; the lines around cues behind it, and encoded texts, as another text."""
    passages = [Passage("", 0, subject, PassageKind.SUBJECT)] if subject.strip() else []
    if text.strip():
        passages.append(Passage("", 0, text[:_BEGIN], PassageKind.NEW))
    for other in ("\n".join(_around_cues(text[_BEGIN:])), encoded[:_BEGIN]):
        if other.strip():
            passages.append(Passage("", 0, other, PassageKind.OTHER))
    return tuple(passages)


def _around_cues(text: str) -> Iterator[str]:
    """The text around each cue. The last lines count as well: what follows a long text may be the message."""
    left, at = MAX_CHARACTERS - 2 * _BEGIN - 2 * _AROUND, 0
    end = max(len(text) - 2 * _AROUND, 0)
    for cue in _CUES.finditer(text, 0, min(end, _SEARCHED)):
        if left <= 0:
            break
        if cue.start() < at:
            continue
        start, at = max(cue.start() - _AROUND, at), min(cue.end() + _AROUND, end)
        left -= at - start
        yield text[start:at]
    if text[max(at, end) :].strip():
        yield text[max(at, end) :]
