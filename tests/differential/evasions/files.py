"""Files that hold a sentence."""

from __future__ import annotations

import base64
import bz2
import csv
import gzip
import io
import json
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from PIL import Image, ImageDraw, PngImagePlugin

from tests.classifiers.extract.sample_files import compound
from tests.differential.evasions.pages import PLACES, make_page

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


@dataclass(frozen=True, slots=True)
class HiddenFile:
    """A file by name, media type and bytes."""

    name: str
    media_type: str
    data: bytes


MakeFile = Callable[[random.Random, str], HiddenFile]


def _zip(entries: dict[str, str | bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
        archive.comment = comment
    return out.getvalue()


def encoded(text: str, charset: str) -> tuple[str, bytes]:
    """The text in a charset, or in UTF-8 if that has not all its characters; with the name of the charset."""
    try:
        return charset, text.encode(charset)
    except UnicodeError:
        return "utf-8", text.encode()


def _text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


# Texts


def _in_charset(charset: str, mark: bytes = b"", name: str = "note.txt") -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        return HiddenFile(name, "text/plain", mark + encoded(text, charset)[1])

    return make


def _csv(rng: random.Random, text: str) -> HiddenFile:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=rng.choice(",;\t"))
    words = text.split()
    if rng.random() < 0.5:
        writer.writerow(words)
    else:
        writer.writerows([[number, word] for number, word in enumerate(words)])
    return HiddenFile("grades.csv", "text/csv", _text(out.getvalue()))


def _json(rng: random.Random, text: str) -> HiddenFile:
    value = rng.choice([{"a": {"b": [text]}}, {text: 1}, text, text.split(), dict(enumerate(text.split()))])
    return HiddenFile("data.json", "application/json", json.dumps(value).encode())


def _named(name: str, media_type: str, form: str) -> MakeFile:
    """A text file from a template: `{t}` the text, `{x}` for XML, `{q}` percent-encoded, `{h}` in base64."""

    def make(_: random.Random, text: str) -> HiddenFile:
        filled = form.format(
            t=text, x=escape(text), q=quote(text), h=base64.b64encode(_text(text)).decode(),
            o="\n".join(text.split()), j=json.dumps(text)[1:-1],
        )  # fmt: skip
        return HiddenFile(name, media_type, _text(filled.replace("\n", "\r\n")))

    return make


def _page(rng: random.Random, text: str) -> HiddenFile:
    name = rng.choice(["page.html", "page.htm", "page.xhtml", "page.hta", "page", "page.dat"])
    return HiddenFile(name, "text/html", _text(make_page(rng, text, rng.choice(PLACES))))


# Documents


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
        return HiddenFile("schedule.docx", "application/octet-stream", _zip(entries))

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
        return HiddenFile("grades.xlsx", "application/octet-stream", _zip(entries))

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
        return HiddenFile("lesson.pptx", "application/octet-stream", _zip(entries | {target: slide}))

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
        return HiddenFile("plan.odt", "application/octet-stream", _zip(entries))

    return make


def _epub(_: random.Random, text: str) -> HiddenFile:
    entries: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": "<container/>",
        "OEBPS/a.xhtml": f"<html><body><p>{escape(text)}</p></body></html>",
    }
    return HiddenFile("reading.epub", "application/epub+zip", _zip(entries))


def _iwork(rng: random.Random, text: str) -> HiddenFile:
    raw = _text(text)
    block = bytes([len(raw) & 0x7F | 0x80, len(raw) >> 7]) + bytes([60 << 2, len(raw) - 1 & 255]) + raw
    archive = b"\0" + len(block).to_bytes(3, "little") + block
    entries: dict[str, str | bytes] = {"Index/Document.iwa": archive, "Metadata/Properties.plist": b"bplist00\x08"}
    return HiddenFile(rng.choice(["plan.pages", "plan.numbers", "plan.key"]), "application/octet-stream", _zip(entries))


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
            "hidden": f"{{\\v {plain}}}x",
            "white": f"{{\\colortbl;\\red255\\green255\\blue255;}}{{\\cf1 {plain}}}x",
            "unknown destination": f"{{\\*\\unknown {plain}}}x",
            "alt text": f"{{\\shp{{\\*\\shpinst{{\\sp{{\\sn wzDescription}}{{\\sv {plain}}}}}}}}}",
        }[place]
        return HiddenFile("notes.rtf", "application/rtf", b"{\\rtf1\\ansi " + body.encode("cp1252", "replace") + b"}")

    return make


