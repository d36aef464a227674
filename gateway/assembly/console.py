"""Assembly of the console: pages, API, reminders and sign-in."""

from __future__ import annotations

import socket
import sys
import time
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gateway.assembly.factories import directory_sources, read_policy_text
from gateway.assembly.policy_simulation import simulate_in_child
from gateway.assembly.process import Process
from gateway.core.fault import Fault
from gateway.directory.administration.files import FileRosterAdministration
from gateway.directory.live_directory import LiveDirectory
from gateway.reading.processes import ReadingProcesses
from gateway.settings.model import Settings
from gateway.stages.policy_versions.simulations import PolicySimulations
from gateway.stages.reminders import Reminders, ReminderStores
from gateway.stages.wakeup import Wakeup

if TYPE_CHECKING:
    from gateway.console.auth.oidc import OidcConfig


def read_adopted_policy(settings: Settings) -> str:
    """The district's own text of the policy, "" when none is configured. Raises Fault."""
    file = settings.policy.text
    if not file:
        return ""
    try:
        with open(file, encoding="utf-8") as text:
            return text.read()
    except OSError as error:
        raise Fault(f"{file}: cannot be read ({error.strerror}); correct policy.text") from None
    except UnicodeDecodeError:
        raise Fault(f"{file}: not UTF-8 text; save it as UTF-8, or correct policy.text") from None


def oidc_provider(settings: Settings) -> OidcConfig | None:
    """The district's OpenID Connect provider, None when none is configured. Raises Fault."""
    from gateway.console.auth.oidc import OidcConfig, is_secure_url

    oidc, url = settings.console.oidc, settings.console.public_url
    if not oidc.issuer:
        return None
    if not (oidc.client_id and oidc.client_secret):
        raise Fault("console.oidc: issuer, client_id and client_secret_file belong together; set all three, or none")
    if not is_secure_url(oidc.issuer):
        raise Fault("console.oidc.issuer: use an https address, as given in the service's documentation")
    return OidcConfig(oidc.issuer, oidc.client_id, oidc.client_secret, url, oidc.trusted)


async def serve_console(process: Process, directory: LiveDirectory, bound: socket.socket) -> None:
    """Serve pages and API on a bound socket until the process ends."""
    from gateway.console.app import console  # imported here: a process without this role loads no web framework
    from gateway.console.config import ConsoleConfig, PolicyRules
    from gateway.console.messages.attachments import AttachmentReader

    def decided() -> None:
        process.delivery.wake()
        process.followups.wake()

    settings = process.settings
    config = ConsoleConfig(
        settings.district.name, ZoneInfo(settings.district.time_zone), settings.console.public_url,
        lambda: process.adopted_policy,
        oidc_provider(settings), settings.console.proxies, settings.console.hide_names,
        settings.console.second_step, settings.notify.to, settings.console.mailed_links, settings.store.max_waiting,
        settings.policy.mode == "shadow", settings.records.attorneys,
        policy_rules=PolicyRules(
            partial(read_policy_text, settings, where="policy"), settings.policy.mode, settings.policy.publish_by
        ),
    )  # fmt: skip
    reminders = Reminders(
        ReminderStores.of(process.store), directory, lambda: process.policy, process.event_log,
        fallback=settings.notify.to, zone=config.zone, district=config.district, decided=decided,
    )  # fmt: skip
    wakeup = Wakeup()
    await process.work(wakeup, reminders=partial(reminders.run, wakeup))
    simulations = PolicySimulations(
        process.store.policy_simulations, simulate_in_child(lambda: settings), process.event_log
    )
    simulating = Wakeup()
    await process.work(simulating, policy_simulations=partial(simulations.run, simulating))
    # a separate program: this process loads no classifier
    files = AttachmentReader((sys.executable, "-m", "classifiers.service.attachment_text"))
    reader = await process.stack.enter_async_context(ReadingProcesses(1))
    roster = FileRosterAdministration(
        directory, directory_sources(settings), settings.directory.max_removal, time.time
    )  # fmt: skip
    await process.stack.enter_async_context(
        console(
            bound,
            process.store,
            directory,
            lambda: process.policy,
            process.event_log,
            config,
            decided,
            files,
            reader,
            roster,
        )
    )
