"""Compares our reading of mails with the parsers by others, on real mails and on seeded mutations of them.

`python -m tests.differential.mails FOLDER [FOLDER ...]` reads every file below the folders as a mail. Without a folder
it uses mails that the standard library ships for its own tests. It prints the words that a parser shows and that we
neither read nor call not read, and returns 1 if there are any. Parsers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.differential.comparison import Difference, difference, read_by_us
from tests.differential.mutations import mutate
from tests.differential.parsers import PARSERS, ParserProcess

_LINE_END = re.compile(rb"\r\n|\r|\n")


def contents(folders: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each mail, without its mbox separator, with CRLF line ends."""
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = _LINE_END.sub(b"\r\n", file.read_bytes())
            if content.startswith(b"From "):
                content = content.partition(b"\r\n")[2]
            if content and b"\0" not in content[:100]:
                yield str(file), content


def mails_of_the_standard_library() -> list[tuple[str, bytes]]:
    """The mails that Python's own tests of `email` use; none where Python is installed without its tests."""
    return list(contents([Path(sys.modules["email"].__file__ or "").parents[1] / "test/test_email/data"]))


def compare(
    mails: Sequence[tuple[str, bytes]], mutations: int, seed: int, names: Sequence[str] = ()
) -> Iterator[tuple[str, bytes, Difference]]:
    """The differences, each with the name and the content of its mail. `names`: the parsers, all by default."""
    chosen = [parser for parser in PARSERS if parser.is_installed and (not names or parser.name in names)]
    with ExitStack() as stack:
        processes = [ParserProcess(parser) for parser in chosen]
        for process in processes:
            stack.callback(process.close)
        for name, mail in mails:
            rng = random.Random(f"{seed} {name}")
            for content in (mail, *(mutate(rng, mail) for _ in range(mutations))):
                ours = read_by_us(content)
                for process in processes:
                    found = difference(process.program.name, process.show(content), ours)
                    if found is not None:
                        yield name, content, found


def main() -> int:
    """Compare and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--mutations", type=int, default=15, help="mutations of each mail")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=0, help="mails, at most")
    parser.add_argument("--keep", type=Path, help="a folder for the mails with differences")
    options = parser.parse_args()
    mails = list(contents(options.folders)) if options.folders else mails_of_the_standard_library()
    mails = mails[: options.limit or None]
    missing = [program.name for program in PARSERS if not program.is_installed]
    print(f"{len(mails)} mails, {options.mutations} mutations each" + (f", without {missing}" if missing else ""))
    counts: Counter[str] = Counter()
    for number, (name, content, found) in enumerate(compare(mails, options.mutations, options.seed)):
        counts[found.parser] += 1
        print(f"{name}: {found.parser} shows {', '.join(found.words[:6])}", flush=True)
        if options.keep is not None:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{number}.eml").write_bytes(content)
    print(f"differences: {sum(counts.values())} {dict(counts)}")
    return 1 if counts else 0


if __name__ == "__main__":
    sys.exit(main())
