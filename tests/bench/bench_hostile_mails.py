"""How long a call for help and other sessions wait behind hostile mails, and beside a hostile file.

    python -m tests.bench.bench_hostile_mails [--count 50] [--seed 20] [--rounds 1]

Source, probe and gateway share the cores of this machine. Ends with 1 if a wait is longer than promised.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.operations.hostile_load import (
    CALL,
    OTHER_STUDENT,
    STUDENT,
    TEACHER,
    attacked_gateway,
    call_behind,
    seconds_to_alert,
)
from tests.operations.hostile_mails import with_hostile_file

_TO_ALERT, _OF_A_SESSION = 5.0, 0.1
"""Seconds that are promised."""


def main() -> int:
    """Run; returns 1 if a wait is longer than promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    is_late = False
    for number in range(given.rounds):
        with tempfile.TemporaryDirectory() as folder, attacked_gateway(Path(folder)) as gateway:
            for sender, recipient in ((TEACHER, STUDENT), (OTHER_STUDENT, TEACHER)):
                waits = call_behind(gateway, sender, recipient, given.count, given.seed + number)
                print(
                    f"behind {given.count} of {sender}: alert after {waits.alert:.2f} s, longest wait of a session "
                    f"{waits.session * 1000:.0f} ms, largest process {waits.memory >> 20} MiB",
                    flush=True,
                )
                is_late |= waits.alert > _TO_ALERT or waits.session > _OF_A_SESSION
            beside = seconds_to_alert(gateway, with_hostile_file(STUDENT, TEACHER, CALL, "beside"))
            print(f"beside a hostile file: alert after {beside:.2f} s", flush=True)
            is_late |= beside > _TO_ALERT
    return 1 if is_late else 0


if __name__ == "__main__":
    sys.exit(main())
