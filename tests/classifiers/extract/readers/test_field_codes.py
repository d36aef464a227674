"""Fields that a program draws from their codes are read, whatever result is stored with them."""

from __future__ import annotations

from html import escape

import pytest

from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import zipped

SENTENCE = "please meet me alone tonight and tell nobody"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
FIELDS = {
    "characters by number": [
        f"SYMBOL {ord(letter)} \\f Arial \\s 12" if number % 2 else f"SYMBOL 0x{ord(letter):02X}"
        for number, letter in enumerate(SENTENCE)
    ],
    "equations of letters": [f"EQ \\x\\to({letter})" for letter in SENTENCE.replace(" ", "")],
    "equations of words": [f"EQ \\o({word}) " for word in SENTENCE.split()],
    "codes in a row": ["QUOTE " + " ".join(str(ord(letter)) for letter in SENTENCE)],
    "button": [f"MACROBUTTON NoMacro {SENTENCE}"],
}


def _docx(codes: list[str], result: str, step: int) -> bytes:
    def field(code: str) -> str:
        pieces = [code[at : at + step] for at in range(0, len(code), step)]
        texts = "".join(
            f"<w:r><w:instrText xml:space='preserve'>{escape(piece)}</w:instrText></w:r>" for piece in pieces
        )
        stored = f"<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>{result}</w:t></w:r>" if result else ""
        return (
            f"<w:r><w:fldChar w:fldCharType='begin'/></w:r>{texts}{stored}<w:r><w:fldChar w:fldCharType='end'/></w:r>"
        )

    body = "".join(map(field, codes))
    return zipped(**{"word/document.xml": f"<w:document {W}><w:body><w:p>{body}</w:p></w:body></w:document>"})


def _rtf(codes: list[str], result: str) -> bytes:
    fields = (code.replace("\\", "\\\\") for code in codes)
    body = "".join(f"{{\\field{{\\*\\fldinst {code}}}{{\\fldrslt {result}}}}}" for code in fields)
    return f"{{\\rtf1\\ansi Practice: {body}}}".encode()


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("result", ["", "x"])
def test_what_a_code_draws_is_read(kind: str, result: str) -> None:
    codes = FIELDS[kind]
    for data in (_docx(codes, result, 99), _docx(codes, result, 3), _rtf(codes, result)):
        assert SENTENCE.replace(" ", "") in "".join(read("a.docx", data).text.split())


def test_the_results_of_other_fields_stay_shown() -> None:
    codes = ["PAGEREF _Toc7 \\h", 'HYPERLINK "https://riverbend.example/form"']
    for data in (_docx(codes, "the form", 99), _rtf(codes, "the form")):
        found = read("a.docx", data)
        assert found.text.count("the form") == 2
        assert "https://riverbend.example/form" in found.everything
        assert "PAGEREF" not in found.text
