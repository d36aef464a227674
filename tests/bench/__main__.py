"""The benchmark: messages per second, CPU per message and delays, compared with Postfix and rspamd.

    python -m tests.bench [--chains postfix,rspamd,scope] [--seconds 12] [--rounds 1]

Source, sink and chain share the cores of this machine. Chains run one at a time in two phases: as fast as 20
connections allow, then at a steady rate. Rates depend on the load of the machine; CPU per message is more reliable.
Compare only figures of one run.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy

from tests.bench import corpus, meter
from tests.bench.chains import CHAINS, DEFAULT, Chain, Mails, Running
from tests.bench.ledger import Ledger
from tests.bench.smtp_sink import running_sink
from tests.bench.smtp_source import Load, Sender, running_source

_WARM = 2.0  # seconds of load before measuring
_SETTLE = 1.0  # seconds after the last arrival, for remaining work
_ARRIVE = 120.0
_CEILING = 4.0
_PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of one chain: messages per second, CPU ms of the chain per message, delays in ms.

    `others` is the share of the machine used by other processes. `lost` messages never arrived; `twice` counts those
    that arrived more than once.
    """

    rate: float
    cpu: float
    p50: float
    p95: float
    p99: float
    count: float
    refused: float
    lost: float
    twice: float
    others: float


@dataclass(frozen=True, slots=True)
class Bench:
    """What the phases share. `numbers` holds the number of the next message."""

    ledger: Ledger
    sender: Sender
    own_processes: tuple[int, ...]
    connections: int
    numbers: list[int]

    def phase(self, running: Running, mails: Sequence[corpus.Mail], seconds: float, rate: float = 0.0) -> Phase:
        """Send for a number of seconds, wait until everything arrived, and measure."""
        ledger, first = self.ledger, self.numbers[0]
        began, chain, ours, busy = (
            time.monotonic(),
            meter.cpu(running.roots()),
            meter.cpu(self.own_processes),
            meter.busy(),
        )
        sent = self.sender.send(Load(running.port, mails, first, seconds, rate, self.connections))
        self.numbers[0] = sent.behind
        end = time.monotonic() + _ARRIVE
        while (waiting := ledger.open_messages(first, sent.behind)) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(_SETTLE)
        spent, took = meter.cpu(running.roots()) - chain, time.monotonic() - began
        others = meter.busy() - busy - spent - (meter.cpu(self.own_processes) - ours)
        delays = ledger.delays(first, sent.behind)
        count = max(len(delays), 1)
        last, start = ledger.arrived[first : sent.behind].max(initial=0), ledger.sent[first]
        percentiles = numpy.percentile(delays * 1000, _PERCENTILES) if len(delays) else (0.0, 0.0, 0.0)
        return Phase(
            len(delays) / max(last - start, 0.001), spent * 1000 / count, *map(float, percentiles), len(delays),
            sent.refusals.total(), waiting, numpy.count_nonzero(ledger.copies[first : sent.behind] > 1),
            others / took / len(meter.cores()),
        )  # fmt: skip


def measure(
    chain: Chain, bench: Bench, sink: int, mails: Mails, options: argparse.Namespace
) -> tuple[Phase, Phase, float]:
    """Start, warm up and measure one chain: at full speed, at the steady rate, and its memory in MB."""
    mails_to_send = mails.outside if chain.outside else mails.within
    bare = chain.name == "ceiling"
    with chain.run(sink) as running:
        bench.phase(running, mails_to_send, min(_WARM, options.seconds))
        flat_out = bench.phase(running, mails_to_send, min(_CEILING, options.seconds) if bare else options.seconds)
        memory = meter.resident(running.roots())
        steady = bench.phase(running, mails_to_send, options.steady, options.rate)
    return flat_out, steady, memory


