"""More files that hide a sentence: rare places of office files, formats of other programs, media, drawn letters."""

from __future__ import annotations

import base64
import gzip
import json
import plistlib
import random
import sqlite3
import struct
import zlib
from collections.abc import Callable
from html import escape

from tests.differential.evasions.hidden_file import HiddenFile, MakeFile, text_bytes, zipped

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OCTETS = "application/octet-stream"


def _package(name: str, main: str, root: str, parts: dict[str, str | bytes], links: dict[str, str]) -> HiddenFile:
    """An Office file: a main part, others, and the relationships of the main part."""
    folder, _, leaf = main.rpartition("/")
    kind = {"word": "wordprocessingml.document", "xl": "spreadsheetml.sheet", "ppt": "presentationml.presentation"}[
        folder
    ]
    entries: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'>"
        "<Default Extension='xml' ContentType='application/xml'/><Default Extension='rels' "
        "ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
        f"<Override PartName='/{main}' ContentType='application/vnd.openxmlformats-officedocument.{kind}.main+xml'/></Types>",
        "_rels/.rels": "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
        f"<Relationship Id='r1' Type='{_REL}/officeDocument' Target='{main}'/></Relationships>",
        main: root,
        f"{folder}/_rels/{leaf}.rels": "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
        + "".join(f"<Relationship Id='p{at}' Type='{_REL}/{kind}' Target='{target}'/>" for at, (target, kind) in enumerate(links.items()))
        + "</Relationships>",
    }  # fmt: skip
    return HiddenFile(name, _OCTETS, zipped(entries | parts))


def _docx(body: str, parts: dict[str, str] | None = None, links: dict[str, str] | None = None) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        x = escape(text)
        fill = lambda form: form.replace("{x}", x).replace("{u}", x.replace(" ", "_"))  # noqa: E731 - two names of one place
        root = f"<w:document {_W}><w:body><w:p><w:r><w:t>Practice</w:t></w:r></w:p>{fill(body)}</w:body></w:document>"
        return _package(
            "a.docx", "word/document.xml", root, {name: fill(part) for name, part in (parts or {}).items()}, links or {}
        )

    return make


_SHEET = f"<worksheet {_S}><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>Practice</t></is></c></row></sheetData>"
_BOOK = f"<workbook {_S} xmlns:r='{_REL}'><sheets><sheet name='plan' sheetId='1' r:id='p0'/></sheets></workbook>"


def _xlsx(
    rest: str = "",
    parts: dict[str, str] | None = None,
    links: dict[str, str] | None = None,
    book: str = _BOOK,
    sheet: str = _SHEET,
) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        words = text.split()
        values = {
            "{x}": escape(text), "{n}": escape(text.replace(" ", "_")), "{30}": escape(text[:31]), "{formula}": "&amp;".join(f"\"{escape(word)} \"" for word in words),
            "{chars}": "&amp;".join(f"CHAR({ord(letter) & 255})" for letter in text), "{down}": "".join(
                f"<row r='{at}'><c r='A{at}' t='inlineStr'><is><t>{escape(word)}</t></is></c></row>" for at, word in enumerate(words, 1)),
            "{letters}": "".join(f"<c r='{chr(65 + at // 26 - 1) if at > 25 else ''}{chr(65 + at % 26)}1' t='inlineStr'><is><t>{escape(letter)}</t></is></c>"
                                 for at, letter in enumerate(text)),
            "{lettersdown}": "".join(f"<row r='{at}'><c r='A{at}' t='inlineStr'><is><t>{escape(letter)}</t></is></c></row>" for at, letter in enumerate(text, 1)),
        }  # fmt: skip

        def fill(form: str) -> str:
            for mark, value in values.items():
                form = form.replace(mark, value)
            return form

        all_parts = {"xl/worksheets/sheet1.xml": fill(sheet + rest + "</worksheet>")} | {
            name: fill(part) for name, part in (parts or {}).items()
        }
        return _package(
            "a.xlsx", "xl/workbook.xml", fill(book), all_parts, {"worksheets/sheet1.xml": "worksheet"} | (links or {})
        )

    return make


def _zip(name: str, entries: dict[str, str]) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        return HiddenFile(
            name,
            _OCTETS,
            zipped({path: part.replace("{x}", escape(text)).replace("{t}", text) for path, part in entries.items()}),
        )

    return make


_ODF = "xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' xmlns:text='urn:oasis:names:tc:opendocument:xmlns:text:1.0' xmlns:style='urn:oasis:names:tc:opendocument:xmlns:style:1.0' xmlns:table='urn:oasis:names:tc:opendocument:xmlns:table:1.0' xmlns:draw='urn:oasis:names:tc:opendocument:xmlns:drawing:1.0' xmlns:form='urn:oasis:names:tc:opendocument:xmlns:form:1.0' xmlns:meta='urn:oasis:names:tc:opendocument:xmlns:meta:1.0'"


