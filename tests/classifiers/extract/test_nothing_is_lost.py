"""A reading of hidden writing replaces a text only if it says all that the text says."""

from __future__ import annotations

import pytest

from classifiers.extract import hidden_texts
from classifiers.extract.extraction import extract_message
from classifiers.extract.hidden_writing.finders import FoundWriting
from classifiers.extract.quoting import PassageKind
from gateway.core.mime.guard import Guard
from tests.many_wordings import SENTENCES

FIELDS = (
    "Return-Path: <list-admin@lists.example> Received: from localhost (localhost [127.0.0.1]) by mail.example with "
    "ESMTP id D50C3440FC; "
)
PATH = r"C:\Temp\a\b\c\d\e\f\g\h "
PICKED = (
    "",
    "[remote] [communications] ",
    "pLease mEet mE aLone tOnight aNd tEll nObody ",
    "r.e.m.o.t.e ",
    "(c) /\\ |-| ",
)


def words_of(text: str, kind: str = "text/plain") -> str:
    """All that is read of a mail."""
    mail = f"Subject: x\r\nContent-Type: {kind}\r\n\r\n{text}\r\n".encode()
    return "\n".join(passage.text for passage in extract_message(mail).passages)


@pytest.mark.parametrize("sentence", SENTENCES[::4])
@pytest.mark.parametrize("picked", PICKED)
@pytest.mark.parametrize("fields", [1, 16, 40])
@pytest.mark.parametrize("between", ["\r\n", "\u0085", " "])
def test_a_sentence_among_fields_and_paths_stays(sentence: str, picked: str, fields: int, between: str) -> None:
    lines = [*[FIELDS] * fields, PATH, picked, sentence, picked, PATH * 3]
    assert sentence in words_of(between.join(lines))


def test_a_reading_that_says_itself_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(text: str, kind: PassageKind, guard: object) -> FoundWriting:
        return FoundWriting(" " * len(text), (text, "words inside"), ())

    monkeypatch.setattr(hidden_texts, "find_hidden_writing", find)
    assert hidden_texts._with_writing_inside([SENTENCES[0]], Guard()) == [SENTENCES[0], "words inside"]


@pytest.mark.parametrize("mark", [b"\xfe\xff", b"\xff\xfe"])
@pytest.mark.parametrize(
    "kind", ["text/enriched", "text/x-notes", "text/plain; name=a.txt", "application/octet-stream"]
)
@pytest.mark.parametrize("sentence", SENTENCES[:4])
def test_a_mark_of_two_bytes_hides_no_text_of_one(mark: bytes, kind: str, sentence: str) -> None:
    head = f"Subject: x\r\nContent-Type: {kind}\r\nContent-Disposition: attachment\r\n\r\n".encode()
    read = extract_message(head + mark + b"\r\n" + sentence.encode() + b"\r\n")
    assert sentence in "\n".join(passage.text for passage in read.passages)
