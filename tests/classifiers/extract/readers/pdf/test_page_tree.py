"""A PDF whose pages cannot be found is told before PDFium looks for them. Others are read."""

from __future__ import annotations

import pytest

from classifiers.extract.readers.pdf.page_tree import MAX_NODES, has_endless_pages
from classifiers.extract.readers.reading import TOO_LARGE
from tests.classifiers.extract.readers.reading_files import read

PAGE = "3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>> endobj\n"
NUMBERS = (2, 4, 5)
"""The objects of the nodes of a tree. Object 3 is a page."""
MANY = 1_000


def pdf(*kids: str) -> bytes:
    """A PDF without a table of objects. `kids`: what each node of its tree has."""
    nodes = "".join(
        f"{number} 0 obj <</Type/Pages/Count 9/Kids[{of_node}]>> endobj\n"
        for number, of_node in zip(NUMBERS, kids, strict=False)
    )
    root = "1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
    return f"%PDF-1.7\n{root}{PAGE}{nodes}trailer <</Root 1 0 R>>\n%%EOF".encode()


@pytest.mark.parametrize(
    "kids",
    [
        ("2 0 R",),
        ("2 0 R 3 0 R 2 0 R",),
        ("3 0 R 4 0 R", "2 0 R"),
        ("4 0 R", "5 0 R", "3 0 R 4 0 R"),
        ("4 0 R " * MANY, "3 0 R " * MANY),
    ],
)
def test_endless_pages_are_told(kids: tuple[str, ...]) -> None:
    assert has_endless_pages(pdf(*kids))
    assert TOO_LARGE in read("a.pdf", pdf(*kids)).failed


@pytest.mark.parametrize(
    "kids",
    [
        ("3 0 R",),
        ("3 0 R 3 0 R",),
        ("4 0 R 5 0 R", "3 0 R", "3 0 R 3 0 R"),
        ("",),
        ("9 0 R null 3 0 R",),
        ("3 0 R " * (MAX_NODES // 2),),
    ],
)
def test_other_pages_are_found(kids: tuple[str, ...]) -> None:
    assert not has_endless_pages(pdf(*kids))
