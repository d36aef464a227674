"""Shapes of Office files are read by where they stand, and words that go from right to left from their beginning."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from classifiers.extract.readers.reading import Budget, FileContent
from classifiers.extract.readers.xml_text import read_xml

WORDS = "meet me alone behind the old gym tonight".split()
ROOT = "<x xmlns:a='urn:a' xmlns:w='urn:w' xmlns:v='urn:v' xmlns:svg='urn:s'>{}</x>"
RUN = "<w:r><w:t>{}</w:t></w:r>"
SHAPES: dict[str, Callable[[int], str]] = {
    "slide": lambda at: f"<a:sp><a:off x='{500_000 * at}' y='9'/><a:t>{WORDS[at]}</a:t></a:sp>",
    "slide down": lambda at: f"<a:sp><a:off x='9' y='{500_000 * at}'/><a:t>{WORDS[at]}</a:t></a:sp>",
    "frame": lambda at: f"<w:p><w:pPr><w:framePr w:x='{900 * at}' w:y='9'/></w:pPr>{RUN.format(WORDS[at])}</w:p>",
    "anchor": lambda at: (
        f"<w:anchor><w:positionH><w:posOffset>{600_000 * at}</w:posOffset></w:positionH><w:positionV>"
        f"<w:posOffset>9</w:posOffset></w:positionV><w:p>{RUN.format(WORDS[at])}</w:p></w:anchor>"
    ),
    "old shape": lambda at: (
        f"<v:shape style='margin-left:{60 * at}pt;margin-top:9pt'>{RUN.format(WORDS[at])}</v:shape>"
    ),
    "cells": lambda at: f"<a:twoCellAnchor><a:col>{at}</a:col><a:row>3</a:row><a:t>{WORDS[at]}</a:t></a:twoCellAnchor>",
    "opendocument": lambda at: (
        f"<a:frame svg:x='{2 * at}cm' svg:y='1cm'><a:text-box>{WORDS[at]}</a:text-box></a:frame>"
    ),
}
FROM_THE_RIGHT = {
    "table": "<w:tbl><w:bidiVisual/>{}</w:tbl>",
    "runs": "<w:p>{}</w:p><w:dir/>",
    "sheet": "<sheetView rightToLeft='1'/>{}",
}
SEEN_ON_REQUEST = (
    "<!-- {} -->",
    "<?note {}?>",
    "<w:docVar w:val='{}'/>",
    "<w:name w:val='{}'/>",
    "<w:instrText>{}</w:instrText>",
)


def read(xml: str, attributes: bool = True) -> list[str]:
    content = FileContent("xml")
    list(read_xml(ROOT.format(xml).encode(), content, Budget(time.monotonic() + 60, 100_000), attributes=attributes))
    assert not content.failed
    return [" ".join(text.split()) for text in (*content.text, *content.hidden)]


@pytest.mark.parametrize("kind", SHAPES)
def test_shapes_are_read_line_by_line(kind):
    seed = random.randrange(1_000)
    order = random.Random(seed).sample(range(len(WORDS)), len(WORDS))
    assert " ".join(WORDS) in read("".join(map(SHAPES[kind], order))), seed
    assert len(read("".join(map(SHAPES[kind], range(len(WORDS)))))) == 1


@pytest.mark.parametrize("width", [2, 3, 4])
def test_shapes_are_read_down_their_columns_page_by_page(width):
    sentence = "our secret so please do not tell your parents meet me alone tonight and delete this message".split()
    height = -(-len(sentence) // width)
    frame = "<a:frame svg:x='{}cm' svg:y='{}cm'><a:text-box>{}</a:text-box></a:frame>"
    frames = [frame.format(1 + 5 * (at // height), 3 + at % height, word) for at, word in enumerate(sentence)]
    other = "<a:page>" + "".join(frame.format(2 * at, at, word) for at, word in enumerate(WORDS)) + "</a:page>"
    seed = random.randrange(1_000)
    shuffled = random.Random(seed).sample(frames, len(frames))
    assert " ".join(sentence) in read(f"{other}<a:page>{''.join(shuffled)}</a:page>{other}"), seed


@pytest.mark.parametrize("kind", FROM_THE_RIGHT)
def test_words_from_the_right_are_read_from_the_first_one(kind):
    cells = "".join(f"<w:tc>{RUN.format(word)}</w:tc>" for word in reversed(WORDS))
    assert " ".join(WORDS) in read(FROM_THE_RIGHT[kind].format(cells))


@pytest.mark.parametrize("form", SEEN_ON_REQUEST)
def test_sentences_of_settings_and_remarks_are_read(form):
    sentence = " ".join(WORDS)
    assert any(sentence in text for text in read(form.format(sentence), attributes=False))
    assert read("<!-- Created by a program at 9:00 --><w:name w:val='Table Grid Light'/>", attributes=False) == []
