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


def compare(path: Path, defects: Counter[str], sample: Sample | None, source: str = "") -> int:
    """Compare one file. Returns the number of words that other programs showed."""
    ours, failed = read(path.name, path.read_bytes())
    count = 0
    for program, words in shown(path):
        count += len(words)
        for word in missing(words, ours):
            place = (sample.words.get(word) if sample else None) or "?"
            if not failed:
                defects[f"{path.suffix} {place}: {program} shows it{source}"] += 1
                print("missed", path, word, place, program)
    return count


def main() -> int:
    """Make, convert, compare; returns 1 if there are defects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the files")
    given = parser.parse_args()
    defects: Counter[str] = Counter()
    checked = 0
    with tempfile.TemporaryDirectory(prefix="differential-") as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        samples = [maker(seed) for maker in MAKERS for seed in range(given.seed, given.seed + given.count)]
        paths = []
        for sample in samples:
            path = folder / sample.name
            path.write_bytes(sample.data)
            paths.append(path)
            checked += compare(path, defects, sample)
            ours, failed = read(sample.name, sample.data)
            for word in sample.words.keys() - ours if not failed else ():
                defects[f"{path.suffix} {sample.words[word]}: in the file"] += 0  # perhaps no program shows it
        for to in ("pdf", "doc", "odt", "rtf", "docx", "epub", "xls", "ods", "ppt", "pptx", "odp"):
            chosen = [path for path in paths if to in _CONVERSIONS.get(path.suffix[1:], ())]
            out = folder / f"to-{to}"
            out.mkdir(exist_ok=True)
            convert(chosen, to, out)
            by_stem = {sample.name.rpartition(".")[0]: sample for sample in samples}
            for path in sorted(out.glob(f"*.{to}")):
                sample = by_stem[path.stem]
                checked += compare(path, defects, sample)
                if to in ("ppt", "pptx", "odp"):  # few programs read these: the words must have survived
                    ours, failed = read(path.name, path.read_bytes())
                    for word in missing(set(sample.words), ours) if not failed else ():
                        defects[f".{to} {sample.words[word]}: LibreOffice wrote it"] += 1
                if to == "pdf":  # what LibreOffice shows of the original
                    original = next(other for other in paths if other.stem == path.stem)
                    ours, failed = read(original.name, original.read_bytes())
                    for program, words in shown(path):
                        for word in missing(words, ours) if not failed else ():
                            defects[
                                f"{original.suffix} {sample.words.get(word)}: LibreOffice shows it ({program})"
                            ] += 1
                            print("missed", original, word)
    for defect, number in defects.most_common():
        print(number, defect)
    print(f"{checked} words shown by other programs, {sum(defects.values())} neither read nor reported")
    return 1 if sum(defects.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
