"""Assembly of text messages over Twilio: the relay, and deliveries to the provider and the district's application."""

from __future__ import annotations

import socket
from collections.abc import Collection
from functools import partial

from gateway.assembly.factories import make_intake
from gateway.assembly.process import Process
from gateway.core.channels.capabilities import SMS
from gateway.core.channels.smpp_message import ESME, SMSC, esme_route
from gateway.core.channels.text_routing import APP
from gateway.core.messages.delivery import NextHop
from gateway.directory.live_directory import LiveDirectory
from gateway.ports.review import LookupStore
from gateway.reading.processes import ReadingProcesses
from gateway.relays.twilio.answers import provider_sid
from gateway.relays.twilio.relay import TwilioConfig, TwilioContext, TwilioRelay
from gateway.relays.twilio.replies import ApplicationReplies
from gateway.settings.model import SmppSettings, TwilioSettings
from gateway.stages.media_fetching import fetch_media
from gateway.stages.wakeup import Wakeup
from gateway.transports.twilio.client import TwilioClient
from gateway.transports.twilio.media import MediaClient
from gateway.transports.twilio.transport import TwilioTransport


def twilio_hops(twilio: TwilioSettings, smpp: SmppSettings | None) -> tuple[NextHop, ...]:
    """The next hops over Twilio: the application, and the provider for every recipient not reached over SMPP."""
    app = frozenset({APP})
    over_smpp = {SMSC, ESME, *map(esme_route, smpp.accounts if smpp else ())}
    return (
        NextHop(SMS, twilio.api_base, frozenset(), default=True, others=app | over_smpp),
        NextHop(SMS, twilio.app_url or APP, app),
    )


async def deliver_twilio(process: Process, directory: LiveDirectory) -> None:
    """Deliver due text messages to the provider and to the application."""
    twilio = process.settings.sms.twilio
    assert twilio is not None
    client = await process.stack.enter_async_context(_client(twilio))
    transport = TwilioTransport(
        client, account_sid=twilio.account_sid, public_url=twilio.public_url,
        known=lambda number: _sent_to(process.store.lookups, number), end_turn=process.store.sms_parts.end_turn,
        replied=ApplicationReplies(await _twilio_context(process, directory, client)).take,
    )  # fmt: skip
    for hop in twilio_hops(twilio, process.settings.sms.smpp):
        await process.deliver(hop, transport)


async def receive_twilio(process: Process, directory: LiveDirectory, sockets: list[socket.socket]) -> None:
    """Receive text messages from the provider and from the district's applications."""
    twilio = process.settings.sms.twilio
    assert twilio is not None
    media = await process.stack.enter_async_context(
        MediaClient(
            account_sid=twilio.account_sid, auth_token=twilio.auth_token, api_base=twilio.api_base,
            app_url=twilio.app_url, hosts=twilio.media_hosts,
        )
    )  # fmt: skip
    fetching = Wakeup()
    process.publisher.wake_too(fetching)  # a new message is due for publication, or for fetching its media first
    await process.work(
        fetching,
        media=partial(fetch_media, process.store.media, media, process.engine, fetching, ready=process.publisher.wake),
    )
    client = await process.stack.enter_async_context(_client(twilio))
    await process.stack.enter_async_context(TwilioRelay(await _twilio_context(process, directory, client), sockets))


async def _sent_to(lookups: LookupStore, number: str) -> Collection[str]:
    """The provider's SIDs of our text messages to a number."""
    traces = await lookups.trace(address=number)
    return {provider_sid(copy.reply) for trace in traces for copy in trace.recipients} - {""}


def _client(twilio: TwilioSettings) -> TwilioClient:
    return TwilioClient(
        account_sid=twilio.account_sid, auth_token=twilio.auth_token, api_base=twilio.api_base, app_url=twilio.app_url
    )


async def _twilio_context(process: Process, directory: LiveDirectory, client: TwilioClient) -> TwilioContext:
    twilio = process.settings.sms.twilio
    assert twilio is not None
    reader = await process.stack.enter_async_context(ReadingProcesses(1))
    await reader.ready()  # as for SMPP
    intake = make_intake(process.settings, process.store, directory, process.event_log, lambda: process.policy, reader)
    config = TwilioConfig(
        public_url=twilio.public_url,
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_token,
        webhook_secret=twilio.webhook_secret,
        app_url=twilio.app_url,
    )
    return TwilioContext(config, directory, intake, process.store.lookups, client, process.event_log, directory.phone)
