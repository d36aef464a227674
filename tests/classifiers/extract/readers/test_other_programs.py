"""What other programs show of documents is read or reported. `make differential` does the same with more programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.classifiers.extract.sample_files import pdf
from tests.differential.documents import missing, read, shown
from tests.differential.office_files import rtf


@pytest.mark.peer("catdoc")
@pytest.mark.peer("unrtf")
def test_rtf_is_read_as_catdoc_and_unrtf_read_it(tmp_path: Path) -> None:
    count = 0
    for seed in range(10):
        sample = rtf(seed)
        path = tmp_path / sample.name
        path.write_bytes(sample.data)
        ours, failed = read(sample.name, sample.data)
        assert failed == ()
        for program, words in shown(path):
            assert not missing(words, ours), program
            count += len(words)
    assert count > 50


@pytest.mark.peer("pdftotext")
def test_pages_are_read_as_pdftotext_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf().replace(b"Meet me alone", b"zqabcdefghi  "))
    assert dict(shown(path))["pdftotext"] == read("a.pdf", path.read_bytes())[0] == {"zqabcdefghi"}
