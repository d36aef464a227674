"""Words in every place of generated documents are read, or the document is reported."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.classifiers.extract.readers.reading_files import read
from tests.differential.file_mutations import seeds
from tests.differential.office_files import Sample, docx, odt, rtf, xlsx


@pytest.mark.parametrize("maker", [docx, xlsx, odt, rtf])
def test_every_word_in_a_document_is_read(maker: Callable[[int], Sample]) -> None:
    for seed in range(12):
        sample = maker(seed)
        found = read(sample.name, sample.data)
        assert found.failed == ()
        in_document = {word for word, place in sample.words.items() if not place.startswith(_OPTIONAL)}
        assert {sample.words[word] for word in in_document if word not in found.everything} == set()


_OPTIONAL = (
    "split",
    "comment in",
    "text box",
    "spans",
    "formatted",
    "groups",
    "broken",
    "line ends",
    "chunk",
    "entity",
)
"""Places that are chosen or not after their word is made."""


def test_the_account_names_every_file() -> None:
    for name, data in seeds().items():
        found = read(name, data)
        assert (found.accounts[-1].path, found.accounts[-1].size) == (name, len(data))
        assert bool(found.failed) == any(account.failed for account in found.accounts)
