"""Texts per second over SMPP, embedded, with the shipped classifier, and the delay added to passed-through texts.

    python -m tests.bench.bench_texts [--texts 3000] [--window 40]

In scope: from the first submit_sm of an application to the last part at the SMSC, with a verdict for each text.
Passed through: the time of single submit_sm requests, directly to the SMSC and through the gateway. Application, SMSC
and gateway share the cores of this machine.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from gateway.core.channels.smpp_pdu import Command
from tests.bench import meter
from tests.peers.smpp_ends import Esme, Smsc, body, esme, smsc
from tests.relays.sms_gateway import OUTSIDE_PHONE, SmsGateway, run_sms_gateway
from tests.stories.sample_mails import CLEAN

STAFF = tuple((f"s-{number:02d}", f"+151555501{number:02d}") for number in range(6, 14))
STUDENTS = tuple((f"k-{number:02d}", f"+151555502{number:02d}") for number in range(1, 19))
TARGET_RATE = 150.0
TARGET_DELAY = 2.0


def in_scope(made: SmsGateway, upstream: Smsc, texts: int, window: int) -> tuple[float, float, float]:
    """Texts per second, CPU ms of the gateway per text, and the median delay in ms from submission to arrival."""
    pairs = itertools.cycle([(line, phone) for _, phone in STUDENTS for _, line in STAFF])
    bodies = [
        body(line, phone, f"{CLEAN[number % len(CLEAN)][1]} No {number}.".encode())
        for number, (line, phone) in zip(range(texts), pairs, strict=False)
    ]
    submitted: dict[bytes, float] = {}
    arrived: dict[bytes, float] = {}
    done = threading.Event()

    def on_accepted(_end: object, _name: str, pdu: object) -> None:
        arrived[pdu.body] = time.monotonic()  # type: ignore[attr-defined]
        if len(arrived) == texts:
            done.set()

    upstream.on_accepted = on_accepted
    (process,) = made.gateway.processes
    spent = meter.cpu([process.popen.pid])
    with esme(made.port) as app:
        began = time.monotonic()
        for at in range(0, texts, window):
            waiting = []
            for content in bodies[at : at + window]:
                submitted[content] = time.monotonic()
                waiting.append(app.end.start(Command.SUBMIT_SM, content))
            for response in waiting:
                answer = response.get(timeout=60)
                assert answer is not None
                assert answer.status == 0
        if not done.wait(300):
            print(f"  {texts - len(arrived)} did not arrive (held or lost)")
        took = max(arrived.values()) - began
    cpu = (meter.cpu([process.popen.pid]) - spent) * 1000 / texts
    delays = [(arrived[content] - submitted[content]) * 1000 for content in arrived]
    return len(arrived) / took, cpu, statistics.median(delays)


def one_by_one(app: Esme, texts: int) -> Sequence[float]:
    """Milliseconds for each of a number of texts out of scope, sent one by one."""
    taken = []
    content = body(STAFF[0][1], OUTSIDE_PHONE, b"Your order is ready at the office.")
    for _ in range(texts):
        began = time.monotonic()
        assert app.submit(content).status == 0
        taken.append((time.monotonic() - began) * 1000)
    return taken


def main(options: argparse.Namespace) -> None:
    """Measure both and print them with their targets."""
    for line in meter.machine():
        print(line)
    phones = [(id_, "district_phone", line) for id_, line in STAFF] + [(id_, "phone", each) for id_, each in STUDENTS]
    with (
        tempfile.TemporaryDirectory() as folder,
        smsc() as upstream,
        smsc() as direct_smsc,
        run_sms_gateway(Path(folder), upstream, phones=phones) as made,
    ):
        in_scope(made, upstream, 200, options.window)  # warm
        rate, cpu, delay = in_scope(made, upstream, options.texts, options.window)
        with esme(made.port) as app, esme(direct_smsc.port, "us", "smsc-pw") as direct:
            one_by_one(app, 200), one_by_one(direct, 200)
            through, plain = one_by_one(app, 2000), one_by_one(direct, 2000)
    p50, p95 = ([statistics.quantiles(times, n=100)[at] for times in (through, plain)] for at in (49, 94))
    print(
        f"in scope: {rate:.0f} texts/s (target: {TARGET_RATE:g}/s), {cpu:.2f} CPU ms per text, "
        f"median delay {delay:.0f} ms"
    )
    print(
        f"passed through: p50 {p50[0]:.2f} ms, directly to the SMSC {p50[1]:.2f} ms: adds {p50[0] - p50[1]:.2f} ms "
        f"(target: at most {TARGET_DELAY:g}); p95 {p95[0]:.2f} and {p95[1]:.2f} ms"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.bench_texts", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--texts", type=int, default=3000)
    parser.add_argument("--window", type=int, default=40, help="submissions without a response at a time")
    main(parser.parse_args())
