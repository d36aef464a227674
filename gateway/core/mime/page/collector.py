"""Reads the elements of a page in order and collects its text, with who sees it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import unquote

from gateway.core.mime.css.declarations import parse_inline_style
from gateway.core.mime.css.selectors import Element, MatchBudget
from gateway.core.mime.css.sheets import RuleIndex, Sheet, index_rules, parse_sheet
from gateway.core.mime.css.style import BARE as BARE_TEXT
from gateway.core.mime.css.style import ROOT, Style
from gateway.core.mime.css.style import SEEN as SEEN_TEXT
from gateway.core.mime.cut_text.boxes import Cuts
from gateway.core.mime.drawn_text.page_cells import WITH_BOXES
from gateway.core.mime.page import attributes as words
from gateway.core.mime.page.elements import HINTS, SPECIAL_NAMES, default_display
from gateway.core.mime.page.found import FRAME, Found
from gateway.core.mime.page.frame import Attributes, Cascade, Frame, masks
from gateway.core.mime.page.generated import Counters, generated_text, list_marker
from gateway.core.mime.page.layout import ROWS, Layout
from gateway.core.mime.page.placement import is_right_table
from gateway.core.mime.page.references import REFERRING, References
from gateway.core.mime.page.runs import BARE, CELL, CLEAR, EVERYBODY, INLINE, OUTLOOK, SEEN, WHOLE, Run
from gateway.core.mime.page.tree import read_html_tree

_MAX_BARE = 2
"""Attributes without a value that an ordinary tag may have."""
_MAX_QUOTES = 10
_MAX_STYLED = 2_000
"""Texts and files in the styles of elements that are read in their order."""
_MAX_NESTED = 3
"""Conditional comments inside each other."""
_TAG = re.compile(r"<(?!<)[^<>]*>")
_NAMED_TEXT = re.compile(r"[\s\"'](?:string|alt|title|value|href)\s*=", re.IGNORECASE)
"""Attributes of pictures and shapes that Outlook shows."""
_LETTER = re.compile(r"[^\W\d_]")
_BLOCK_DISPLAYS = frozenset(
    "block list-item table table-row table-caption flex grid flow-root flow -webkit-box -webkit-flex "
    "-ms-flexbox".split()
)
_NAMES = "name", "open"
"""Attributes without text that may be a sentence all the same: a name of a frame, a sign before a formula."""
_WITHOUT_EFFECT = words.STRUCTURAL - HINTS - {"start", *_NAMES}
"""Attributes that neither contain text nor change how it is seen, unless style sheets refer to them."""
_NEVER_TEXT = frozenset({"script", "style"})
_RAW_TEXT = frozenset({"script", "style", "iframe", "noembed", "noframes"})
_ANIMATING = frozenset("set animate animatetransform animatemotion".split())
_REPLACED = frozenset("iframe video".split())
"""Elements without text of their own, which show what is in their attributes."""
_LIST_KINDS = {"a": "lower-alpha", "A": "upper-alpha"}
_SVG_TEXT = frozenset("text tspan textpath tref a".split())
"""Elements of SVG that show text."""
_TABLE_GROUPS = frozenset({"thead", "tfoot"})
_GROUP_DISPLAYS = frozenset({"table-header-group", "table-footer-group"})
"""Groups of rows that are seen before and after the others."""


class Page:
    """The text of a page. It implements gateway.core.mime.page.tokens.Handler."""

    def __init__(self, rules: RuleIndex | None, budget: MatchBudget, found: Found, outer_mask: int = EVERYBODY) -> None:
        self.runs: list[Run] = []
        self.sheets: list[Sheet] = []
        self.found = found
        self.layout = Layout(self.runs)
        self._cascade, self._budget, self._outer_mask = Cascade(rules, budget), budget, outer_mask
        root = Frame("", {}, ROOT, EVERYBODY)
        root.is_tracked = True
        root.element = Element("", {}, None, None)
        self._open = [root]
        self._quotes = 0
        self._outlook = EVERYBODY
        self._counters = Counters()
        self._target, self._link_start = "", 0
        self._nested = 0
        self._references, self.cuts = References(), Cuts()

    def style_sheets(self, texts: Sequence[str]) -> None:
        """The style sheets of the page, before its elements."""
        sheets = tuple(map(parse_sheet, texts))
        self.found.drawing.add_style("\n".join(texts))
        self.sheets.extend(sheets)
        self._counters.styles = {name: style for sheet in sheets for name, style in sheet.counters.items()}
        if variables := {name: value for sheet in sheets for name, value in sheet.variables.items()}:
            root = self._open[0]
            root.main = replace(root.main, variables=variables, is_shared=False, plain=[])
        if any(sheet.rules for sheet in sheets):
            self._cascade.rules = index_rules(sheets)

    def text(self, text: str) -> None:
        """Text between tags."""
        frame = self._open[-1]
        if frame.name in _RAW_TEXT and not (frame.text_mask and frame.name in _NEVER_TEXT):
            if frame.name == "script":
                self._read_script(text, (frame.attributes.get("type") or "").strip().lower())
            elif frame.name != "style":
                self.found.frames.append(text)
            return
        if frame.first_letter is not None and (start := text.lstrip()):
            seen = frame.text_mask if frame.first_letter.bits & SEEN_TEXT else frame.text_mask & BARE
            self._append(start[:1], seen, ("first letter", frame.first_letter), frame)
            text = start[1:]
            frame.first_letter = None
        if not frame.main.keeps_space:
            self._append(words.collapse(text), frame.text_mask, frame.kind, frame)
            return
        for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
            if number:
                self._append("\n", frame.text_mask, frame.kind)
            self._append(words.with_gaps(line), frame.text_mask, frame.kind, frame)

    def _read_script(self, text: str, kind: str) -> None:
        if "json" in kind:
            self._append_hidden(words.data_texts(text))
        elif kind and "script" not in kind and kind != "module":  # a browser runs no other types
            self.found.frames.append(text)
        else:
            self.found.scripts.append(text)

    def _append(self, text: str, mask: int, kind: object = None, frame: Frame | None = None) -> None:
        if text:
            self.runs.append(Run(text, mask & self._outlook & self._outer_mask, kind, frame))

    def _place(self, document: str, frame: Frame) -> None:
        """A file or frame, whose text is read where it stands."""
        around = self._open[-2].mask if frame.name in _REPLACED else frame.box
        run = Run("", WHOLE & around & self._outlook & self._outer_mask, frame.kind, frame)
        self.runs.append(run)
        self.found.placed.append((run, document))

    def comment(self, text: str) -> None:
        """Conditional comments decide what Outlook shows. CDATA sections are shown by some programs."""
        text = text.strip()
        if text.startswith("[CDATA["):
            frame = self._open[-1]
            self._append(text[7:].removesuffix("]]"), WHOLE & frame.text_mask, frame.kind, frame)
        if text[:3].lower() != "[if":
            if text[-7:].lower() == "[endif]":
                self._outlook = EVERYBODY
            return
        condition, _, rest = text.partition("]")
        if rest[-7:].lower() == "[endif]" and rest.startswith(">"):
            self._conditional(condition, rest[1:].rpartition("<!")[0])
        elif "!" in condition:
            self._outlook = EVERYBODY & ~OUTLOOK

    def _conditional(self, condition: str, html: str) -> None:
        """A conditional comment: HTML that only Outlook shows. The text of others is shown by no program."""
        if self._nested < _MAX_NESTED and (_LETTER.search(_TAG.sub("", html)) or _NAMED_TEXT.search(html)):
            page = Page(self._cascade.rules, self._budget, self.found, OUTLOOK if "!" not in condition else 0)
            page._nested = self._nested + 1
            read_html_tree(html, page)
            page.finish()
            self.runs.extend(page.runs)
        else:
            self.found.drawing.shapes.add_vml_source(html)
            self.found.drawing.remote.add_source(html)

    def start(self, name: str, attributes: dict[str, str | None]) -> None:
        """A start tag."""
        parent = self._open[-1]
        if attributes:
            self.found.swallowed += words.swallowed_pages(attributes)
        display = default_display(name)
        if (
            parent.is_plain
            and self._cascade.rules is None
            and name not in SPECIAL_NAMES
            and (not attributes or _WITHOUT_EFFECT.issuperset(attributes))
            and not (name == "table" and is_right_table(name, attributes))
        ):
            frame = Frame(name, attributes, parent.main.plain_child(), parent.mask, parent)
            frame.display, frame.box, frame.in_flow, frame.is_plain = display, parent.box, parent.in_flow, True
            frame.is_block = display in _BLOCK_DISPLAYS or name == "br"
            frame.kind = (frame.main, name)
            frame.start = len(self.runs)
            self._open.append(frame)
            self._break(frame)
            return
        self._start_styled(parent, name, attributes, display)

    def _start_styled(self, parent: Frame, name: str, attributes: Attributes, display: str) -> None:
        if name == "xml" and self._outer_mask == OUTLOOK:
            display = "none"  # settings of Word in a conditional comment
        frame = Frame(name, attributes, parent.main, 0, parent)
        frame.in_svg = name == "svg" or (parent.in_svg and name != "foreignobject")
        generated = self._cascade.compute(frame, parent, display)
        main = frame.main
        frame.display = main.display or display
        frame.in_flow = parent.in_flow and main.flow != "out"
        frame.is_arranging = (
            frame.display in ROWS or main.direction == "rtl" or main.value("writing-mode")[:1] in ("v", "s", "t")
        )
        frame.is_plain = not (frame.in_svg or frame.is_arranging)
        if frame.rules:
            self._read_rules(frame)
        frame.box, frame.mask = masks(parent, frame)
        frame.text_mask = frame.mask
        if frame.in_svg and name not in _SVG_TEXT:
            frame.text_mask = 0
        frame.is_block = self._is_block(parent, frame, display)
        frame.kind = (main, name)
        if name == "rt":
            frame.text_mask &= ~CLEAR
        frame.start = len(self.runs)
        self._open.append(frame)
        if name == "blockquote":
            self._quotes += 1
        self._break(frame)
        is_group = name in _TABLE_GROUPS or frame.display in _GROUP_DISPLAYS or main.value("caption-side") == "bottom"
        is_group = is_group or is_right_table(name, attributes)
        if (is_group or main.flow == "float") and not parent.is_tracked:
            parent.is_tracked = True
            self.layout.enter(parent.main, parent.display, parent.attributes, parent.name)
        if main.values is not None or is_group or frame.in_svg or parent.in_svg or parent.is_arranging:
            frame.is_tracked = True
            self.layout.enter(main, frame.display, attributes, name)
            if frame.display == "list-item":
                self._counters.count_item()
            self._counters.enter(main)
        for pseudo, style in generated:
            if pseudo == "after":
                frame.after = style
            elif pseudo == "first-letter":
                frame.first_letter = style
            else:
                self._generate(style, frame)
        if frame.display == "list-item" and main.values is not None:
            self.layout.add_marker(
                self._counters.marker(main, _LIST_KINDS.get(parent.attributes.get("type") or "", ""))
            )
        if frame.in_svg and name in _ANIMATING:
            parent.inner = (*parent.inner[:4], attributes)
        if attributes:
            if name == "li" and "value" in attributes:
                self.layout.add_marker(list_marker(parent.attributes, attributes, main))
            elif name == "ol" and "start" in attributes:
                self.layout.add_marker(list_marker(attributes, {"value": attributes["start"]}, main))
            if not words.STRUCTURAL.issuperset(attributes):
                self._read_attributes(name, attributes, frame)
            for attribute in _NAMES:
                if attribute in attributes:
                    self._append_hidden("\n".join(words.sentences(attributes[attribute] or "")))

    def end(self) -> None:
        """The innermost open element ends."""
        frame = self._open.pop()
        name = frame.name
        if frame.after is not None:
            self._generate(frame.after, frame)
        if name == "a":
            self.end_link()
        elif name == "blockquote":
            self._quotes -= 1
        if frame.main.values is not None or frame.attributes or frame.in_svg or name in WITH_BOXES:
            self.found.drawing.add(frame, self._open[-1], self.runs)
            self._references.end(frame, self.runs)
            self.cuts.end(frame, self.runs)
        if frame.is_tracked:
            parent = self._open[-1]
            in_svg = frame.in_svg or parent.in_svg
            self.layout.leave(frame.start, frame.main, parent.display in ROWS, frame.is_block, in_svg)
        if name != "br" and (frame.is_block or frame.display == "table-cell"):
            self._break(frame)

    def finish(self) -> None:
        """The document ends."""
        while len(self._open) > 1:
            self.end()
        self.end_link()
        self._references.fill()

    def end_link(self) -> None:
        """Append the target of the link, unless its text already shows it."""
        if self._target:
            text = "".join([run.text for run in self.runs[self._link_start :] if run.mask & SEEN])
            if not words.is_shown_in(self._target, text):
                self._append(f" <{self._target}>", EVERYBODY)
        self._target = ""

    def _is_block(self, parent: Frame, frame: Frame, default: str) -> bool:
        if frame.name == "br":
            return True
        if frame.main.flow == "float":
            return False
        if parent.display in ROWS and not parent.main.value("flex-direction").startswith("column"):
            return False
        return (frame.display if frame.main.is_displayed or default == "none" else default) in _BLOCK_DISPLAYS

    def _break(self, frame: Frame) -> None:
        if frame.is_block:
            quotes = "> " * min(self._quotes, _MAX_QUOTES) if self._quotes else ""
            self.runs.append(Run("\n" + quotes, frame.box & self._outlook & self._outer_mask))
        elif frame.display == "table-cell":
            kind = CELL if len(self.runs) == frame.start else None
            self.runs.append(Run(" ", frame.box & self._outer_mask, kind))

    def _read_rules(self, frame: Frame) -> None:
        """Texts and files in the rules of an element, in the order of the elements."""
        for rule, _ in frame.rules:
            declared = rule.declarations
            if not (declared.strings or declared.addresses):
                continue
            if rule.selector.pseudo not in ("before", "after") and len(self.found.styled) < _MAX_STYLED:
                self.found.styled.extend(declared.strings)
            if len(self.found.placed) < _MAX_STYLED:
                for address in declared.addresses:
                    self._place(address, frame)

    def _generate(self, style: Style, frame: Frame) -> None:
        self._counters.enter(style)
        if not self._budget.take(len(style.value("content"))):
            return
        text = generated_text(style, frame.attributes, self._counters)
        if text and style.bits & BARE_TEXT and self._budget.take(len(text)):
            seen = frame.mask if style.bits & SEEN_TEXT else frame.mask & BARE
            is_block = style.display in _BLOCK_DISPLAYS
            self._append("\n" if is_block else "", frame.box)
            self._append(words.collapse(text), seen & ~INLINE, style, frame)
            self._append("\n" if is_block else "", frame.box)

    def _read_attributes(self, name: str, attributes: Attributes, frame: Frame) -> None:
        shown = attributes.get("alt") or ""
        self.found.values.add(name, attributes)
        match name:
            case "a" | "area":
                self._read_link(name, attributes)
            case "img" | "image":
                if shown:
                    self._append(f" {words.collapse(shown)} ", frame.mask, frame.kind, frame)
            case "input" | "textarea":
                shown, hidden = words.field_text(attributes)
                self._append(f" {words.collapse(shown)} " if shown else "", frame.mask, frame.kind, frame)
                self._append_hidden(hidden)
            case "option" | "optgroup" | "track" if attributes.get("label"):
                self._append(f" {words.collapse(attributes['label'] or '')} ", frame.mask, frame.kind, frame)
            case "link" | "meta" if "itemprop" in attributes:  # actions that a mail program shows above the message
                self._append_hidden(words.link_target(attributes.get("href") or attributes.get("content") or ""))
            case "iframe" if attributes.get("srcdoc"):
                self._place(f"{FRAME}{attributes['srcdoc'] or ''}", frame)
        if name in REFERRING and (run := self._references.start(name, attributes, frame)) is not None:
            self.runs.append(run)
        bare = [attribute for attribute, value in attributes.items() if not value and attribute.isalpha()]
        if len(bare) > _MAX_BARE and not words.STRUCTURAL.issuperset(bare):  # words behind a tag that was left open
            self._append_hidden(" ".join(bare))
        for attribute, value in attributes.items():
            if value and attribute not in words.STRUCTURAL:
                self._read_value(name, attribute, value, shown, frame)

    def _read_value(self, name: str, attribute: str, value: str, shown: str, frame: Frame) -> None:
        """Text in an attribute that no program shows in its place, and files in it."""
        if attribute in words.SPOKEN:
            if value.strip() != shown:
                self._append_hidden(value.strip())
        elif attribute in ("alt", "label") and name not in words.SHOWING:
            self._append_hidden(value.strip())
        elif attribute == "style":
            if '"' in value or "'" in value:
                for text in parse_inline_style(value).strings:
                    self._append_hidden(text)
        elif attribute.startswith("on"):
            self._append_hidden(words.script_texts(value))
        elif (
            attribute not in words.SHOWN
            or name not in words.SHOWING
            or (attribute == "value" and name not in ("input", "textarea"))
        ):
            self._append_hidden("\n".join(words.sentences(value)))
            self._append_hidden(words.followed_link(name, attribute, value))
            if attribute in words.ADDRESSES or (name == "base" and attribute == "href"):
                self._append_hidden(words.words_in_path(value) or words.broken_address(value))
            elif name == "meta" and attribute == "content":
                self._append_hidden(words.words_in_address(value) or words.words_in_path(value))
        if "data:" in value or "DATA:" in value or "Data:" in value:
            for address in words.data_addresses(value, is_whole=attribute in words.ADDRESSES):
                self._place(address, frame)

    def _read_link(self, name: str, attributes: Attributes) -> None:
        address = attributes.get("href") or ""
        target = words.link_target(address)
        if name == "a":
            self.end_link()
            self._target, self._link_start = target, len(self.runs)
        else:
            self._append_hidden(words.collapse(attributes.get("alt") or ""))
        self._append_hidden(words.words_in_address(address))
        if name != "a" or not target:
            self._append_hidden(target or words.telling_address(address))
        if address.lstrip()[:11].lower() == "javascript:":
            self._append_hidden(words.script_texts(unquote(address)))

    def _append_hidden(self, text: str) -> None:
        """Text that belongs to an element, but is not shown in its place."""
        for line in text.splitlines():
            self.runs += [Run("\n", 0), Run(words.collapse(line), 0), Run("\n", 0)]
