"""Next hops: one for each domain of the district, none that leads back here, and each one answers."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Collection, Iterator, Sequence

from gateway.commands.checks.line import Line, error, ok, warn
from gateway.core.messages.addresses import domain_of
from gateway.ports.channels import HopDown
from gateway.transports.smtp.connection import SmtpTimeouts
from gateway.transports.smtp.destination import Destination, TlsPolicy, split_address
from gateway.transports.smtp.dialing import Dialer, tls_context
from gateway.transports.smtp.resolution import HopResolver

_TIMEOUT = 5.0
_WHAT = "next hop"


def check_routes(keys: Collection[str], domains: Sequence[str], aliases: Collection[str]) -> Iterator[Line]:
    """Every domain of the district has a next hop; `keys` are those of smtp.next_hop. An alias follows its domain."""
    if "*" in keys:
        return
    served = {domain_of(f"@{key}") for key in keys}
    for domain in domains:
        if domain_of(f"@{domain}") not in served:
            yield error(
                "smtp.next_hop",
                f'no next hop serves {domain}: its mail would be refused; add it, or add "*"',
            )
    yield warn("smtp.next_hop", 'mail to other domains would be refused; add "*" for mail that leaves the district')


def check_addresses(
    name: str, addresses: Sequence[str], listens: Collection[str], own: Collection[str]
) -> Iterator[Line]:
    """A next hop must not be this gateway. `listens`: our own "host:port"; `own`: addresses of this machine."""
    ports = {split_address(listen)[1]: split_address(listen)[0] for listen in listens}
    for address in addresses:
        host, port = split_address(address)
        if port in ports and (host in own or host == "localhost") and _listens_on(ports[port], host):
            yield error(
                _WHAT, f"{address}, of {name}, is this gateway itself: mail would go round; name the server behind it"
            )


def _listens_on(listen: str, host: str) -> bool:
    loopback = host == "localhost" or host.startswith("127.") or host == "::1"
    return listen in ("0.0.0.0", "::", host) or (loopback and listen in ("127.0.0.1", "::1", "localhost"))


async def check_server(destination: Destination, hostname: str) -> list[Line]:
    """Connect to every address of a next hop: greeting, EHLO, TLS as it is demanded, and sign-in."""
    if destination.mx:
        return [ok(_WHAT, f"{destination.name}: the mail servers of each domain, by DNS")]
    lines = list(await asyncio.gather(*(_greets(destination, address, hostname) for address in destination.addresses)))
    return [*lines, *await _sign_in(destination, hostname)] if destination.user else lines


async def _sign_in(destination: Destination, hostname: str) -> list[Line]:
    """Connect as deliveries do. What fails before the sign-in is reported by other lines."""
    lines: list[Line] = []
    try:
        endpoints = await HopResolver(hostname).endpoints(destination, "")
        dialer = Dialer(hostname, destination, SmtpTimeouts(connect=_TIMEOUT, greeting=_TIMEOUT))
    except (HopDown, OSError):
        return []
    for endpoint in endpoints:
        try:
            (await dialer.dial(endpoint, 2 * _TIMEOUT)).close()
        except HopDown as down:
            if down.reply.enhanced == "4.7.8":
                lines.append(error(_WHAT, f"{endpoint}: the password is refused; correct user and password_file"))
            elif down.reply.enhanced == "4.7.4":
                lines.append(error(_WHAT, f'{endpoint}: the password needs TLS; switch it on there, or tls = "none"'))
        else:
            lines.append(ok(_WHAT, f"{endpoint} accepts the password"))
    return lines


async def _greets(destination: Destination, address: str, hostname: str) -> Line:
    host, port = split_address(address)
    try:
        async with asyncio.timeout(_TIMEOUT):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                return await _converse(destination, address, hostname, reader, writer)
            finally:
                writer.close()
    except ssl.SSLCertVerificationError as failed:
        return error(_WHAT, f"{address}: its certificate is not accepted ({failed.verify_message}); correct tls or ca")
    except ssl.SSLError:
        return error(_WHAT, f"{address}: TLS fails; correct its TLS settings, or smtp.next_hop")
    except socket.gaierror:
        return error(_WHAT, f"{address}: the name is unknown; correct smtp.next_hop")
    except (OSError, asyncio.IncompleteReadError) as failed:
        why = os.strerror(failed.errno) if isinstance(failed, OSError) and failed.errno else "no answer"
        return error(_WHAT, f"{address} cannot be reached ({why}); start it, or correct smtp.next_hop")


async def _converse(
    destination: Destination, address: str, hostname: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Line:
    greeting = await _reply(reader)
    if not greeting.startswith(b"220"):
        return error(_WHAT, f"{address} does not greet as a mail server; correct smtp.next_hop")
    if greeting[4:].split(b" ")[0].strip().lower() == hostname.lower().encode():
        return error(
            _WHAT, f"{address} greets with our own name, {hostname}: mail would go round; correct smtp.next_hop"
        )
    writer.write(b"EHLO " + hostname.encode("ascii", "replace") + b"\r\n")
    offered = (await _reply(reader)).upper()
    if not offered.startswith(b"250"):
        return warn(_WHAT, f"{address} refuses EHLO; let this gateway send to it")
    must = destination.tls in (TlsPolicy.REQUIRED, TlsPolicy.VERIFY)
    if b"STARTTLS" not in offered:
        if must:
            return error(_WHAT, f'{address} offers no TLS, and tls is "{destination.tls}"; switch it on there')
        return ok(_WHAT, f"{address} greets, without TLS")
    if destination.tls is TlsPolicy.NONE:
        return ok(_WHAT, f"{address} greets")
    writer.write(b"STARTTLS\r\n")
    if (await _reply(reader)).startswith(b"220"):
        host, _ = split_address(address)
        await writer.start_tls(tls_context(destination), server_hostname=host)
        return ok(_WHAT, f"{address} greets, with TLS")
    return (error if must else warn)(_WHAT, f"{address} offers TLS and refuses it; correct its TLS settings")


async def _reply(reader: asyncio.StreamReader) -> bytes:
    lines = b""
    while True:
        line = await reader.readline()
        lines += line
        if not line:
            raise asyncio.IncompleteReadError(lines, None)
        if line[3:4] != b"-":
            return lines


def own_addresses() -> set[str]:
    """Addresses of this machine that its name and loopback have."""
    found = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "::"}
    for name in (socket.gethostname(), socket.getfqdn()):
        found.add(name.lower())
        try:
            found.update(str(info[4][0]) for info in socket.getaddrinfo(name, None))
        except OSError:
            continue
    return found
