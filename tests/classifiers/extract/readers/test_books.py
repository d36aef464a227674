"""The pages of books and of saved web pages are read with their style sheets, in the order of reading."""

from __future__ import annotations

import random
from html import escape

import pytest

from tests.classifiers.extract.readers.reading_files import ReadFile, read
from tests.classifiers.extract.sample_files import zipped

SENTENCE = "please don't tell anybody that you will meet me alone tonight and delete this message"
WORDS = SENTENCE.split()
LINK = "<link rel='stylesheet' href='../styles/a%20b.css'/>"


def _read(pages: dict[str, str], sheet: str = "", spine: list[str] | None = None) -> ReadFile:
    names = list(pages)
    items = "".join(f"<item id='i{at}' href='text/{name}'/>" for at, name in enumerate(names))
    places = "".join(f"<itemref idref='i{names.index(name)}'/>" for name in spine or names)
    files = {
        f"book/text/{name}": f"<html><head>{LINK}</head><body>{body}</body></html>" for name, body in pages.items()
    }
    return read("a.epub", zipped(**{
        "mimetype": "application/epub+zip", "book/styles/a b.css": sheet, **files,
        "book/a.opf": f"<package><manifest>{items}</manifest><spine>{places}</spine></package>",
    }))  # fmt: skip


def _spans(seed: int, form: str = "<span id='w{0}'>{1} </span>") -> str:
    spans = [form.format(at, escape(word)) for at, word in enumerate(WORDS)]
    random.Random(seed).shuffle(spans)
    return "".join(spans)


def _rules(form: str) -> str:
    return "".join(form.format(at, 20 + 90 * (at % 5), 20 + 30 * (at // 5), word.replace("'", "\\'"))
                   for at, word in enumerate(WORDS))  # fmt: skip


STYLED = {
    "places": (_spans, _rules("#w{0}{{position:absolute;left:{1}px;top:{2}px}}")),
    "places for a screen": (_spans, "@media screen{" + _rules("#w{0}{{position:absolute;left:{1}px;top:{2}px}}") + "}"),
    "order": (lambda seed: f"<p>{_spans(seed)}</p>", "p{display:flex;flex-wrap:wrap}" + _rules("#w{0}{{order:{0}}}")),
    "contents": (lambda _: "".join(f"<i id='w{at}'></i>" for at in range(len(WORDS))),
                 _rules("#w{0}::before{{content:'{3} '}}")),
    "letters that are not shown": (
        lambda seed: "".join(f"{letter}<b class='k'>{'ain'[(at + seed) % 3]}</b>"
                             for at, letter in enumerate(SENTENCE)),
        "/* a */ b{color:blue} .k{display:none}"),
}  # fmt: skip


@pytest.mark.parametrize("kind", STYLED)
@pytest.mark.parametrize("seed", range(3))
def test_a_page_is_read_with_its_style_sheet(kind: str, seed: int) -> None:
    make, sheet = STYLED[kind]
    found = _read({"a.xhtml": make(seed)}, sheet)
    assert SENTENCE in " ".join(found.everything.split())
    assert set(found.failed) <= {"disputed"}
    page = zipped(**{"a.html": LINK.replace("../styles/a%20b", "afiles/a") + make(seed), "afiles/a.css": sheet})
    assert SENTENCE in " ".join(read("page.zip", page).everything.split())


@pytest.mark.parametrize("seed", range(3))
def test_pages_are_read_in_the_order_of_the_book(seed: int) -> None:
    rng = random.Random(seed)
    numbers = list(range(len(WORDS)))
    rng.shuffle(numbers)
    order = [f"{number:02}.xhtml" for number in numbers]
    pages = dict(sorted(zip(order, (f"<p>{escape(word)}</p>" for word in WORDS), strict=True)))
    others = {f"x{number}.xhtml": f"<p>museum {number}</p>" for number in numbers}
    found = _read(dict(sorted({**pages, **others}.items(), key=lambda page: page[0][-7:])), spine=order)
    assert SENTENCE in " ".join(found.everything.split())


def test_an_honest_book_is_read_as_it_stands() -> None:
    sheet = "p{margin:0;text-indent:1em;color:#222}h1{display:block;text-align:center}.x{font-size:90%}"
    found = _read(
        {f"{at}.xhtml": f"<h1>Chapter {at}</h1><p class='x'>They met at the old mill.</p>" for at in range(9)}, sheet
    )
    assert found.text.count("They met at the old mill.") == 9
    assert found.failed == ()
