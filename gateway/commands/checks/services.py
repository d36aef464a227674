"""Programs that the gateway works with: classifiers, bus, SMSC, sign-in service."""

from __future__ import annotations

from contextlib import AsyncExitStack

import httpx
from prometheus_client import CollectorRegistry

from gateway.assembly.console import oidc_provider
from gateway.assembly.factories import make_bus
from gateway.assembly.serve import start_classifiers
from gateway.assembly.smpp import smsc_config
from gateway.bus.kafka import KafkaBus
from gateway.commands.checks.line import Line, error, ok
from gateway.console.auth.oidc import SignInService, SignInServiceError
from gateway.core.fault import Fault
from gateway.observability.events import EventLog
from gateway.ports.channels import HopDown
from gateway.settings.model import Settings, SmppSettings
from gateway.transports.smpp.upstream import NotBound, probe_smsc


async def check_model(settings: Settings) -> Line:
    """The model loads and passes its self-test."""
    try:
        async with AsyncExitStack() as up:
            await start_classifiers(up, settings, EventLog(CollectorRegistry()), lambda: ())
    except Fault as fault:
        return error("model", str(fault))
    return ok("model", "loads and passes its self-test")


async def check_bus(settings: Settings) -> list[Line]:
    """The broker answers, and its topics keep what they should."""
    bus = make_bus(settings, EventLog(CollectorRegistry()))
    if not isinstance(bus, KafkaBus):
        return [ok("bus", "embedded")]
    problems = await bus.inspect()
    return [error("bus", problem) for problem in problems] or [ok("bus", f"{settings.bus.url} answers")]


async def check_smsc(smpp: SmppSettings) -> Line:
    """The provider's SMSC accepts our bind."""
    smsc = smsc_config(smpp)
    address = f"{smsc.host}:{smsc.port}"
    try:
        await probe_smsc(smsc)
    except Fault as fault:
        return error("smsc", str(fault))
    except NotBound as refused:
        return error(
            "smsc",
            f"{address} refuses to bind ({refused}); correct the account in sms.smpp.upstream or its password",
        )
    except (OSError, TimeoutError, HopDown) as failed:
        why = getattr(failed, "strerror", None) or "no answer"
        return error("smsc", f"{address} cannot be reached ({why}); start it, or correct sms.smpp.upstream")
    return ok("smsc", f"{address} accepts our bind")


async def check_sign_in_service(settings: Settings) -> Line:
    """The sign-in service answers with its keys."""
    what = "sign-in service"
    try:
        provider = oidc_provider(settings)
    except Fault as fault:
        return error(what, str(fault))
    assert provider is not None
    async with httpx.AsyncClient(timeout=5) as client:
        try:
            return ok(what, await SignInService(provider, client).check())
        except SignInServiceError as failed:
            return error(what, f"{provider.issuer}: {failed}; start it, or correct console.oidc.issuer")
