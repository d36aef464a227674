"""How soon people are told of urgent holds, while a process is killed and the webhook's receiver is down for a while.

    python -m tests.bench.bench_urgent [--count 500] [--rate 10] [--down 300] [--seed 7]

Kafka, PostgreSQL, and two processes, each with every role but the console. One is killed, with its children, in the
middle of the first half, and started again. In the second half the receiver is down: it must get everything once.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.peers.kafka import running_kafka
from tests.peers.ports import free_port
from tests.peers.postgresql import running_postgresql
from tests.stories.gateway import Gateway, Process, gateway_folder
from tests.stories.recording_hop import recording_hop
from tests.stories.smtp import submit

_ROLES = ("smtp", "sms", "classify", "decide", "deliver")
_THREATS = (
    "I will bring a gun to school tomorrow and shoot you.", "Bring the money or I will kill you after class.",
    "I am going to stab you in the parking lot on Friday.", "I will shoot up the school on Monday and you die first.",
)  # fmt: skip
_FROM, _TO = "peter.lindgren@riverbend.example", "maya.lindqvist@students.riverbend.example"
_LIMIT = 15.0
"""Seconds from a decision to its notice, at the 99th percentile."""
_PATIENCE = 600.0


class Receiver:
    """The district's receiver of webhooks. `first` has the time of the first notice of each message that it took."""

    def __init__(self) -> None:
        self.down = False
        self.first: dict[str, float] = {}
        self.taken: Counter[str] = Counter()
        self.refused = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """Takes a notice, unless the receiver is down."""

            def do_POST(self) -> None:
                """See BaseHTTPRequestHandler."""
                notice = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if receiver.down:
                    receiver.refused += 1
                    self.send_response(503)
                else:
                    receiver.first.setdefault(notice["message"], time.time())
                    receiver.taken[notice["id"]] += 1
                    self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def send(doors: list[int], count: int, rate: float, seeded: random.Random, at_half: Any = None) -> None:
    """Send messages at a rate to both processes, and again where one does not answer."""
    start = time.monotonic()
    for number in range(count):
        if at_half is not None and number == count // 2:
            at_half()
        head = f"From: {_FROM}\r\nTo: {_TO}\r\nSubject: {number}\r\nMessage-ID: <{seeded.getrandbits(64):x}@x.example>"
        content = f"{head}\r\n\r\n{seeded.choice(_THREATS)} {seeded.getrandbits(40):x}\r\n".encode()
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            with suppress(OSError):
                if submit(seeded.choice(doors), _FROM, [_TO], content) == 250:
                    break
            time.sleep(0.05)
        time.sleep(max(start + (number + 1) / rate - time.monotonic(), 0.0))


def holds(gateway: Gateway) -> dict[str, float]:
    """When each message was held, by the logs of all processes."""
    found: dict[str, float] = {}
    for line in gateway.log.splitlines():
        with suppress(ValueError):
            row = json.loads(line)
            if row.get("event") == "decided" and row.get("action") == "hold":
                found.setdefault(row["id"], datetime.fromisoformat(row["at"]).timestamp())
    return found


def wait(gateway: Gateway, receiver: Receiver, count: int) -> None:
    """Until so many messages are held and told of, or patience ends."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and min(len(holds(gateway)), len(receiver.first)) < count:
        time.sleep(1.0)


def main() -> int:
    """Run, print, and return 1 if a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_urgent", description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--down", type=float, default=300.0, help="seconds for which the receiver is down")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    seeded, receiver = random.Random(options.seed), Receiver()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "broker").mkdir()
        (folder / "data").mkdir()
        database = stack.enter_context(running_postgresql(folder / "data")).database()
        broker = stack.enter_context(running_kafka(folder / "broker"))
        hop = stack.enter_context(recording_hop())
        settings = (
            'notify.to = ["safety@riverbend.example"]',
            f'notify.webhook = {{ url = "{receiver.url}", secret = "a secret of the bench" }}',
            'policy.verdict_timeout = "600s"',
        )
        gateway = stack.enter_context(
            gateway_folder(
                folder, f"127.0.0.1:{hop.port}", bus=f"kafka://{broker.bootstrap}", store=database, settings=settings
            )
        )
        doors = [free_port(), free_port()]

        def start(door: int) -> Process:
            return gateway.start(*_ROLES, CHAPERONE_SMTP__LISTEN=f'["127.0.0.1:{door}"]')

        processes = [start(door) for door in doors]

        def kill() -> None:
            processes[0].kill()
            gateway.processes.remove(processes[0])
            threading.Thread(target=lambda: processes.__setitem__(0, start(doors[0])), daemon=True).start()

        send(doors, options.count, options.rate, seeded, kill)
        wait(gateway, receiver, options.count)
        decided = holds(gateway)
        seconds = sorted(max(receiver.first[id_] - at, 0.0) for id_, at in decided.items() if id_ in receiver.first)
        untold = decided.keys() - receiver.first.keys()
        p99 = quantiles(seconds, n=100)[98]
        print(f"{options.count} urgent messages, {len(decided)} held, {len(untold)} not told of; --seed {options.seed}")
        print(f"from decision to notice: median {median(seconds):.1f} s, p99 {p99:.1f} s, longest {seconds[-1]:.1f} s")
        by_kill = sum(number > 1 for number in receiver.taken.values())
        print(f"{by_kill} notices came again with the same id, because the process was killed before it recorded them")
        before, few = set(receiver.taken), max(options.count // 10, 5)
        receiver.down = True
        send(doors, few, options.rate, seeded)
        time.sleep(options.down)
        receiver.down = False
        wait(gateway, receiver, options.count + few)
        twice = [id_ for id_, number in receiver.taken.items() if number > 1 and id_ not in before]
        missed = holds(gateway).keys() - receiver.first.keys()
        print(f"receiver down for {options.down:.0f} s: {receiver.refused} refused, then {few} messages; "
              f"{len(missed)} missed, {len(twice)} notices came twice")  # fmt: skip
    ok = not untold and not missed and not twice and p99 < _LIMIT and len(decided) >= options.count * 0.99
    print("passed" if ok else "FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    raise SystemExit(main())
