"""`python -m tests.differential.fuzz_files --count N` reads N mutated files, and hostile ones that grow."""

from __future__ import annotations

import argparse
import sys
import time

from classifiers.extract import documents
from classifiers.extract.readers.reading import ENCRYPTED, INCOMPLETE, PICTURED, TOO_LARGE, UNREADABLE
from tests.differential.file_mutations import GROWING, all_mutations
from tests.differential.fuzzing import count_wrong
from tests.growth import cpu_seconds

WORDS = {UNREADABLE, ENCRYPTED, TOO_LARGE, INCOMPLETE, PICTURED}
MAX_CHARACTERS = 200_000
_MAX_SECONDS = 3.0
"""CPU time for a megabyte."""


def check(name: str, data: bytes) -> str:
    """Read a file; returns what is wrong with the result, "" for nothing."""
    budget = documents.Budget(time.monotonic() + 5, MAX_CHARACTERS)
    text, failed = documents.extract_text("application/octet-stream", name, data, budget)
    if not set(failed) <= WORDS:
        return f"unknown words: {failed}"
    if len(text) + sum(map(len, budget.hidden)) > MAX_CHARACTERS + 20_000:
        return f"too much text: {len(text)} + {sum(map(len, budget.hidden))}"
    if not budget.accounts or budget.accounts[-1].size != len(data):
        return "no account"
    return "" if text.encode("utf-8", "strict") or not text else "not text"


def read_hostile(data: bytes) -> None:
    """Read a file of a kind that nothing says, without a limit of time that matters."""
    budget = documents.Budget(time.monotonic() + 600, MAX_CHARACTERS)
    documents.extract_text("application/octet-stream", "a.bin", data, budget)


def main() -> int:
    """Run; returns 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    wrong = count_wrong(all_mutations(given.seed, given.count), lambda file: _named(*file))
    for name in GROWING:
        took = cpu_seconds(read_hostile, GROWING[name](1_000_000))
        if took > _MAX_SECONDS:
            wrong[name] += 1
            print(f"{name}: {took:.1f} s for a megabyte")
    return 1 if wrong else 0


def _named(name: str, data: bytes) -> str:
    problem = check(name, data)
    return f"{name}: {problem}" if problem else ""


if __name__ == "__main__":
    sys.exit(main())