def show(chains: Sequence[Chain], results: dict[str, list[tuple[Phase, Phase, float]]], rate: float) -> None:
    """Print the table, with medians of several rounds."""
    titles = ("chain", "msg/s", "CPU ms", "p50", "p95", "p99", f"CPU ms@{rate:g}", "p50", "p95", "p99", "MB", "others")
    print(f"\n{'':38}{'flat out':>8}{'delay ms':>28}   at {rate:g}/s{'delay ms':>19}")
    print(f"{titles[0]:<38}{titles[1]:>8}" + "".join(f"{title:>8}" for title in titles[2:]))
    for chain in chains:
        rounds = results.get(chain.name, [])
        if not rounds:
            print(f"{chain.title:<38}{chain.missing()}")
            continue
        flat_out, steady = (_median([result[at] for result in rounds]) for at in (0, 1))
        memory = statistics.median(result[2] for result in rounds)
        print(
            f"{chain.title:<38}{flat_out.rate:8.0f}{flat_out.cpu:8.2f}"
            f"{flat_out.p50:8.1f}{flat_out.p95:8.1f}{flat_out.p99:8.1f}"
            f"{steady.cpu:8.2f}{steady.p50:8.1f}{steady.p95:8.1f}{steady.p99:8.1f}{memory:8.0f}"
            f"{max(flat_out.others, 0):8.0%}"
        )
        for phase in (flat_out, steady):
            problems = {"refused": phase.refused, "lost": phase.lost, "twice": phase.twice}
            if any(problems.values()):
                print(f"{'':38}  of {phase.count:.0f}: " + ", ".join(f"{problems[word]:g} {word}" for word in problems))


def _median(phases: Sequence[Phase]) -> Phase:
    return Phase(*(statistics.median(getattr(phase, field.name) for phase in phases) for field in fields(Phase)))


def compare(results: dict[str, list[tuple[Phase, Phase, float]]]) -> None:
    """Print the rates of the product relative to those of the other chains in this run."""
    rates = {name: statistics.median(result[0].rate for result in rounds) for name, rounds in results.items()}
    for own, peer, title, target in (
        ("pass", "postfix", "passed through, to Postfix", 1.0),
        ("pass2", "postfix", "passed through in 2 workers, to Postfix", 1.0),
        ("scope", "rspamd", "in scope, to Postfix + rspamd", 0.5),
    ):
        if own in rates and peer in rates:
            print(f"{title}: {rates[own] / rates[peer]:.2f} (target: {target:g})")


def main(options: argparse.Namespace) -> None:
    """Measure the chains named on the command line."""
    known = {chain.name: chain for chain in CHAINS}
    unknown = [name for name in options.chains if name not in known]
    if unknown:
        raise SystemExit(f"--chains: no chain is called {', '.join(unknown)}; there are {', '.join(known)}")
    chains = [known[name] for name in options.chains]
    for line in meter.machine():
        print(line)
    within = corpus.in_scope()
    mails = Mails(within, corpus.out_of_scope(within))
    print(f"{corpus.described(within)}; {options.connections} connections", flush=True)
    results: dict[str, list[tuple[Phase, Phase, float]]] = {}
    with contextlib.ExitStack() as up:
        folder = Path(up.enter_context(tempfile.TemporaryDirectory()))
        ledger = Ledger(folder / "ledger")
        sink, sink_pid = up.enter_context(running_sink(ledger))
        sender = up.enter_context(running_source(ledger))
        bench = Bench(ledger, sender, (sink_pid, sender.pid), options.connections, [0])
        for number in range(options.rounds):
            for chain in chains:
                if missing := chain.missing():
                    print(f"skipped: {chain.title}: {missing}")
                    continue
                result = measure(chain, bench, sink, mails, options)
                results.setdefault(chain.name, []).append(result)
                print(
                    f"round {number + 1}: {chain.title}: {result[0].rate:.0f} msg/s, {result[0].cpu:.2f} ms", flush=True
                )
    show(chains, results, options.rate)
    compare(results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").split("\n")[0])
    names = ", ".join(chain.name for chain in CHAINS)
    parser.add_argument(
        "--chains", type=lambda text: text.split(","), default=list(DEFAULT), metavar="NAME,…", help=f"of {names}"
    )
    parser.add_argument("--seconds", type=float, default=12.0, help="seconds at full speed, for each chain")
    parser.add_argument("--steady", type=float, default=15.0, help="seconds of sending at the steady rate")
    parser.add_argument("--rate", type=float, default=20.0, help="the steady rate, in mails per second")
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1, help="the table then shows medians")
    main(parser.parse_args())
