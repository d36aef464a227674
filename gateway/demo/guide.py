"""The guide: what the demo writes under its addresses, commands that can be copied as they are."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from gateway.demo.folder import DOMAINS, Place

_FROM, _TO = f"dana.okafor@{DOMAINS[0]}", f"liam.whitcomb@{DOMAINS[1]}"
_DELIVERED = ("Lab on Friday", "Please bring your goggles on Friday, we start at 9:10 in room 114.")
_HELD = ("between us", "You are so mature for your age. Keep this between us and delete it after reading.")


def how_to_call(argument: str, environment: Mapping[str, str]) -> str:
    """How another terminal calls the installed command; `argument` is this process's own first one."""
    path = Path(argument)
    if path.name != "chaperone":
        return f"{shlex.quote(sys.executable)} -m gateway.cli"
    found = shutil.which("chaperone")
    if found and "VIRTUAL_ENV" not in environment and path.exists() and Path(found).samefile(path):
        return "chaperone"
    return shlex.quote(str(path.absolute()))


def facts(place: Place, login: tuple[str, str] | None) -> list[tuple[str, str]]:
    """The addresses of the gateway; `login` is name and password where a console is served."""
    people = place.people
    rows = [
        ("District", f"{people.staff} staff and {people.students} students in {people.schools} schools, all invented"),
        ("Mail in", f"{place.smtp}  (SMTP)"),
        ("Texts in", f"http://{place.texts}  (Twilio's API and webhooks)"),
        ("Both out", f"{place.mailboxes}/"),
    ]
    if login is not None:
        rows += [("Console", f"http://{place.console}/"), ("Sign in", f"{login[0]}  /  {login[1]}")]
    return [*rows, ("Metrics", f"http://{place.metrics}/metrics"), ("Log", str(place.log))]


def commands(place: Place, command: str) -> list[tuple[str, str]]:
    """What can be done from a second terminal, each with its line."""
    config = f"-c {shlex.quote(str(place.config))}"
    return [
        ("Send one that is delivered, from a second terminal", _sending(place.smtp, *_DELIVERED)),
        ("Send one that is held", _sending(place.smtp, *_HELD)),
        ("See what is held, look at one, let it go", f"{command} held list {config}"),
        ("", f"{command} held show {config} ID"),
        ("", releasing(place, command)),
    ]


def releasing(place: Place, command: str) -> str:
    """The line that releases a message, with ID for its id."""
    return f"{command} held release -c {shlex.quote(str(place.config))} ID"


def _sending(smtp: str, subject: str, body: str) -> str:
    if shutil.which("swaks") is None and shutil.which("curl"):
        text = f"From: {_FROM}\\nTo: {_TO}\\nSubject: {subject}\\n\\n{body}\\n"
        return f"printf '{text}' | curl --crlf smtp://{smtp} --mail-from {_FROM} --mail-rcpt {_TO} -T -"
    return f"swaks --server {smtp} --from {_FROM} --to {_TO} --header 'Subject: {subject}' --body '{body}'"
