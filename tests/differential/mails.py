"""Compares our reading of mails with the parsers by others, on real mails and on seeded mutations of them.

`python -m tests.differential.mails FOLDER [FOLDER ...]` reads every file below the folders as a mail. Without a folder
it uses mails that the standard library ships for its own tests. `--count N` reads N mutations of mails that it chooses
at random instead of all mails and some mutations of each. It prints the words that a parser shows and that we
neither read nor call not read, and returns 1 if there are any. Parsers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from tests.differential.comparison import Difference, difference, read_by_us
from tests.differential.mutations import mutate
from tests.differential.parsers import PARSERS, ParserProcess, Shown

MAX_MUTATED = 60_000
"""Bytes of a mail that is mutated. The longest ones are files, which other comparisons cover."""
_BATCH = 100
_REPORT_EVERY = 1000
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


def mutated_mails(mails: Sequence[tuple[str, bytes]], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Mutations of mails that are chosen at random, each with its number and the name of its mail."""
    chosen = random.Random(str(seed))
    for number in range(count):
        name, mail = chosen.choice(mails)
        yield f"{number} of {name}", mutate(random.Random(f"{seed} {number}"), mail[:MAX_MUTATED])


def compare(
    mails: Sequence[tuple[str, bytes]], mutations: int, seed: int, names: Sequence[str] = ()
) -> Iterator[tuple[str, bytes, Difference]]:
    """The differences, each with the name and the content of its mail. `names`: the parsers, all by default."""
    return differences(
        (
            (name, content)
            for name, mail in mails
            for rng in [random.Random(f"{seed} {name}")]
            for content in (mail, *(mutate(rng, mail) for _ in range(mutations)))
        ),
        names,
    )


def differences(
    mails: Iterable[tuple[str, bytes]], names: Sequence[str] = ()
) -> Iterator[tuple[str, bytes, Difference]]:
    """The differences in mails as they are. All parsers read at the same time, many mails in turn."""
    chosen = [parser for parser in PARSERS if parser.is_installed and (not names or parser.name in names)]
    remaining = iter(mails)
    with ExitStack() as stack:
        processes = [ParserProcess(parser) for parser in chosen]
        for process in processes:
            stack.callback(process.close)
        pool = stack.enter_context(ThreadPoolExecutor(max(1, len(processes))))
        while batch := list(islice(remaining, _BATCH)):
            contents = [content for _, content in batch]
            answers = [pool.submit(_shown_by, process, contents) for process in processes]
            ours = [read_by_us(content) for content in contents]
            shown = [answer.result() for answer in answers]
            for number, (name, content) in enumerate(batch):
                for process, texts in zip(processes, shown, strict=True):
                    found = difference(process.program.name, texts[number], ours[number])
                    if found is not None:
                        yield name, content, found
        if unanswered := {process.program.name: process.unanswered for process in processes if process.unanswered}:
            print(f"mails without an answer: {unanswered}", flush=True)


def _shown_by(process: ParserProcess, contents: Sequence[bytes]) -> list[Shown]:
    return list(process.show_all(contents))


def _reported(mails: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for number, mail in enumerate(mails, start=1):
        yield mail
        if number % _REPORT_EVERY == 0:
            print(f"{number} mails were read", flush=True)


def main() -> int:
    """Compare and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--mutations", type=int, default=15, help="mutations of each mail")
    parser.add_argument("--count", type=int, default=0, help="mutations of mails chosen at random, instead")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=0, help="mails, at most")
    parser.add_argument("--keep", type=Path, help="a folder for the mails with differences")
    options = parser.parse_args()
    mails = list(contents(options.folders)) if options.folders else mails_of_the_standard_library()
    mails = mails[: options.limit or None]
    missing = [program.name for program in PARSERS if not program.is_installed]
    mutations = f"{options.count} mutations" if options.count else f"{options.mutations} mutations each"
    print(f"{len(mails)} mails, {mutations}" + (f", without {missing}" if missing else ""), flush=True)
    counts: Counter[str] = Counter()
    if options.count:
        found_differences = differences(_reported(mutated_mails(mails, options.count, options.seed)))
    else:
        found_differences = compare(mails, options.mutations, options.seed)
    for number, (name, content, found) in enumerate(found_differences):
        counts[found.parser] += 1
        print(f"{name}: {found.parser} shows {', '.join(found.words[:6])}", flush=True)
        if options.keep is not None:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{number}.eml").write_bytes(content)
    print(f"differences: {sum(counts.values())} {dict(counts)}")
    return 1 if counts else 0


if __name__ == "__main__":
    sys.exit(main())
