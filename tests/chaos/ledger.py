"""What was accepted, decided and received, and whether it agrees."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.chaos.site import Site
from tests.chaos.traffic import Offer, Traffic
from tests.stories.prepended_fields import split_prepended
from tests.stories.recording_hop import ReceivedMail

TWICE = 2000  # at most one message in so many may arrive twice
_MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE)


@dataclass(eq=False)
class Ledger:
    """Follows every message. `faults` are lines that say what went wrong with the gateway."""

    site: Site
    traffic: Traffic
    released: set[str] = field(default_factory=set)  # subjects that a reviewer wanted to release, with whatever answer
    rejected: set[str] = field(default_factory=set)  # subjects whose rejection was answered 200
    sure: set[str] = field(default_factory=set)  # subjects whose release was answered 200
    unsure: set[str] = field(default_factory=set)  # subjects with a decision that was not answered 200
    ids: set[str] = field(default_factory=set)  # of the messages whose rejection was asked for
    faults: list[str] = field(default_factory=list)
    arrivals: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _read: int = 0

    def read_sink(self) -> None:
        """Check what has arrived since the last call: known, unchanged, and not undecided."""
        offers = {offer.mail.message_id: offer for offer in list(self.traffic.offers)}
        received = self.site.hop.received
        while self._read < len(received):
            arrived = received[self._read]
            self._read += 1
            found = _MESSAGE_ID.search(arrived.content)
            offer = offers.get(found[1].decode() if found else "")
            if b"FROM:<>" in arrived.sender and self._is_notice(arrived, offers.values()):
                continue
            if offer is None:
                start = arrived.content[:2000].decode(errors="replace")
                self.faults.append(f"something arrived that nobody sent: {arrived.sender!r} {start}")
                continue
            mail = offer.mail
            self.arrivals[mail.message_id].append(arrived.at)
            if split_prepended(arrived.content)[1] != mail.content:
                self.faults.append(f"changed: {offer.subject}")
            if f"<{mail.recipient}>".encode() not in b"".join(arrived.recipients):
                self.faults.append(f"wrong recipient: {offer.subject}")
            if offer.must_be_held and offer.subject not in self.released:
                self.faults.append(f"leaked: {offer.subject}")
            if offer.subject in self.rejected:
                self.faults.append(f"delivered after its rejection: {offer.subject}")

    def _is_notice(self, arrived: ReceivedMail, offers: Iterable[Offer]) -> bool:
        """Whether it tells the sender of a message that it waits, is released, or was rejected by a reviewer."""
        if any(id_.encode() in arrived.content for id_ in self.ids):
            return True
        senders = {f"<{offer.mail.sender}>".encode() for offer in offers if offer.must_be_held}
        return (
            b"\r\nAuto-Submitted: auto-replied\r\n" in arrived.content
            and b"/mine\r\n" in arrived.content  # where senders see their own messages
            and all(any(sender in recipient for sender in senders) for recipient in arrived.recipients)
        )

    def missing(self) -> list[Offer]:
        """Accepted messages that must have arrived and have not."""
        return [
            offer for offer in self.traffic.offers
            if offer.state == "accepted" and not self.arrivals.get(offer.mail.message_id)
            and (not offer.must_be_held or offer.subject in self.sure)
        ]  # fmt: skip

    def not_held(self) -> list[Offer]:
        """Accepted messages that must be held, and neither are nor were decided. Asks the console."""
        held = self.held()
        if held is None:
            return []
        decided = self.released | self.rejected | self.unsure
        return [
            offer for offer in self.traffic.offers
            if offer.state == "accepted" and offer.must_be_held and offer.subject not in held.keys() | decided
        ]  # fmt: skip

    def held(self) -> dict[str, str] | None:
        """Subject and id of the held messages; None if the console does not answer."""
        rows: dict[str, str] = {}
        cursor = ""
        while True:
            status, page = self.site.api(f"/held?limit=200{f'&cursor={cursor}' if cursor else ''}")
            if status != 200:
                return None
            rows |= {row["subject"]: row["id"] for row in page["items"]}
            if not (cursor := page["next"]):
                return rows

    def review(self, chance: random.Random, most: int) -> None:
        """Decide some held messages, as a reviewer would at any moment."""
        held, prohibited = self.held(), {offer.subject for offer in self.traffic.offers if offer.must_be_held}
        subjects = sorted((held or {}).keys() & prohibited)
        for subject in chance.sample(subjects, min(most, len(subjects))):
            assert held is not None
            action = chance.choices(("release", "reject", "leave"), (3, 6, 1))[0]
            if action == "leave":
                continue
            if action == "release":
                self.released.add(subject)
            else:
                self.ids.add(held[subject])
            status, _ = self.site.api(f"/messages/{held[subject]}/{action}", {"reason": "chaos"})
            if status == 200:
                (self.sure if action == "release" else self.rejected).add(subject)
            else:  # it may have been decided
                self.unsure.add(subject)

    def concluded(self) -> str:
        """What is not concluded yet; "" if nothing is."""
        self.read_sink()
        if waiting := self.traffic.waiting():
            return f"{waiting} not answered"
        if missing := self.missing():
            return f"{len(missing)} have not arrived: {missing[0].subject}"
        if not_held := self.not_held():
            return f"{len(not_held)} are not held: {not_held[0].subject}"
        for name in ("unpublished_messages", "unanswered_messages", "deferred_recipients"):
            if left := self._largest(f"chaperone_{name}"):
                return f"{name}: {left:.0f}"
        return ""

    def traces(self) -> list[str]:
        """Where the messages are that are not concluded."""
        cli = self.site.gateway.cli
        return [
            f"{offer.subject}: {cli('trace', '--message-id', offer.mail.message_id, '--json', code=None)}"
            for offer in [*self.missing(), *self.not_held()][:5]
        ]

    def _largest(self, metric: str) -> float:
        """The largest value of a metric over all processes."""
        found = 0.0
        for member in self.site.members:
            if member.process is not None and member.process.popen.poll() is None:
                try:
                    text = member.process.text()
                except OSError:
                    return 1.0
                values = re.findall(rf"^{metric}(?:\{{[^}}]*\}})? (\S+)", text, re.MULTILINE)
                found = max([found, *map(float, values)])
        return found

    def twice(self) -> dict[str, list[float]]:
        """Messages that arrived more than once, and when."""
        return {id_: times for id_, times in self.arrivals.items() if len(times) > 1}

    def refused(self) -> list[Offer]:
        """Messages that were never accepted although they were offered for minutes."""
        return [offer for offer in self.traffic.offers if offer.state == "refused"]

    def accepted(self) -> int:
        """How many messages were answered 250."""
        return sum(offer.state == "accepted" for offer in self.traffic.offers)
