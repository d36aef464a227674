"""Certificates of listeners: missing, broken, expired, expiring soon, or for another name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography import x509

from gateway.assembly.certificates import day_of, load_pair, read_certificate
from gateway.commands.checks.line import Line, error, ok, warn
from gateway.core.fault import Fault

_SOON = 21 * 86400.0


def check_certificate(key: str, cert: Path, private_key: Path, hostname: str, now: float) -> Iterator[Line]:
    """The lines of one listener's certificate. `hostname` is the name that clients expect, "" for any."""
    try:
        load_pair(cert, private_key, key)
        certificate = read_certificate(cert)
    except Fault as fault:
        yield error(key, str(fault))
        return
    begins, ends = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
    names = names_of(certificate)
    if ends <= now:
        yield error(key, f"{cert} expired on {day_of(ends)}; renew it, the gateway reads it when it changes")
    elif begins > now:
        yield error(key, f"{cert} is not valid before {day_of(begins)}; check the clock, or use another certificate")
    elif ends < now + _SOON:
        yield warn(key, f"{cert} expires on {day_of(ends)}; renew it, the gateway reads it when it changes")
    if hostname and not is_for(names, hostname):
        shown = ", ".join(names) or "no name"
        yield warn(key, f"{cert} is for {shown}, not for {hostname}; correct smtp.hostname, or use another certificate")
    elif begins <= now < ends - _SOON:
        yield ok(key, f"valid until {day_of(ends)}")


def check_mail_without_tls(listen: Sequence[str], cert: Path | None) -> Iterator[Line]:
    """Mail from other machines should not come in clear text only."""
    if cert is None and not all(is_loopback(address) for address in listen):
        yield warn(
            "smtp.tls_cert", "mail from other machines comes in clear text; set smtp.tls_cert and smtp.tls_key"
        )  # fmt: skip


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The host names of a certificate."""
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(alternative.get_values_for_type(x509.DNSName))


def is_for(names: Sequence[str], hostname: str) -> bool:
    """Whether a host name is among those of a certificate (RFC 6125, wildcards for one label)."""
    host = hostname.lower().rstrip(".")
    _, _, parent = host.partition(".")
    return any(name.lower() in (host, f"*.{parent}") for name in names)


def is_loopback(address: str) -> bool:
    """Whether "host:port" is on this machine only."""
    host = address.rpartition(":")[0].strip("[]").lower()
    return host in ("localhost", "::1") or host.startswith("127.")
