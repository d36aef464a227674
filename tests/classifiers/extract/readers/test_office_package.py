"""Office files are read by their relationships; hidden text is kept apart and read both ways."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import photo, zipped

_RELS = '<Relationships><Relationship Id="r1" Type="x/officeDocument" Target="{}"/></Relationships>'


def package(main: str, xml: str, **parts: str | bytes) -> bytes:
    entries: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>", "_rels/.rels": _RELS.format(main), main: xml}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in (
            entries | {key.replace("__", "/").replace("_", "."): part for key, part in parts.items()}
        ).items():
            archive.writestr(name, data)
    return out.getvalue()


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def test_a_decoy_beside_the_main_part_is_hidden_text() -> None:
    found = read(
        "a.docx",
        package(
            "word/document2.xml",
            f"<w:p>{run('meet me alone')}</w:p>",
            word__document_xml=f"<w:p>{run('the quiz')}</w:p>",
        ),
    )
    assert found.text == "meet me alone"
    assert found.hidden == "the quiz"


def test_names_of_parts_are_compared_without_case_and_with_escapes() -> None:
    assert read("a", package("Word/Docu ment.xml", "<w:p/>")).failed == ()
    data = package("word/x.xml", f"<w:p>{run('hello')}</w:p>").replace(b"word/x.xml", b"WORD/X.xml", 1)
    assert read("a.docx", data).text == "hello"


@pytest.mark.parametrize("properties", ["<w:vanish/>", '<w:color w:val="FFFFFF"/>', '<w:sz w:val="2"/>'])
def test_letters_among_hidden_ones_are_read_both_ways(properties: str) -> None:
    letters = "".join(run(letter) + run("x", properties) for letter in "alone")
    found = read("a.docx", zipped(word__document_xml=f"<w:p>{letters}</w:p>"))
    assert found.text == "alone"
    assert "axlxoxnxex" in found.hidden


def test_text_hidden_by_a_style_is_hidden() -> None:
    styles = '<w:styles><w:style w:styleId="H"><w:rPr><w:vanish/></w:rPr></w:style></w:styles>'
    document = f"<w:p>{run('a')}{run('zzz', '<w:rStyle w:val=' + chr(34) + 'H' + chr(34) + '/>')}{run('lone')}</w:p>"
    found = read("a.docx", zipped(word__document_xml=document, word__styles_xml=styles))
    assert found.text == "alone"
    assert "zzz" in found.hidden


def test_slides_notes_and_pictures_are_read() -> None:
    slide = "<p:sld><a:p><a:r><a:t>meet</a:t></a:r><a:r><a:t>ing</a:t></a:r></a:p><p:cNvPr descr='a secret'/></p:sld>"
    found = read(
        "a.pptx",
        zipped(
            ppt__slides__slide1_xml=slide,
            ppt__notesSlides__n1_xml="<a:p><a:t>notes</a:t></a:p>",
            ppt__media__image1_png=photo("PNG"),
        ),
    )
    assert "meeting" in found.text
    assert "notes" in found.text
    assert "a secret" in found.text
    assert found.failed in ((), ("pictured",))  # read, with the extra ocr


def test_cells_are_read_in_their_order_whatever_the_order_of_strings() -> None:
    strings = "<sst><si><t>alone</t></si><si><t>me</t></si><si><t>meet</t></si><si><t>unused words</t></si></sst>"
    cells = "".join(f'<c r="{column}1" t="s"><v>{number}</v></c>' for column, number in (("C", 0), ("A", 2), ("B", 1)))
    found = read(
        "a.xlsx",
        zipped(
            xl__sharedStrings_xml=strings, xl__worksheets__sheet1_xml=f"<worksheet><row r='1'>{cells}</row></worksheet>"
        ),
    )
    assert "meet\tme\talone" in found.text
    assert "unused words" in found.hidden


def test_a_broken_part_is_read_and_reported() -> None:
    found = read(
        "a.docx", zipped(word__document_xml="<w:p><w:r><w:t>first</w:t></w:r></w:p><oops <w:p><w:t>second</w:t></w:p>")
    )
    assert "first" in found.text
    assert "second" in found.text
    assert found.failed == ("unreadable",)


def test_an_entity_bomb_is_bounded() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "words " * 10}">' for n in range(12))
    found = read("a.docx", zipped(word__document_xml=f"<!DOCTYPE d [{entities}]><w:p><w:t>&e11;</w:t></w:p>"))
    assert found.failed
    assert len(found.everything) <= 210_000
