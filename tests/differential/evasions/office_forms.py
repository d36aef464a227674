"""Office documents that hide a sentence: Word, Excel, PowerPoint, OpenDocument, EPUB, iWork, RTF."""

from __future__ import annotations

import random
import struct
from html import escape

from tests.differential.evasions.hidden_file import HiddenFile, MakeFile, text_bytes, zipped

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:'
    'text:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:'
    'opendocument:xmlns:svg-compatible:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def _in_pieces(text: str) -> list[tuple[str, str]]:
    """The beginning of each word, and the rest of it."""
    return [(word[:1], word[1:]) for word in text.split()]


def _field_pieces(word: tuple[str, str]) -> str:
    """A word of Word whose rest is shown by a field without a result."""
    return (
        f"<w:r><w:t>{escape(word[0])}</w:t></w:r><w:r><w:fldChar w:fldCharType='begin' w:dirty='true'/></w:r><w:r>"
        f'<w:instrText> IF 1 = 1 "{escape(word[1])} " "" </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\'end\'/></w:r>'
    )


def _docx(place: str) -> MakeFile:
    def make(rng: random.Random, text: str) -> HiddenFile:
        shown = escape(text)
        runs = "".join(f"<w:r><w:t xml:space='preserve'>{escape(letter)}</w:t></w:r>" for letter in text)
        run = f"<w:p><w:r><w:t>{shown}</w:t></w:r></w:p>"
        bodies = {
            "body": run,
            "runs": f"<w:p>{runs}</w:p>",
            "table": f"<w:tbl><w:tr><w:tc>{run}</w:tc></w:tr></w:tbl>",
            "text box": f"<w:p><w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'><v:textbox><w:txbxContent>"
            f"{run}</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>",
            "alt text": f"<w:p><w:r><w:drawing><wp:docPr xmlns:wp='urn:x' id='1' name='a' descr='{shown}'/></w:drawing>"
            "</w:r></w:p>",
            "word art": f"<w:p><w:r><w:pict><v:textpath xmlns:v='urn:schemas-microsoft-com:vml' string='{shown}'/>"
            "</w:pict></w:r></w:p>",
            "field": f"<w:p><w:r><w:instrText> QUOTE \"{shown}\" </w:instrText></w:r></w:p>",
            "pieces in fields": "<w:p>" + "".join(map(_field_pieces, _in_pieces(text))) + "</w:p>",
            "vanish": f"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>{shown}</w:t></w:r></w:p>",
            "white": f"<w:p><w:r><w:rPr><w:color w:val='FFFFFF'/></w:rPr><w:t>{shown}</w:t></w:r></w:p>",
            "form": f"<w:sdt><w:sdtPr><w:alias w:val='{shown}'/></w:sdtPr><w:sdtContent/></w:sdt>",
            "drop-down": f"<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:displayText='{shown}' w:value='1'/>"
            "</w:dropDownList></w:sdtPr><w:sdtContent/></w:sdt>",
            "deleted": f"<w:p><w:del><w:r><w:delText>{shown}</w:delText></w:r></w:del></w:p>",
            "symbols": "<w:p>" + "".join(
                f"<w:r><w:sym w:font='Arial' w:char='{0xF000 + ord(letter):04X}'/></w:r>" if ord(letter) < 256 else
                f"<w:r><w:t>{escape(letter)}</w:t></w:r>" for letter in text
            ) + "</w:p>",
            "equation": f"<w:p><m:oMath xmlns:m='urn:m'><m:r><m:t>{shown}</m:t></m:r></m:oMath></w:p>",
            "bookmark": f"<w:p><w:bookmarkStart w:id='1' w:name='{shown.replace(' ', '_')}'/></w:p>",
        }  # fmt: skip
        parts = {
            "comments": f"<w:comments {_W}><w:comment w:id='1'>{run}</w:comment></w:comments>",
            "header1": f"<w:hdr {_W}>{run}</w:hdr>",
            "footer1": f"<w:ftr {_W}>{run}</w:ftr>",
            "footnotes": f"<w:footnotes {_W}><w:footnote w:id='1'>{run}</w:footnote></w:footnotes>",
            "endnotes": f"<w:endnotes {_W}><w:endnote w:id='1'>{run}</w:endnote></w:endnotes>",
            "glossary/document": f"<w:glossaryDocument {_W}><w:docParts>{run}</w:docParts></w:glossaryDocument>",
        }
        main = rng.choice(["word/document.xml", "word/document2.xml", "word/x.xml"])
        links, more = "", {}
        if place in parts:
            more[f"word/{place}.xml"] = parts[place]
            links = f"<Relationship Id='r2' Type='{_OFFICE}/{place}' Target='{place}.xml'/>"
        elif place == "chart":
            more["word/charts/chart1.xml"] = f"<c:chart xmlns:c='urn:c' {_A}><a:t>{shown}</a:t></c:chart>"
        elif place == "html part":
            more["word/afchunk.htm"] = f"<p>{shown}</p>"
        elif place == "properties":
            more["docProps/core.xml"] = f"<p xmlns:dc='urn:dc'><dc:title>{shown}</dc:title></p>"
        elif place == "custom":
            more["customXml/item1.xml"] = f"<p>{shown}</p>"
        elif place == "stray entry":
            more["note.txt"] = text
        body = bodies.get(place, "<w:p><w:r><w:t>Practice schedule</w:t></w:r></w:p>")
        folder, _, file = main.rpartition("/")
        entries: dict[str, str | bytes] = {
            "[Content_Types].xml": "<Types><Default Extension='xml' ContentType='application/xml'/><Override PartName="
            f"'/{main}' ContentType='application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml'/>"
            "</Types>",
            "_rels/.rels": f"<Relationships><Relationship Id='r1' Type='{_OFFICE}/officeDocument' Target='{main}'/>"
            "</Relationships>",
            main: f"<w:document {_W}><w:body>{body}</w:body></w:document>",
            f"{folder}/_rels/{file}.rels": f"<Relationships>{links}</Relationships>",
            **more,
        }
        return HiddenFile("schedule.docx", "application/octet-stream", zipped(entries))

    return make


