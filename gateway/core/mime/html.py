"""The text of an HTML part as people see it, and the text that it hides.

The page is built as browsers build it, with their style sheets. Text is hidden if a person cannot see it, whatever
hides it. Where mail programs differ (Outlook's comments, programs that drop style sheets, telephones, dark mode), every
reading is kept. Block elements break lines; inline elements do not, so that a word split by tags stays one word. Quoted
blocks get the "> " of plain text. Links are followed by their target, because a reader can see it. Images are replaced
by their alternative text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.css.selectors import MatchBudget
from gateway.core.mime.css.sheets import MAX_SHEET, parse_sheet
from gateway.core.mime.cut_text.boxes import cut_readings
from gateway.core.mime.guard import Guard
from gateway.core.mime.page.attributes import EmbeddedFile, data_addresses, embedded_file, script_texts, sentences
from gateway.core.mime.page.collector import Page
from gateway.core.mime.page.drawing import Drawing
from gateway.core.mime.page.found import FRAME, Found
from gateway.core.mime.page.pieces import set_apart
from gateway.core.mime.page.runs import Readings, read_runs
from gateway.core.mime.page.tokens import decode_references
from gateway.core.mime.page.tree import read_html_tree

MAX_MATCHES = 600_000
"""Steps of matching selectors in one document."""
DRAWING = "drawing"
"""The gap of a page that draws what may be words, or is a picture from elsewhere."""
MAX_EMBEDDED = 50
"""Files inside addresses that are kept."""

_MAX_FRAMES = 30
_MAX_DEPTH = 3
_MAX_SWALLOWED = 8
"""Values with a page in them that are read by themselves; more are read together."""
_TAIL = 2_000
_MAX_PLACED = 2_000
"""Characters of a document inside a page that are also read where it stands."""
_MIN_STYLED, _MAX_STYLED = 4, 2_000
"""Texts in the styles of elements that are also read together, and their characters."""
_CONTROLS = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")
_RAW_TEXT = re.compile(r"<(style|script)\b", re.IGNORECASE)
_RAW_TEXT_END = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("style", "script")}
_TAG = re.compile(r"<[^<>]*>")
_SWALLOWING = re.compile(r"<[A-Za-z][^<>]*(?=<[A-Za-z!])")
"""A tag with another one in it."""
_MAX_SWALLOWING = 50
"""Such tags of which one may never end."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_SIGNS = re.compile(r"[<>\"'=]+")
_MARKUP_TYPES = ("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml")
_TEXT_TYPES = ("text/plain", "text/css", "text/javascript", "application/javascript", "application/json")


@dataclass(frozen=True, slots=True)
class HtmlReading:
    """What an HTML document says.

    `shown`: what a person sees. `hidden`: what it contains beyond that, including lines that other programs show
    otherwise. `is_disputed`: programs show different words. `gaps`: why it was not read completely: "nesting",
    "styles", "fonts", "frames", DRAWING, "finders". `has_scripts`: a browser would run scripts, which may show
    anything. `embedded`: files inside addresses that are neither text nor HTML. `marked`: words that are marked one by
    one among others, and may be a sentence.
    """

    shown: str
    hidden: str
    is_disputed: bool = False
    gaps: tuple[str, ...] = ()
    has_scripts: bool = False
    embedded: tuple[EmbeddedFile, ...] = ()
    marked: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gathered:
    """What is found in a document and the documents inside it."""

    budget: MatchBudget
    hidden: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    embedded: list[EmbeddedFile] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    frames: int = 0
    has_scripts: bool = False
    guard: Guard = field(default_factory=Guard)
    drawing: Drawing = field(default_factory=Drawing)


def read_html(html: str) -> HtmlReading:
    """Read an HTML document. Never raises; takes linear time."""
    gathered = _Gathered(MatchBudget(MAX_MATCHES))
    shown, is_disputed = _read(html, gathered, 0)
    if gathered.drawing.is_drawn or gathered.drawing.remote.are_all_of(shown):
        gathered.gaps.append(DRAWING)
    if gathered.guard.failures:
        gathered.gaps.append("finders")
    hidden = "\n".join(text for text in gathered.hidden if text)
    if gathered.budget.is_spent:
        gathered.gaps.append("styles")
    return HtmlReading(
        shown, hidden, is_disputed, tuple(dict.fromkeys(gathered.gaps)), gathered.has_scripts, tuple(gathered.embedded),
        tuple(gathered.marked),
    )  # fmt: skip


