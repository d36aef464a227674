"""Rounds of faults under load. Every few rounds all must come to rest, and the ledger must be right."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from dataclasses import replace as replace_fields

from tests.chaos.faults import choose
from tests.chaos.ledger import TWICE, Ledger
from tests.chaos.site import Site
from tests.chaos.traffic import Traffic
from tests.stories.sample_mails import SampleMail, sample_mails

REST_EVERY = 25
STANDSTILL = 180.0
"""Seconds without any change, after the last fault, that are a failure unless every message has arrived or is held."""


def chosen_seed() -> int:
    """CHAPERONE_CHAOS_SEED, or a new one. A complete check of a commit meets the same faults each time."""
    if (chosen := os.environ.get("CHAPERONE_CHAOS_SEED")) is not None:
        return int(chosen)
    return 8 if os.environ.get("CHAPERONE_TEST_REQUIRE") == "all" else random.SystemRandom().randrange(1 << 32)


@dataclass(eq=False)
class Report:
    """What happened. `failures` is empty if the gateway did what it must."""

    seed: int
    failures: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Rounds:
    """Plays rounds on a site. The faults and the mail follow from the seed; the moments are the machine's."""

    def __init__(self, site: Site, store: str, seed: int, say: Callable[[str], None], *, verbose: bool = False) -> None:
        self._site, self._store, self._say = site, store, say
        self._verbose = verbose
        self._chance = random.Random(seed)
        self._traffic = Traffic(site.clients)
        self._ledger = Ledger(site, self._traffic)
        self._report = Report(seed)
        self._faults: list[tuple[float, str]] = []
        self._sent = 0

    def play(self, rounds: int, rest_every: int = REST_EVERY) -> Report:
        """Play rounds until the first failure."""
        for number in range(1, rounds + 1):
            self._round(number)
            if number % rest_every == 0 or number == rounds:
                self._rest(number)
            if self._failed():
                break
        self._traffic.stop()
        self._site.start_missing()
        self._sum_up()
        return self._report

    def _round(self, number: int) -> None:
        """Some messages, one or two faults at random moments, sometimes a reviewer."""
        mails = sample_mails(self._chance.randint(6, 14), self._chance.getrandbits(32))
        sender = threading.Thread(target=self._send, args=(mails, self._chance.uniform(0.5, 1.5)))
        sender.start()
        for _ in range(self._chance.choice((1, 1, 2))):
            threading.Event().wait(self._chance.uniform(0.0, 1.2))
            fault, lasting = choose(self._store, self._chance), self._chance.uniform(0.05, 2.0)
            begun = time.monotonic()
            with fault(self._site, self._chance) as what:
                self._faults.append((begun, f"round {number}: {what}"))
                if self._verbose:
                    self._say(f"round {number}: {what}")
                threading.Event().wait(lasting)
                if self._chance.random() < 0.2:
                    self._ledger.review(self._chance, 2)
            self._site.start_missing()
            if self._chance.random() < 0.8:  # else the next fault comes during the start
                self._site.wait_answering(20.0)
        sender.join()
        self._ledger.read_sink()

    def _send(self, mails: list[SampleMail], within: float) -> None:
        for mail in mails:
            self._sent += 1
            start = mail.content.index(b"Subject: ") + 9
            end = mail.content.index(b"\r\n", start)
            subject = f"{mail.content[start:end].decode()} ({self._sent})"
            content = mail.content[:start] + subject.encode() + mail.content[end:]
            self._traffic.send(replace_fields(mail, content=content), subject)
            threading.Event().wait(within / len(mails))

    def _rest(self, number: int) -> None:
        """Wait until everything is concluded."""
        self._site.wait_ready()
        begun = changed = time.monotonic()
        before = ""
        while (left := self._ledger.concluded()) and not self._failed():
            if left != before:
                before, changed = left, time.monotonic()
            if time.monotonic() - changed > STANDSTILL:
                self._report.failures.append(f"not concluded, and no change for {STANDSTILL:.0f} s: {left}")
                self._report.notes += self._ledger.traces()
                break
            self._site.start_missing()
            threading.Event().wait(0.2)
        self._ledger.review(self._chance, 1000)
        for line in self._twice_notes():
            if line not in self._report.notes:
                self._report.notes.append(line)
                self._say(line)
        self._say(
            f"round {number}: {self._ledger.accepted()} accepted, {len(self._ledger.twice())} twice, "
            f"at rest after {time.monotonic() - begun:.1f} s"
        )

    def _failed(self) -> bool:
        if self._ledger.faults or self._site.ended or self._ledger.refused():
            self._report.failures += self._ledger.faults + [f"ended by itself: {who}" for who in self._site.ended]
            self._report.failures += [
                f"never accepted: {offer.subject}: {offer.answer}" for offer in self._ledger.refused()
            ]
            return True
        return bool(self._report.failures)

    def _unforeseen(self) -> list[str]:
        """The errors that the gateway did not foresee, counted: each is a defect, whether or not a message suffered."""
        lines = [json.loads(line) for line in self._site.gateway.log.splitlines() if line.startswith(b'{"at"')]
        found = Counter(
            " ".join(str(line.get(name, "")) for name in ("event", "during", "where", "error"))
            for line in lines
            if line["event"] == "failed" or (line["event"], line["level"]) == ("library", "error")
        )
        return [f"{count} times unforeseen: {what}" for what, count in found.items()]

    def _twice_notes(self) -> list[str]:
        """Each message that arrived more than once, with the faults before and between."""
        offers = {offer.mail.message_id: offer for offer in self._traffic.offers}
        lines = []
        for id_, times in self._ledger.twice().items():
            offer = offers[id_]
            near = [f"{at - times[0]:+.1f} {what}" for at, what in self._faults if times[0] - 5 < at < times[-1]]
            lines.append(
                f"{len(times)} times within {times[-1] - times[0]:.1f} s: {offer.subject}, offered {offer.dots} "
                f"time(s), {offer.state}: {'; '.join(near[:6])}"
            )
        return lines

    def _sum_up(self) -> None:
        twice, accepted = self._ledger.twice(), self._ledger.accepted()
        self._report.notes += self._unforeseen()
        if len(twice) > max(1, accepted // TWICE):
            self._report.failures.append(f"{len(twice)} of {accepted} arrived twice")
        self._report.counts = {
            "accepted": accepted,
            "unknown": sum(offer.state == "unknown" for offer in self._traffic.offers),
            "released": len(self._ledger.sure),
            "rejected": len(self._ledger.rejected),
            "twice": len(twice),
            "faults": len(self._faults),
        }
        if self._report.failures:
            self._report.notes += [f"-{time.monotonic() - at:.1f} s {what}" for at, what in self._faults[-20:]]
