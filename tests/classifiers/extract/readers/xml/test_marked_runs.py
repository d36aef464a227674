"""Words of a document that are marked one by one are read as a sentence, however they are marked."""

from __future__ import annotations

import pytest

from tests.classifiers.extract.readers.reading_files import ReadFile, read
from tests.classifiers.extract.sample_files import zipped
from tests.differential.evasions.check import HELP, SECRET

COVER = (
    "the bus leaves at nine from the front door", "bring a bottle and the signed form", "lunch is at noon",
    "the library opens early today", "the quiz is about chapter four", "band rehearsal is in the small gym",
)  # fmt: skip
MARKS = {
    "bold": "<w:b/>",
    "highlighted": "<w:highlight w:val='yellow'/>",
    "red": "<w:color w:val='FF0000'/>",
    "large": "<w:sz w:val='60'/>",
    "underlined": "<w:u w:val='single'/>",
    "boxed": "<w:bdr w:val='single'/>",
}
ODT = "application/vnd.oasis.opendocument.text"
OTHERS = "<w:lang w:val='en-US'/>"


def _word(runs: list[tuple[str, str]]) -> ReadFile:
    body = "".join(f"<w:r><w:rPr>{look}</w:rPr><w:t xml:space='preserve'>{text} </w:t></w:r>" for look, text in runs)
    return read("a.docx", zipped(word__document_xml=f"<w:p>{body}</w:p>"))


def _among(sentence: str, *marks: str) -> list[tuple[str, str]]:
    words = enumerate(sentence.split())
    return [run for at, word in words for run in ((OTHERS, COVER[at % 6]), (OTHERS + marks[at % len(marks)], word))]


@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("mark", MARKS)
def test_marked_words_of_a_document_are_read_together(mark: str, sentence: str) -> None:
    assert sentence in _word(_among(sentence, MARKS[mark])).hidden


@pytest.mark.parametrize("sentence", [SECRET, HELP])
def test_words_that_are_marked_in_several_ways_are_read_together(sentence: str) -> None:
    assert sentence in _word(_among(sentence, MARKS["bold"], MARKS["red"], MARKS["large"])).hidden


@pytest.mark.parametrize("sentence", [SECRET, HELP])
def test_marked_words_of_slides_and_open_documents_are_read_together(sentence: str) -> None:
    words = sentence.split()
    slide = "".join(
        f"<a:r><a:rPr lang='en-US'/><a:t>{COVER[at % 6]} </a:t></a:r><a:r><a:rPr lang='en-US' b='1'/><a:t>{word} </a:t>"
        "</a:r>"
        for at, word in enumerate(words)
    )
    spans = [f"{COVER[at % 6]} <text:span text:style-name='T1'>{word}</text:span> " for at, word in enumerate(words)]
    text = "".join(spans)
    assert (
        sentence
        in read("a.pptx", zipped(ppt__presentation_xml="<p/>", ppt__slides__slide1_xml=f"<a:p>{slide}</a:p>")).hidden
    )
    assert sentence in read("a.odt", zipped(mimetype=ODT, content_xml=f"<a><text:p>{text}</text:p></a>")).hidden


def test_ordinary_marked_words_say_nothing_more() -> None:
    titles = ["Name:", "Grade:", "Room:", "Bring:", "Your teacher:", "Time:", "Date:", "Signature:"]
    assert _word(_among(" ".join(titles), MARKS["bold"])).hidden == ""
