"""Next hops: one for each domain of the district, none that leads back here, and each one answers."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Collection, Iterator, Sequence

from gateway.commands.checks.line import Line, error, ok, warn
from gateway.core.messages.addresses import domain_of
from gateway.transports.smtp.destination import Destination, TlsPolicy, split_address
from gateway.transports.smtp.dialing import tls_context

_TIMEOUT = 5.0


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
                f"next hop {name}", f"{address} is this gateway itself: mail would go round; name the server behind it"
            )


def _listens_on(listen: str, host: str) -> bool:
    loopback = host == "localhost" or host.startswith("127.") or host == "::1"
    return listen in ("0.0.0.0", "::", host) or (loopback and listen in ("127.0.0.1", "::1", "localhost"))


async def check_server(destination: Destination, hostname: str) -> list[Line]:
    """Connect to every address of a next hop: greeting, EHLO, and TLS as it is demanded."""
    if destination.mx:
        return [ok(f"next hop {destination.name}", "the mail servers of each domain, by DNS")]
    return list(await asyncio.gather(*(_greets(destination, address, hostname) for address in destination.addresses)))


async def _greets(destination: Destination, address: str, hostname: str) -> Line:
    what = f"next hop {destination.name}"
    host, port = split_address(address)
    try:
        async with asyncio.timeout(_TIMEOUT):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                return await _converse(destination, address, hostname, reader, writer)
            finally:
                writer.close()
    except ssl.SSLCertVerificationError as failed:
        return error(what, f"{address}: its certificate is not accepted ({failed.verify_message}); correct tls or ca")
    except ssl.SSLError:
        return error(what, f"{address}: TLS fails; correct its TLS settings, or smtp.next_hop")
    except socket.gaierror:
        return error(what, f"{address}: the name is unknown; correct smtp.next_hop")
    except (OSError, asyncio.IncompleteReadError) as failed:
        why = getattr(failed, "strerror", None) or "no answer"
        return error(what, f"{address} cannot be reached ({why}); start it, or correct smtp.next_hop")


async def _converse(
    destination: Destination, address: str, hostname: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Line:
    what = f"next hop {destination.name}"
    greeting = await _reply(reader)
    if not greeting.startswith(b"220"):
        return error(what, f"{address} does not greet as a mail server; correct smtp.next_hop")
    if greeting[4:].split(b" ")[0].strip().lower() == hostname.lower().encode():
        return error(
            what, f"{address} greets with our own name, {hostname}: mail would go round; correct smtp.next_hop"
        )
    writer.write(b"EHLO " + hostname.encode("ascii", "replace") + b"\r\n")
    offered = (await _reply(reader)).upper()
    if not offered.startswith(b"250"):
        return warn(what, f"{address} refuses EHLO; let this gateway send to it")
    must = destination.tls in (TlsPolicy.REQUIRED, TlsPolicy.VERIFY)
    if b"STARTTLS" not in offered:
        if must:
            return error(what, f'{address} offers no TLS, and tls is "{destination.tls}"; switch it on there')
        return ok(what, f"{address} greets, without TLS")
    if destination.tls is TlsPolicy.NONE:
        return ok(what, f"{address} greets")
    writer.write(b"STARTTLS\r\n")
    if (await _reply(reader)).startswith(b"220"):
        host, _ = split_address(address)
        await writer.start_tls(tls_context(destination), server_hostname=host)
        return ok(what, f"{address} greets, with TLS")
    return (error if must else warn)(what, f"{address} offers TLS and refuses it; correct its TLS settings")


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
