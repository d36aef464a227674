"""The same font in every kind of file that can hold one: a false one is noticed wherever it is, a true one is not."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.readers.fonts.tables import mixed
from tests.classifiers.extract.readers.fonts.sample_fonts import (
    DRAWN,
    GUID,
    SAID,
    embedded_opentype,
    font_showing,
    mixed_with_guid,
    permutation,
    shapes,
    true_font,
    web_font,
)  # fmt: skip
from tests.classifiers.extract.readers.reading_files import ReadFile, read
from tests.classifiers.extract.sample_files import mail

TYPES = "<Types>{}</Types>"
RELATIONSHIPS = "<Relationships>{}</Relationships>"
IDENTIFIER = f"urn:uuid:{GUID}"


def _zipped(entries: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def _link(target: str, number: int = 1) -> str:
    return f"<Relationship Id='r{number}' Type='x' Target='{target}'/>"


def _docx(font: bytes) -> bytes:
    return _zipped({
        "[Content_Types].xml": TYPES.format("<Default Extension='odttf' ContentType='application/x'/>"),
        "_rels/.rels": RELATIONSHIPS.format(_link("word/document.xml")),
        "word/_rels/document.xml.rels": RELATIONSHIPS.format(_link("fontTable.xml")),
        "word/fontTable.xml": f"<fonts><font name='School'><embedRegular fontKey='{{{GUID}}}'/></font></fonts>",
        "word/document.xml": f"<document><body><p><r><rPr><rFonts ascii='School'/></rPr><t>{SAID}</t></r></p></body>"
        "</document>",
        "word/fonts/font1.odttf": mixed_with_guid(font),
    })  # fmt: skip


def _pptx(font: bytes) -> bytes:
    return _zipped({
        "_rels/.rels": RELATIONSHIPS.format(_link("ppt/slides/slide1.xml")),
        "ppt/slides/slide1.xml": f"<sld><p><r><t>{SAID}</t></r></p></sld>",
        "ppt/fonts/font1.fntdata": font,
    })  # fmt: skip


def _open_document(font: bytes) -> bytes:
    faces = "<font-face-decls><font-face><font-face-src><font-face-uri href='Fonts/a.ttf'/></font-face-src></font-face>"
    return _zipped({
        "mimetype": "application/vnd.oasis.opendocument.text", "Fonts/a.ttf": font,
        "content.xml": f"<document-content>{faces}</font-face-decls><body><text><p>{SAID}</p></text></body>"
        "</document-content>",
    })  # fmt: skip


def _book(font: bytes, encryption: str = "") -> bytes:
    return _zipped({
        "book/a.opf": f"<package><dc:identifier id='i'>{IDENTIFIER}</dc:identifier><manifest><item id='a' href='a.html'"
        "/></manifest><spine><itemref idref='a'/></spine></package>",
        "book/a.html": f"<html><head><link rel='stylesheet' href='a.css'></head><body><p>{SAID}</p></body></html>",
        "book/a.css": "@font-face{font-family:s;src:url(a.ttf)}p{font-family:s}", "book/a.ttf": font,
        **({"META-INF/encryption.xml": encryption} if encryption else {}),
    })  # fmt: skip


def _xps(font: bytes, text: str = SAID, indices: str = "") -> bytes:
    name = f"Resources/{GUID}.odttf"
    return _zipped({
        "[Content_Types].xml": TYPES.format("<Default Extension='fpage' ContentType='application/x+xml'/>"),
        "_rels/.rels": RELATIONSHIPS.format(_link("Pages/1.fpage")),
        "Pages/1.fpage": f"<FixedPage><Glyphs FontUri='../{name}' UnicodeString='{text}' Indices='{indices}'/>"
        "</FixedPage>",
        name: mixed_with_guid(font),
    })  # fmt: skip


def _data(font: bytes) -> str:
    return f"data:font/ttf;base64,{base64.b64encode(font).decode()}"


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "a.docx": _docx,
    "a.pptx": lambda font: _pptx(embedded_opentype(font)),
    "b.pptx": lambda font: _pptx(embedded_opentype(font, 0x10000000)),
    "a.odt": _open_document,
    "a.fodt": lambda font: (
        f"<?xml version='1.0'?><document><font-face-uri><binary-data>{base64.encodebytes(font).decode()}</binary-data>"
        f"</font-face-uri><p>{SAID}</p></document>"
    ).encode(),
    "a.epub": _book,
    "b.epub": lambda font: _book(mixed(font, hashlib.sha1(IDENTIFIER.encode()).digest(), 1040), "<encryption/>"),
    "c.epub": lambda font: _book(mixed(font, bytes.fromhex(GUID.replace("-", "")), 1024), "<encryption/>"),
    "a.xps": _xps,
    "a.rtf": lambda font: (
        rf"{{\rtf1{{\fonttbl{{\f0\fnil School{{\*\fontemb\ftruetype{{\*\fontfile a.ttf}}{font.hex()}}};}}}}"
        rf"\f0 {SAID}\par}}"
    ).encode(),
    "a.svg": lambda font: (
        f"<svg xmlns='http://www.w3.org/2000/svg'><style>@font-face{{font-family:s;src:url({_data(font)})}}</style>"
        f"<text>{SAID}</text></svg>"
    ).encode(),
    "a.zip": lambda font: _zipped(
        {"a.css": "@font-face{src:url(a.woff)}", "a.html": f"<p>{SAID}</p>", "a.woff": web_font(font)}
    ),
    "a.mht": lambda font: (
        'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n--b\nContent-Type: text/html\n\n'
        f"<p>{SAID}</p>\n--b\nContent-Type: font/ttf\nContent-Transfer-Encoding: base64\n\n"
        f"{base64.encodebytes(font).decode()}\n--b--\n"
    ).encode(),
    "a.ttf": lambda font: font,
    "a.woff": web_font,
}


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_false_font_is_unreadable_wherever_it_is_and_a_true_one_is_not(name: str, seed: int) -> None:
    true, false = (
        extract_message(mail(**{name: ("application/octet-stream", CONTAINERS[name](font))}), "mail")
        for font in (font_showing({}), font_showing(permutation(seed)))
    )
    assert true.failed == ()
    assert "unreadable" in false.failed
    if name not in ("a.ttf", "a.woff"):
        assert any(SAID in passage.text for passage in true.passages)


def _drawn(text: str) -> str:
    return ";".join(str(shapes()[letter]) for letter in text)


def _page(text: str, indices: str) -> ReadFile:
    return read("a.xps", _xps(true_font(), text, indices))


def test_shapes_that_a_page_gives_by_number_are_read() -> None:
    true = _page(SAID, _drawn(SAID))
    assert (true.text, true.failed) == (SAID, ())
    false = _page(SAID, _drawn(DRAWN))
    assert false.failed == ("unreadable",)
    assert DRAWN in false.hidden
    assert _page("", _drawn(DRAWN)).text == DRAWN
    assert _page("", ";".join(["900"] * 9)).failed == ("unreadable",)
    ligature = f"(2:1){shapes()['a']};{_drawn('rst')};,55;"
    assert _page("first of", ligature).failed == ()
    assert _page("{}{a}", ";;x;(;").failed == ()


def test_a_font_that_no_key_of_the_document_opens_is_unreadable() -> None:
    other = mixed(true_font(), b"another key", 32)
    assert read("a.docx", _docx(other)).failed == ("unreadable",)


def test_a_compressed_font_that_only_one_program_unpacks_is_disputed() -> None:
    assert read("a.pptx", _pptx(embedded_opentype(true_font(), 4))).failed == ("disputed",)
