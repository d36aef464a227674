"""Notification: carry out the follow-ups of a change of state: decision records, alerts, bounces and other notices.

A follow-up is a row that was stored with the change, and it is repeated until done. Doing it twice is harmless: a
record has the id of its decision, and a message of ours has an id derived from its follow-up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.core.channels.capabilities import MAIL, DeliveryStatus, StatusWriter
from gateway.core.channels.registry import capabilities_of
from gateway.core.messages.message import (
    Envelope,
    Message,
    OutgoingMessage,
    Recipient,
    sha256_of,
)
from gateway.core.messages.parties import Relation
from gateway.core.messages.work import WorkItem, WorkStage
from gateway.core.mime.headers import HeaderSection
from gateway.core.notices.bounce import bounce_content
from gateway.core.notices.mail_headers import mail_parameters
from gateway.core.notices.notice import notice_content
from gateway.core.policy.authorization import ConsoleDirectory, addresses_without_parties
from gateway.core.policy.decision import AuditEntry, Followup, FollowupKind
from gateway.core.serialization.json_fields import to_json
from gateway.ports.bus import REFUSED, Bus, BusDown, Record
from gateway.ports.clock import StoreClock
from gateway.ports.messages import FollowupStore, OutboxStore
from gateway.ports.review import LookupStore
from gateway.ports.urgency import WebhookNotice
from gateway.stages.urgency.notices import UrgentNotices
from gateway.stages.wakeup import Wakeup
from gateway.stages.work import RecordRefused, WorkEngine

_ABOUT_PEOPLE = frozenset({FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN, FollowupKind.LATE})
_BATCH = 64
_LEASE = 10.0
"""Seconds after which another process carries out what this one has claimed: urgent notices must not wait longer.

Doing one twice is harmless: only the first that completes it writes anything.
"""
_PAUSE = 2.0
_STAGE = WorkStage.NOTIFICATION


@dataclass(frozen=True, slots=True)
class NoticeConfig:
    """Settings of our own messages: sender, default recipients, the console's URL for links, our host name."""

    sender: str
    to: tuple[str, ...]
    console_url: str
    hostname: str
    district: str
    time_zone: str


