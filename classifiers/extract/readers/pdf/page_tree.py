"""Whether the tree of pages of a PDF contains itself, or has more nodes than pages that are read need.

PDFium walks the tree to find a page. One whose node is among its own kids makes it walk without an end.
"""

from __future__ import annotations

from typing import Any

from classifiers.extract.readers.pdf.opening import object_errors, open_objects

MAX_NODES = 100_000
"""Nodes and pages of a tree, each as often as it is met."""
_MAX_DEPTH = 200


def has_endless_pages(data: bytes) -> bool:
    """Whether no page of a PDF can be found in a reasonable time. False if its objects cannot be read."""
    if data.count(b"/Kids") == 0 and b"/ObjStm" not in data and b"#" not in data:
        return False
    try:
        reader = open_objects(data)
        return reader is not None and _is_endless(dict.__getitem__(reader.trailer["/Root"].get_object(), "/Pages"))
    except object_errors():
        return False


def _is_endless(root: Any) -> bool:
    """Whether a walk through a tree meets a node inside of itself, or too many of them."""
    path: list[int] = []
    waiting: list[tuple[Any, int]] = [(root, 0)]
    met = 0
    while waiting:
        node, depth = waiting.pop()
        del path[depth:]
        number = getattr(node, "idnum", id(node))
        met += 1
        if number in path or depth > _MAX_DEPTH or met + len(waiting) > MAX_NODES:
            return True
        path.append(number)
        try:
            kids = node.get_object().get("/Kids")
            kids = list(kids.get_object()) if kids is not None else []
        except object_errors():
            continue
        waiting += [(kid, depth + 1) for kid in reversed(kids[:MAX_NODES])]
    return False