def make_pdf(text: str, place: str = "page") -> bytes:
    """A PDF with the text at a place."""
    plain = text.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    wide = b"<FEFF" + text.encode("utf-16-be").hex().encode() + b">"
    drawn = {
        "page": b"BT /F1 12 Tf 20 200 Td (%s) Tj ET" % plain,
        "letters": b"BT /F1 12 Tf 20 200 Td [%s] TJ ET" % b"".join(b"(%c)-20" % byte for byte in plain),
        "hexadecimal": b"BT /F1 12 Tf 20 200 Td <%s> Tj ET" % text.encode("latin-1", "replace").hex().encode(),
        "invisible": b"BT 3 Tr /F1 12 Tf 20 200 Td (%s) Tj ET" % plain,
        "off the page": b"BT /F1 12 Tf 20 9200 Td (%s) Tj ET" % plain,
        "tiny": b"BT /F1 0.5 Tf 20 200 Td (%s) Tj ET" % plain,
        "white": b"1 g BT /F1 12 Tf 20 200 Td (%s) Tj ET" % plain,
    }.get(place, b"BT /F1 12 Tf 20 200 Td (Practice schedule) Tj ET")
    packed = zlib.compress(drawn)
    page = b"/Annots [6 0 R]" if place in ("annotation", "field", "link", "tooltip") else b""
    annotation = {
        "annotation": b"<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents %s>>" % wide,
        "field": b"<</Type/Annot/Subtype/Widget/FT/Tx/Rect[0 0 99 20]/V %s/T(a)>>" % wide,
        "tooltip": b"<</Type/Annot/Subtype/Widget/FT/Tx/Rect[0 0 99 20]/TU %s/T(a)>>" % wide,
        "link": b"<</Type/Annot/Subtype/Link/Rect[0 0 99 20]/A<</S/URI/URI(https://a.example/%s)>>>>"
        % quote("-".join(text.split())).encode(),
    }.get(place, b"<<>>")
    root = {
        "outline": b"/Outlines<</First 7 0 R/Last 7 0 R/Count 1>>",
        "attachment": b"/Names<</EmbeddedFiles<</Names[(a.txt)8 0 R]>>>>",
        "script": b"/OpenAction<</S/JavaScript/JS %s>>" % wide,
    }.get(place, b"")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % root,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 300]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>%s>>" % page,
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        annotation,
        b"<</Title %s>>" % wide,
        b"<</Type/Filespec/F(a.txt)/EF<</F 9 0 R>>>>",
        b"<</Type/EmbeddedFile/Length %d>>stream\n%s\nendstream" % (len(_text(text)), _text(text)),
        b"<</Title %s>>" % (wide if place == "title" else b"(plan)"),
    ]
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, item in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out) + b"trailer<</Size %d/Root 1 0 R/Info 10 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, at)


def _pdf(place: str) -> MakeFile:
    def make(rng: random.Random, text: str) -> HiddenFile:
        data = make_pdf(text, place)
        if rng.random() < 0.2:
            data = rng.choice([b"\0" * 30, b"junk before it\n"]) + data
        return HiddenFile("plan.pdf", rng.choice(["application/pdf", "application/octet-stream", "image/png"]), data)

    return make


# Mails, calendars, contacts, Outlook