def _odf(kind: str, body: str, styles: str = "", more: dict[str, str] | None = None) -> MakeFile:
    return _zip(f"a.{kind}", {
        "mimetype": {"odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
                     "odp": "application/vnd.oasis.opendocument.presentation", "odg": "application/vnd.oasis.opendocument.graphics"}[kind],
        "content.xml": f"<office:document-content {_ODF}><office:body><office:text><text:p>Practice</text:p>{body}</office:text></office:body></office:document-content>",
        "styles.xml": f"<office:document-styles {_ODF}>{styles}</office:document-styles>", **(more or {}),
    })  # fmt: skip


def _bytes(name: str, media_type: str, make_data: Callable[[str], bytes]) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        return HiddenFile(name, media_type, make_data(text))

    return make


def _form(name: str, form: str, media_type: str = _OCTETS) -> MakeFile:
    """A text file: {t} the text, {x} for XML, {j} for JSON, {o} a word a line, {h} base64, {l} its letters by commas."""

    def make(text: str) -> bytes:
        filled = (
            form.replace("{t}", text).replace("{x}", escape(text)).replace("{j}", json.dumps(text)).replace("{o}", "\n".join(text.split()))
            .replace("{h}", base64.b64encode(text.encode()).decode()).replace("{l}", ",".join(f'"{letter}"' for letter in text))
            .replace("{w}", json.dumps(text.split())).replace("{ls}", "\n".join(json.dumps({"m": word}) for word in text.split()))
        )  # fmt: skip
        return text_bytes(filled)

    return _bytes(name, media_type, make)


def _each(form: str) -> Callable[[str], str]:
    """The form once for each word: {n} its number, {a} another word, {x} the word."""
    others = "blue red green brown white pink gray gold teal navy lime plum rose sand mint rust oak".split()

    def fill(text: str) -> str:
        return "".join(
            form.replace("{n}", str(at)).replace("{a}", others[at % len(others)]).replace("{x}", escape(word))
            for at, word in enumerate(text.split())
        )

    return fill


