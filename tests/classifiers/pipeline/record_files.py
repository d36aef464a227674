"""Records as files: lines of text or rows of a table as PDF, Word, Excel, HTML or CSV."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from html import escape

PDF, DOCX, XLSX, HTML, CSV = "pdf", "docx", "xlsx", "html", "csv"
_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES = {
    PDF: "application/pdf",
    DOCX: f"{_OFFICE}.wordprocessingml.document",
    XLSX: f"{_OFFICE}.spreadsheetml.sheet",
    HTML: "text/html",
    CSV: "text/csv",
}

Rows = Sequence[Sequence[str]]


def make_file(kind: str, rows: Rows) -> bytes:
    """A file of one kind with these rows; a row of one cell is a line of text."""
    return {PDF: _pdf, DOCX: _docx, XLSX: _xlsx, HTML: _html, CSV: _csv}[kind](rows)


def _csv(rows: Rows) -> bytes:
    return "\n".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows).encode()


def _html(rows: Rows) -> bytes:
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<html><body><table>{lines}</table></body></html>".encode()


def _pdf(rows: Rows) -> bytes:
    shown = []
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            text = cell.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
            shown.append(f"BT /F1 10 Tf {60 + 180 * column} {760 - 14 * number} Td ({text}) Tj ET")
    body = "\n".join(shown).encode("cp1252")
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        b"<</Length %d>>stream\n%s\nendstream" % (len(body), body),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + end


def _docx(rows: Rows) -> bytes:
    def paragraph(text: str) -> str:
        return f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>"

    parts: list[str] = []
    for row in rows:
        if len(row) == 1:
            parts.append(paragraph(row[0]))
        else:
            cells = "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row)
            parts.append(f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>")
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    document = f"<w:document {space}><w:body>{''.join(parts)}</w:body></w:document>"
    return _package("word/document.xml", f"{_OFFICE}.wordprocessingml.document.main+xml", document)


def _xlsx(rows: Rows) -> bytes:
    lines = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in row) + "</row>"
        for row in rows
    )
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relation = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    book = f'<workbook {space} {relation}><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>'
    sheet = f"<worksheet {space}><sheetData>{lines}</sheetData></worksheet>"
    return _package(
        "xl/workbook.xml", f"{_OFFICE}.spreadsheetml.sheet.main+xml", book,
        {
            "xl/worksheets/sheet1.xml": sheet,
            "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/sheet1.xml"),
        },
        {"xl/worksheets/sheet1.xml": f"{_OFFICE}.spreadsheetml.worksheet+xml"},
    )  # fmt: skip


def _relations(kind: str, target: str) -> str:
    base = "http://schemas.openxmlformats.org"
    return (
        f'<Relationships xmlns="{base}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{base}/officeDocument/2006/relationships/{kind}" Target="{target}"/></Relationships>'
    )


def _package(
    main: str, main_type: str, content: str, more: dict[str, str] | None = None, types: dict[str, str] | None = None
) -> bytes:
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{kind}"/>'
        for name, kind in {main: main_type, **(types or {})}.items()
    )
    entries = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": _relations("officeDocument", main),
        main: content,
        **(more or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return out.getvalue()
