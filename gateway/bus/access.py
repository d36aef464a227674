"""How to reach the brokers: addresses, TLS, and SASL over TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

from gateway.core.fault import Fault


@dataclass(frozen=True, slots=True)
class Access:
    """`bootstrap` is "host:port,host:port". With `user`, SASL by `mechanism` over TLS; with `tls_ca` alone, TLS.

    `tls_ca` is the path of the certificates to trust, "" for those of the machine.
    """

    bootstrap: str
    tls_ca: str = ""
    user: str = ""
    password: str = ""
    mechanism: str = "SCRAM-SHA-512"

    def arguments(self) -> dict[str, Any]:
        """The arguments that every client of aiokafka takes. Raises Fault where the certificates cannot be read."""
        reach: dict[str, Any] = {"bootstrap_servers": self.bootstrap}
        if not (self.user or self.tls_ca):
            return reach
        try:
            context = ssl.create_default_context(cafile=self.tls_ca or None)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise Fault(
                f"bus.tls_ca: {self.tls_ca} holds no certificates that can be read ({type(error).__name__}); "
                "name a PEM file"
            ) from None
        reach |= {"ssl_context": context, "security_protocol": "SSL"}
        if self.user:
            reach |= {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return reach