def _xlsx(place: str) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        shown = escape(text)
        name, state = (shown[:31], "") if place == "sheet name" else ("Sheet1", "")
        state = {"hidden sheet": " state='hidden'", "very hidden": " state='veryHidden'"}.get(place, "")
        cell = {
            "letters": "".join(f"<c t='inlineStr'><is><t>{escape(letter)}</t></is></c>" for letter in text),
            "formula": f"<c t='str'><f>\"{shown}\"</f><v>{shown}</v></c>",
            "formula only": f'<c><f>CONCATENATE("{shown}")</f></c>',
            "pieces in a formula": "<c><f>" + "&amp;".join(f'"{escape(word)} "' for word in text.split()) + "</f></c>",
            "format": "<c s='1'><v>1</v></c>",
            "codes": "<c><f>" + "&amp;".join(f"CHAR({ord(letter)})" for letter in text) + f"</f><v>{shown}</v></c>",
        }.get(place, f"<c t='inlineStr'><is><t>{shown}</t></is></c>")
        is_elsewhere = place in ("comment", "sheet name", "defined name", "validation", "drawing", "header", "format")
        if is_elsewhere and place != "format":
            cell = "<c><v>1</v></c>"
        extra = {
            "validation": f"<dataValidations><dataValidation prompt='{shown}'/></dataValidations>",
            "header": f"<headerFooter><oddHeader>{shown}</oddHeader></headerFooter>",
        }.get(place, "")
        names = f"<definedNames><definedName name='{shown}'>1</definedName></definedNames>" * (place == "defined name")
        entries: dict[str, str | bytes] = {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": f"<Relationships><Relationship Id='a' Type='{_OFFICE}/officeDocument' Target='xl/workbook.xml'/>"
            "</Relationships>",
            "xl/workbook.xml": f"<workbook><sheets><sheet name='{name}' sheetId='1'{state}/></sheets>{names}</workbook>",
            "xl/_rels/workbook.xml.rels": f"<Relationships><Relationship Id='b' Type='{_OFFICE}/worksheet' "
            "Target='worksheets/sheet1.xml'/></Relationships>",
            "xl/worksheets/sheet1.xml": f"<worksheet><sheetData><row>{cell}</row></sheetData>{extra}</worksheet>",
        }
        if place == "comment":
            entries["xl/comments1.xml"] = f"<comments><comment><text><t>{shown}</t></text></comment></comments>"
        if place == "threaded comment":
            entries["xl/threadedComments/threadedComment1.xml"] = (
                f"<c><threadedComment><text>{shown}</text></threadedComment></c>"
            )
        if place == "drawing":
            entries["xl/drawings/drawing1.xml"] = f"<wsDr {_A}><a:p><a:r><a:t>{shown}</a:t></a:r></a:p></wsDr>"
        if place == "format":
            entries["xl/styles.xml"] = (
                f"<styleSheet><numFmts><numFmt numFmtId='170' formatCode='&quot;{shown}&quot;'/></numFmts></styleSheet>"
            )
        return HiddenFile("grades.xlsx", "application/octet-stream", zipped(entries))

    return make


