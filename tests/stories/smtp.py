"""Sends one message over SMTP with its exact bytes."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence


def submit(port: int, sender: str, recipients: Sequence[str], content: bytes) -> int:
    """Returns the reply code: that of the content, or of the first refused command."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo()
        code, _ = client.mail(sender)
        for recipient in recipients:
            if code // 100 == 2:
                code, _ = client.rcpt(recipient)
        return code if code // 100 != 2 else client.data(content)[0]
