"""The section [smtp]: mail in and out."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal

from pydantic import Field

from gateway.settings.next_hop import NextHops
from gateway.settings.section import Section
from gateway.settings.units import Accounts, Address, BareNewline, Bytes, FilePath, Network, Seconds


class RetrySettings(Section):
    """When delivery of mail is tried again."""

    first: Seconds = Field(default=60.0, gt=0)  # after the first attempt; doubled with each further one
    longest: Seconds = Field(default=3600.0, gt=0)  # the longest wait between two attempts
    lifetime: Seconds = Field(default=5 * 86400.0, gt=0)  # from acceptance or release until the message bounces
    warn: Seconds = Field(default=4 * 3600.0, gt=0)  # when the sender gets a notice of the delay, once


class SmtpSettings(Section):
    """Mail in and out."""

    next_hop: NextHops = Field(min_length=1)  # by recipient domain; "*" is every other domain
    listen: tuple[Address, ...] = ("127.0.0.1:2525",)
    hostname: str = ""  # for the greeting and Received fields; default: the machine's full name
    relay_from: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))  # who may relay to any domain
    verify_recipients: bool = True  # of mail in scope: ask the next hop at RCPT, and refuse those that it does not know
    max_size: Bytes = 36 << 20  # largest content accepted
    bare_newline: BareNewline = "normalize"  # what to do about bare CR and LF; "normalise" works too
    max_in_flight: Bytes = 512 << 20  # content in memory over all sessions, all copies counted; above it: 451
    workers: int = Field(default=1, ge=1, le=64)  # processes that receive mail
    tls_cert: FilePath = None  # offer STARTTLS when set; read again when it changes
    tls_key: FilePath = None
    require_tls: bool = False  # refuse mail without TLS
    listen_tls: tuple[Address, ...] = ()  # further addresses, where TLS comes before the greeting
    accounts: Accounts = Field(default={})  # systems that may authenticate: user = { password_file = "..." }
    max_sessions: int = Field(default=1000, ge=1)  # of each process
    max_sessions_per_client: int = Field(default=50, ge=1)  # of a client outside `relay_from`
    client_rate: int = Field(default=1200, ge=0)  # messages a minute of a client outside `relay_from`; 0: no limit
    sender_rate: int = Field(default=600, ge=0)  # messages a minute of a sender from such clients; 0: no limit
    greeting_delay: Seconds = 0.0  # refuse clients outside `relay_from` that speak before the greeting
    proxy_protocol: bool = False  # expect the PROXY protocol from a load balancer
    proxies: tuple[Network, ...] = ()  # the networks from which PROXY and XCLIENT are heard; needed with proxy_protocol
    outside_claims: Literal["mark", "refuse"] = "mark"  # the district's addresses as sender from outside relay_from
    retry: RetrySettings = RetrySettings()
