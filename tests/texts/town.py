"""A gateway with both ways of texts, between an SMSC and applications, in the sample district with some phones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers.smpp_ends import Smsc
from tests.stories.gateway import DISTRICT, Gateway, eventually, free_port, laid_out

LINE, OTHER_LINE = "+15155550199", "+15155550198"
"""District numbers of two teachers: k-01's own, and another one."""
STUDENT, SECOND, OUTSIDE = "+15155550120", "+15155550121", "+15155550777"
CLEAN = "Practice moved to 4 pm in the gym, bring your notes and a calculator."
BAD = "u looked so pretty today. our secret ok? delete this and dont tell ur mom"
HELP = "i dont feel safe at home please help me he hit me again"
PHONES = (
    ("s-06", "district_phone", LINE), ("s-07", "district_phone", OTHER_LINE), ("k-01", "phone", STUDENT),
    ("k-02", "phone", SECOND),
)  # fmt: skip


@dataclass
class Town:
    """The gateway, where applications bind to it, and the SMSC behind it."""

    gateway: Gateway
    port: int
    smsc: Smsc

    def bound(self) -> bool:
        """Whether the gateway is bound at the SMSC."""
        return bool(eventually(lambda: self.gateway.metric("chaperone_smsc_bound") == 1, 30))

    def sent(self, to: str) -> list[bytes]:
        """The bodies that the SMSC took for a number, in their order."""
        wanted = to.lstrip("+").encode() + b"\0"
        return [pdu.body for _, pdu in list(self.smsc.taken) if wanted in pdu.body[:60]]


@contextlib.contextmanager
def town(folder: Path, smsc: Smsc, *, settings: Sequence[str] = (), wait: bool = True) -> Iterator[Town]:
    """A town whose gateway serves; `settings` are further lines of its configuration."""
    contacts = (DISTRICT / "contacts.csv").read_text(encoding="utf-8").rstrip("\n")
    rows = "\n".join(",".join(row) for row in PHONES)
    (folder / "contacts.csv").write_text(f"{contacts}\n{rows}\n", encoding="utf-8")
    (folder / "texting.secret").write_text("texting-pw")
    (folder / "second.secret").write_text("second-pw")
    (folder / "smsc.secret").write_text("smsc-pw")
    port = free_port()
    lines = [
        f'sms.smpp.listen = ["127.0.0.1:{port}"]',
        f'sms.smpp.upstream = "smpp://us@127.0.0.1:{smsc.port}"',
        'sms.smpp.upstream_password_file = "smsc.secret"',
        "sms.smpp.accounts.texting = { password_file = 'texting.secret' }",
        "sms.smpp.accounts.second = { password_file = 'second.secret' }",
        'sms.smpp.parts_timeout = "4s"',
        *settings,
    ]
    with laid_out(folder, "127.0.0.1:1", settings=lines) as gateway:
        text = gateway.config.read_text(encoding="utf-8")
        gateway.config.write_text(text.replace(str(DISTRICT / "contacts.csv"), str(folder / "contacts.csv")))
        gateway.start()
        made = Town(gateway, port, smsc)
        if wait:
            assert made.bound()
        yield made
