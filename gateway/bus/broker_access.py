"""How to reach the Kafka brokers: addresses, TLS, and SASL over TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

from gateway.core.fault import Fault


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """`bootstrap` is "host:port,host:port". With `user`: SASL with `mechanism` over TLS. With only `tls_ca`: TLS.

    `tls_ca` is the path of the certificates to trust, "" for those of the system.
    """

    bootstrap: str
    tls_ca: str = ""
    user: str = ""
    password: str = ""
    mechanism: str = "SCRAM-SHA-512"

    def arguments(self) -> dict[str, Any]:
        """The arguments for every aiokafka client. Raises Fault if the certificates cannot be read."""
        arguments: dict[str, Any] = {"bootstrap_servers": self.bootstrap}
        if not (self.user or self.tls_ca):
            return arguments
        try:
            context = ssl.create_default_context(cafile=self.tls_ca or None)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise Fault(
                f"bus.tls_ca: {self.tls_ca} contains no readable certificates ({type(error).__name__}); name a PEM file"
            ) from None
        arguments |= {"ssl_context": context, "security_protocol": "SSL"}
        if self.user:
            arguments |= {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return arguments
