"""Plays rounds of faults: `python -m tests.chaos --rounds 1000 --seed 7 --store postgresql`."""

from __future__ import annotations

import argparse
import faulthandler
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.rounds import Rounds
from tests.chaos.site import SITES


def main() -> int:
    """Play on one store, or on both; returns 1 after a failure. SIGUSR1 prints where it is."""
    faulthandler.register(signal.SIGUSR1)
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--store", choices=sorted(SITES), action="append")
    parser.add_argument("--verbose", action="store_true", help="print every fault")
    options = parser.parse_args()
    return max([play(store, options) for store in options.store or sorted(SITES)])


def play(store: str, options: argparse.Namespace) -> int:
    """Play on one store and print what happened."""
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{store}-"))
    started = time.monotonic()
    print(f"{store}: {options.rounds} rounds, --seed {options.seed}, log {folder}/serve.log", flush=True)

    def say(text: str) -> None:
        print(f"{store}: {time.monotonic() - started:6.0f} s {text}", flush=True)

    with SITES[store](folder) as site:
        report = Rounds(site, store, options.seed, say, verbose=options.verbose).play(options.rounds)
    for line in (*report.notes, *report.failures):
        print(f"{store}: {line}")
    say(", ".join(f"{count} {name}" for name, count in report.counts.items()))
    print(f"{store}: {'FAILED' if report.failures else 'passed'}", flush=True)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
