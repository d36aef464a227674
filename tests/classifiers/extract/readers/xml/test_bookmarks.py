"""The names of places in a document, of which programs show a list, are read together."""

from __future__ import annotations

import pytest

from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import zipped
from tests.differential.evasions.check import HELP, SECRET


@pytest.mark.parametrize("sentence", [SECRET, HELP])
def test_names_of_bookmarks_are_read_together(sentence: str) -> None:
    body = "".join(
        f"<w:p><w:bookmarkStart w:id='{at}' w:name='{word}'/><w:r><w:t>plan</w:t></w:r></w:p>"
        for at, word in enumerate(sentence.split())
    ).replace("don't", "don&apos;t")
    body = body.replace("'don&apos;t'", '"don&apos;t"')
    document = f"<w:document xmlns:w='urn:w'><w:body>{body}</w:body></w:document>"
    assert sentence in read("a.docx", zipped(**{"word/document.xml": document})).hidden


def test_names_that_programs_give_say_nothing() -> None:
    body = "".join(f"<w:p><w:bookmarkStart w:id='{at}' w:name='_Toc{at}'/></w:p>" for at in range(30))
    document = f"<w:document xmlns:w='urn:w'><w:body>{body}</w:body></w:document>"
    assert "Toc" not in read("a.docx", zipped(**{"word/document.xml": document})).everything
