"""The Twilio way of texts: in by the Twilio relay, out to the provider and to the district's application."""

from __future__ import annotations

import socket
from collections.abc import Collection
from zoneinfo import ZoneInfo

from gateway.assembly.floor import Floor
from gateway.core.delivery import NextHop
from gateway.core.message import Channel
from gateway.core.smpp_message import ESME, SMSC, esme_way
from gateway.core.texting import APP
from gateway.directory.watch import LiveDirectory
from gateway.ports import Store
from gateway.relays.twilio import TwilioConfig, TwilioHouse, TwilioRelay
from gateway.relays.twilio_answers import provider_sid
from gateway.relays.twilio_replies import Replies
from gateway.settings import Smpp, Twilio
from gateway.stages.beat import Beat
from gateway.stages.delivery import Delivery
from gateway.stages.fetching import fetch_media
from gateway.stages.intake import Intake
from gateway.transports.media import MediaClient
from gateway.transports.twilio import TwilioTransport
from gateway.transports.twilio_client import TwilioClient

_CONCURRENCY = 20


def text_hops(twilio: Twilio, smpp: Smpp | None) -> tuple[NextHop, ...]:
    """The next hops of the Twilio way: the application, and the provider for whatever does not go over SMPP."""
    app = frozenset({APP})
    over_smpp = {SMSC, ESME, *map(esme_way, smpp.accounts if smpp else ())}
    return (
        NextHop(Channel.SMS, twilio.api_base, frozenset(), default=True, others=app | over_smpp),
        NextHop(Channel.SMS, twilio.app_url or APP, app),
    )


async def deliver_texts(floor: Floor, directory: LiveDirectory) -> None:
    """Due texts go to the provider and to the application."""
    twilio = floor.settings.sms.twilio
    assert twilio is not None
    client = await floor.up.enter_async_context(_client(twilio))
    transport = TwilioTransport(
        client, account_sid=twilio.account_sid, public_url=twilio.public_url,
        known=lambda number: _sent_to(floor.store, number), replied=Replies(_house(floor, directory, client)).take,
    )  # fmt: skip
    for hop in text_hops(twilio, floor.settings.sms.smpp):
        beat = Beat()
        floor.delivery.also(beat)
        delivery = Delivery(hop, transport, floor.store, floor.store, floor.journal, concurrency=_CONCURRENCY)
        await floor.work(beat, delivery.run(beat))


async def receive_texts(floor: Floor, directory: LiveDirectory, sockets: list[socket.socket]) -> None:
    """Texts come in, from the provider and from the district's applications."""
    twilio = floor.settings.sms.twilio
    assert twilio is not None
    media = await floor.up.enter_async_context(
        MediaClient(
            account_sid=twilio.account_sid, auth_token=twilio.auth_token, api_base=twilio.api_base,
            app_url=twilio.app_url, hosts=twilio.media_hosts,
        )
    )  # fmt: skip
    fetching = Beat()
    floor.publisher.also(fetching)  # whatever is taken is due for publication, or for being fetched before
    await floor.work(fetching, fetch_media(floor.store, media, floor.journal, fetching, ready=floor.publisher.wake))
    client = await floor.up.enter_async_context(_client(twilio))
    await floor.up.enter_async_context(TwilioRelay(_house(floor, directory, client), sockets))


async def _sent_to(store: Store, number: str) -> Collection[str]:
    """The provider's sids of the texts to a number that we know of."""
    traces = await store.trace(address=number)
    return {provider_sid(copy.reply) for trace in traces for copy in trace.recipients} - {""}


def _client(twilio: Twilio) -> TwilioClient:
    return TwilioClient(
        account_sid=twilio.account_sid, auth_token=twilio.auth_token, api_base=twilio.api_base, app_url=twilio.app_url
    )


def _house(floor: Floor, directory: LiveDirectory, client: TwilioClient) -> TwilioHouse:
    settings, twilio = floor.settings, floor.settings.sms.twilio
    assert twilio is not None
    intake = Intake(
        floor.store, directory, floor.journal, policy=lambda: floor.policy,
        time_zone=ZoneInfo(settings.district.time_zone), max_waiting=settings.store.max_waiting,
        shadow=settings.policy.mode == "shadow",
    )  # fmt: skip
    config = TwilioConfig(
        public_url=twilio.public_url,
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_token,
        webhook_secret=twilio.webhook_secret,
        app_url=twilio.app_url,
    )
    return TwilioHouse(config, directory, intake, floor.store, client, floor.journal, directory.phone)