def _pptx(place: str) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        slide = f"<p:sld xmlns:p='urn:p' {_A}><a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p></p:sld>"
        other = f"<p:sld xmlns:p='urn:p' {_A}><a:p><a:r><a:t>Week one</a:t></a:r></a:p></p:sld>"
        target = {
            "slide": "ppt/slides/slide1.xml", "notes": "ppt/notesSlides/notesSlide1.xml",
            "master": "ppt/slideMasters/slideMaster1.xml", "comment": "ppt/comments/comment1.xml",
            "diagram": "ppt/diagrams/data1.xml", "layout": "ppt/slideLayouts/slideLayout1.xml",
        }[place]  # fmt: skip
        entries: dict[str, str | bytes] = {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": f"<Relationships><Relationship Id='a' Type='{_OFFICE}/officeDocument' "
            "Target='ppt/presentation.xml'/></Relationships>",
            "ppt/presentation.xml": "<p:presentation xmlns:p='urn:p'/>",
            "ppt/slides/slide1.xml": other,
        }
        return HiddenFile("lesson.pptx", "application/octet-stream", zipped(entries | {target: slide}))

    return make


def _odf(place: str) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        shown = escape(text)
        body = {
            "body": f"<text:p>{shown}</text:p>",
            "note": f"<text:p>x<text:note><text:note-body><text:p>{shown}</text:p></text:note-body></text:note></text:p>",
            "annotation": f"<text:p><office:annotation><text:p>{shown}</text:p></office:annotation></text:p>",
            "frame": f"<draw:frame><draw:text-box><text:p>{shown}</text:p></draw:text-box></draw:frame>",
            "alt text": f"<draw:frame><svg:title>{shown}</svg:title></draw:frame>",
            "cell": f"<table:table table:name='a'><table:table-row><table:table-cell><text:p>{shown}</text:p>"
            "</table:table-cell></table:table-row></table:table>",
            "table name": f"<table:table table:name='{shown}'/>",
            "speaker notes": f"<draw:page><presentation:notes><text:p>{shown}</text:p></presentation:notes></draw:page>",
            "placeholder": f"<text:placeholder text:description='{shown}'/>",
            "pieces in fields": "<text:p>"
            + " ".join(
                f"{escape(start)}<text:conditional-text text:condition='ooow:1' text:string-value-if-true='{escape(rest)}' "
                "text:string-value-if-false=''>x</text:conditional-text>"
                for start, rest in _in_pieces(text)
            )
            + "</text:p>",
            "hidden text": f"<text:p><text:hidden-text text:string-value='{shown}'/></text:p>",
        }.get(place, "<text:p>Week one</text:p>")
        entries: dict[str, str | bytes] = {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content {_ODF}><office:body>{body}</office:body></office:document-content>",
            "META-INF/manifest.xml": "<manifest:manifest xmlns:manifest='urn:m'/>",
        }
        if place == "header":
            entries["styles.xml"] = f"<office:document-styles {_ODF}><text:p>{shown}</text:p></office:document-styles>"
        if place == "title":
            entries["meta.xml"] = f"<office:document-meta {_ODF}><dc:title>{shown}</dc:title></office:document-meta>"
        if place == "object":
            entries["Object 1/content.xml"] = f"<office:document {_ODF}><text:p>{shown}</text:p></office:document>"
        return HiddenFile("plan.odt", "application/octet-stream", zipped(entries))

    return make


