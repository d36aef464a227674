"""Values and adapters built from the settings. Nothing is started here."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway import policies
from gateway.bus.kafka import KafkaBus
from gateway.bus.local import LocalBus
from gateway.core.channels.capabilities import MAIL
from gateway.core.fault import Fault
from gateway.core.messages.addresses import domain_of
from gateway.core.messages.delivery import NextHop, next_hops
from gateway.core.messages.parties import Direction, Directory
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy
from gateway.core.policy_versions.version import PublishedPolicy
from gateway.directory.loading import RosterSources
from gateway.observability.events import EventLog
from gateway.ports.content import ContentParser, ReadHere
from gateway.ports.store import Store
from gateway.settings.model import Settings
from gateway.settings.next_hop import HopSettings
from gateway.settings.smtp import SmtpSettings
from gateway.stages.intake import MessageIntake
from gateway.store import Waits
from gateway.store import open_store as open_sql_store
from gateway.transports.smtp.destination import Destination, TlsPolicy
from gateway.transports.smtp.dialing import tls_context


def load_policy(settings: Settings, file: Path | None = None) -> Policy:
    """The policy of the configured file, or of another file under the same settings. Raises Fault."""
    return policies.read(file or settings.policy.file, _no_verdict(settings), _own_domains(settings))


def read_policy_text(settings: Settings, source: str, where: str) -> Policy:
    """The policy of a text under the same settings. Raises Fault, which says `where` the text is from."""
    return policies.read_text(source, _no_verdict(settings), _own_domains(settings), where)


def policy_of_version(settings: Settings, version: PublishedPolicy) -> Policy:
    """The policy of a version. Raises Fault if this version of the gateway cannot read it."""
    return read_policy_text(settings, version.source, f"version {version.period.number} of the policy")


def _no_verdict(settings: Settings) -> dict[Direction, Action]:
    waits = settings.policy.no_verdict
    return {
        Direction.STAFF_TO_STUDENT: Action(waits.staff_to_student),
        Direction.STUDENT_TO_STAFF: Action(waits.student_to_staff),
    }


def _own_domains(settings: Settings) -> tuple[str, ...]:
    return (*settings.district.domains, *settings.district.aliases)


def policy_source(settings: Settings, policy: Policy) -> str | None:
    """The text of the policy file, None if the file has changed since it was read."""
    source = (settings.policy.file or policies.SHIPPED).read_bytes()
    return source.decode() if hashlib.sha256(source).hexdigest() == policy.hash else None


def mail_next_hops(smtp: SmtpSettings, aliases: Mapping[str, str]) -> tuple[NextHop, ...]:
    """The next hops of mail: one for each destination, named by its first key. "*" serves every other domain.

    `aliases` maps alias domains to the district's domains. An alias without an entry uses its domain's next hop.
    Without "*" the last hop has no target: it refuses what no other hop serves.
    """
    names = _hop_names(smtp)
    served = {domain_of(f"@{domain}"): names[domain] for domain in smtp.next_hop if domain != "*"}
    for alias, domain in aliases.items():
        if (target := served.get(domain_of(f"@{domain}"))) is not None:
            served.setdefault(domain_of(f"@{alias}"), target)
    return next_hops(
        MAIL, served, names.get("*"), by_domain={names[domain] for domain, hop in smtp.next_hop.items() if hop.mx}
    )


def connections_of(connections: int, receivers: int, *, main: bool) -> int:
    """The connections to a next hop of one of several processes that receive. The main one delivers too: two shares."""
    share = connections // (receivers + 1)
    return max(connections - share * (receivers - 1) if main else share, 1)


def mail_destinations(smtp: SmtpSettings, *, receivers: int = 1, main: bool = True) -> dict[str, Destination]:
    """The destinations of the next hops by name. Raises Fault for a file of authorities that cannot be used.

    `receivers`: the processes that share the connections; `main`: this one delivers.
    """
    names, found = _hop_names(smtp), {}
    for domain, hop in smtp.next_hop.items():
        if names[domain] == domain:
            found[domain] = Destination(
                domain, hop.address, TlsPolicy(hop.tls), str(hop.ca or ""), hop.user, hop.password,
                connections_of(hop.connections, receivers, main=main), hop.mx, _hash_of(hop.ca),
            )  # fmt: skip
    for name, destination in found.items():
        try:
            tls_context(destination)
        except OSError as error:
            raise Fault(
                f"smtp.next_hop.{name}.ca: cannot be used ({error.strerror or 'no certificate in PEM form'}); "
                "name a file with certificates in PEM form"
            ) from None
    return found


def _hash_of(file: Path | None) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest() if file else ""
    except OSError:
        return ""  # the file is reported when it is used


def _hop_names(smtp: SmtpSettings) -> dict[str, str]:
    """The name of the next hop of each key: keys with equal values are one next hop, named by the first."""
    names: dict[HopSettings, str] = {}
    return {domain: names.setdefault(hop, domain) for domain, hop in smtp.next_hop.items()}


def directory_sources(settings: Settings) -> RosterSources:
    """The files and domains that the roster is loaded from."""
    district, directory = settings.district, settings.directory
    return RosterSources(
        directory.oneroster, directory.groups, directory.contacts, district.domains, district.aliases,
        directory.student_domains, directory.unknown_internal == "student",
        special_staff=directory.special_staff, reads_guardians=settings.policy.guardians,
    )  # fmt: skip


def store_file(settings: Settings) -> Path | None:
    """The file of an embedded store, None for a database server."""
    prefix = "sqlite:///"
    return Path(settings.store.url.removeprefix(prefix)) if settings.store.url.startswith(prefix) else None


def open_store(
    settings: Settings, waits: Waits | None = None, *, alone: bool = False
) -> AbstractAsyncContextManager[Store]:  # fmt: skip
    """The store. Raises Fault if it cannot be used. `waits` and `alone`: see gateway.store.open_store."""
    return open_sql_store(settings.store.url, waits=waits, alone=alone)


def make_intake(
    settings: Settings, store: Store, directory: Directory, event_log: EventLog, policy: Callable[[], Policy],
    reader: ContentParser | None = None, **wakes: Callable[[], None],
) -> MessageIntake:  # fmt: skip
    """The intake that every relay hands messages to. `wakes` are passed on to `MessageIntake`.

    `reader`: reads contents in other processes.
    """
    return MessageIntake(
        store.intake, store.secrets, directory, event_log, policy=policy,
        time_zone=ZoneInfo(settings.district.time_zone), max_waiting=settings.store.max_waiting,
        shadow=settings.policy.mode == "shadow", reader=reader or ReadHere(), **wakes,
    )  # fmt: skip


def make_bus(settings: Settings, event_log: EventLog) -> KafkaBus | LocalBus:
    """The bus: Apache Kafka, or the in-process bus for `local:`."""
    if settings.bus.url == "local:":
        return LocalBus(retain_seconds=settings.bus.retain)
    return KafkaBus(
        settings.bus.url.removeprefix("kafka://"),
        prefix=settings.bus.topic_prefix,
        retain_seconds=settings.bus.retain,
        max_record=settings.bus.max_inline + (1 << 16),
        tls_ca=str(settings.bus.tls_ca or ""),
        user=settings.bus.user,
        password=settings.bus.password,
        event_log=event_log,
    )


def listening_sockets(addresses: tuple[str, ...], key: str) -> list[socket.socket]:
    """Listening sockets for configured addresses. Raises Fault if an address cannot be bound."""
    sockets: list[socket.socket] = []
    for address in addresses:
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, int(port)))
            made.listen(1024)
        except OSError as error:
            made.close()
            for other in sockets:
                other.close()
            raise Fault(
                f"{key}: cannot listen on {address} ({error.strerror}); stop the program that uses it, "
                "or choose another address"
            ) from None
        made.setblocking(False)
        sockets.append(made)
    return sockets
