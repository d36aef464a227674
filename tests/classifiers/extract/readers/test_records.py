"""Words that are spread over the fields of records, columns, formulas and timed lines are read together."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from classifiers.extract.readers.reading import FileContent
from classifiers.extract.readers.records import formula_words, put_first
from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import zipped

WORDS = "please meet me alone behind the old gym tonight".split()
SAID = " ".join(WORDS)
NAMES = "Ann Bob Cara Dan Eve Finn Gia Hal Ivy".split()


def _lines(form: str) -> Callable[[Sequence[str]], str]:
    """A line for each word: `{0}` its number, `{1}` a name, `{2}` the word."""
    return lambda words: "".join(
        form.format(at, name, word) for at, (name, word) in enumerate(zip(NAMES, words, strict=False))
    )


SPREAD: dict[str, Callable[[Sequence[str]], str]] = {
    "a.json": lambda words: json.dumps([{"name": name, "word": word} for name, word in zip(NAMES, words, strict=True)]),
    "letters.json": lambda words: json.dumps([{"type": "text", "text": letter} for letter in " ".join(words)]),
    "rows.json": lambda words: json.dumps([[name, word] for name, word in zip(NAMES, words, strict=True)]),
    "a.xml": lambda words: f"<a>{_lines('<b><c>{2}</c><d>{1}</d></b>')(words)}</a>",
    "attribute.xml": lambda words: f"<a>{_lines('<b word=@{2}@ name=@{1}@/>')(words)}</a>".replace("@", '"'),
    "names.xml": lambda words: f"<{'_'.join(words)}/>",
    "a.yml": _lines("- name: {1}\n  word: {2}\n"),
    "a.py": _lines("print('{2}')\nsleep({0})\n"),
    "a.markdown": _lines("## {2}\n\nAbout {1} and others.\n\n"),
    "a.txt": _lines("{1}\t{2}\t{0}\n"),
    "dashes.txt": _lines("{2} - {1};\n"),
    "a.lrc": _lines("[00:0{0}.00]{2}\n"),
    "a.ass": _lines("Dialogue: 0,0:00:0{0}.00,0:00:09.00,{1},,0,0,0,,{{\\k9}}{2}\n"),
    "time.srt": lambda words: f"1\n00:00:01,000 --> 00:00:09,000 {' '.join(words)}\nHello\n",
    "a.vtt": lambda words: "WEBVTT\n\n00:01.0 --> 00:09.0\n" + "".join(f"<00:02.0><c>{word} </c>" for word in words),
    "a.tex": lambda words: "{}".join(" ".join(words)),
    "a.csv": lambda words: f'1,"={"&".join(f"CHAR({ord(letter)})" for letter in " ".join(words))}"\n',
    "split.markdown": lambda words: "".join(f"{letter}<b></b>" for letter in " ".join(words)),
    "cdata.xml": lambda words: f"<a><![CDATA[<p>{''.join(f'{letter}<b></b>' for letter in ' '.join(words))}</p>]]></a>",
    "a.mbox": _lines("From a Mon Nov  3 2025\nFrom: {1} <a@b.example>\nSubject: {2}\n\nSee you.\n\n"),
    "song.musicxml": lambda words: "<score>" + "".join(
        f"<lyric><syllabic>begin</syllabic><text>{word[:1]}</text></lyric>"
        f"<lyric><syllabic>end</syllabic><text>{word[1:]}</text></lyric>" for word in words) + "</score>",
}  # fmt: skip


@pytest.mark.parametrize("name", SPREAD)
def test_what_one_field_says_over_all_records_is_read(name: str) -> None:
    found = read(name, SPREAD[name](WORDS).encode())
    assert SAID in " ".join(found.everything.split())
    assert read(name, SPREAD[name](NAMES).encode()).failed == ()


def test_the_columns_of_tables_are_read() -> None:
    pairs = list(zip(NAMES, WORDS, strict=True))
    cells = "".join(f"<w:tr><w:tc>{name}</w:tc><w:tc>{word}</w:tc></w:tr>" for name, word in pairs)
    assert SAID in read("a.docx", zipped(word__document_xml=f"<w:tbl>{cells}</w:tbl>")).hidden
    rows = "".join(f"<row><c t='str'><v>{name}</v></c><c t='str'><v>{word}</v></c></row>" for name, word in pairs)
    sheet = f"<sheetData>{rows}</sheetData>"
    assert SAID in read("a.xlsx", zipped(xl__workbook_xml="<workbook/>", xl__worksheets__sheet1_xml=sheet)).hidden


def test_formulas_say_what_they_put_together() -> None:
    assert formula_words('CONCATENATE("meet"," me")') == "meet me"
    assert formula_words('_xlfn.TEXTJOIN(" ",TRUE,"meet","me")') == "meet me"
    assert formula_words('SUBSTITUTE("mzqeet mzqe","zq","")') == "meet me"
    assert formula_words('CHAR(109)&_xlfn.UNICHAR(101)&" "') == "me "
    texts = ",".join(['"b"'] * 5_000)
    long = formula_words(f'TEXTJOIN("{"a" * 50_000}",TRUE,{texts})')
    assert len(long) < 200_000


def test_a_sentence_beside_the_records_stays_shown() -> None:
    content = FileContent("text", ["word: please\nI will see you at the practice tomorrow"])
    put_first([SAID], content)
    assert (len(content.text), content.hidden) == (2, [])
    content = FileContent("text", ["word: please"])
    put_first([SAID], content)
    assert (content.text, content.hidden) == ([SAID], ["word: please"])