def _epub(_: random.Random, text: str) -> HiddenFile:
    entries: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": "<container/>",
        "OEBPS/a.xhtml": f"<html><body><p>{escape(text)}</p></body></html>",
    }
    return HiddenFile("reading.epub", "application/epub+zip", zipped(entries))


def _iwork(rng: random.Random, text: str) -> HiddenFile:
    raw = text_bytes(text)
    block = bytes([len(raw) & 0x7F | 0x80, len(raw) >> 7]) + bytes([60 << 2, len(raw) - 1 & 255]) + raw
    archive = b"\0" + len(block).to_bytes(3, "little") + block
    entries: dict[str, str | bytes] = {"Index/Document.iwa": archive, "Metadata/Properties.plist": b"bplist00\x08"}
    return HiddenFile(
        rng.choice(["plan.pages", "plan.numbers", "plan.key"]), "application/octet-stream", zipped(entries)
    )


def _rtf(place: str) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        plain = "".join(
            letter if letter.isascii() and letter not in "\\{}" else
            "".join(f"\\u{unit - 65536 if unit > 32767 else unit}?" for unit in struct.unpack(
                f"<{len(letter.encode('utf-16-le')) // 2}H", letter.encode("utf-16-le")
            )) for letter in text
        )  # fmt: skip
        hexed = "".join(f"\\'{byte:02x}" for byte in text.encode("cp1252", "replace"))
        body = {
            "body": plain,
            "hexadecimal": hexed if "?" not in text.encode("cp1252", "replace").decode("cp1252") else plain,
            "groups": "".join(f"{{\\b {letter}}}" for letter in plain) if text.isascii() else plain,
            "header": f"{{\\header {plain}\\par}}x",
            "footnote": f"x{{\\footnote {plain}}}",
            "annotation": f"x{{\\*\\annotation {plain}}}",
            "text box": f"{{\\shp{{\\*\\shpinst{{\\shptxt {plain}\\par}}}}}}",
            "info": f"{{\\info{{\\title {plain}}}}}x",
            "field": f"{{\\field{{\\*\\fldinst QUOTE}}{{\\fldrslt {plain}}}}}",
            "pieces in fields": " ".join(
                f'{start}{{\\field\\flddirty{{\\*\\fldinst QUOTE "{rest}"}}}}' for start, rest in _in_pieces(text)
            )
            if text.isascii()
            else plain,
            "hidden": f"{{\\v {plain}}}x",
            "white": f"{{\\colortbl;\\red255\\green255\\blue255;}}{{\\cf1 {plain}}}x",
            "unknown destination": f"{{\\*\\unknown {plain}}}x",
            "alt text": f"{{\\shp{{\\*\\shpinst{{\\sp{{\\sn wzDescription}}{{\\sv {plain}}}}}}}}}",
        }[place]
        return HiddenFile("notes.rtf", "application/rtf", b"{\\rtf1\\ansi " + body.encode("cp1252", "replace") + b"}")

    return make


OFFICE_FILES: dict[str, MakeFile] = {
    "epub": _epub, "iwork": _iwork,
    **{f"docx {place}": _docx(place) for place in (
        "body", "runs", "table", "text box", "alt text", "word art", "field", "pieces in fields", "vanish", "white", "form", "drop-down",
        "deleted", "symbols", "equation", "bookmark", "comments", "header1", "footer1", "footnotes", "endnotes",
        "glossary/document", "chart", "html part", "properties", "custom", "stray entry",
    )},
    **{f"xlsx {place}": _xlsx(place) for place in (
        "cell", "letters", "formula", "formula only", "pieces in a formula", "codes", "hidden sheet", "very hidden",
        "sheet name", "comment", "threaded comment", "defined name", "validation", "drawing", "header", "format",
    )},
    **{f"pptx {place}": _pptx(place) for place in ("slide", "notes", "master", "comment", "diagram", "layout")},
    **{f"odf {place}": _odf(place) for place in (
        "body", "note", "annotation", "frame", "alt text", "cell", "table name", "speaker notes", "placeholder",
        "pieces in fields", "hidden text", "header", "title", "object",
    )},
    **{f"rtf {place}": _rtf(place) for place in (
        "body", "hexadecimal", "groups", "header", "footnote", "annotation", "text box", "info", "field",
        "pieces in fields", "hidden",
        "white", "unknown destination", "alt text",
    )},
}  # fmt: skip