def _read(html: str, gathered: _Gathered, depth: int) -> tuple[str, bool]:
    found = Found(drawing=gathered.drawing)
    page = Page(None, gathered.budget, found)
    run = gathered.guard.run
    run("pages", _build_page, html, page, gathered)
    if run("looks of letters", found.drawing.cells.draw_letters, page.runs):
        gathered.gaps.append(DRAWING)
    run("frames and scripts", _add_found, page, found, gathered, depth)
    readings = run("lines", _read_lines, page, found, gathered)
    shown, is_disputed = (_without_tags(html), False) if readings is None else (readings.shown, readings.is_disputed)
    gathered.hidden += run("places", page.layout.variants, shown) or []
    if not page.layout.is_complete:
        gathered.gaps.append("nesting")
    if not page.cuts.is_complete:
        gathered.gaps.append("styles")
    run("style sheets", _add_sheets, page, found, shown, gathered)
    never_ends = (bool(found.scripts) and _never_ends(html, "script")) or (
        bool(page.sheets) and _never_ends(html, "style")
    )
    run("dropped text", _add_dropped, html, shown, gathered, never_ends, depth)
    return shown, is_disputed


def _build_page(html: str, page: Page, gathered: _Gathered) -> None:
    if not read_html_tree(html, page):
        gathered.gaps.append("nesting")
    page.finish()


def _read_lines(page: Page, found: Found, gathered: _Gathered) -> Readings:
    readings = read_runs(page.runs)
    gathered.hidden += [readings.hidden, *readings.variants, *cut_readings(page.runs)]
    apart = set_apart(page.runs)
    if marked := (*readings.marked, *apart.words, *found.values.words()):
        plain = " ".join(_TAG.sub(" ", readings.shown).split())
        gathered.marked += [text for text in marked if text not in plain]
    texts = [*apart.sentences, *found.values.sentences()]
    if len(found.styled) >= _MIN_STYLED:
        between = "" if max(map(len, found.styled)) <= 1 else " "
        texts.append(between.join(found.styled)[:_MAX_STYLED])
    if texts:
        known = [" ".join(text.split()) for text in (readings.shown, *gathered.hidden)]
        gathered.hidden += [text for text in texts if not any(text in other for other in known)]
    return readings


def _without_tags(html: str) -> str:
    """What a page says that could not be built."""
    return decode_references(_TAG.sub(" ", _without_raw_text(html)))


def _never_ends(html: str, name: str) -> bool:
    """Whether the last script or style sheet goes on until the end of the page."""
    lowered = html.lower()
    return lowered.rfind(f"<{name}") > lowered.rfind(f"</{name}")


def _add_dropped(html: str, shown: str, gathered: _Gathered, never_ends: bool, depth: int) -> None:
    """What browsers drop and simpler programs show: a comment or a tag that never ends, text beside frames.

    It is searched for where the last words of the source were not read. `never_ends`: so does a script.
    """
    if (inside := _in_open_tag(html)) and depth == 0:
        _read_inner(inside, gathered, depth)
    texts = [shown, *gathered.hidden]
    if not never_ends and "frameset" not in html and "FRAMESET" not in html and _has_last_word(html[-_TAIL:], texts):
        return
    source = _without_raw_text(html)
    has_frames = "rameset" in source or "FRAMESET" in source
    if not never_ends and not has_frames and _has_last_word(source[-_TAIL:], texts):
        return
    known = set(_WORD.findall("\n".join(texts)))
    for address in data_addresses(source) if has_frames else ():
        if (file := embedded_file(address)) is not None and file.media_type.startswith("text/"):
            gathered.hidden.append(read_html(to_text(file.data)).shown)
    source, tag, rest = _CONTROLS.sub("", _TAG.sub("\n", source)).partition("<")
    lines = decode_references(source).split("\n")
    rest = decode_references(tag + rest)
    if sentences(_SIGNS.sub("\n", rest)):  # more than the names and values of attributes
        lines += _SIGNS.sub(" ", rest).split("\n")
    new_lines = [line for line in dict.fromkeys(lines) if not known.issuperset(_WORD.findall(line))]
    if new_lines:
        gathered.hidden.append("\n".join(new_lines))


def _in_open_tag(html: str) -> str:
    """The part of a page that a tag takes in which never ends, because a quote in it does not."""
    for tag in islice(_SWALLOWING.finditer(html), _MAX_SWALLOWING):
        for quote in "\"'":
            _, begin, value = tag[0].replace("= ", "=").rpartition(f"={quote}")
            if begin and quote not in value and not _ends_later(html, quote, tag.end()):
                return value + html[tag.end() :]
    return ""