def _in_columns(form: str, row: str = "{}", width: int = 3) -> Callable[[str], str]:
    """The words down the columns of a table, written row by row: {x} a word, {c} and {r} its column and row."""

    def fill(text: str) -> str:
        words = text.split()
        height = -(-len(words) // width)
        cells = [
            form.replace("{x}", escape(word)).replace("{c}", str(at // height)).replace("{r}", str(at % height))
            for at, word in enumerate(words)
        ]
        return "".join(row.replace("{}", "".join(cells[at::height])) for at in range(height))

    return fill


def _among(show: str, hide: str) -> Callable[[str], str]:
    """The letters in a form, each followed by another one in another form."""
    return lambda text: "".join(
        show.replace("{x}", escape(letter)) + hide.replace("{x}", "qxzvk"[at % 5]) for at, letter in enumerate(text)
    )


def _word_file(make: Callable[[str], str], styles: str = "") -> Callable[[str], bytes]:
    return lambda text: zipped({
        "word/document.xml": f"<w:document {_W} xmlns:w14='urn:w14'><w:body>{make(text)}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {_W}>{styles}</w:styles>",
    })  # fmt: skip


def _sheet_file(make: Callable[[str], str], columns: str = "") -> Callable[[str], bytes]:
    return lambda text: zipped({
        "xl/workbook.xml": f"<workbook {_S}/>",
        "xl/worksheets/sheet1.xml": f"<worksheet {_S}>{columns}<sheetData>{make(text)}</sheetData></worksheet>",
    })  # fmt: skip


def _in(before: str, make: Callable[[str], str], after: str = "") -> Callable[[str], bytes]:
    return lambda text: f"{before}{make(text)}{after}".encode()


_RUN = "<w:r><w:t xml:space='preserve'>{x}</w:t></w:r>"
_COVER = "bring a bottle and the signed form"
_CELL = "<c t='str'><v>{}</v></c>"
_SPREAD: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "docx narrow letters": ("a.docx", _word_file(_among(_RUN, _RUN.replace("<w:t", "<w:rPr><w:w w:val='1'/></w:rPr><w:t", 1)))),
    "docx clear letters": ("a.docx", _word_file(_among(_RUN, _RUN.replace("<w:t", "<w:rPr><w14:textFill><w14:noFill/></w14:textFill></w:rPr><w:t", 1)))),
    "docx highlighted letters": ("a.docx", _word_file(_among(_RUN, _RUN.replace("<w:t", "<w:rPr><w:color w:val='FF0000'/><w:highlight w:val='red'/></w:rPr><w:t", 1)))),
    "docx bold words": ("a.docx", _word_file(_each(_RUN.replace("{x}", f"{_COVER} ") + _RUN.replace("<w:t", "<w:rPr><w:b/></w:rPr><w:t", 1).replace("{x}", "{x} ")))),
    "odt marked words": ("a.odt", lambda text: zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a><text:p>" + _each(
        f"{_COVER} <text:span text:style-name='T1'>{{x}}</text:span> ")(text) + "</text:p></a>"})),
    "ods rows out of sight": ("a.ods", lambda text: zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a>" + _among(
        "<table:table-row><table:table-cell><text:p>{x}</text:p></table:table-cell></table:table-row>",
        "<table:table-row table:visibility='collapse'><table:table-cell><text:p>{x}</text:p></table:table-cell></table:table-row>")(text) + "</a>"})),
    "docx boxes in words": ("a.docx", _word_file(_each("<w:r><w:t>{x}</w:t></w:r><w:r><w:txbxContent><w:p><w:r><w:t>{a}</w:t></w:r></w:p></w:txbxContent></w:r>"))),
    "docx column": ("a.docx", _word_file(_each("<w:tr><w:tc><w:p><w:r><w:t>{a}</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>{x}</w:t></w:r></w:p></w:tc></w:tr>"))),
    "docx freeform letters": ("a.docx", _word_file(_each("<w:pict><v:shape path='m1,1l2,2,3,3m5,5l6,6m7,7l8,8m1,9l4,4xe'/></w:pict>"))),
    "docx columns": ("a.docx", _word_file(_in_columns("<w:tc><w:p><w:r><w:t>{x}</w:t></w:r></w:p></w:tc>", "<w:tr>{}</w:tr>"))),
    "docx raised words": ("a.docx", _word_file(_each(_RUN.replace("{x}", "{a}") + _RUN.replace("<w:t", "<w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t", 1)))),
    "xlsx columns": ("a.xlsx", _sheet_file(_in_columns(_CELL.format("{x}"), "<row>{}</row>"))),
    "pptx boxes in columns": ("a.pptx", lambda text: zipped({"ppt/slides/slide1.xml": "<p:sld xmlns:p='urn:p' xmlns:a='urn:a'>" + _in_columns(
        "<p:sp><a:off x='{c}00000' y='{r}0000'/><a:p><a:r><a:t>{x}</a:t></a:r></a:p></p:sp>")(text) + "</p:sld>"})),
    "rtf placed words": ("a.rtf", _in("{\\rtf1 ", _in_columns("\\pard\\posx{c}000\\posy{r}000 {x}\\par "), "}")),
    "xlsx column": ("a.xlsx", _sheet_file(_each(f"<row>{_CELL.format('{a}')}{_CELL.format('{x}')}</row>"))),
    "xlsx hidden columns": ("a.xlsx", _sheet_file(
        lambda text: f"<row>{_among(_CELL.format('{x}'), _CELL.format('{x}'))(text)}</row>",
        "<cols>" + "".join(f"<col min='{at}' max='{at}' hidden='1'/>" for at in range(2, 400, 2)) + "</cols>")),
    "json fields": ("a.json", _in("[", _each('{"name": "{a}", "word": "{x}"},\n'), "{}]")),
    "xml attributes": ("a.xml", _in("<a>", _each("<b name='{a}' word=\"{x}\"/>"), "</a>")),
    "yaml fields": ("a.yml", _in("", _each("- name: {a}\n  word: {x}\n"))), "lyrics a word a time": ("a.lrc", _in("[ti:Song]\n", _each("[00:{n}.00]{x}\n"))),
    "karaoke": ("a.ass", _in("[Events]\nDialogue: 0,0:00:01.00,0:00:09.00,a,,0,0,0,,", _each("{\\k10}{x} "))), "headings": ("a.markdown", _in("", _each("## {x}\n\nAbout {a}.\n\n"))),
    "markdown split by tags": ("a.markdown", _in("# Plan\n\n", _among("{x}", "<b></b>"))), "svg unseen letters": ("a.svg", _in("<svg><text y='9'>", _among("{x}", "<tspan fill='none'>{x}</tspan>"), "</text></svg>")),
    "svg lines": ("a.svg", _in("<svg>", _each("<line x1='1' y1='{n}' x2='3'/><line x1='3' y1='2'/><line x1='4' y1='1'/><line x1='5'/>"), "</svg>")),
    "notebook of strokes": ("a.xopp", _in("<?xml version='1.0'?><page>", _each("<stroke>1 2 3 4</stroke><stroke>5 6 7 8</stroke><stroke>2 4</stroke><stroke>1 9</stroke>"), "</page>")),
}  # fmt: skip


def _sqlite(text: str) -> bytes:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE notes (id INTEGER, note TEXT)")
    database.execute("INSERT INTO notes VALUES (1, ?)", (text,))
    database.commit()
    data = bytes(database.serialize())
    database.close()
    return data


def _drawio(text: str) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    inner = f'<mxGraphModel><root><mxCell value="{escape(text)}"/></root></mxGraphModel>'
    from urllib.parse import quote

    data = packer.compress(quote(inner).encode()) + packer.flush()
    return f"<mxfile><diagram>{base64.b64encode(data).decode()}</diagram></mxfile>".encode()


