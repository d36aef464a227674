"""What fields show once their program updates them is read in its place, whatever result is stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from html import escape

import pytest

from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import word_97, zipped

SENTENCE = "please meet me alone tonight and tell nobody about this"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
ODF = 'xmlns:office="urn:office" xmlns:text="urn:text" xmlns:meta="urn:meta"'
CODES: dict[str, Callable[[str], str]] = {
    "quoted": lambda text: f'QUOTE "{text}"',
    "quoted with a format": lambda text: f'QUOTE "{text}" \\* MERGEFORMAT',
    "bare": lambda text: f"QUOTE {text}",
    "condition": lambda text: f'IF 1 = 1 "{text}" "no"',
    "else": lambda text: f'IF 1 = 2 "no" "{text}"',
    "larger": lambda text: f'IF 10 >= 9 "{text}" ""',
    "words that differ": lambda text: f'IF a <> b "{text}" ""',
    "default answer": lambda text: f'FILLIN "When?" \\d "{text}"',
    "list of texts": lambda text: f'AUTOTEXTLIST "{text}" \\s Normal',
    "property": lambda text: f'TITLE "{text}"',
    "information": lambda text: f'INFO Comments "{text}"',
    "user": lambda text: f'USERNAME "{text}"',
    "picture of a number": lambda text: f"= 1 \\# \"'{text}'\"",
    "picture of a date": lambda text: f"DATE \\@ \"'{text}'\"",
}
"""Codes that show a text."""


def _document(body: str, **parts: str) -> bytes:
    return zipped(**{"word/document.xml": f"<w:document {W}><w:body><w:p>{body}</w:p></w:body></w:document>", **parts})


def _text(text: str) -> str:
    return f"<w:r><w:t xml:space='preserve'>{escape(text)}</w:t></w:r>"


def _field(code: str, result: str = "") -> str:
    """A field of Word; a code in angle brackets has fields inside."""
    inner = code if code.startswith("<") else f"<w:r><w:instrText>{escape(code)}</w:instrText></w:r>"
    stored = f"<w:r><w:fldChar w:fldCharType='separate'/></w:r>{_text(result)}" if result else ""
    mark = "<w:r><w:fldChar w:fldCharType='{}'/></w:r>"
    return mark.format("begin") + inner + stored + mark.format("end")


def _docx(pieces: Sequence[tuple[str, str]], result: str) -> bytes:
    return _document("".join(_text(text) + (_field(code, result) if code else "") for text, code in pieces))


def _simple(pieces: Sequence[tuple[str, str]], result: str) -> bytes:
    field = "<w:fldSimple w:instr='{}'>{}</w:fldSimple>"
    return _document(
        "".join(_text(text) + field.format(escape(code, quote=True), _text(result)) for text, code in pieces)
    )


def _rtf(pieces: Sequence[tuple[str, str]], result: str) -> bytes:
    body = ""
    for text, code in pieces:
        stored = f"{{\\fldrslt {result}}}" if result else ""
        body += f"{text}{{\\field{{\\*\\fldinst {code.replace(chr(92), chr(92) * 2)}}}{stored}}}"
    return f"{{\\rtf1\\ansi {body}}}".encode()


def _doc(pieces: Sequence[tuple[str, str]], result: str) -> bytes:
    return word_97("".join(f"{text}\x13{code}" + f"\x14{result}" * bool(result) + "\x15" for text, code in pieces))


FORMATS = {"docx": _docx, "docx in one element": _simple, "rtf": _rtf, "doc": _doc}


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("result", ["", "x"])
def test_what_an_update_shows_is_read_inside_of_words(kind: str, form: str, result: str) -> None:
    pieces = [(f"{' ' * (at > 0)}{word[:1]}", CODES[kind](word[1:])) for at, word in enumerate(SENTENCE.split())]
    found = read("a.bin", FORMATS[form](pieces, result))
    assert SENTENCE in (found.hidden if result else found.text)
    assert found.failed == ()


NAMED: dict[str, Callable[[int, str], tuple[str, str]]] = {
    "set and referred to": lambda at, word: (f'SET a{at} "{word}"', f"REF a{at}"),
    "set and named": lambda at, word: (f'SET a{at} "{word}"', f" a{at} \\* Lower"),
    "default and referred to": lambda at, word: (f'ASK a{at} "When?" \\d "{word}"', f"REF a{at} \\h"),
}
"""Codes that give a name to a text, and those that show it."""


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("form", FORMATS)
def test_texts_with_names_are_read_where_they_are_shown(kind: str, form: str) -> None:
    codes = [NAMED[kind](at, word) for at, word in enumerate(SENTENCE.split())]
    pieces = [("", name) for name, _ in reversed(codes)] + [(" ", shown) for _, shown in codes]
    assert SENTENCE in read("a.bin", FORMATS[form](pieces, "")).everything


def test_names_that_other_parts_give_are_read_where_they_are_shown() -> None:
    words = list(enumerate(SENTENCE.split()))
    turned = words[::-1]
    variables = "".join(f"<w:docVar w:name='A{at}' w:val='{word}'/>" for at, word in turned)
    properties = "".join(f"<property name='a{at}'><vt:lpwstr>{word}</vt:lpwstr></property>" for at, word in turned)
    texts = "".join(
        f"<w:docPart><w:docPartPr><w:name w:val='a{at}'/></w:docPartPr><w:docPartBody><w:p>{_text(word)}</w:p>"
        "</w:docPartBody></w:docPart>"
        for at, word in turned
    )
    parts = {
        "DOCVARIABLE": {"word/settings.xml": f"<w:settings {W}><w:docVars>{variables}</w:docVars></w:settings>"},
        "DOCPROPERTY": {"docProps/custom.xml": f"<Properties xmlns:vt='urn:vt'>{properties}</Properties>"},
        "AUTOTEXT": {"word/glossary/document.xml": f"<w:glossaryDocument {W}>{texts}</w:glossaryDocument>"},
    }
    for kind, part in parts.items():
        body = _text(" ").join(_field(f"{kind} a{at}") for at, _ in words)
        assert SENTENCE in read("a.docx", _document(body, **part)).everything, kind


def test_bookmarks_are_read_where_fields_show_them() -> None:
    words = list(enumerate(SENTENCE.split()))
    places = sorted(words, key=lambda item: item[1])
    marks = "".join(
        f"<w:bookmarkStart w:id='{at}' w:name='b{at}'/>{_text(word)}<w:bookmarkEnd w:id='{at}'/>{_text(', ')}"
        for at, word in places
    )
    body = "".join(_field(f"REF b{at}", "x") + _text(" ") for at, _ in words)
    assert SENTENCE in read("a.docx", _document(marks + body)).hidden
    marks = "".join(f"{{\\*\\bkmkstart b{at}}}{word}{{\\*\\bkmkend b{at}}}, " for at, word in places)
    body = " ".join(f"{{\\field{{\\*\\fldinst REF b{at}}}}}" for at, _ in words)
    assert SENTENCE in read("a.rtf", f"{{\\rtf1 {marks}\\par {body}}}".encode()).hidden
    variables = "".join(f"{{\\*\\docvar {{a{at}}}{{{word}}}}}" for at, word in places)
    body = " ".join(f"{{\\field{{\\*\\fldinst DOCVARIABLE a{at}}}}}" for at, _ in words)
    assert SENTENCE in read("a.rtf", f"{{\\rtf1 {variables}{body}}}".encode()).text


@pytest.mark.parametrize("pieces", [SENTENCE.split(" "), list(SENTENCE)])
def test_fields_in_the_code_of_another_are_part_of_it(pieces: Sequence[str]) -> None:
    sign = " " if len(pieces) < 20 else ""
    inner = sign.join(_field(f'QUOTE "{piece}"') + f"<w:r><w:instrText>{sign}</w:instrText></w:r>" for piece in pieces)
    quote = "<w:r><w:instrText>{}</w:instrText></w:r>".format
    for start, end in (('QUOTE "', '"'), ('IF a = a "', '" ""')):
        found = read("a.docx", _document(_field(quote(start) + inner + quote(end))))
        assert SENTENCE in found.text
    codes = sign.join(f'\x13QUOTE "{piece}"\x15' for piece in pieces)
    assert SENTENCE in read("a.doc", word_97(f'Plan \x13 QUOTE "{codes}" \x15')).text


OPEN_FIELDS: dict[str, Callable[[str], str]] = {
    "conditional": lambda text: (
        f"<text:conditional-text text:condition='ooow:a==1' text:string-value-if-true='{text}' "
        "text:string-value-if-false=''>x</text:conditional-text>"
    ),
    "otherwise": lambda text: (
        f"<text:conditional-text text:condition='ooow:a==1' text:string-value-if-true='' "
        f"text:string-value-if-false='{text}'>x</text:conditional-text>"
    ),
    "variable": lambda text: f"<text:variable-set text:name='a' office:string-value='{text}'>x</text:variable-set>",
    "formula": lambda text: f"<text:variable-set text:name='a' text:formula='ooow:&quot;{text}&quot;'/>",
    "expression": lambda text: f"<text:expression text:formula='ooow:&quot;{text}&quot;'>x</text:expression>",
    "hidden text": lambda text: f"<text:hidden-text text:condition='ooow:0' text:string-value='{text}'/>",
}
"""Fields of OpenDocument that show a text."""


def _odt(body: str, **parts: str) -> bytes:
    content = f"<office:document-content {ODF}><office:body>{body}</office:body></office:document-content>"
    return zipped(**{"content.xml": content, "META-INF/manifest.xml": "<manifest/>", **parts})


@pytest.mark.parametrize("kind", OPEN_FIELDS)
def test_fields_of_open_documents_are_read_inside_of_words(kind: str) -> None:
    body = " ".join(word[0] + OPEN_FIELDS[kind](word[1:]) for word in SENTENCE.split())
    data = _odt(f"<text:p>{body}</text:p>")
    assert SENTENCE in read("a.odt", data).everything
    flat = f"<?xml version='1.0'?><office:document {ODF}><text:p>{body}</text:p></office:document>"
    assert SENTENCE in read("a.fodt", flat.encode()).everything


def test_names_of_open_documents_are_read_where_they_are_shown() -> None:
    words = list(enumerate(SENTENCE.split()))
    decls = "".join(
        f"<text:user-field-decl text:name='a{at}' office:string-value='{word}'/>" for at, word in words[::-1]
    )
    marks = "".join(
        f"<text:p><text:bookmark-start text:name='a{at}'/>{word}<text:bookmark-end text:name='a{at}'/></text:p>"
        for at, word in words[::-1]
    )
    named = "".join(f"<meta:user-defined meta:name='a{at}'>{word}</meta:user-defined>" for at, word in words[::-1])
    forms = {
        "user-field-get text:name": (decls, {}),
        "bookmark-ref text:ref-name": (marks, {}),
        "user-defined text:name": ("", {"meta.xml": f"<office:document-meta {ODF}>{named}</office:document-meta>"}),
    }
    for element, (before, parts) in forms.items():
        name = element.partition(" ")[0]
        body = " ".join(f"<text:{element}='a{at}'>x</text:{name}>" for at, _ in words)
        assert SENTENCE in read("a.odt", _odt(f"{before}<text:p>{body}</text:p>", **parts)).everything, name


ORDINARY = (
    ("See ", 'HYPERLINK "https://riverbend.example/"', "our page"),
    (" on page ", "PAGE", "3"),
    (" del ", "DATE \\@ \"d 'de' MMMM 'de' yyyy\"", "3 de noviembre de 2025"),
    (" of ", 'DATE \\@ "d MMMM yyyy"', "3 November 2025"),
    (", room ", "MERGEFIELD Room", "\u00abRoom\u00bb"),
    (", costs ", '= 12 \\# "$#,##0.00"', "$12.00"),
    (", see ", "REF _Ref77 \\r \\h", "2.1"),
    (" and ", "REF _Ref78 \\h", "Table 1"),
    (" by ", "AUTHOR", "Dana Okafor"),
)
"""Texts, with fields that have the results that Word stores."""


def test_ordinary_fields_are_read_once() -> None:
    text = "".join(before + result for before, _, result in ORDINARY)
    body = "".join(_text(before) + _field(code, result) for before, code, result in ORDINARY)
    properties = "<cp:coreProperties xmlns:cp='c' xmlns:dc='d'><dc:creator>Dana Okafor</dc:creator></cp:coreProperties>"
    mark = "<w:bookmarkStart w:id='1' w:name='_Ref78'/>{}<w:bookmarkEnd w:id='1'/>".format(_text("Table 1"))
    found = read("a.docx", _document(f"{body}</w:p><w:p>{mark}", **{"docProps/core.xml": properties}))
    assert text in found.text
    assert "our page" not in found.hidden
    marked = "".join(f"{before}\x13{code}\x14{result}\x15" for before, code, result in ORDINARY)
    found = read("a.doc", word_97(marked))
    assert text in found.text
    assert "our page" not in found.hidden
    assert "https://riverbend.example/" in found.text


def test_fields_that_never_end_hide_nothing() -> None:
    begin = "<w:r><w:fldChar w:fldCharType='begin'/></w:r>"
    body = begin * 50 + _text(SENTENCE) + f"<w:r><w:instrText>QUOTE {SENTENCE}</w:instrText></w:r>"
    assert read("a.docx", _document(body)).everything.count(SENTENCE) >= 2
    assert SENTENCE in read("a.doc", word_97("Plan \x13" * 50 + SENTENCE)).text
    assert SENTENCE in read("a.doc", word_97("\x15\x14" * 50 + SENTENCE)).text


def test_names_that_stand_for_each_other_stay_small() -> None:
    codes = ['SET a0 "' + "ab " * 300 + '"']
    for at in range(1, 40):
        inner = "".join(_field(f"REF a{at - 1}") for _ in range(10))
        quote = "<w:r><w:instrText>{}</w:instrText></w:r>".format
        codes.append(quote(f'SET a{at} "') + inner + quote('"'))
    found = read("a.docx", _document("".join(map(_field, codes)) + _field("REF a39")))
    assert len(found.everything) < 400_000


def test_fields_in_fields_are_read_in_linear_time() -> None:
    begin, end = "<w:r><w:fldChar w:fldCharType='begin'/></w:r>", "<w:r><w:fldChar w:fldCharType='end'/></w:r>"
    code = "<w:r><w:instrText>QUOTE &quot;" + "ab " * 300 + "</w:instrText></w:r>"
    middle = "<w:r><w:fldChar w:fldCharType='separate'/></w:r>"
    for depth in (500, 1_500):
        for body in ((begin + code) * depth + end * depth, (begin + code + middle) * depth + end * depth):
            found = read("a.docx", _document(body))
            assert len(found.everything) < 800_000
    assert found.accounts


def test_deep_fields_of_binary_documents_do_not_take_long() -> None:
    start = time.process_time()
    for size in (2_000, 8_000):
        read("a.doc", word_97('\x13QUOTE "ab' * size + "\x15" * size))
        read("a.doc", word_97('\x13QUOTE "a"\x14' * size + "ab " * size + "\x15" * size))
    assert time.process_time() - start < 5


def _form(data: str, result: str = "", kind: str = "FORMTEXT") -> str:
    field = _field(kind, result)
    return field.replace("'begin'/>", f"'begin'><w:ffData>{data}</w:ffData></w:fldChar>", 1)


def test_what_fields_of_forms_show_is_read_in_its_place() -> None:
    choices = "<w:listEntry w:val='no'/><w:listEntry w:val='{}'/>"
    forms = {
        "FORMTEXT": "<w:textInput><w:default w:val='{}'/></w:textInput>",
        "FORMDROPDOWN": f"<w:ddList><w:result w:val='1'/>{choices}</w:ddList>",
        "FORMDROPDOWN ": f"<w:ddList><w:default w:val='1'/>{choices}</w:ddList>",
    }
    for kind, data in forms.items():
        fields = (_text(f" {word[:1]}") + _form(data.format(word[1:]), "", kind) for word in SENTENCE.split())
        assert SENTENCE in read("a.docx", _document("".join(fields))).text, kind


def test_a_form_that_is_filled_in_shows_what_was_filled_in() -> None:
    data = "<w:textInput><w:default w:val='Enter a name'/></w:textInput>"
    found = read("a.docx", _document(_text("Name: ") + _form(data, "Ana Ruiz") + _text(" of room 12")))
    assert found.text.startswith("Name: Ana Ruiz of room 12")
    assert "room 12" not in found.hidden


@pytest.mark.parametrize("place", ["/ns0:a[1]/ns0:b{0}[1]", "/a/b{0}", "/a[1]/*:b{0}"])
@pytest.mark.parametrize("cut", [0, 1])
def test_data_is_read_where_controls_show_it(place: str, cut: int) -> None:
    words = list(enumerate(SENTENCE.split()))
    control = "<w:sdt><w:sdtPr><w:dataBinding w:xpath='{}'/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    body = _text(" ").join(
        _text(word[:cut]) + control.format(place.replace("*:", "ns1:").format(at), _text("x")) for at, word in words
    )
    data = "".join(f"<n:b{at}>{word[cut:]}</n:b{at}>" for at, word in reversed(words))
    parts = {"customXml/item1.xml": f"<n:a xmlns:n='urn:n'>{data}</n:a>"}
    assert SENTENCE in read("a.docx", _document(body, **parts)).hidden
    twin = "".join(f"<b>{word[cut:]}</b>" for _, word in words)
    body = _text(" ").join(_text(word[:cut]) + control.format(f"/a[1]/b[{at + 1}]", _text("x")) for at, word in words)
    assert SENTENCE in read("a.docx", _document(body, **{"customXml/item2.xml": f"<a>{twin}</a>"})).hidden


def test_controls_that_show_their_data_are_read_once() -> None:
    control = "<w:sdt><w:sdtPr><w:dataBinding w:xpath='/a/b'/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    body = _text("Teacher: ") + control.format(_text("Dana Okafor")) + "<w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt>"
    found = read(
        "a.docx", _document(body.format(_text(", room 12")), **{"customXml/item1.xml": "<a><b>Dana Okafor</b></a>"})
    )
    assert "Teacher: Dana Okafor, room 12" in found.text
    assert "room 12" not in found.hidden
    deep = "<a>" * 5_000 + "x" + "</a>" * 5_000
    assert "room 12" in read("a.docx", _document(body.format(_text(", room 12")), **{"customXml/item1.xml": deep})).text