def _tnef(_: random.Random, text: str) -> HiddenFile:
    def attribute(number: int, kind: int, value: bytes) -> bytes:
        return struct.pack("<BHHI", 1, number, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    body = text.encode("utf-16-le") + b"\0\0"
    properties = struct.pack("<IHHII", 1, 0x1F, 0x1000, 1, len(body)) + body.ljust(-(-len(body) // 4) * 4, b"\0")
    return HiddenFile(
        "winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22\x01\x00" + attribute(0x9003, 6, properties)
    )


def _msg(_: random.Random, text: str) -> HiddenFile:
    streams = {
        "__substg1.0_0037001F": "plan".encode("utf-16-le"),
        "__substg1.0_1000001F": (text + " " * 4096).encode("utf-16-le"),
    }
    return HiddenFile("mail.msg", "application/octet-stream", compound(streams))


def make_p7m(content: bytes) -> bytes:
    """An opaque signed message (RFC 8551 section 3.5.2), without a certificate."""

    def der(tag: int, *values: bytes) -> bytes:
        value = b"".join(values)
        size = len(value)
        length = bytes([size]) if size < 128 else bytes([0x80 | 4]) + size.to_bytes(4)
        return bytes([tag]) + length + value

    data, signed = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010702")
    inner = der(0x30, data, der(0xA0, der(0x04, content)))
    return der(0x30, signed, der(0xA0, der(0x30, der(2, b"\1"), der(0x31), inner, der(0x31))))


def _p7m(rng: random.Random, text: str) -> HiddenFile:
    content = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + _text(text) + b"\r\n"
    name, kind = rng.choice([("smime.p7m", "application/pkcs7-mime"), ("note.p7m", "application/octet-stream")])
    return HiddenFile(name, kind, make_p7m(content))


# Pictures and sound


def drawn(text: str, size: int = 14) -> Image.Image:
    """A picture of the text."""
    lines = [text[at : at + 40] for at in range(0, len(text), 40)]
    picture = Image.new("RGB", (360, 24 * len(lines) + 20), "white")
    pen = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        pen.text((10, 10 + 24 * number), line.encode("latin-1", "replace").decode("latin-1"), fill="black")
    return picture


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def _picture(form: str) -> MakeFile:
    def make(_: random.Random, text: str) -> HiddenFile:
        return HiddenFile(f"a.{form.lower()}", f"image/{form.lower()}", _saved(drawn(text), form))

    return make


def _code(rng: random.Random, text: str) -> HiddenFile:
    """Squares like those of a QR code."""
    picture = Image.new("1", (29, 29), 1)
    bits = random.Random(text)
    picture.putdata([bits.getrandbits(1) * 255 for _ in range(29 * 29)])
    return HiddenFile("code.png", "image/png", _saved(picture.resize((174, 174)), "PNG"))


def _png_text(_: random.Random, text: str) -> HiddenFile:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Description", text)
    return HiddenFile("a.png", "image/png", _saved(Image.new("RGB", (9, 9)), "PNG", pnginfo=info))


def _jpeg_exif(_: random.Random, text: str) -> HiddenFile:
    exif = Image.Exif()
    exif[0x010E] = text.encode("ascii", "replace").decode()
    exif[0x9C9C] = text.encode("utf-16-le")
    return HiddenFile("a.jpg", "image/jpeg", _saved(Image.new("RGB", (9, 9)), "JPEG", exif=exif))


def _jpeg_comment(_: random.Random, text: str) -> HiddenFile:
    return HiddenFile("a.jpg", "image/jpeg", _saved(Image.new("RGB", (9, 9)), "JPEG", comment=_text(text)))


def _gif_comment(_: random.Random, text: str) -> HiddenFile:
    return HiddenFile("a.gif", "image/gif", _saved(Image.new("L", (9, 9)), "GIF", comment=_text(text)[:255]))


def _after_picture(_: random.Random, text: str) -> HiddenFile:
    return HiddenFile("a.png", "image/png", _saved(Image.new("RGB", (9, 9)), "PNG") + _text(text))


def _id3(_: random.Random, text: str) -> HiddenFile:
    frame = b"\3" + _text(text)
    tag = b"TIT2" + struct.pack(">IH", len(frame), 0) + frame
    size = len(tag)
    head = b"ID3\3\0\0" + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
    return HiddenFile("a.mp3", "audio/mpeg", head + tag + b"\xff\xfb\x90\0" + bytes(413))


def _wav(_: random.Random, text: str) -> HiddenFile:
    info = b"INFOICMT" + struct.pack("<I", len(_text(text))) + _text(text)
    body = b"WAVELIST" + struct.pack("<I", len(info)) + info
    return HiddenFile("a.wav", "audio/wav", b"RIFF" + struct.pack("<I", len(body)) + body)


def _film(_: random.Random, text: str) -> HiddenFile:
    def box(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data) + 8) + kind + data

    data = box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", box(b"udta", box(b"name", _text(text))))
    return HiddenFile("a.mp4", "video/mp4", data)


# Archives and encodings of files


def _inner(rng: random.Random, text: str) -> HiddenFile:
    return HiddenFile("note.txt", "text/plain", _text(text))


def in_archive(rng: random.Random, file: HiddenFile) -> HiddenFile:
    """A file inside an archive, or behind other bytes."""
    out = io.BytesIO()
    way = rng.choice(
        "zip zip-comment zip-name zip-before zip-nested tar gz bz2 xz tgz lzma hidden-zip zip-jar eml mht".split()
    )
    name, data = file.name, file.data
    match way:
        case "zip" | "zip-jar":
            return HiddenFile("a.zip" if way == "zip" else "a.jar", "application/zip", _zip({name: data}))
        case "zip-comment":
            return HiddenFile("a.zip", "application/zip", _zip({"a.txt": "plan"}, data[:60_000]))
        case "zip-name":
            return HiddenFile("a.zip", "application/zip", _zip({name: data, "b/c.txt": "x"}))
        case "zip-before":
            return HiddenFile("a.zip", "application/zip", b"MZ\0\0" + bytes(60) + _zip({name: data}))
        case "zip-nested":
            return HiddenFile("a.zip", "application/zip", _zip({"b.zip": _zip({name: data})}))
        case "tar" | "tgz":
            with tarfile.open(fileobj=out, mode="w:gz" if way == "tgz" else "w") as archive:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
            return HiddenFile("a.tar" if way == "tar" else "a.tgz", "application/x-tar", out.getvalue())
        case "gz":
            return HiddenFile(f"{name}.gz", "application/gzip", gzip.compress(data))
        case "bz2":
            return HiddenFile(f"{name}.bz2", "application/x-bzip2", bz2.compress(data))
        case "xz":
            return HiddenFile(f"{name}.xz", "application/x-xz", lzma.compress(data))
        case "lzma":
            return HiddenFile(f"{name}.lzma", "application/x-lzma", lzma.compress(data, lzma.FORMAT_ALONE))
        case "hidden-zip":
            picture = _saved(Image.new("RGB", (9, 9)), "PNG")
            return HiddenFile("a.png", "image/png", picture + _zip({name: data}))
        case _:
            encoded = base64.encodebytes(data).replace(b"\n", b"\r\n")
            mail = (
                b"From: a@b.example\r\nSubject: plan\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
                b'boundary="q"\r\n\r\n--q\r\nContent-Type: %s; name="%s"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s'
                b"\r\n--q--\r\n" % (file.media_type.encode(), name.encode(), encoded)
            )
            return HiddenFile(f"a.{way}", "application/octet-stream", mail)


def _yenc(_: random.Random, text: str) -> HiddenFile:
    raw = bytes((byte + 42) & 255 for byte in _text(text))
    body = b"=ybegin line=128 size=%d name=a.txt\r\n%s\r\n=yend size=%d\r\n" % (len(raw), raw, len(raw))
    return HiddenFile("a.ync", "application/octet-stream", body)


_OPAQUE: dict[str, MakeFile] = {
    "rar": lambda rng, text: HiddenFile("a.rar", "application/x-rar", b"Rar!\x1a\x07\x01\0" + zlib.compress(_text(text))),
    "zstd": lambda rng, text: HiddenFile("a.zst", "application/zstd", b"\x28\xb5\x2f\xfd" + zlib.compress(_text(text))),
    "cab": lambda rng, text: HiddenFile("a.cab", "application/octet-stream", b"MSCF\0\0\0\0" + zlib.compress(_text(text))),
    "deflated": lambda rng, text: HiddenFile("a.bin", "application/octet-stream", zlib.compress(_text(text))),
    "xored": lambda rng, text: HiddenFile(
        "a.bin", "application/octet-stream", bytes(byte ^ 0xAA for byte in _text(text))
    ),
    "onenote": lambda rng, text: HiddenFile(
        "a.one", "application/onenote",
        bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(64) + text.encode("utf-16-le"),
    ),
    "xlsb": lambda rng, text: HiddenFile(
        "a.xlsb", "application/octet-stream",
        _zip({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"\x83\x01\0", "xl/sharedStrings.bin":
              b"\x13\x40\0" + struct.pack("<I", len(text)) + text.encode("utf-16-le")}),
    ),
    "doc without a table": lambda rng, text: HiddenFile(
        "a.doc", "application/msword", compound({"WordDocument": b"\xec\xa5\xc1\0" + bytes(600) + text.encode("utf-16-le")})
    ),
    "publisher": lambda rng, text: HiddenFile(
        "a.pub", "application/x-mspublisher", compound({"Quill": text.encode("utf-16-le") + bytes(4096)})
    ),
    "database": lambda rng, text: HiddenFile("a.db", "application/octet-stream", b"SQLite format 3\0" + bytes(84) + _text(text)),
    "program": lambda rng, text: HiddenFile("a.exe", "application/octet-stream", b"MZ" + bytes(62) + _text(text)),
    "password": lambda rng, text: HiddenFile("a.txt.gpg", "application/octet-stream", b"\x8c\x0d" + bytes(60)),
    "djvu": lambda rng, text: HiddenFile("a.djvu", "image/vnd.djvu", b"AT&TFORM" + bytes(60) + _text(text)),
    "postscript": lambda rng, text: HiddenFile("a.ps", "application/postscript", b"%%!PS\n(%s) show\n" % _text(text)),
    "wmf": lambda rng, text: HiddenFile("a.wmf", "image/wmf", b"\xd7\xcd\xc6\x9a" + bytes(40) + _text(text)),
}  # fmt: skip

FILES: dict[str, MakeFile] = {
    "utf-8": _in_charset("utf-8"),
    "utf-8 with mark": _in_charset("utf-8-sig"),
    "utf-16": _in_charset("utf-16"),
    "utf-16-le without mark": _in_charset("utf-16-le"),
    "utf-16-be without mark": _in_charset("utf-16-be"),
    "utf-32": _in_charset("utf-32"),
    "utf-32-le without mark": _in_charset("utf-32-le"),
    "ebcdic": _in_charset("cp037"),
    "iso-2022-jp": _in_charset("iso-2022-jp"),
    "hz": _in_charset("hz"),
    "no suffix": _in_charset("utf-8", name="note"),
    "dat": _in_charset("utf-8", name="note.dat"),
    "named exe": _in_charset("utf-8", name="note.exe"),
    "named jpg": _in_charset("utf-8", name="note.jpg"),
    "behind a picture's mark": _in_charset("utf-8", b"GIF89a "),
    "behind the mark of bmp": _in_charset("utf-8", b"BM "),
    "behind zeros": _in_charset("utf-8", bytes(20)),
    "markdown": _named("note.md", "text/markdown", "# Plan\n\n* {t}\n"),
    "yaml": _named("note.yaml", "application/yaml", "plan:\n  note: >-\n    {o}\n"),
    "xml": _named("note.xml", "application/xml", "<?xml version='1.0'?><a><b c='{x}'>{x}</b></a>"),
    "xml entity": _named("note.xml", "text/xml", "<!DOCTYPE a [<!ENTITY n '{x}'>]><a>&n;</a>"),
    "xml comment": _named("note.xml", "text/xml", "<a><!-- x --><![CDATA[{t}]]></a>"),
    "svg": _named("a.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'><text y='20'>{x}</text></svg>"),
    "plist": _named("a.plist", "application/x-plist", "<?xml version='1.0'?><plist><string>{x}</string></plist>"),
    "rss": _named("a.rss", "application/rss+xml", "<rss><item><description>{x}</description></item></rss>"),
    "kml": _named("a.kml", "application/xml", "<kml><Placemark><name>{x}</name></Placemark></kml>"),
    "gpx": _named("a.gpx", "application/gpx+xml", "<gpx><wpt><desc>{x}</desc></wpt></gpx>"),
    "subtitles": _named("a.srt", "application/x-subrip", "1\n00:00:01,000 --> 00:00:09,000\n{t}\n"),
    "vtt": _named("a.vtt", "text/vtt", "WEBVTT\n\n00:01.000 --> 00:09.000\n{t}\n"),
    "url": _named("a.url", "text/plain", "[InternetShortcut]\nURL=https://a.example/{q}\n"),
    "ini": _named("desktop.ini", "text/plain", "[a]\nInfoTip={t}\n"),
    "log": _named("a.log", "text/plain", "2025-11-03 INFO {t}\n"),
    "latex": _named("a.tex", "text/x-tex", "\\documentclass{{a}}\\begin{{document}}{t}\\end{{document}}"),
    "python": _named("a.py", "text/x-python", "print({t!r})\n"),
    "script file": _named("a.js", "text/javascript", "alert('{j}')"),
    "batch": _named("a.bat", "text/plain", "@echo {t}\npause\n"),
    "sql": _named("a.sql", "text/plain", "INSERT INTO a VALUES ('{t}');"),
    "html in base64": _named("a.txt", "text/plain", "{h}"),
    "calendar": _named("a.ics", "text/calendar", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:{t}\nEND:VEVENT\nEND:VCALENDAR\n"),
    "calendar description": _named(
        "a.ics", "text/calendar", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nX-ALT-DESC;FMTTYPE=text/html:<p>{x}</p>\nEND:VEVENT\nEND:VCALENDAR\n"),
    "calendar unknown": _named("a.ics", "text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nX-ODD:{t}\nEND:VTODO\nEND:VCALENDAR\n"),
    "calendar attendee": _named(
        "a.ics", "text/calendar", 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTENDEE;CN="{t}":mailto:a@b.example\nEND:VEVENT\nEND:VCALENDAR\n'),
    "calendar attachment": _named(
        "a.ics", "text/calendar",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTACH;ENCODING=BASE64;VALUE=BINARY:{h}\nEND:VEVENT\nEND:VCALENDAR\n"),
    "contact": _named("a.vcf", "text/vcard", "BEGIN:VCARD\nVERSION:3.0\nFN:A\nNOTE:{t}\nEND:VCARD\n"),
    "contact name": _named("a.vcf", "text/vcard", "BEGIN:VCARD\nVERSION:3.0\nFN:{t}\nEND:VCARD\n"),
    "contact label": _named("a.vcf", "text/vcard", "BEGIN:VCARD\nVERSION:3.0\nitem1.X-ABLabel:{t}\nEND:VCARD\n"),
    "contact photo": _named("a.vcf", "text/vcard", "BEGIN:VCARD\nVERSION:3.0\nPHOTO;ENCODING=b:{h}\nEND:VCARD\n"),
    "mailbox": _named("a.mbox", "application/mbox", "From a Mon Nov  3 2025\nFrom: a@b.example\nSubject: x\n\n{t}\n"),
    "mail": _named("a.eml", "message/rfc822", "From: a@b.example\nSubject: x\n\n{t}\n"),
    "mail subject": _named("a.eml", "message/rfc822", "From: a@b.example\nSubject: {t}\n\nx\n"),
    "mail name": _named("a.eml", "message/rfc822", 'From: "{t}" <a@b.example>\nSubject: x\n\nx\n'),
    "mail as text": _named("a.txt", "text/plain", "From: a@b.example\nSubject: x\nContent-Transfer-Encoding: base64\n\n{h}\n"),
    "part of a message": _named("a", "message/partial", "From: a@b.example\nSubject: x\n\n{t}\n"),
    "message elsewhere": _named("a", "message/external-body", "Content-Type: text/plain\n\n{t}\n"),
    "delivery report": _named("a", "message/delivery-status", "Reporting-MTA: dns; a\n\nDiagnostic-Code: smtp; {t}\n"),
    "headers of a message": _named("a", "text/rfc822-headers", "From: a@b.example\nSubject: {t}\nComments: {t}\n"),
    "disposition": _named("a", "message/disposition-notification", "Reporting-UA: a\nError: {t}\n"),
    "feedback report": _named("a", "message/feedback-report", "Feedback-Type: abuse\nUser-Agent: {t}\n"),
    "enriched": _named("a", "text/enriched", "<bold>{t}</bold>"),
    "richtext": _named("a", "text/richtext", "<bold>{t}</bold>"),
    "css": _named("a.css", "text/css", ".a::before{{content:'{t}'}}"),
    "troff": _named("a", "text/troff", ".TH a\n{t}\n"),
    "watch html": _named("a", "text/watch-html", "<p>{x}</p>"),
    "amp html": _named("a", "text/x-amp-html", "<html amp4email><body>{x}</body></html>"),
    "text of an odd type": _named("a", "text/x-anything", "{t}"),
    "odd type": _named("a", "application/x-anything", "{t}"),
    "picture's type": _named("a", "image/png", "{t}"),
    "film's type": _named("a", "video/mp4", "{t}"),
    "font's type": _named("a", "font/woff2", "{t}"),
    "model's type": _named("a", "model/vrml", "{t}"),
    "armor": _named("a.asc", "application/pgp-encrypted", "-----BEGIN PGP MESSAGE-----\n\n{t}\n"),
    "signed text": _named(
        "a.asc", "text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{t}\n-----BEGIN PGP SIGNATURE-----\n\nabc\n"),
    "signature's type": _named("a.asc", "application/pgp-signature", "{t}"),
    "signature in PKCS": _named("a.p7s", "application/pkcs7-signature", "{t}"),
    "csv": _csv, "json": _json, "page": _page, "epub": _epub, "iwork": _iwork, "winmail": _tnef, "msg": _msg,
    "p7m": _p7m, "yenc": _yenc, "code": _code, "png text": _png_text, "exif": _jpeg_exif, "jpeg comment": _jpeg_comment,
    "gif comment": _gif_comment, "after a picture": _after_picture, "id3": _id3, "wav": _wav, "film": _film,
    **{f"picture {form}": _picture(form) for form in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")},
    **{f"docx {place}": _docx(place) for place in (
        "body", "runs", "table", "text box", "alt text", "word art", "field", "vanish", "white", "form", "drop-down",
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
        "hidden text", "header", "title", "object",
    )},
    **{f"rtf {place}": _rtf(place) for place in (
        "body", "hexadecimal", "groups", "header", "footnote", "annotation", "text box", "info", "field", "hidden",
        "white", "unknown destination", "alt text",
    )},
    **{f"pdf {place}": _pdf(place) for place in (
        "page", "letters", "hexadecimal", "invisible", "off the page", "tiny", "white", "annotation", "field",
        "tooltip", "link", "outline", "attachment", "script", "title",
    )},
    **_OPAQUE,
}  # fmt: skip
