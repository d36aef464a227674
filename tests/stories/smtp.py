"""One message over SMTP, its bytes exactly as given."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence


def submit(port: int, sender: str, recipients: Sequence[str], content: bytes) -> int:
    """The code that settled it: of the content, or of the first command that was refused."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo()
        code, _ = client.mail(sender)
        for recipient in recipients:
            if code // 100 == 2:
                code, _ = client.rcpt(recipient)
        return code if code // 100 != 2 else client.data(content)[0]