def _ends_later(html: str, quote: str, at: int) -> bool:
    """Whether a quote ends, and the tag that it is in."""
    end = html.find(quote, at)
    return end >= 0 and html.find(">", end) >= 0


def _has_last_word(source: str, texts: list[str]) -> bool:
    """Whether the last word of a source, without its tags, is in one of the texts. True if it has no word."""
    for between in (" ", ""):
        words = _WORD.findall(decode_references(_TAG.sub(between, source)))
        if not words or any(words[-1] in text or words[-1][::-1] in text for text in texts):
            return True
    return False


def _without_raw_text(html: str) -> str:
    """A document without its style sheets and scripts, as far as they end."""
    pieces, at = [], 0
    while (begin := _RAW_TEXT.search(html, at)) is not None:
        end = _RAW_TEXT_END[begin[1].lower()].search(html, begin.end())
        if end is None:
            break
        pieces += [html[at : begin.start()], " "]
        at = end.end()
    return "".join([*pieces, html[at:]])


def _add_sheets(page: Page, found: Found, shown: str, gathered: _Gathered) -> None:
    """Texts in the style sheets that are not shown already, and what was not understood in them."""
    known = "\n".join([shown, *gathered.hidden]) if page.sheets else ""
    total = 0
    for sheet in page.sheets:
        total += sheet.size
        gathered.hidden.extend(text for text in dict.fromkeys(sheet.strings) if text not in known)
        if not sheet.is_complete:
            gathered.gaps.append("styles")
        if sheet.has_fonts:
            gathered.gaps.append("fonts")
        for address in sheet.imports:
            if embedded := embedded_file(address):
                gathered.hidden.extend(parse_sheet(to_text(embedded.data)).strings)
                gathered.gaps.append("styles")
    if total > MAX_SHEET:
        gathered.gaps.append("styles")


def _add_found(page: Page, found: Found, gathered: _Gathered, depth: int) -> None:
    """Scripts, and documents and files inside the document."""
    if found.scripts:
        gathered.has_scripts = True
        gathered.hidden.extend(map(script_texts, found.scripts))
    documents = [*found.frames, *found.swallowed[:_MAX_SWALLOWED]]
    documents += ["\n".join(found.swallowed[_MAX_SWALLOWED:])] * (len(found.swallowed) > _MAX_SWALLOWED)
    texts: dict[str, str] = {}
    for run, document in found.placed:
        text = texts.get(document)
        if text is None:
            text = texts[document] = _placed_text(document, gathered, depth)
        run.text = text
    addresses = [address for sheet in page.sheets for address in data_addresses(sheet.text)]
    for address in (*found.addresses, *addresses):
        if address not in texts and (embedded := embedded_file(address)):
            if embedded.media_type in _MARKUP_TYPES:
                documents.append(to_text(embedded.data))
            elif embedded.media_type in _TEXT_TYPES:
                gathered.hidden.append(to_text(embedded.data))
            elif len(gathered.embedded) < MAX_EMBEDDED:
                gathered.embedded.append(embedded)
            else:
                gathered.gaps.append("frames")
    for document in documents:
        _read_inner(document, gathered, depth)


def _placed_text(document: str, gathered: _Gathered, depth: int) -> str:
    """What a frame or file says in its place: its text in one line."""
    if document.startswith(FRAME):
        text = _read_inner(document.removeprefix(FRAME), gathered, depth)
    elif (embedded := embedded_file(document)) is None:
        return ""
    elif embedded.media_type in _MARKUP_TYPES:
        text = _read_inner(to_text(embedded.data), gathered, depth)
    elif embedded.media_type in _TEXT_TYPES:
        text = to_text(embedded.data)
        gathered.hidden.append(text)
    else:
        if len(gathered.embedded) < MAX_EMBEDDED:
            gathered.embedded.append(embedded)
        else:
            gathered.gaps.append("frames")
        return ""
    return f" {' '.join(text.split())} " if len(text) <= _MAX_PLACED else ""


def _read_inner(document: str, gathered: _Gathered, depth: int) -> str:
    """Read a document inside another one; returns what it shows."""
    gathered.frames += 1
    if gathered.frames > _MAX_FRAMES or depth >= _MAX_DEPTH:
        gathered.gaps.append("frames")
        gathered.hidden.append(document)
        return ""
    text = _read(document, gathered, depth + 1)[0]
    gathered.hidden.append(text)
    return text