def _parquet(text: str) -> bytes:
    return (
        b"PAR1"
        + struct.pack("<I", len(text_bytes(text)))
        + text_bytes(text)
        + bytes(40)
        + struct.pack("<I", 40)
        + b"PAR1"
    )


def _webarchive(text: str) -> bytes:
    return plistlib.dumps(
        {"WebMainResource": {"WebResourceData": f"<p>{escape(text)}</p>".encode(), "WebResourceMIMEType": "text/html"}},
        fmt=plistlib.FMT_BINARY,
    )


def _xps(text: str) -> dict[str, str]:
    return {"Documents/1/Pages/1.fpage": f"<FixedPage><Glyphs UnicodeString='{escape(text)}'/></FixedPage>"}


def _rtf(inside: str) -> MakeFile:
    return _bytes(
        "a.rtf",
        "application/rtf",
        lambda text: (
            "{\\rtf1\\ansi Practice "
            + inside.replace("{t}", "".join(letter if letter.isascii() else f"\\u{ord(letter)}?" for letter in text))
            .replace("{hex}", "".join(f"\\'{byte:02x}" for byte in text.encode("cp1252", "replace")))
            .replace("{uni}", "".join(f"\\u{ord(letter)}?" for letter in text))
            .replace("{raw}", text.encode().hex())
            + "}"
        ).encode(),
    )


