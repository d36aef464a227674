"""Compares the words that our readers find in documents with what other programs show.

`python -m tests.differential.documents --count N` makes N documents of each kind, has LibreOffice, pandoc, catdoc,
antiword, unrtf, docx2txt and pdftotext read them, those that are installed, and converts each with LibreOffice to the
binary formats and PDF, which are compared too. A marked word that a program shows, and that ours neither reads nor
reports as not read, is a defect.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from classifiers.extract import documents
from tests.differential.office_files import MAKERS, Sample

_MARKED = re.compile(r"zq[a-y]{9}")
_COMMANDS = {
    "pandoc": (("docx", "odt", "rtf"), ["pandoc", "-t", "plain", "--track-changes=all"]),
    "docx2txt": (("docx",), ["docx2txt"]),
    "catdoc": (("doc", "rtf"), ["catdoc"]),
    "xls2csv": (("xls",), ["xls2csv"]),
    "catppt": (("ppt",), ["catppt"]),
    "antiword": (("doc",), ["antiword", "-w", "0"]),
    "unrtf": (("rtf",), ["unrtf", "--text"]),
    "pdftotext": (("pdf",), ["pdftotext", "-q"]),
}
_CONVERSIONS = {"docx": ("pdf", "doc", "odt", "rtf"), "odt": ("pdf", "doc", "docx", "epub"), "fodt": ("pdf", "doc"),
                "rtf": ("pdf", "doc", "docx"), "xlsx": ("pdf", "xls", "ods"),
                "fodp": ("pdf", "ppt", "pptx", "odp")}  # fmt: skip


_FAITHFUL = ("doc", "odt", "docx", "xls", "ods", "ppt", "pptx", "odp")
"""Formats in which LibreOffice writes all that it shows."""
_TARGETS = ("pdf", "doc", "odt", "rtf", "docx", "epub", "xls", "ods", "ppt", "pptx", "odp")


def read(name: str, data: bytes) -> tuple[set[str], tuple[str, ...]]:
    """The marked words that our readers find, and the words for what they did not read."""
    budget = documents.Budget(time.monotonic() + 30, 1_000_000)
    text, failed = documents.extract_text("application/octet-stream", name, data, budget)
    return set(_MARKED.findall("\n".join((text, *budget.hidden)))), failed


def shown(path: Path) -> Iterator[tuple[str, set[str]]]:
    """The marked words that each installed program shows of a file."""
    for program, (suffixes, command) in _COMMANDS.items():
        if path.suffix[1:] not in suffixes or shutil.which(program) is None:
            continue
        line = [*command, str(path), *(["-"] if program in ("docx2txt", "pdftotext") else [])]
        result = subprocess.run(line, capture_output=True, timeout=60, check=False)
        yield program, set(_MARKED.findall(result.stdout.decode("utf-8", "replace")))


def missing(words: set[str], ours: set[str]) -> set[str]:
    """The words that ours lack. The last letters may be cut off at the edge of a cell."""
    known = {word[:9] for word in ours}
    return {word for word in words if word[:9] not in known}


def convert(paths: list[Path], to: str, folder: Path) -> None:
    """Convert files with LibreOffice, if it is installed."""
    if paths and shutil.which("soffice") is not None:
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", to]
        subprocess.run(
            [*command, "--outdir", str(folder), *map(str, paths)], capture_output=True, timeout=900, check=False
        )


class Comparison:
    """The documents of one run, and the words that were missed, counted by kind of place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._samples: dict[str, Sample] = {}
        self._visible: dict[str, set[str]] = {}
        self.defects: Counter[str] = Counter()
        self.checked = 0

    def make(self, seed: int, count: int) -> None:
        """Make the documents, and compare them as they are."""
        self._folder.mkdir(exist_ok=True)
        for sample in (maker(number) for maker in MAKERS for number in range(seed, seed + count)):
            path = self._folder / sample.name
            path.write_bytes(sample.data)
            self._samples[path.stem] = sample
            self._compare(path, dict(shown(path)))

    def convert(self, to: str) -> None:
        """Convert the documents with LibreOffice. What its PDF shows must be read in the originals too."""
        names = [sample.name for sample in self._samples.values()]
        chosen = [self._folder / name for name in names if to in _CONVERSIONS.get(name.rpartition(".")[2], ())]
        out = self._folder / f"to-{to}"
        out.mkdir(exist_ok=True)
        convert(chosen, to, out)
        for path in sorted(out.glob(f"*.{to}")):
            words = dict(shown(path))
            if to == "pdf":
                self._visible[path.stem] = words.get("pdftotext", set())
                self._compare(self._folder / self._samples[path.stem].name, {"LibreOffice": self._visible[path.stem]})
            if to in _FAITHFUL:
                words["LibreOffice"] = self._visible.get(path.stem, set())
            self._compare(path, words)

    def _compare(self, path: Path, words_by_program: dict[str, set[str]]) -> None:
        ours, failed = read(path.name, path.read_bytes())
        places = self._samples[path.stem].words
        for program, words in words_by_program.items():
            self.checked += len(words)
            for word in missing(words, ours) if not failed else ():
                place = next((place for known, place in places.items() if known[:9] == word[:9]), "?")
                self.defects[f"{path.suffix} {place}: {program} shows it"] += 1
                print("missed", path, word, place, program)


def main() -> int:
    """Make, convert, compare; returns 1 if there are defects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the files")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="differential-") as temporary:
        comparison = Comparison(given.keep or Path(temporary))
        comparison.make(given.seed, given.count)
        for to in _TARGETS:
            comparison.convert(to)
    for defect, number in comparison.defects.most_common():
        print(number, defect)
    defects = sum(comparison.defects.values())
    print(f"{comparison.checked} words shown by other programs, {defects} neither read nor reported")
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
