"""The ways of texts over SMPP. Sessions belong to the process that has them, so it delivers what goes over them too."""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from gateway.assembly.process import Process
from gateway.core.channels.smpp_message import ESME, SMSC, esme_way
from gateway.core.channels.smpp_pdu import Pdu
from gateway.core.channels.smpp_session import Bound
from gateway.core.fault import Fault
from gateway.core.messages.delivery import NextHop
from gateway.core.messages.message import Channel
from gateway.directory.watch import LiveDirectory
from gateway.relays.smpp.arrivals import Arrivals
from gateway.relays.smpp.context import SmppContext
from gateway.relays.smpp.relay import Esmes, SmppConfig, SmppRelay
from gateway.relays.smpp.requests import Requests
from gateway.relays.smpp.routing import SmppRouter
from gateway.settings.model import Settings, SmppSettings
from gateway.stages.delivery import Delivery
from gateway.stages.intake import MessageIntake
from gateway.stages.wakeup import Wakeup
from gateway.transports.smpp.transport import SmppTransport
from gateway.transports.smpp.upstream import SmppUpstream, SmscConfig

_CONCURRENCY = 20
_PORT, _TLS_PORT = 2775, 3550


def smsc_config(smpp: SmppSettings) -> SmscConfig:
    """Where the SMSC is, and who we are there."""
    parts = urlsplit(smpp.upstream)
    tls = parts.scheme == "smpps"
    return SmscConfig(
        host=parts.hostname or "", port=parts.port or (_TLS_PORT if tls else _PORT),
        system_id=unquote(parts.username or ""), password=smpp.upstream_password,
        tls=ssl.create_default_context() if tls else None,
        binds=(Bound.TRANSCEIVER,) if smpp.upstream_bind == "transceiver" else (Bound.TRANSMITTER, Bound.RECEIVER),
    )  # fmt: skip


def server_tls(smpp: SmppSettings) -> ssl.SSLContext | None:
    """The certificate that applications see, where there is one. Raises Fault."""
    if smpp.tls_cert is None or smpp.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(smpp.tls_cert, smpp.tls_key)
    except (OSError, ssl.SSLError) as error:
        why = error.strerror or "not a certificate with its key"
        raise Fault(f"sms.smpp.tls_cert: cannot be used ({why}); name a PEM certificate and its key") from None
    return context


async def run_smpp(
    process: Process, directory: LiveDirectory, smpp: SmppSettings, sockets: list[socket.socket], tls: ssl.SSLContext | None
) -> None:
    """Texts come in from the applications and from the SMSC, and go out to them."""
    esmes = Esmes(list(smpp.accounts))
    exchange = SmppRouter(esmes, process.store, list(smpp.accounts), secrets.token_hex(8))
    context = SmppContext(
        directory,
        _intake(process, directory),
        process.store,
        process.store,
        process.event_log,
        exchange,
        smpp.parts_timeout,
    )
    arrivals = Arrivals(context, esmes)

    async def arrived(request: Pdu) -> Pdu | None:
        return await arrivals.answer(request)

    smsc = smsc_config(smpp)
    upstream, *receivers = (SmppUpstream(smsc, arrived, process.event_log, way) for way in smsc.binds)
    ways: list[tuple[str, SmppTransport, Callable[[], bool]]] = [
        (SMSC, SmppTransport(upstream, process.store, way=SMSC, noted=context.memory.told), upstream.bound),
        (ESME, SmppTransport(esmes, process.store, way=ESME), esmes.bound),
    ]
    for each in smpp.accounts:
        transport = SmppTransport(esmes, process.store, way=ESME, account=each)
        ways.append((esme_way(each), transport, partial(exchange.serves, each)))
    for way, transport, reachable in ways:
        wakeup = Wakeup()
        process.delivery.also(wakeup)
        delivery = Delivery(
            NextHop(Channel.SMS, way, frozenset({way})), transport, process.store, process.store, process.event_log,
            concurrency=_CONCURRENCY, reachable=reachable,
        )  # fmt: skip
        await process.work(wakeup, delivery.run(wakeup))
    upstream.on_bound = process.delivery.wake
    gathering = Wakeup()
    await process.work(gathering, context.gather_overdue(gathering), exchange.keep(gathering, process.event_log))
    for session in (upstream, *receivers):
        await process.up.enter_async_context(session)
    config = SmppConfig(
        accounts={name: account["password"] for name, account in smpp.accounts.items()},
        bind_from=smpp.bind_from, tls=tls,
    )  # fmt: skip
    requests = Requests(context, upstream)
    await process.up.enter_async_context(SmppRelay(config, sockets, esmes, requests, process.event_log))


def _intake(process: Process, directory: LiveDirectory) -> MessageIntake:
    settings: Settings = process.settings
    return MessageIntake(
        process.store, directory, process.event_log, policy=lambda: process.policy,
        time_zone=ZoneInfo(settings.district.time_zone), max_waiting=settings.store.max_waiting,
        shadow=settings.policy.mode == "shadow",
    )  # fmt: skip