class Notification:
    """Carries out follow-ups."""

    def __init__(
        self, followups: FollowupStore, outbox: OutboxStore, lookups: LookupStore, clock: StoreClock, bus: Bus,
        engine: WorkEngine, config: NoticeConfig, directory: ConsoleDirectory, urgent: UrgentNotices | None = None,
    ) -> None:  # fmt: skip
        self._followups, self._outbox, self._lookups, self._clock = followups, outbox, lookups, clock
        self._bus, self._engine, self._event_log = bus, engine, engine.event_log
        self._config, self._directory, self._urgent = config, directory, urgent

    async def run(self, wakeup: Wakeup) -> None:
        """Carry out due follow-ups until `wakeup` is stopped."""
        await self._engine.run(_STAGE, wakeup, lambda check_store: self._step(wakeup, check_store))

    async def _step(self, wakeup: Wakeup, check_store: bool) -> bool:
        claimed = await self._followups.claim_due(_BATCH, _LEASE, None if check_store else wakeup)
        due = await self._engine.readable(claimed)
        for followup in due:  # people are told first: publishing waits for the bus
            if followup.kind is not FollowupKind.DECISION:
                await self._carry_out(followup)
        await self._publish_records([followup for followup in due if followup.kind is FollowupKind.DECISION])
        return len(claimed) == _BATCH

    async def _publish_records(self, followups: Sequence[Followup]) -> None:
        places: dict[str, str | None] = {}

        async def publish(some: Sequence[Followup]) -> None:
            places.update(await self._publish(some))

        try:
            published = await self._engine.attempt_each(followups, _item, publish)
        except BusDown:
            published = followups

        async def complete(some: Sequence[Followup]) -> None:
            await self._followups.complete([followup.id for followup in some])

        async def postpone(some: Sequence[Followup]) -> None:
            await self._followups.postpone([followup.id for followup in some], _PAUSE)

        await self._engine.attempt_each([done for done in published if places.get(done.id)], _item, complete)
        await self._engine.attempt_each([left for left in published if places.get(left.id) is None], _item, postpone)
        refused = [_item(followup) for followup in published if places.get(followup.id) == REFUSED]
        await self._engine.failed(refused, RecordRefused())

    async def _publish(self, followups: Sequence[Followup]) -> Mapping[str, str | None]:
        records = [
            Record(
                "decisions", str(followup.body.get("conversation", followup.message)).encode(), to_json(followup.body)
            )
            for followup in followups
        ]
        places = await self._bus.publish(records)
        return {followup.id: place for followup, place in zip(followups, places, strict=True)}

    async def _carry_out(self, followup: Followup) -> None:
        await self._engine.attempt(lambda: [_item(followup)], self._send_notice(followup))

    async def _send_notice(self, followup: Followup) -> None:
        now = await self._clock.now()
        if followup.kind is FollowupKind.URGENT and self._urgent is not None:
            notice = await self._urgent.notice(followup)
            name, followup = _name(followup), notice.followup
            message = self._message_of_ours(followup, notice.recipients, name, now) if notice.recipients else None
        else:
            name, message = _name(followup), await self._write_message(followup, now)
        alerted = followup.kind in (FollowupKind.HELP_ALERT, FollowupKind.HELP_AGAIN) and message is not None
        notified = [] if message is None else [recipient.address for recipient in message.envelope.recipients]
        entries = (
            [AuditEntry(now, "gateway", "alerted" if alerted else "urgent notice", followup.message, {"to": notified})]
            if alerted or (followup.kind is FollowupKind.URGENT and message is not None)
            else []
        )
        messages = [] if message is None else [message]
        webhooks: Sequence[WebhookNotice] = ()
        if self._urgent is not None:
            messages += self._urgent.texts(followup, name, now)
            webhooks = self._urgent.webhooks(followup, name)
        await self._followups.complete([followup.id], *messages, entries=entries, webhooks=webhooks)
        if followup.kind is FollowupKind.URGENT:
            clauses = followup.body.get("clauses")
            self._event_log.urgent_announced(
                followup.message, list(map(str, clauses)) if isinstance(clauses, list) else [], len(notified)
            )
        self._event_log.followup_done(followup.kind, followup.message)

    async def _status(self, followup: Followup, write_status: StatusWriter, now: float) -> Message | None:
        """The report to the application that submitted the message, None if it asked for none."""
        submitted = await self._outbox.outgoing(followup.message)
        if submitted is None:
            return None
        among = followup.body.get("recipients")
        recipients = tuple(map(str, among)) if isinstance(among, list) else ()
        rejected = followup.kind is FollowupKind.REJECTION
        status = DeliveryStatus(rejected, recipients, str(followup.body.get("reply", "")), now)
        return write_status(submitted.message, status)

    def _addresses_of(self, people: object) -> tuple[str, ...]:
        """The district mail addresses of people, by sourcedId. For an unknown student the id itself, if an address."""
        found = []
        for id_ in map(str, people) if isinstance(people, list) else ():
            person = self._directory.by_id(id_)
            found.append(person.address if person is not None else id_ if "@" in id_ else "")
        return tuple(dict.fromkeys(filter(None, found)))

    async def _without_parties(self, id_: str, recipients: tuple[str, ...]) -> tuple[str, ...]:
        """The recipients who may be notified of a message: not its parties, nor parents of a party."""
        for trace in await self._lookups.trace(id=id_):
            addresses = list(filter(None, (trace.sender, *(copy.address for copy in trace.recipients))))
            return addresses_without_parties(recipients, trace.relation.pairs, addresses, self._directory)
        return recipients

    async def _write_message(self, followup: Followup, now: float) -> Message | None:
        """The message of a follow-up, None if there is no recipient."""
        if followup.kind in (FollowupKind.BOUNCE, FollowupKind.REJECTION):
            write_status = capabilities_of(str(followup.body.get("channel", MAIL))).write_status
            if write_status is not None:
                return await self._status(followup, write_status, now)
            recipients: tuple[str, ...] = (str(followup.body["to"]),)
        elif followup.kind is FollowupKind.REJECTED_TEXT or "people" in followup.body:
            recipients = self._addresses_of(followup.body.get("people"))
        elif isinstance(to := followup.body.get("to"), list):
            recipients = tuple(map(str, to))
        else:
            recipients = self._config.to
        if followup.kind in _ABOUT_PEOPLE:
            recipients = await self._without_parties(followup.message, recipients)
        if not recipients:
            return None
        original = await self._outbox.outgoing(followup.message) if followup.kind is FollowupKind.BOUNCE else None
        return self._message_of_ours(followup, recipients, _name(followup), now, original)

    def _message_of_ours(
        self, followup: Followup, recipients: tuple[str, ...], name: str, now: float,
        original: OutgoingMessage | None = None,
    ) -> Message:  # fmt: skip
        if followup.kind is FollowupKind.BOUNCE:
            content = bounce_content(
                followup.body, original.message if original else None,
                reporting=self._config.hostname, sender=self._config.sender, name=name, at=now,
            )  # fmt: skip
        else:
            content = notice_content(
                followup, recipients, sender=self._config.sender, console_url=self._config.console_url,
                hostname=self._config.hostname, district=self._config.district, time_zone=self._config.time_zone,
                name=name, at=now,
            )  # fmt: skip
        section = HeaderSection.of(content)
        return Message(
            id=name,
            channel=MAIL,
            envelope=Envelope("", tuple(map(Recipient, recipients)), mail_parameters(content, recipients)),
            content=content,
            sha256=sha256_of(content),
            received_at=now,
            relation=Relation(),
            subject=section.subject,
            message_id=section.message_id,
        )


def _name(followup: Followup) -> str:
    """The id of the message of a follow-up.

    It is derived from the content, not from the row's number: a number may be used again once its row is deleted.
    """
    identity = json.dumps([followup.kind, followup.message, followup.body], sort_keys=True)
    return hashlib.sha256(identity.encode()).hexdigest()[:26]


def _item(followup: Followup) -> WorkItem:
    return WorkItem(_STAGE, followup.id, followup.message)
