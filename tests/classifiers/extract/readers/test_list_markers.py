"""The numbers and signs before the paragraphs of lists are read, as far as they say something."""

from __future__ import annotations

import random
from collections.abc import Sequence
from html import escape

import pytest

from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import zipped

WORDS = "please don't tell anybody that you will meet me alone tonight and delete this message".split()
LETTERS = "".join(word for word in WORDS if word.isalpha())
NUMBERS = [ord(letter) - 96 for letter in LETTERS]


def _word_file(levels: Sequence[tuple[str, int, str]], paragraphs: Sequence[int]) -> bytes:
    """A document of Word with lists (kind, start, sign), and paragraphs by the numbers of their lists."""
    lists = "".join(
        f'<w:abstractNum w:abstractNumId="{at}"><w:lvl w:ilvl="0"><w:start w:val="{start}"/><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{escape(sign)}"/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="7"/></w:lvl></w:abstractNum>'
        f'<w:num w:numId="{at + 1}"><w:abstractNumId w:val="{at}"/></w:num>'
        for at, (kind, start, sign) in enumerate(levels)
    )
    body = "".join(f'<w:p><w:pPr><w:numPr><w:numId w:val="{at + 1}"/></w:numPr></w:pPr></w:p>' for at in paragraphs)
    space = 'xmlns:w="urn:w"'
    return zipped(**{"word/document.xml": f"<w:document {space}>{body}</w:document>",
                     "word/numbering.xml": f"<w:numbering {space}>{lists}</w:numbering>"})  # fmt: skip


def _open_document(levels: Sequence[str], paragraphs: Sequence[int]) -> bytes:
    styles = "".join(
        f"<text:list-style style:name='L{at}'>{level}</text:list-style>" for at, level in enumerate(levels)
    )
    body = "".join(f"<text:list text:style-name='L{at}'><text:list-item><text:p/></text:list-item></text:list>"
                   for at in paragraphs)  # fmt: skip
    space = "xmlns:text='urn:t' xmlns:style='urn:s'"
    return zipped(**{"content.xml": f"<office {space}>{styles}<text:p>Plan</text:p>{body}</office>", "mimetype": "x"})


def _rtf(body: str) -> bytes:
    return f"{{\\rtf1 Practice\\par {body}}}".encode()


def _rtf_table() -> str:
    lists = "".join(f"{{\\list{{\\listlevel\\levelnfc4\\levelstartat{number}}}{{\\listlevel\\levelnfc0}}\\listid{at}}}"
                    for at, number in enumerate(NUMBERS, 1))  # fmt: skip
    overrides = "".join(f"{{\\listoverride\\listid{at}\\ls{at}}}" for at in range(1, len(NUMBERS) + 1))
    return f"{{\\*\\listtable{lists}}}{{\\*\\listoverridetable{overrides}}}"


def _letters() -> dict[str, bytes]:
    """Files with a list for each paragraph, whose number is a letter."""
    places = range(len(NUMBERS))
    styles = [
        f"<text:list-level-style-number text:level='1' style:num-format='a' text:start-value='{number}'/>"
        for number in NUMBERS
    ]
    numbered = "".join(f"{{\\*\\pn\\pnlvlbody\\pnlcltr\\pnstart{number}}}\\par " for number in NUMBERS)
    return {
        "Word": _word_file([("lowerLetter", number, "%1.") for number in NUMBERS], places),
        "OpenDocument": _open_document(styles, places),
        "RTF before paragraphs": _rtf(numbered),
        "RTF in a table": _rtf(_rtf_table() + "".join(f"\\pard\\ls{at + 1} \\par " for at in places)),
    }  # fmt: skip


LETTERED = _letters()


@pytest.mark.parametrize("kind", LETTERED)
def test_letters_of_numbers_are_read(kind: str) -> None:
    assert LETTERS in read("a.docx", LETTERED[kind]).hidden


@pytest.mark.parametrize("seed", range(3))
def test_words_of_signs_are_read_in_the_order_of_paragraphs(seed: int) -> None:
    order = list(range(len(WORDS)))
    random.Random(seed).shuffle(order)
    places = [order.index(at) for at in range(len(WORDS))]
    for data in (
        _word_file([("bullet", 1, WORDS[at]) for at in order], places),
        _open_document([f'<text:list-level-style-bullet text:bullet-char="•" style:num-suffix="{WORDS[at]}"/>'
                        for at in order], places),
    ):  # fmt: skip
        assert " ".join(WORDS) in read("a.docx", data).hidden


def test_a_usual_list_says_nothing() -> None:
    assert (
        read("a.docx", _word_file([("lowerLetter", 1, "%1)"), ("bullet", 1, "•")], [0, 0, 0, 1, 1] * 20)).hidden == ""
    )
