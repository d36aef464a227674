"""Makes documents with marked words in the places that programs show: seeded, every word in one place."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT_W = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:'
    'text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:'
    'opendocument:xmlns:style:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:'
    'names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:'
    'svg-compatible:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:'
    'meta:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2"'
)


@dataclass
class Sample:
    """A document, and its marked words by place."""

    name: str
    data: bytes = b""
    words: dict[str, str] = field(default_factory=dict)


class _Words:
    """Makes words of letters that no dictionary has."""

    def __init__(self, random_: random.Random, sample: Sample) -> None:
        self.random = random_
        self._sample = sample

    def __call__(self, place: str) -> str:
        word = "zq" + "".join(self.random.choice("abcdefghijklmnoprstuvwy") for _ in range(9))
        self._sample.words[word] = place
        return word


def _zip(entries: dict[str, str | bytes], random_: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else random_.choice((zipfile.ZIP_DEFLATED, 0))
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return out.getvalue()


def _entities(word: str) -> str:
    return "".join(f"&#x{ord(letter):x};" if at % 2 else f"&#{ord(letter)};" for at, letter in enumerate(word))


def _run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def _paragraph(text: str, properties: str = "") -> str:
    return f"<w:p>{_run(text, properties)}</w:p>"


def docx(seed: int) -> Sample:
    """A Word document."""
    random_ = random.Random(seed)
    sample = Sample(f"w{seed}.docx")
    word = _Words(random_, sample)
    split = word("split runs")
    commented = word("comment in a word")
    box = word("text box")
    places: list[Callable[[], str]] = [
        lambda: _paragraph(word("body")),
        lambda: f"<w:p>{_run(split[:4])}{_run(split[4:7], '<w:b/>')}{_run(split[7:])}</w:p>",
        lambda: _paragraph(_entities(word("numeric references"))),
        lambda: _paragraph(f"{commented[:5]}<!-- x -->{commented[5:8]}<?pi x?>{commented[8:]}"),
        lambda: _paragraph(f"<![CDATA[{word('cdata')}]]>"),
        lambda: f"<w:tbl><w:tr><w:tc>{_paragraph(word('table'))}</w:tc></w:tr></w:tbl>",
        lambda: f'<w:p><w:hyperlink r:id="rIdLink">{_run(word("hyperlink"))}</w:hyperlink></w:p>',
        lambda: f"<w:sdt><w:sdtContent>{_paragraph(word('content control'))}</w:sdtContent></w:sdt>",
        lambda: f'<w:p><w:fldSimple w:instr=" AUTHOR ">{_run(word("field"))}</w:fldSimple></w:p>',
        lambda: f'<w:p><w:ins w:id="1" w:author="a">{_run(word("insertion"))}</w:ins></w:p>',
        lambda: _paragraph(word("hidden"), "<w:vanish/>"),
        lambda: _paragraph(word("white"), '<w:color w:val="FFFFFF"/>'),
        lambda: '<w:p><w:r><w:t>x</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>',
        lambda: '<w:p><w:r><w:endnoteReference w:id="2"/></w:r></w:p>',
        lambda: (
            '<w:p><w:commentRangeStart w:id="0"/><w:r><w:t>x</w:t></w:r><w:commentRangeEnd w:id="0"/>'
            '<w:r><w:commentReference w:id="0"/></w:r></w:p>'
        ),
        lambda: '<w:altChunk r:id="rIdChunk"/>',
        lambda: (
            "<w:p><w:r><w:pict><v:shape style='width:200pt;height:50pt'><v:textbox><w:txbxContent>"
            f"{_paragraph(box)}</w:txbxContent></v:textbox></v:shape></w:pict></w:r></w:p>"
        ),
        lambda: f'<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>{_run("x")}</w:p>',
        lambda: _paragraph("&secret;") if has_entity else _paragraph("x"),
    ]
    has_entity = random_.random() < 0.2
    namespace = _STRICT_W if random_.random() < 0.1 else _W
    chosen = random_.sample(places, random_.randint(4, len(places)))
    body = "".join(place() for place in chosen)
    doctype = f'<!DOCTYPE w:document [<!ENTITY secret "{word("entity")}">]>' if has_entity else ""
    root = f'xmlns:w="{namespace}" xmlns:r="{_R}" xmlns:v="urn:schemas-microsoft-com:vml"'
    section = '<w:sectPr><w:headerReference w:type="default" r:id="rIdHead"/><w:footerReference w:type="default" r:id="rIdFoot"/></w:sectPr>'
    document = f"<w:document {root}><w:body>{body}{section}</w:body></w:document>"
    if random_.random() < 0.2:
        document = document.replace("w:", "q0:").replace("xmlns:q0:", "xmlns:q0:").replace("xmlns:q0=", "xmlns:q0=")
    encoding = random_.choice(("utf-8", "utf-8", "utf-16"))
    xml = f'<?xml version="1.0" encoding="{encoding}"?>{doctype}{document}'.encode(encoding)
    main = random_.choice(("word/document.xml", "word/document2.xml", "content/main.xml"))
    folder, _, file = main.rpartition("/")

    def part(kind: str, inner: str) -> str:
        return f'<w:{kind} xmlns:w="{_W}" xmlns:r="{_R}">{inner}</w:{kind}>'

    notes = _paragraph(word("footnote"))
    chunk_name, chunk = random_.choice(
        (("afchunk.html", f"<html><body><p>{word('chunk html')}</p></body></html>"),
         ("afchunk.rtf", "{\\rtf1\\ansi " + word("chunk rtf") + "}"), ("afchunk.txt", word("chunk text")))
    )  # fmt: skip
    entries: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        f'"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="html" ContentType="text/html"/><Default Extension="rtf" ContentType="application/rtf"/>'
        '<Default Extension="txt" ContentType="text/plain"/>'
        f'<Override PartName="/{main}" ContentType="{_MAIN}.document.main+xml"/>'
        + "".join(
            f'<Override PartName="/{folder}/{name}.xml" ContentType="{_MAIN}.{name}+xml"/>'
            for name in ("header", "footer", "footnotes", "endnotes", "comments", "numbering")
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_R}/officeDocument" Target="{main}"/>'
        f'<Relationship Id="r2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>',
        main: xml,
        f"{folder}/_rels/{file}.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rIdLink" Type="{_R}/hyperlink" Target="https://a.example/" TargetMode="External"/>'
        f'<Relationship Id="rIdChunk" Type="{_R}/aFChunk" Target="{chunk_name}"/>'
        + "".join(
            f'<Relationship Id="rId{name[:4].capitalize()}" Type="{_R}/{name}" Target="{name}.xml"/>'
            for name in ("header", "footer", "footnotes", "endnotes", "comments", "numbering")
        )
        .replace("rIdHead", "rIdHead")
        .replace("rIdFoot\" Type=\"" + _R + "/footnotes", "rIdNotes\" Type=\"" + _R + "/footnotes")
        + "</Relationships>",
        f"{folder}/header.xml": part("hdr", _paragraph(word("header"))),
        f"{folder}/footer.xml": part("ftr", _paragraph(word("footer"))),
        f"{folder}/footnotes.xml": part("footnotes", f'<w:footnote w:id="2">{notes}</w:footnote>'),
        f"{folder}/endnotes.xml": part("endnotes", f'<w:endnote w:id="2">{_paragraph(word("endnote"))}</w:endnote>'),
        f"{folder}/comments.xml": part("comments", f'<w:comment w:id="0" w:author="x">{_paragraph(word("comment"))}</w:comment>'),
        f"{folder}/numbering.xml": part(
            "numbering", '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
            f'<w:lvlText w:val="{word("list label")} %1"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>',
        ),
        f"{folder}/{chunk_name}": chunk,
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/'
        f'elements/1.1/"><dc:title>{word("title")}</dc:title></cp:coreProperties>',
    }  # fmt: skip
    if main != "word/document.xml" and random_.random() < 0.7:
        entries["word/document.xml"] = part("document", f"<w:body>{_paragraph('a harmless decoy')}</w:body>")
    sample.data = _zip(entries, random_)
    return sample


def xlsx(seed: int) -> Sample:
    """An Excel workbook."""
    random_ = random.Random(seed)
    sample = Sample(f"x{seed}.xlsx")
    word = _Words(random_, sample)
    strings = [word("shared string") for _ in range(3)]
    rich = word("rich string")
    shared = "".join(f"<si><t>{text}</t></si>" for text in strings)
    shared += f"<si><r><t>{rich[:5]}</t></r><r><t>{rich[5:]}</t></r></si>"
    cells = [f'<c r="{column}1" t="s"><v>{number}</v></c>' for number, column in enumerate("ABCD")]
    cells.append(f'<c r="E1" t="inlineStr"><is><t>{word("inline string")}</t></is></c>')
    cells.append(f'<c r="F1" t="str"><f>"a"</f><v>{word("formula")}</v></c>')
    cells.append(f'<c r="G1" t="inlineStr"><is><t>{_entities(word("numeric references"))}</t></is></c>')
    cells.append('<c r="H1" s="1"><v>1</v></c>')
    random_.shuffle(cells)
    sheet = f'<worksheet xmlns="{_S}"><sheetData><row r="1">{"".join(cells)}</row></sheetData>'
    sheet += f"<headerFooter><oddHeader>{word('page header')}</oddHeader></headerFooter></worksheet>"
    second = f'<worksheet xmlns="{_S}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>{word("second sheet")}</t></is></c></row></sheetData></worksheet>'
    state = random_.choice(("", ' state="hidden"', ' state="veryHidden"'))
    names = ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml")
    if random_.random() < 0.4:
        names = ("book/wb.xml", "book/one.xml", "book/strings.xml")
    base = names[0].rpartition("/")[0]

    def relative(name: str) -> str:
        return name[len(base) + 1 :]

    sample.data = _zip(
        {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.'
            'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/{names[0]}" ContentType="{_SHEET}.sheet.main+xml"/><Override PartName="/{names[1]}" ContentType='
            f'"{_SHEET}.worksheet+xml"/><Override PartName="/{base}/s2.xml" ContentType="{_SHEET}.worksheet+xml"/>'
            f'<Override PartName="/{names[2]}" ContentType="{_SHEET}.sharedStrings+xml"/>'
            f'<Override PartName="/{base}/styles.xml" ContentType="{_SHEET}.styles+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_R}/officeDocument" Target="/{names[0]}"/></Relationships>',
            names[0]: f'<workbook xmlns="{_S}" xmlns:r="{_R}"><sheets><sheet name="{word("sheet name")}" sheetId="1" r:id="r1"/>'
            f'<sheet name="two" sheetId="2"{state} r:id="r2"/></sheets></workbook>',
            f"{base}/_rels/{relative(names[0])}.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="r1" Type="{_R}/worksheet" Target="{relative(names[1])}"/>'
            f'<Relationship Id="r2" Type="{_R}/worksheet" Target="s2.xml"/>'
            f'<Relationship Id="r3" Type="{_R}/sharedStrings" Target="{relative(names[2])}"/>'
            f'<Relationship Id="r4" Type="{_R}/styles" Target="styles.xml"/></Relationships>',
            names[1]: sheet,
            f"{base}/s2.xml": second,
            names[2]: f'<sst xmlns="{_S}">{shared}</sst>',
            f"{base}/styles.xml": f'<styleSheet xmlns="{_S}"><numFmts count="1"><numFmt numFmtId="170" formatCode="&quot;{word("number format")}&quot;"/>'
            "</numFmts><fonts><font/></fonts><fills><fill/></fills><borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs>"
            '<cellXfs><xf/><xf numFmtId="170" applyNumberFormat="1"/></cellXfs></styleSheet>',
        },
        random_,
    )  # fmt: skip
    return sample


def odt(seed: int) -> Sample:
    """An OpenDocument text, zipped or flat."""
    random_ = random.Random(seed)
    is_flat = random_.random() < 0.4
    sample = Sample(f"o{seed}.{'fodt' if is_flat else 'odt'}")
    word = _Words(random_, sample)
    split = word("spans")
    commented = word("comment in a word")
    places: list[Callable[[], str]] = [
        lambda: f"<text:p>{word('body')}</text:p>",
        lambda: f"<text:h>{word('heading')}</text:h>",
        lambda: f"<text:p>{split[:4]}<text:span>{split[4:]}</text:span></text:p>",
        lambda: f"<text:p>{_entities(word('numeric references'))}</text:p>",
        lambda: f"<text:p>{commented[:5]}<!-- x -->{commented[5:]}</text:p>",
        lambda: f'<text:p text:style-name="Hid">{word("hidden style")}</text:p>',
        lambda: (
            '<text:p>x<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>'
            f"<text:p>{word('footnote')}</text:p></text:note-body></text:note></text:p>"
        ),
        lambda: f"<text:p>x<office:annotation><text:p>{word('annotation')}</text:p></office:annotation></text:p>",
        lambda: (
            '<text:p><draw:frame svg:width="5cm" svg:height="2cm"><draw:text-box>'
            f"<text:p>{word('text box')}</text:p></draw:text-box></draw:frame></text:p>"
        ),
        lambda: (
            f"<table:table><table:table-column/><table:table-row><table:table-cell><text:p>{word('table')}</text:p></table:table-cell></table:table-row></table:table>"
        ),
        lambda: f"<text:list><text:list-item><text:p>{word('list')}</text:p></text:list-item></text:list>",
        lambda: (
            f'<text:section text:name="s" text:display="none"><text:p>{word("hidden section")}</text:p></text:section>'
        ),
        lambda: f'<text:p><text:a xlink:href="https://a.example/">{word("link")}</text:a></text:p>',
        lambda: (
            f'<text:p><text:hidden-text text:condition="ooow:0" text:string-value="{word("conditional text")}" text:is-hidden="false"/></text:p>'
        ),
    ]
    body = "".join(place() for place in random_.sample(places, random_.randint(4, len(places))))
    styles = '<office:automatic-styles><style:style style:name="Hid" style:family="paragraph"><style:text-properties text:display="none"/></style:style></office:automatic-styles>'
    inner = f"<office:body><office:text>{body}</office:text></office:body>"
    if is_flat:
        sample.data = f'<?xml version="1.0"?><office:document {_ODF} office:mimetype="application/vnd.oasis.opendocument.text">{styles}{inner}</office:document>'.encode()
        return sample
    header = word("page header")
    sample.data = _zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<?xml version="1.0"?><office:document-content {_ODF}>{styles}{inner}</office:document-content>',
            "styles.xml": f'<?xml version="1.0"?><office:document-styles {_ODF}><office:automatic-styles><style:page-layout style:name="L">'
            '<style:page-layout-properties/><style:header-style><style:header-footer-properties/></style:header-style></style:page-layout>'
            '</office:automatic-styles><office:master-styles><style:master-page style:name="Standard" style:page-layout-name="L"><style:header>'
            f"<text:p>{header}</text:p></style:header></style:master-page></office:master-styles></office:document-styles>",
            "meta.xml": f'<?xml version="1.0"?><office:document-meta {_ODF}><office:meta><dc:title>{word("title")}</dc:title></office:meta></office:document-meta>',
            "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            '<manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/>'
            '<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/></manifest:manifest>',
        },
        random_,
    )  # fmt: skip
    return sample


def fodp(seed: int) -> Sample:
    """A presentation in flat XML, which LibreOffice converts to the formats of PowerPoint."""
    random_ = random.Random(seed)
    sample = Sample(f"p{seed}.fodp")
    word = _Words(random_, sample)
    frame = '<draw:frame draw:layer="layout" svg:x="2cm" svg:y="{}cm" svg:width="18cm" svg:height="2cm">{}</draw:frame>'
    pages = []
    for number in range(random_.randint(1, 3)):
        box = f"<draw:text-box><text:p>{word('text box')}</text:p><text:list><text:list-item><text:p>{word('list')}</text:p></text:list-item></text:list></draw:text-box>"
        shape = f'<draw:custom-shape draw:layer="layout" svg:x="3cm" svg:y="9cm" svg:width="9cm" svg:height="2cm"><text:p>{word("shape")}</text:p></draw:custom-shape>'
        note = f"<draw:text-box><text:p>{word('page notes')}</text:p></draw:text-box>"
        notes = f"<presentation:notes>{frame.format(5, note)}</presentation:notes>"
        pages.append(
            f'<draw:page draw:name="page{number}" draw:master-page-name="M">{frame.format(2, box)}{shape}{notes}</draw:page>'
        )
    master = '<office:automatic-styles><style:page-layout style:name="L"><style:page-layout-properties fo:page-width="28cm" fo:page-height="21cm"/></style:page-layout></office:automatic-styles><office:master-styles><style:master-page style:name="M" style:page-layout-name="L"/></office:master-styles>'
    sample.data = f'<?xml version="1.0"?><office:document {_ODF} xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0" office:mimetype="application/vnd.oasis.opendocument.presentation">{master}<office:body><office:presentation>{"".join(pages)}</office:presentation></office:body></office:document>'.encode()
    return sample


def rtf(seed: int) -> Sample:
    """A document in Rich Text Format."""
    random_ = random.Random(seed)
    sample = Sample(f"r{seed}.rtf")
    word = _Words(random_, sample)

    def hexadecimal(text: str) -> str:
        return "".join(f"\\'{ord(letter):02x}" for letter in text)

    def unicode(text: str) -> str:
        return "".join(f"\\u{ord(letter)}?" for letter in text)

    split, grouped = word("formatted"), word("groups")
    places: list[Callable[[], str]] = [
        lambda: f"\\pard {word('body')}\\par ",
        lambda: f"{split[:4]}\\b {split[4:7]}\\b0 {split[7:]}\\par ",
        lambda: f"{{{grouped[:3]}}}{{\\i {grouped[3:]}}}\\par ",
        lambda: f"{hexadecimal(word('hexadecimal'))}\\par ",
        lambda: f"\\uc1 {unicode(word('unicode'))}\\par ",
        lambda: f"\\uc0 {unicode(word('unicode, nothing to skip')).replace('?', ' ')}\\uc1 \\par ",
        lambda: f"x{{\\footnote {word('footnote')}}}\\par ",
        lambda: f"x{{\\*\\annotation {word('annotation')}}}\\par ",
        lambda: (
            "{\\shp{\\*\\shpinst\\shpleft0\\shptop0\\shpright3000\\shpbottom1000{\\sp{\\sn shapeType}{\\sv 202}}"
            f"{{\\shptxt \\pard {word('text box')}\\par }}}}}}\\par "
        ),
        lambda: f"{{\\v {word('hidden')}}}\\par ",
        lambda: f'{{\\field{{\\*\\fldinst HYPERLINK "https://a.example/"}}{{\\fldrslt {word("field")}}}}}\\par ',
        lambda: f"\\trowd\\cellx3000 \\intbl {word('table')}\\cell\\row\\pard ",
        lambda: f"{{\\*\\unknowndest {word('unknown destination')}}}\\par ",
        lambda: f"{{\\cf1 {word('white')}}}\\par ",
        lambda: f"{word('line ends')[:0]}{_broken(word('broken over lines'))}\\par ",
        lambda: f"{{\\upr{{{word('upr ansi')}}}{{\\*\\ud{{{word('upr unicode')}}}}}}}\\par ",
    ]
    head = f"{{\\rtf1\\ansi\\ansicpg1252\\deff0{{\\fonttbl{{\\f0 Times New Roman;}}}}{{\\colortbl;\\red255\\green255\\blue255;}}{{\\info{{\\title {word('title')}}}}}"
    header = f"{{\\header {word('page header')}\\par }}"
    body = "".join(place() for place in random_.sample(places, random_.randint(4, len(places))))
    sample.data = f"{head}{header}{body}}}".encode()
    return sample


def _broken(word: str) -> str:
    return f"{word[:4]}\r\n{word[4:8]}\n{word[8:]}"


MAKERS = (docx, xlsx, odt, fodp, rtf)
