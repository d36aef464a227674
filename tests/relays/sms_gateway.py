"""A gateway with SMPP and Twilio, between an SMSC and applications, for the sample district with some phones."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.core.cached_value import cached_value
from tests.peers.ports import free_port
from tests.peers.smpp_ends import Smsc
from tests.stories.gateway import DISTRICT, Gateway, eventually, gateway_folder

TEACHER_LINE, OTHER_TEACHER_LINE = "+15155550199", "+15155550198"
"""District numbers of two teachers: one of k-01, and another one."""
MESSAGING_SERVICE = "MG" + "5" * 32
"""A messaging service of the provider that belongs to a teacher, as a district number does."""
STUDENT_PHONE, SECOND_STUDENT_PHONE, OUTSIDE_PHONE = "+15155550120", "+15155550121", "+15155550777"
CLEAN_TEXT = "Practice moved to 4 pm in the gym, bring your notes and a calculator."
HELD_TEXT = "u looked so pretty today. our secret ok? delete this and dont tell ur mom"
HELP_TEXT = "i dont feel safe at home please help me he hit me again"
PHONES = (
    ("s-06", "district_phone", TEACHER_LINE), ("s-07", "district_phone", OTHER_TEACHER_LINE),
    ("k-01", "phone", STUDENT_PHONE), ("k-02", "phone", SECOND_STUDENT_PHONE),
    ("s-07", "district_phone", MESSAGING_SERVICE),
)  # fmt: skip


@dataclass
class SmsGateway:
    """The gateway, the port where applications bind, and the SMSC upstream."""

    gateway: Gateway
    port: int
    smsc: Smsc

    @cached_value
    def token(self) -> str:
        """A token of the technology director, who is added when a test first asks for it: it takes seconds."""
        self.gateway.cli(
            "user", "add", "director", "--role", "technology_director", "--password-stdin", stdin="right horse 12345\n"
        )
        return self.gateway.cli("token", "create", "--user", "director").strip()

    def api(self, path: str, given: object = None) -> tuple[int, Any]:
        """Status and answer of a request to the console's API by the technology director."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.gateway.console}/api/v1{path}", method="GET" if given is None else "POST",
            data=None if given is None else json.dumps(given).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    def held(self, id_: str) -> dict[str, Any]:
        """The queue row of a message, once it is held."""
        rows = eventually(lambda: [row for row in self.api("/held?limit=200")[1]["items"] if row["id"] == id_[:26]])
        assert rows, f"{id_} is not held: {self.trace(id_)}"
        return dict(rows[0])

    def trace(self, id_: str) -> dict[str, Any]:
        """The trace of a message."""
        (trace,) = self.api(f"/trace?id={id_[:26]}")[1]["items"]
        return dict(trace)

    def state(self, id_: str) -> str:
        """The state of a message's first recipient."""
        return str(self.trace(id_)["recipients"][0]["state"])

    def decide(self, id_: str, action: str) -> int:
        """Release or reject a message. Returns the HTTP status."""
        return self.api(f"/messages/{id_[:26]}/{action}", {"reason": "test"})[0]

    def bound(self) -> bool:
        """Whether the gateway is bound at the SMSC."""
        return bool(eventually(lambda: self.gateway.metric("chaperone_smsc_bound") >= 1, 30))

    def sent(self, to: str) -> list[bytes]:
        """The bodies that the SMSC accepted for a number, in order."""
        wanted = to.lstrip("+").encode() + b"\0"
        return [pdu.body for _, pdu in list(self.smsc.accepted) if wanted in pdu.body[:60]]


@contextlib.contextmanager
def run_sms_gateway(
    folder: Path, smsc: Smsc, *, settings: Sequence[str] = (), phones: Sequence[tuple[str, str, str]] = PHONES,
    bus: str = "local:", store: str = "", start: Callable[[Gateway], object] = Gateway.start,
) -> Iterator[SmsGateway]:  # fmt: skip
    """A running gateway. `settings` are additional lines of its configuration; `start` starts it."""
    contacts = (DISTRICT / "contacts.csv").read_text(encoding="utf-8").rstrip("\n")
    rows = "\n".join(",".join(row) for row in phones)
    (folder / "contacts.csv").write_text(f"{contacts}\n{rows}\n", encoding="utf-8")
    (folder / "texting.secret").write_text("text-pw")
    (folder / "second.secret").write_text("other-pw")
    (folder / "smsc.secret").write_text("smsc-pw")
    port = free_port()
    upstream = [f'sms.smpp.upstream = "smpp://us@127.0.0.1:{smsc.port}"']
    if any(line.startswith("sms.smpp.upstream =") for line in settings):
        upstream = []
    lines = [
        *upstream,
        f'sms.smpp.listen = ["127.0.0.1:{port}"]',
        'sms.smpp.upstream_password_file = "smsc.secret"',
        "sms.smpp.accounts.texting = { password_file = 'texting.secret' }",
        "sms.smpp.accounts.second = { password_file = 'second.secret' }",
        'sms.smpp.parts_timeout = "4s"',
        *settings,
    ]
    with gateway_folder(folder, "127.0.0.1:1", bus=bus, store=store, settings=lines) as gateway:
        text = gateway.config.read_text(encoding="utf-8")
        gateway.config.write_text(text.replace(str(DISTRICT / "contacts.csv"), str(folder / "contacts.csv")))
        start(gateway)
        running = SmsGateway(gateway, port, smsc)
        assert running.bound()
        yield running
