"""Assembly of text messages over SMPP.

A session belongs to the process that holds it, so the same process receives and delivers over it.
"""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gateway.assembly.certificates import Certificates
from gateway.assembly.factories import make_intake
from gateway.assembly.process import Process
from gateway.core.channels.capabilities import SMS
from gateway.core.channels.smpp_message import ESME, SMSC, esme_route
from gateway.core.channels.smpp_pdu import Pdu
from gateway.core.channels.smpp_session import BindMode
from gateway.core.messages.delivery import NextHop
from gateway.directory.live_directory import LiveDirectory
from gateway.observability.events import EventLog
from gateway.reading.processes import ReadingProcesses
from gateway.relays.smpp.context import SmppContext
from gateway.relays.smpp.esme_requests import EsmeRequests
from gateway.relays.smpp.relay import EsmeSessions, SmppConfig, SmppRelay
from gateway.relays.smpp.routing import SmppRouter
from gateway.relays.smpp.smsc_requests import SmscRequests
from gateway.settings.model import Settings, SmppSettings
from gateway.stages.wakeup import Wakeup
from gateway.transports.smpp.transport import SmppTransport
from gateway.transports.smpp.upstream import SmppUpstream, SmscConfig

_PORT, _TLS_PORT = 2775, 3550

_CONCURRENCY = 256
"""Texts in delivery at once: far more than the window, so that texts that wait for it keep no student's text back."""


def smsc_config(smpp: SmppSettings) -> SmscConfig:
    """Address of the SMSC and our credentials there."""
    parts = urlsplit(smpp.upstream)
    tls = parts.scheme == "smpps"
    return SmscConfig(
        host=parts.hostname or "", port=parts.port or (_TLS_PORT if tls else _PORT),
        system_id=unquote(parts.username or ""), password=smpp.upstream_password,
        tls=ssl.create_default_context() if tls else None,
        binds=(BindMode.TRANSCEIVER,) if smpp.upstream_bind == "transceiver"
        else (BindMode.TRANSMITTER, BindMode.RECEIVER),
    )  # fmt: skip


def smpp_certificates(smpp: SmppSettings, event_log: EventLog) -> Certificates | None:
    """The certificate for connections of applications, None without one. Raises Fault."""
    if smpp.tls_cert is None or smpp.tls_key is None:
        return None
    return Certificates(smpp.tls_cert, smpp.tls_key, "sms.smpp.tls_cert", event_log)


async def run_smpp(
    process: Process, directory: LiveDirectory, smpp: SmppSettings, sockets: list[socket.socket],
    certificates: Certificates | None,
) -> None:  # fmt: skip
    """Receive from the SMSC and the district's applications, and deliver to them."""
    process.reloads.add_certificates(certificates, "sms.smpp.tls_cert", _tls_files)
    if certificates is not None:
        await process.stack.enter_async_context(certificates.watched())
    esmes = EsmeSessions(list(smpp.accounts))
    router = SmppRouter(esmes, process.store.smpp_binds, list(smpp.accounts), secrets.token_hex(8))
    reader = await process.stack.enter_async_context(ReadingProcesses(1))
    await reader.ready()  # the first texts are the context of later ones
    intake = make_intake(process.settings, process.store, directory, process.event_log, lambda: process.policy, reader)
    context = SmppContext(
        directory, intake, process.store.sms_parts, process.store.lookups, process.event_log, router, smpp.parts_timeout
    )  # fmt: skip
    smsc_requests = SmscRequests(context, esmes)

    async def answer_smsc(request: Pdu) -> Pdu | None:
        return await smsc_requests.answer(request)

    smsc = smsc_config(smpp)
    upstream, *receivers = (SmppUpstream(smsc, answer_smsc, process.event_log, mode) for mode in smsc.binds)
    await _deliver(
        process,
        SMSC,
        SmppTransport(upstream, process.store.sms_parts, route=SMSC, noted=context.recent.note_sent),
        upstream.bound,
        upstream.returns,
    )
    to_any = SmppTransport(esmes, process.store.sms_parts, route=ESME)
    await _deliver(process, ESME, to_any, esmes.bound, esmes.returns)
    for account in smpp.accounts:
        transport = SmppTransport(esmes, process.store.sms_parts, route=ESME, account=account)
        reachable = partial(router.can_deliver_to, account)
        await _deliver(process, esme_route(account), transport, reachable, esmes.returns)
    upstream.on_bound = process.delivery.wake
    wakeup = Wakeup()
    await process.work(
        wakeup,
        sms_parts=partial(context.gather_overdue, wakeup),
        sms_binds=partial(router.share_binds, wakeup, process.event_log),
    )
    for session in (upstream, *receivers):
        await process.stack.enter_async_context(session)
    config = SmppConfig(
        accounts={name: account["password"] for name, account in smpp.accounts.items()},
        bind_from=smpp.bind_from, tls=certificates.listener_context() if certificates else None,
    )  # fmt: skip
    esme_requests = EsmeRequests(context, upstream)
    await process.stack.enter_async_context(SmppRelay(config, sockets, esmes, esme_requests, process.event_log))


def _tls_files(settings: Settings) -> tuple[Path | None, Path | None]:
    smpp = settings.sms.smpp
    return (smpp.tls_cert, smpp.tls_key) if smpp else (None, None)


async def _deliver(
    process: Process, route: str, transport: SmppTransport, reachable: Callable[[], bool], returns: Callable[[], int]
) -> None:
    hop = NextHop(SMS, route, frozenset({route}))
    await process.deliver(hop, transport, reachable, returns=returns, concurrency=_CONCURRENCY)
