"""Reads HTML as browsers build it, with lexbor; hostile documents tag by tag."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.page.attributes import embedded_file
from gateway.core.mime.page.tokens import MAX_DEPTH, Handler, can_build_tree, read_tokens

_PLAIN = re.compile(r"[\w\s():,.<>=-]{1,300}")
_TEMPLATE = re.compile(r"(</?)template(?=[\s/>])", re.IGNORECASE)
_STYLE = re.compile(r"<style|<link[^>]{0,200}data:", re.IGNORECASE)
_STYLE_TYPES = ("", "text/css")
_MAX_COPIES = 4
"""Nodes for each tag: more are made if formatting elements are opened again and again."""
TEMPLATE = "x-template"
"""The name under which template elements are read: a parser keeps their content out of the tree."""


def read_html_tree(html: str, handler: Handler) -> bool:
    """Call a handler for each element, text and comment of a document. False if it is not read as browsers do."""
    if "<" not in html and "&" not in html:
        handler.text(html)
        return True
    if not can_build_tree(html):
        read_tokens(html, handler)
        return False
    if "<template" in html or "<TEMPLATE" in html or _TEMPLATE.search(html):
        html = _TEMPLATE.sub(rf"\1{TEMPLATE}", html)
    root = LexborHTMLParser(html).root
    if root is None:
        return True
    if _STYLE.search(html):
        handler.style_sheets([sheet for node in root.css("style, link") if (sheet := _style_sheet(node))])
    nodes_left = 1_000 + _MAX_COPIES * html.count("<")
    opened: list[int] = []
    is_whole = True
    for node in (root.parent or root).traverse(include_text=True):
        name = node.tag
        if not name:
            continue
        nodes_left -= 1
        if nodes_left < 0:
            is_whole = False
            break
        if opened:
            parent = node.parent
            parent_id = 0 if parent is None else parent.mem_id
            while opened and opened[-1] != parent_id:
                opened.pop()
                handler.end()
        if name == "-text":
            handler.text(node.text_content or "")
        elif name == "-comment":
            handler.comment(node.comment_content or "")
        elif name[0] != "-":
            opened.append(node.mem_id)
            handler.start(name.lower(), node.attributes)
            if len(opened) > 2 * MAX_DEPTH:
                is_whole = False
                break
    for _ in opened:
        handler.end()
    return is_whole


def _style_sheet(node: LexborNode) -> str:
    """The style sheet in an element; "" if it has none, or one that browsers do not use."""
    attributes = node.attributes
    if (attributes.get("type") or "").strip().lower() not in _STYLE_TYPES:
        return ""
    if node.tag == "style":
        text = node.text_content or "".join(
            child.text_content or "" for child in node.iter(include_text=True) if child.is_text_node
        )
    else:
        address = attributes.get("href") or ""
        is_sheet = "stylesheet" in (attributes.get("rel") or "").lower()
        embedded = embedded_file(address) if is_sheet else None
        text = "" if embedded is None else to_text(embedded.data)
    media = (attributes.get("media") or "").strip()
    return f"@media {media} {{{text}\n}}" if media and _PLAIN.fullmatch(media) else text
