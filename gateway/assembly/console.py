"""The console put together: its socket, the roster it asks, and whose console it is."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.assembly.process import Process
from gateway.core.fault import Fault
from gateway.directory.watch import LiveDirectory
from gateway.settings.model import Settings
from gateway.stages.reminders import Reminders
from gateway.stages.wakeup import Wakeup

if TYPE_CHECKING:
    from gateway.console.auth.oidc import Provider


def read_adopted_policy(settings: Settings) -> str:
    """The district's own text of the policy, "" where it names none. Raises Fault."""
    file = settings.policy.text
    if not file:
        return ""
    try:
        with open(file, encoding="utf-8") as text:
            return text.read()
    except OSError as error:
        raise Fault(f"{file}: cannot be read ({error.strerror}); mend policy.text") from None
    except UnicodeDecodeError:
        raise Fault(f"{file}: not UTF-8 text; save it as UTF-8, or mend policy.text") from None


def oidc_provider(settings: Settings) -> Provider | None:
    """The district's sign-in service, None where it names none. Raises Fault."""
    from gateway.console.auth.oidc import Provider, safe

    oidc, url = settings.console.oidc, settings.console.public_url
    if not oidc.issuer:
        return None
    if not (oidc.client_id and oidc.client_secret):
        raise Fault("console.oidc: issuer, client_id and client_secret_file belong together; set all three, or none")
    if not safe(oidc.issuer):
        raise Fault("console.oidc.issuer: write an https address, as the service's own documents name it")
    return Provider(oidc.issuer, oidc.client_id, oidc.client_secret, url, oidc.trusted)


async def serve_console(process: Process, directory: LiveDirectory, bound: socket.socket, adopted: str) -> None:
    """Pages and API on a bound socket, until the floor is left."""
    from gateway.console.app import console  # a process without this role loads no web framework
    from gateway.console.config import ConsoleConfig
    from gateway.console.messages.attachments import Files

    def decided() -> None:
        process.delivery.wake()
        process.followups.wake()

    settings = process.settings
    config = ConsoleConfig(
        settings.district.name, ZoneInfo(settings.district.time_zone), settings.console.public_url, adopted,
        oidc_provider(settings), settings.console.proxies, settings.console.hide_names,
        settings.console.second_step,
    )  # fmt: skip
    reminders = Reminders(
        process.store, directory, lambda: process.policy, process.event_log, last=settings.notify.to, zone=config.zone,
        district=config.district, decided=decided,
    )  # fmt: skip
    wakeup = Wakeup()
    await process.work(wakeup, reminders.run(wakeup))
    files = Files(
        (sys.executable, "-m", "classifiers.service.attachment_text")
    )  # a program: no classifier is loaded here
    await process.up.enter_async_context(
        console(bound, process.store, directory, lambda: process.policy, process.event_log, config, decided, files)
    )
