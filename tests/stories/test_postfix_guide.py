"""The three setups of docs/operate/guides/postfix.md, followed to the letter, in real Postfix with aliases."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.ports import free_port
from tests.peers.postfix import Postfix, running_postfix
from tests.stories.gateway import DISTRICT, Gateway, eventually, gateway_folder
from tests.stories.smtp import submit

pytestmark = pytest.mark.peer("postfix")

GUIDE = (Path(__file__).parents[2] / "docs" / "operate" / "guides" / "postfix.md").read_text()
STAFF, STUDENT = "riverbend.example", "students.riverbend.example"
TEACHER, COUNSELOR = f"dana.okafor@{STAFF}", f"marian.kessler@{STAFF}"
CLASS_MEMBERS = (f"maya.lindqvist@{STUDENT}", f"jonas.stoltz@{STUDENT}")
SAFETY, CLASS = f"safety@{STAFF}", f"algebra@{STUDENT}"
ALIASES = {SAFETY: (COUNSELOR,), CLASS: CLASS_MEMBERS}
USERS = (TEACHER, COUNSELOR, *CLASS_MEMBERS)
HELP = "I do not feel safe at home, my stepdad hit me again last night. Please help me, I do not know what to do."


def blocks(heading: str) -> list[str]:
    """The Postfix settings in a section of the guide."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    assert section is not None, heading
    return re.findall(r"^```\n(.*?)^```", section[1], re.MULTILINE | re.DOTALL)


def parameters(block: str) -> dict[str, str]:
    """The parameters of a piece of main.cf."""
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in block.splitlines())}


@dataclass(frozen=True)
class Setup:
    """A running setup: where users hand in mail, where mail from outside comes in, and the mailboxes."""

    users: int
    outside: int
    mailboxes: Postfix

    def arrived(self) -> Counter[str]:
        """How many messages each mailbox has."""
        return Counter(copy.recipient for copy in self.mailboxes.arrived())


@contextlib.contextmanager
def following(setup: str, gateway: Gateway, back: int) -> Iterator[Setup]:
    """A setup of the guide, with our ports."""

    def here(text: str) -> str:
        return (
            text.replace("2525", str(gateway.smtp)).replace("10026", str(back))
            .replace("gateway.riverbend.example", "127.0.0.1").replace("smtp inet", "127.0.0.1:{port} inet")
        )  # fmt: skip

    (way_back,) = blocks("The way back in")
    mailboxes = {
        "virtual_mailbox_maps": "inline:{ " + ", ".join(f"{user}=mail/" for user in USERS) + " }",
        "virtual_alias_maps": "inline:{ "
        + ", ".join(f"{{ {alias} = {' '.join(members)} }}" for alias, members in ALIASES.items())
        + " }",
        "virtual_alias_domains": "",
    }
    with contextlib.ExitStack() as stack:
        services = here(way_back)
        match setup:
            case "after":
                (main,) = blocks("One Postfix, after its queue")
                mailboxes |= parameters(here(main))
            case "before":
                (master,) = blocks("One Postfix, before its queue")
                services += here(master)
            case "between":
                main, front = blocks("Two servers with Chaperone between them")
                mailboxes |= parameters(here(main))
        server = stack.enter_context(running_postfix("maildir", parameters=mailboxes, services=services))
        outside = server.port
        if setup == "between":
            front_settings = {"virtual_mailbox_domains": "", "relay_domains": f"{STAFF} {STUDENT}", "relayhost": ""}
            front_server = running_postfix(
                f"127.0.0.1:{server.port}", name="front", parameters=front_settings | parameters(here(front))
            )
            outside = stack.enter_context(front_server).port
        yield Setup(server.port, outside, server)


@pytest.mark.parametrize("setup", ["after", "before", "between"])
def test_aliases_are_expanded(tmp_path: Path, setup: str) -> None:
    """Mail to an alias from outside and from a teacher, and the notice of a call for help, reach every member once."""
    back = free_port()
    groups = tmp_path / "groups.csv"
    members = "".join(f"{CLASS},{member}\n" for member in CLASS_MEMBERS)
    groups.write_text((DISTRICT / "groups.csv").read_text() + members)
    settings = [f'notify.to = ["{SAFETY}"]']
    with gateway_folder(tmp_path, f"127.0.0.1:{back}", settings=settings) as gateway:
        config = gateway.config.read_text().replace(str(DISTRICT / "groups.csv"), str(groups))
        gateway.config.write_text(config)
        with following(setup, gateway, back) as running:
            gateway.start()
            outside = (
                f"From: pat@home.example\r\nTo: {SAFETY}\r\nSubject: A question\r\n\r\nWhen is the office open?\r\n"
            )
            assert submit(running.outside, "pat@home.example", [SAFETY], outside.encode()) == 250
            lesson = (
                f"From: {TEACHER}\r\nTo: {CLASS}\r\nSubject: Quiz\r\n\r\nThe quiz on Thursday covers section 4.1.\r\n"
            )
            assert submit(running.users, TEACHER, [CLASS], lesson.encode()) == 250
            call = f"From: {CLASS_MEMBERS[0]}\r\nTo: {TEACHER}\r\nSubject: please\r\n\r\n{HELP}\r\n"
            assert submit(running.users, CLASS_MEMBERS[0], [TEACHER], call.encode()) == 250
            expected = {COUNSELOR: 2, TEACHER: 1} | dict.fromkeys(CLASS_MEMBERS, 1)  # the counselor: and the notice
            assert eventually(lambda: running.arrived() == expected, 60), (running.arrived(), running.mailboxes.log())
            assert eventually(lambda: running.mailboxes.queued() == 0)
            assert all(trace["direction"] == "staff_to_student" for trace in gateway.traces(CLASS_MEMBERS[1]))
            assert "status=bounced" not in running.mailboxes.log()
