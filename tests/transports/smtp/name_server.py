"""A DNS server on loopback for MX records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer(asyncio.DatagramProtocol):
    """Answers with `records` by domain: MX records as text. "silence" never answers, "SERVFAIL" fails."""

    def __init__(self, records: Mapping[str, Sequence[str] | str]) -> None:
        self._records = records
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        records = self._records.get(name)
        if records == "silence":
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if records is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif records == "SERVFAIL":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif records:
            reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "MX", *records))
        self._transport.sendto(reply.to_wire(), address)  # type: ignore[attr-defined]


@asynccontextmanager
async def name_server(records: Mapping[str, Sequence[str] | str]) -> AsyncIterator[tuple[str, NameServer]]:
    """A running server: its "address:port", and what it was asked."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: NameServer(records), local_addr=("127.0.0.1", 0))
    try:
        yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}", server
    finally:
        transport.close()
