"""Words down a diagonal of a table are read as a sentence, in each kind of file that has tables."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from classifiers.extract.extraction import extract_message
from gateway.core.mime.spelling.diagonals import diagonals
from tests.classifiers.extract.readers.reading_files import read
from tests.differential.evasions.check import HELP, SECRET
from tests.differential.evasions.hidden_file import zipped

_OTHERS = "green paper chair window table garden yellow bottle river engine".split()
_PATHS: dict[str, Callable[[int, int], int]] = {
    "to the right": lambda row, width: row % width,
    "to the left": lambda row, width: -row % width,
    "from the middle": lambda row, width: (row + 2) % width,
    "without the last column": lambda row, width: row % (width - 1),
    "without the first column": lambda row, width: width - 1 - row % (width - 1),
    "over a column": lambda row, width: 2 * row % width,
    "to and fro": lambda row, width: [*range(width), *range(width - 2, 0, -1)][row % (2 * width - 2)],
}
Table = Sequence[Sequence[str]]


def _table(sentence: str, path: str, width: int = 7) -> list[list[str]]:
    rng = random.Random(f"{sentence} {path}")
    rows = [[rng.choice(_OTHERS) for _ in range(width)] for _ in sentence.split()]
    for number, word in enumerate(sentence.split()):
        rows[number][_PATHS[path](number, width)] = word
    return rows


def _html(table: Table) -> str:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in table)
    return f"<p>Practice is at four</p><table>{rows}</table><p>See you there</p>"


def _mail(media_type: str, text: str) -> str:
    content = f"Subject: Practice\nContent-Type: {media_type}; charset=utf-8\n\n{text}".encode()
    return "\n".join(passage.text for passage in extract_message(content).passages)


def _docx(table: Table) -> str:
    rows = "".join(
        f"<w:tr>{''.join(f'<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>' for cell in row)}</w:tr>"
        for row in table
    )
    document = f"<w:document xmlns:w='urn:w'><w:body><w:tbl>{rows}</w:tbl></w:body></w:document>"
    return read("a.docx", zipped({"word/document.xml": document})).everything


def _xlsx(table: Table) -> str:
    rows = "".join(
        f"<row r='{at}'>"
        + "".join(f"<c r='{chr(65 + c)}{at}' t='inlineStr'><is><t>{cell}</t></is></c>" for c, cell in enumerate(row))
        + "</row>"
        for at, row in enumerate(table, 1)
    )
    sheet = f"<worksheet><sheetData>{rows}</sheetData></worksheet>"
    return read("a.xlsx", zipped({"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": sheet})).everything


_FORMS: dict[str, Callable[[Table], str]] = {
    "a page": lambda table: _mail("text/html", _html(table)),
    "a text": lambda table: _mail(
        "text/plain", "Groups:\n\n" + "\n".join(map("   ".join, table)) + "\n\nSee you there."
    ),
    "a table with commas": lambda table: read("a.csv", "\n".join(map(",".join, table)).encode()).everything,
    "a document": _docx,
    "a workbook": _xlsx,
}


@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("path", _PATHS)
@pytest.mark.parametrize("form", _FORMS)
def test_words_down_a_diagonal_are_read(form: str, path: str, sentence: str) -> None:
    words = sentence.replace(",", "")
    assert words in _FORMS[form](_table(words, path)).replace("\n", " ")


@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("side", [1, -1])
def test_words_down_a_diagonal_of_uneven_lines_are_read(side: int, sentence: str) -> None:
    words = sentence.replace(",", "")
    rng = random.Random(sentence)
    rows = [row[::side] + rng.choices(_OTHERS, k=rng.randrange(5)) for row in _table(words, "to the right", 5)]
    assert words in _mail("text/plain", "\n".join(" ".join(row[::side]) for row in rows)).replace("\n", " ")


@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("side", [1, -1])
def test_the_nth_word_of_line_n_is_read(side: int, sentence: str) -> None:
    words, rng = sentence.replace(",", ""), random.Random(sentence)
    rows = [[*rng.choices(_OTHERS, k=at), word, *rng.choices(_OTHERS, k=2)] for at, word in enumerate(words.split())]
    assert words in _mail("text/plain", "\n".join(" ".join(row[::side]) for row in rows)).replace("\n", " ")


def test_few_diagonals_of_any_table_are_looked_at() -> None:
    rng = random.Random(7)
    table = [[rng.choice([*_OTHERS, "you", "me"]) for _ in range(16)] for _ in range(5_000)]
    found = list(diagonals(table))
    assert len(found) <= 4 * 16 + 4
    assert max(map(len, found)) <= 200