PAPERS: dict[str, MakeFile] = {
    # Word
    "docx tooltip": _docx("<w:p><w:hyperlink w:tooltip='{x}'><w:r><w:t>x</w:t></w:r></w:hyperlink></w:p>"),
    "docx simple field": _docx("<w:p><w:fldSimple w:instr=' QUOTE x '><w:r><w:t>{x}</w:t></w:r></w:fldSimple></w:p>"),
    "docx inserted": _docx("<w:p><w:ins w:author='{x}'><w:r><w:t>x</w:t></w:r></w:ins></w:p>"),
    "docx moved": _docx("<w:p><w:moveFrom><w:r><w:t>{x}</w:t></w:r></w:moveFrom></w:p>"),
    "docx smart tag": _docx("<w:p><w:smartTag><w:r><w:t>{x}</w:t></w:r></w:smartTag></w:p>"),
    "docx table caption": _docx("<w:tbl><w:tblPr><w:tblCaption w:val='{x}'/><w:tblDescription w:val='{x}'/></w:tblPr></w:tbl>"),
    "docx ruby": _docx("<w:p><w:r><w:ruby><w:rt><w:r><w:t>{x}</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>x</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>"),
    "docx fallback": _docx("<w:p><mc:AlternateContent xmlns:mc='urn:mc'><mc:Fallback><w:r><w:t>{x}</w:t></w:r></mc:Fallback></mc:AlternateContent></w:p>"),
    "docx strict": _docx("<w:p xmlns:s='http://purl.oclc.org/ooxml/wordprocessingml/main'><s:r><s:t>{x}</s:t></s:r></w:p>"),
    "docx placeholder": _docx("<w:sdt><w:sdtPr><w:placeholder><w:docPart w:val='{x}'/></w:placeholder></w:sdtPr><w:sdtContent><w:p/></w:sdtContent></w:sdt>"),
    "docx form default": _docx("<w:p><w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:textInput><w:default w:val='{x}'/></w:textInput></w:ffData></w:fldChar></w:r></w:p>"),
    "docx numbering": _docx("<w:p/>", {"word/numbering.xml": f"<w:numbering {_W}><w:abstractNum><w:lvl w:ilvl='0'><w:lvlText w:val='{{x}}'/></w:lvl></w:abstractNum></w:numbering>"}, {"numbering.xml": "numbering"}),
    "docx watermark": _docx("<w:p/>", {"word/header1.xml": f"<w:hdr {_W}><w:p><w:r><w:pict><v:shape xmlns:v='urn:v'><v:textpath string='{{x}}'/></v:shape></w:pict></w:r></w:p></w:hdr>"}, {"header1.xml": "header"}),
    "docx diagram": _docx("<w:p/>", {"word/diagrams/data1.xml": "<dgm:dataModel xmlns:dgm='urn:d' xmlns:a='urn:a'><a:t>{x}</a:t></dgm:dataModel>"}, {"diagrams/data1.xml": "diagramData"}),
    "docx property": _docx("<w:p/>", {"docProps/core.xml": "<cp:coreProperties xmlns:cp='urn:c' xmlns:dc='urn:d'><dc:title>{x}</dc:title></cp:coreProperties>"}),
    "docx custom property": _docx("<w:p/>", {"docProps/custom.xml": "<Properties><property name='a'><vt:lpwstr xmlns:vt='urn:v'>{x}</vt:lpwstr></property></Properties>"}),
    "docx custom xml": _docx("<w:p/>", {"customXml/item1.xml": "<note><text>{x}</text></note>"}, {"../customXml/item1.xml": "customXml"}),
    "docx svg": _docx("<w:p/>", {"word/media/image1.svg": "<svg xmlns='http://www.w3.org/2000/svg'><text y='20'>{x}</text></svg>"}, {"media/image1.svg": "image"}),
    "docx variable": _docx("<w:p/>", {"word/settings.xml": f"<w:settings {_W}><w:docVars><w:docVar w:name='a' w:val='{{x}}'/></w:docVars></w:settings>"}, {"settings.xml": "settings"}),
        "docx style name": _docx("<w:p/>", {"word/styles.xml": f"<w:styles {_W}><w:style><w:name w:val='{{x}}'/></w:style></w:styles>"}, {"styles.xml": "styles"}),
    "docx glossary entry": _docx("<w:p/>", {"word/glossary/document.xml": f"<w:glossaryDocument {_W}><w:docParts><w:docPart><w:docPartBody><w:p><w:r><w:t>{{x}}</w:t></w:r></w:p></w:docPartBody></w:docPart></w:docParts></w:glossaryDocument>"}, {"glossary/document.xml": "glossaryDocument"}),
    "docx macro": _docx("<w:p/>", {"word/vbaProject.bin": "MsgBox \"{x}\""}, {"vbaProject.bin": "vbaProject"}),
    "docx web frame": _docx("<w:p/>", {"word/webSettings.xml": f"<w:webSettings {_W}><w:frameset><w:frame><w:title w:val='{{x}}'/></w:frame></w:frameset></w:webSettings>"}, {"webSettings.xml": "webSettings"}),
    # Excel
    "xlsx sheet name": _xlsx(book=_BOOK.replace("'plan'", "'{30}'")), "xlsx defined name": _xlsx(book=_BOOK.replace("</workbook>", "<definedNames><definedName name='{n}'>1</definedName></definedNames></workbook>")),
    "xlsx name value": _xlsx(book=_BOOK.replace("</workbook>", "<definedNames><definedName name='a'>\"{x}\"</definedName></definedNames></workbook>")),
    "xlsx validation prompt": _xlsx("<dataValidations><dataValidation prompt='{x}' promptTitle='x' sqref='A1'/></dataValidations>"),
    "xlsx validation list": _xlsx("<dataValidations><dataValidation type='list' sqref='A1'><formula1>\"{x}\"</formula1></dataValidation></dataValidations>"),
    "xlsx header": _xlsx("<headerFooter><oddHeader>&amp;C{x}</oddHeader></headerFooter>"), "xlsx tooltip": _xlsx("<hyperlinks><hyperlink ref='A1' tooltip='{x}' location='A1'/></hyperlinks>"),
    "xlsx condition": _xlsx("<conditionalFormatting sqref='A1'><cfRule type='containsText' text='{x}'/></conditionalFormatting>"),
    "xlsx number format": _xlsx(parts={"xl/styles.xml": f"<styleSheet {_S}><numFmts><numFmt numFmtId='200' formatCode='&quot;{{x}}&quot;'/></numFmts></styleSheet>"}, links={"styles.xml": "styles"}),
    "xlsx formula": _xlsx(sheet=f"<worksheet {_S}><sheetData><row r='1'><c r='A1'><f>{{formula}}</f></c></row></sheetData>"),
    "xlsx formula of characters": _xlsx(sheet=f"<worksheet {_S}><sheetData><row r='1'><c r='A1'><f>{{chars}}</f></c></row></sheetData>"),
    "xlsx words down": _xlsx(sheet=f"<worksheet {_S}><sheetData>{{down}}</sheetData>"), "xlsx letters": _xlsx(sheet=f"<worksheet {_S}><sheetData><row r='1'>{{letters}}</row></sheetData>"),
    "xlsx letters down": _xlsx(sheet=f"<worksheet {_S}><sheetData>{{lettersdown}}</sheetData>"),
    "xlsx comment": _xlsx(parts={"xl/comments1.xml": f"<comments {_S}><commentList><comment ref='A1'><text><t>{{x}}</t></text></comment></commentList></comments>"}),
    "xlsx threaded comment": _xlsx(parts={"xl/threadedComments/threadedComment1.xml": "<ThreadedComments><threadedComment ref='A1'><text>{x}</text></threadedComment></ThreadedComments>"}),
    "xlsx person": _xlsx(parts={"xl/persons/person.xml": "<personList><person displayName='{x}'/></personList>"}, links={"persons/person.xml": "person"}),
    "xlsx chart": _xlsx(parts={"xl/charts/chart1.xml": "<c:chart xmlns:c='urn:c' xmlns:a='urn:a'><c:title><a:t>{x}</a:t></c:title></c:chart>"}),
    "xlsx chart cache": _xlsx(parts={"xl/charts/chart1.xml": "<c:chart xmlns:c='urn:c'><c:strCache><c:pt><c:v>{x}</c:v></c:pt></c:strCache></c:chart>"}),
    "xlsx drawing": _xlsx(parts={"xl/drawings/drawing1.xml": "<xdr:wsDr xmlns:xdr='urn:x' xmlns:a='urn:a'><xdr:txBody><a:t>{x}</a:t></xdr:txBody></xdr:wsDr>"}),
    "xlsx pivot": _xlsx(parts={"xl/pivotCache/pivotCacheDefinition1.xml": f"<pivotCacheDefinition {_S}><sharedItems><s v='{{x}}'/></sharedItems></pivotCacheDefinition>"}),
    "xlsx external": _xlsx(parts={"xl/externalLinks/externalLink1.xml": f"<externalLink {_S}><sheetData><row><cell><v>{{x}}</v></cell></row></sheetData></externalLink>"}),
    "xlsx table": _xlsx(parts={"xl/tables/table1.xml": f"<table {_S}><tableColumns><tableColumn name='{{x}}'/></tableColumns></table>"}),
    "xlsx rich": _xlsx(parts={"xl/sharedStrings.xml": f"<sst {_S}><si><r><t>{{x}}</t></r></si></sst>"}, links={"sharedStrings.xml": "sharedStrings"}),
    "xlsx phonetic": _xlsx(parts={"xl/sharedStrings.xml": f"<sst {_S}><si><t>x</t><rPh><t>{{x}}</t></rPh></si></sst>"}, links={"sharedStrings.xml": "sharedStrings"}),
    # OpenDocument
    "odt header": _odf("odt", "", "<office:master-styles><style:master-page><style:header><text:p>{x}</text:p></style:header></style:master-page></office:master-styles>"),
    "odt list label": _odf("odt", "", "<text:list-style><text:list-level-style-number style:num-prefix='{x}'/></text:list-style>"),
    "odt field": _odf("odt", "<text:p><text:placeholder text:description='{x}'>x</text:placeholder></text:p>"), "odt hidden": _odf("odt", "<text:p><text:hidden-text text:string-value='{x}'/></text:p>"),
    "odt conditional": _odf("odt", "<text:p><text:conditional-text text:string-value-if-true='{x}'/></text:p>"), "odt variable": _odf("odt", "<text:user-field-decls><text:user-field-decl office:string-value='{x}'/></text:user-field-decls>"),
    "odt meta": _odf("odt", "", "", {"meta.xml": f"<office:document-meta {_ODF}><meta:user-defined>{{x}}</meta:user-defined></office:document-meta>"}),
    "odt form": _odf("odt", "<form:form><form:text form:current-value='{x}' form:label='{x}'/></form:form>"), "odt object": _odf("odt", "", "", {"Object 1/content.xml": "<math><mtext>{x}</mtext></math>"}),
    "odt settings": _odf("odt", "", "", {"settings.xml": "<config>{x}</config>"}), "ods number style": _odf("ods", "<number:text xmlns:number='urn:n'>{x}</number:text>"),
    "ods validation": _odf("ods", "<table:content-validation><table:help-message><text:p>{x}</text:p></table:help-message></table:content-validation>"),
    "odp notes": _odf("odp", "<presentation:notes xmlns:presentation='urn:p'><draw:text-box><text:p>{x}</text:p></draw:text-box></presentation:notes>"), "odg layer": _odf("odg", "<draw:layer draw:name='{x}'/>"),
    "fodt": _form("a.fodt", f"<?xml version='1.0'?><office:document {_ODF}><office:body><text:p>{{x}}</text:p></office:body></office:document>"),
    # other formats of writing
    "fb2": _form("a.fb2", "<?xml version='1.0'?><FictionBook><body><p>{x}</p></body></FictionBook>"), "epub": _zip("a.epub", {"mimetype": "application/epub+zip", "OEBPS/a.xhtml": "<html><body><p>{x}</p></body></html>"}),
    "epub table": _zip("a.epub", {"mimetype": "application/epub+zip", "OEBPS/toc.ncx": "<ncx><navLabel><text>{x}</text></navLabel></ncx>"}), "pages": _zip("a.pages", {"Index/Document.iwa": "\0\1\2\3{t}"}),
    "pages preview": _zip("a.pages", {"Index.zip": "x", "preview.txt": "{t}"}), "numbers old": _zip("a.numbers", {"index.xml": "<ls:document><sf:t>{x}</sf:t></ls:document>"}), "keynote old": _zip("a.key", {"index.apxl": "<key><sf:p>{x}</sf:p></key>"}),
    "mobi": _bytes("a.mobi", _OCTETS, lambda text: b"plan".ljust(60, b"\0") + b"BOOKMOBI" + bytes(20) + text_bytes(text)), "hwp": _zip("a.hwpx", {"mimetype": "application/hwp+zip", "Contents/section0.xml": "<hp:t>{x}</hp:t>"}),
    "abiword": _bytes("a.zabw", _OCTETS, lambda text: gzip.compress(f"<abiword><p>{escape(text)}</p></abiword>".encode())), "svgz": _bytes("a.svgz", "image/svg+xml", lambda text: gzip.compress(f"<svg><text>{escape(text)}</text></svg>".encode())),
    "xps": _zip("a.xps", {"Documents/1/Pages/1.fpage": "<FixedPage><Glyphs UnicodeString='{x}'/></FixedPage>"}), "vsdx": _zip("a.vsdx", {"visio/pages/page1.xml": "<PageContents><Shape><Text>{x}</Text></Shape></PageContents>"}),
    "visio xml": _form("a.vdx", "<?xml version='1.0'?><VisioDocument><Text>{x}</Text></VisioDocument>"), "drawio": _bytes("a.drawio", "application/xml", _drawio), "drawio plain": _form("a.drawio", "<mxfile><mxCell value='{x}'/></mxfile>"),
    "notebook": _form("a.ipynb", '{"cells":[{"cell_type":"markdown","source":[{j}]}]}'), "notebook output": _form("a.ipynb", '{"cells":[{"outputs":[{"data":{"text/html":["<p>",{j},"</p>"]}}]}]}'),
    "notebook letters": _form("a.ipynb", '{"cells":[{"source":[{l}]}]}'), "json lines": _form("a.jsonl", "{ls}"), "json words": _form("a.json", '{"a":{w}}'), "json letters": _form("a.json", "[{l}]"),
    "geojson": _form("a.geojson", '{"type":"Feature","properties":{"name":{j}}}'), "yaml block": _form("a.yml", "note: |\n  {t}\n"), "yaml base64": _form("a.yml", "note: !!binary {h}\n"), "toml": _form("a.toml", 'note = "{t}"\n'),
    "xml attribute": _form("a.xml", "<a note='{x}'/>"), "xml doctype": _form("a.xml", "<!DOCTYPE a [<!ENTITY a '{x}'>]><b>&a;</b>"), "xslt": _form("a.xsl", "<xsl:stylesheet><xsl:template><p>{x}</p></xsl:template></xsl:stylesheet>"),
    "xml pi": _form("a.xml", "<?xml version='1.0'?><?note {x}?><a/>"), "atom": _form("a.atom", "<feed><entry><summary>{x}</summary></entry></feed>"), "opml": _form("a.opml", "<opml><outline text='{x}'/></opml>"), "mindmap": _form("a.mm", "<map><node TEXT='{x}'/></map>"),
    "musicxml": _form("a.musicxml", "<?xml version='1.0'?><score-partwise><lyric><text>{x}</text></lyric></score-partwise>"), "lilypond": _form("a.ly", '\\addlyrics { {t} }'), "abc": _form("a.abc", "X:1\nT:{t}\nK:C\nCDEF|\nw: {t}\n"),
    "lyrics": _form("a.lrc", "[00:01.00]{t}\n"), "lyrics a word": _form("a.lrc", "[ti:x]\n[00:01.00]{o}\n"), "ass": _form("a.ass", "[Events]\nDialogue: 0,0:00:01.00,0:00:09.00,Default,,0,0,0,,{\\an8}{t}\n"), "ttml": _form("a.ttml", "<tt><body><p begin='1s'>{x}</p></body></tt>"),
    "sub": _form("a.sub", "{1}{90}{t}\n"), "tex macro": _form("a.tex", "\\newcommand{\\a}{{t}}\\begin{document}\\a\\end{document}"), "bibtex": _form("a.bib", "@article{a, title={{t}}}"), "org": _form("a.org", "* TODO {t}\n"), "rst": _form("a.rst", "Plan\n====\n\n.. note:: {t}\n"),
    "asciidoc": _form("a.adoc", "= Plan\n\nNOTE: {t}\n"), "dot": _form("a.dot", 'digraph { a [label="{t}"] }'), "mermaid": _form("a.mmd", "graph TD; A[{t}]"), "plantuml": _form("a.puml", "@startuml\nA -> B: {t}\n@enduml"), "gantt": _form("a.gan", "<project><task name='{x}'/></project>"),
    "diff": _form("a.patch", "--- a\n+++ b\n@@ -1 +1 @@\n+{t}\n"), "properties": _form("a.properties", "note={t}\n"), "po": _form("a.po", 'msgid "x"\nmsgstr "{t}"\n'), "registry": _form("a.reg", 'Windows Registry Editor Version 5.00\n[a]\n"b"="{t}"\n'),
    "shell": _form("a.sh", "#!/bin/sh\necho '{t}'\n"), "powershell": _form("a.ps1", "Write-Host '{t}'\n"), "vbs": _form("a.vbs", 'MsgBox "{t}"\n'), "desktop": _form("a.desktop", "[Desktop Entry]\nName={t}\n"), "webloc": _form("a.webloc", "<plist><dict><key>URL</key><string>https://b.example/?q={x}</string></dict></plist>"),
    "dxf": _form("a.dxf", "0\nTEXT\n1\n{t}\n0\nEOF\n"), "gcode": _form("a.gcode", "G28\nM117 {t}\n"), "obj": _form("a.obj", "o {t}\nv 0 0 0\n"), "stl": _form("a.stl", "solid {t}\nendsolid\n"), "pgn": _form("a.pgn", '[Event "x"]\n1. e4 {{t}} e5\n'), "qif": _form("a.qif", "!Type:Bank\nM{t}\n^\n"),
    "hypertext cards": _form("a.mht", "MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>{x}</p>"), "contact base64": _form("a.vcf", "BEGIN:VCARD\nNOTE;ENCODING=b:{h}\nEND:VCARD\n"), "calendar alarm": _form("a.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VALARM\nDESCRIPTION:{t}\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n"),
    "calendar category": _form("a.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nCATEGORIES:{t}\nEND:VEVENT\nEND:VCALENDAR\n"), "calendar zone": _form("a.ics", "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZNAME:{t}\nEND:VTIMEZONE\nEND:VCALENDAR\n"), "calendar product": _form("a.ics", "BEGIN:VCALENDAR\nPRODID:{t}\nBEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n"),
    "emlx": _form("a.emlx", "120\nFrom: a@b.example\nSubject: x\n\n{t}\n<?xml version='1.0'?><plist/>"), "ldif": _form("a.ldif", "dn: cn=a\ndescription:: {h}\n"), "nfo": _bytes("a.nfo", "text/plain", lambda text: text.encode("cp437", "replace")), "har": _form("a.har", '{"log":{"entries":[{"response":{"content":{"text":"{h}","encoding":"base64"}}}]}}'),
    "plist binary": _bytes("a.plist", _OCTETS, lambda text: plistlib.dumps({"note": text}, fmt=plistlib.FMT_BINARY)), "webarchive": _bytes("a.webarchive", _OCTETS, _webarchive), "sqlite": _bytes("a.sqlite", _OCTETS, _sqlite), "parquet": _bytes("a.parquet", _OCTETS, _parquet),
    "dbf": _bytes("a.dbf", _OCTETS, lambda text: b"\x03" + bytes(31) + text_bytes(text)), "avro": _bytes("a.avro", _OCTETS, lambda text: b"Obj\x01" + bytes(20) + text_bytes(text)), "lnk": _bytes("a.lnk", _OCTETS, lambda text: b"L\0\0\0\x01\x14\x02\0" + bytes(68) + text.encode("utf-16-le")),
    "msgpack": _bytes("a.bin", _OCTETS, lambda text: b"\x81\xa1m\xd9" + bytes([len(text_bytes(text)) & 255]) + text_bytes(text)), "pickle": _bytes("a.pkl", _OCTETS, lambda text: b"\x80\x04\x95" + struct.pack("<Q", len(text_bytes(text))) + b"\x8c" + bytes([len(text_bytes(text)) & 255]) + text_bytes(text) + b"\x94."),
    "kmz": _zip("a.kmz", {"doc.kml": "<kml><Placemark><description>{x}</description></Placemark></kml>"}), "scratch": _zip("a.sb3", {"project.json": '{"targets":[{"comments":{"a":{"text":"{t}"}}}]}'}), "sketch": _zip("a.sketch", {"pages/1.json": '{"string":"{t}"}'}), "3mf": _zip("a.3mf", {"3D/3dmodel.model": "<model><metadata>{x}</metadata></model>"}),
    "ipa strings": _zip("a.ipa", {"en.lproj/Localizable.strings": '"a" = "{t}";'}), "jar manifest": _zip("a.jar", {"META-INF/MANIFEST.MF": "Note: {t}\n"}), "geogebra": _zip("a.ggb", {"geogebra.xml": "<element label='{x}'/>"}), "smart notebook": _zip("a.notebook", {"page0.svg": "<svg><text><tspan>{x}</tspan></text></svg>"}),
    # RTF
    "rtf header": _rtf("{\\header {t}}"), "rtf field": _rtf("{\\field{\\*\\fldinst QUOTE \"{t}\"}{\\fldrslt x}}"), "rtf title": _rtf("{\\info{\\title {t}}}"), "rtf hex": _rtf("{hex}"), "rtf unicode": _rtf("{uni}"), "rtf list": _rtf("{\\listtext {t}}"), "rtf deleted": _rtf("{\\deleted {t}}"),
    "rtf shape": _rtf("{\\shp{\\*\\shpinst{\\sp{\\sn gtextUNICODE}{\\sv {t}}}}}"), "rtf bookmark": _rtf("{\\*\\bkmkstart {t}}"), "rtf unknown": _rtf("{\\*\\odd {t}}"), "rtf upr": _rtf("{\\upr{x}{\\*\\ud {t}}}"), "rtf note": _rtf("{\\footnote {t}}"), "rtf object": _rtf("{\\object{\\*\\objdata {raw}}}"),
    # words spread over a file, letters among unseen ones, drawn lines
    **{kind: _bytes(name, _OCTETS, make) for kind, (name, make) in _SPREAD.items()},
}  # fmt: skip
