"""Notification: what must follow a change of state, carried out until done: decision records, alerts, bounces.

Each followup is a row that was written with the change. Doing it twice does no harm: a record carries the id of its
decision, and a message of ours has an id made of its followup's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.core.channels.capabilities import MAIL, DeliveryStatus, StatusWriter
from gateway.core.channels.registry import capabilities_of
from gateway.core.messages.message import (
    Envelope,
    Message,
    Recipient,
    sha256_of,
)
from gateway.core.messages.parties import Relation
from gateway.core.mime.headers import HeaderSection
from gateway.core.notices.bounce import bounce_content
from gateway.core.notices.mail_headers import mail_parameters
from gateway.core.notices.notice import notice_content
from gateway.core.policy.authorization import ConsoleDirectory, addresses_without_parties
from gateway.core.policy.decision import AuditEntry, Followup, FollowupKind
from gateway.core.serialization.json_fields import to_json
from gateway.observability.events import EventLog
from gateway.ports.bus import Bus, BusDown, Record
from gateway.ports.clock import StoreClock
from gateway.ports.messages import FollowupStore, OutboxStore, StoreDown
from gateway.ports.review import LookupStore
from gateway.stages.wakeup import Wakeup

_ABOUT_PEOPLE = frozenset({FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN, FollowupKind.LATE})
_BATCH = 64
_LEASE = 60.0
_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class NoticeConfig:
    """Who writes our own messages, and to whom: addresses, the console's URL for links, our host name."""

    sender: str
    to: tuple[str, ...]
    console_url: str
    hostname: str
    district: str
    time_zone: str


class Notification:
    """Carries followups out."""

    def __init__(
        self, followups: FollowupStore, outbox: OutboxStore, lookups: LookupStore, clock: StoreClock, bus: Bus,
        event_log: EventLog, office: NoticeConfig, register: ConsoleDirectory,
    ) -> None:  # fmt: skip
        self._followups, self._outbox, self._lookups, self._clock = followups, outbox, lookups, clock
        self._bus, self._event_log, self._office, self._register = bus, event_log, office, register

    async def run(self, wakeup: Wakeup) -> None:
        """Until the beat stops; what is not done by then is done after the next start."""
        look = True
        while not wakeup.stopped:
            try:
                due = await self._followups.claim_due(_BATCH, _LEASE, None if look else wakeup)
                look = len(due) == _BATCH
                await self._records([each for each in due if each.kind is FollowupKind.DECISION])
                for each in due:
                    if each.kind is not FollowupKind.DECISION:
                        await self._tell(each)
            except StoreDown:
                self._event_log.store_lost("notification")
                await wakeup.rest(_PAUSE)
                look = True

    async def _records(self, followups: Sequence[Followup]) -> None:
        if not followups:
            return
        records = [
            Record("decisions", str(each.body.get("conversation", each.message)).encode(), to_json(each.body))
            for each in followups
        ]
        try:
            places = await self._bus.publish(records)
        except BusDown:
            places = [None] * len(records)
        done = [each.id for each, place in zip(followups, places, strict=True) if place is not None]
        if done:
            await self._followups.complete(done)
        if len(done) < len(followups):
            await self._followups.postpone([each.id for each in followups if each.id not in set(done)], _PAUSE)

    async def _tell(self, followup: Followup) -> None:
        message = await self._written(followup)
        alerted = followup.kind in (FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN) and message is not None
        notified = [] if message is None else [each.address for each in message.envelope.recipients]
        acts = (
            [AuditEntry(await self._clock.now(), "gateway", "alerted", followup.message, {"to": notified})]
            if alerted
            else []
        )
        await self._followups.complete([followup.id], message, acts)
        self._event_log.followup_done(followup.kind, followup.message)

    async def _status(self, followup: Followup, write_status: StatusWriter, now: float) -> Message | None:
        """The report to the application that submitted the message; None if it asked for none."""
        submitted = await self._outbox.outgoing(followup.message)
        if submitted is None:
            return None
        among = followup.body.get("recipients")
        recipients = tuple(map(str, among)) if isinstance(among, list) else ()
        rejected = followup.kind is FollowupKind.REJECTION
        status = DeliveryStatus(rejected, recipients, str(followup.body.get("reply", "")), now)
        return write_status(submitted.message, status)

    def _accounts(self, people: object) -> tuple[str, ...]:
        """The district's mail addresses of people; an unknown student's is the id itself."""
        found = []
        for id_ in map(str, people) if isinstance(people, list) else ():
            person = self._register.by_id(id_)
            found.append(person.address if person is not None else id_ if "@" in id_ else "")
        return tuple(dict.fromkeys(filter(None, found)))

    async def _apart(self, id_: str, recipients: tuple[str, ...]) -> tuple[str, ...]:
        """Those who can be told of a message: nobody who has a part in it, or whose child has."""
        for trace in await self._lookups.trace(id=id_):
            addresses = [each for each in (trace.sender, *(to.address for to in trace.recipients)) if each]
            return addresses_without_parties(recipients, trace.relation.pairs, addresses, self._register)
        return recipients

    async def _written(self, followup: Followup) -> Message | None:
        """The message that a followup asks for; None where nobody is to be told."""
        now = await self._clock.now()
        if followup.kind in (FollowupKind.BOUNCE, FollowupKind.REJECTION):
            write_status = capabilities_of(str(followup.body.get("channel", MAIL))).write_status
            if write_status is not None:
                return await self._status(followup, write_status, now)
            recipients: tuple[str, ...] = (str(followup.body["to"]),)
        elif followup.kind is FollowupKind.REJECTED_TEXT:
            recipients = self._accounts(followup.body.get("people"))
        elif isinstance(to := followup.body.get("to"), list):
            recipients = tuple(map(str, to))
        else:
            recipients = self._office.to
        if followup.kind in _ABOUT_PEOPLE:
            recipients = await self._apart(followup.message, recipients)
        if not recipients:
            return None
        # Of what it says, not of its row: a row's number may come again once the row is gone.
        said = json.dumps([followup.kind, followup.message, followup.body], sort_keys=True)
        name = hashlib.sha256(said.encode()).hexdigest()[:26]
        if followup.kind is FollowupKind.BOUNCE:
            original = await self._outbox.outgoing(followup.message)
            content = bounce_content(
                followup.body, original.message if original else None,
                reporting=self._office.hostname, sender=self._office.sender, name=name, at=now,
            )  # fmt: skip
        else:
            content = notice_content(
                followup, recipients, sender=self._office.sender, console_url=self._office.console_url,
                hostname=self._office.hostname, district=self._office.district, time_zone=self._office.time_zone,
                name=name, at=now,
            )  # fmt: skip
        section = HeaderSection.of(content)
        return Message(
            id=name,
            channel=MAIL,
            envelope=Envelope("", tuple(Recipient(each) for each in recipients), mail_parameters(content, recipients)),
            content=content,
            sha256=sha256_of(content),
            received_at=now,
            relation=Relation(),
            subject=section.subject,
            message_id=section.message_id,
        )
