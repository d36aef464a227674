"""The addresses that the demo prints, and commands that can be copied as they are."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from gateway.demo.folder import DOMAINS, DemoFolder

_FROM, _TO = f"dana.okafor@{DOMAINS[0]}", f"liam.whitcomb@{DOMAINS[1]}"
_DELIVERED = ("Lab on Friday", "Please bring your goggles on Friday, we start at 9:10 in room 114.")
_HELD = ("between us", "You are so mature for your age. Keep this between us and delete it after reading.")


def command_name(argument: str, environment: Mapping[str, str]) -> str:
    """How another terminal calls the installed command; `argument` is `sys.argv[0]` of this process."""
    path = Path(argument)
    if path.name != "chaperone":
        return f"{shlex.quote(sys.executable)} -m gateway.cli"
    found = shutil.which("chaperone")
    if found and "VIRTUAL_ENV" not in environment and path.exists() and Path(found).samefile(path):
        return "chaperone"
    return shlex.quote(str(path.absolute()))


def address_rows(folder: DemoFolder, login: tuple[str, str] | None) -> list[tuple[str, str]]:
    """The gateway's addresses; `login` is the name and password of the console, if one is served."""
    district = folder.district
    people = f"{district.staff} staff and {district.students} students in {district.schools} schools"
    rows = [
        ("District", f"{people}, all invented"),
        ("Mail in", f"{folder.smtp}  (SMTP)"),
        ("Texts in", f"http://{folder.texts}  (Twilio's API and webhooks)"),
        ("Both out", f"{folder.mailboxes}/"),
    ]
    if login is not None:
        rows += [("Console", f"http://{folder.console}/"), ("Sign in", f"{login[0]}  /  {login[1]}")]
    return [*rows, ("Metrics", f"http://{folder.metrics}/metrics"), ("Log", str(folder.log))]


def example_commands(folder: DemoFolder, command: str) -> list[tuple[str, str]]:
    """What to try from a second terminal: a title (or "") and a command line each."""
    config = f"-c {shlex.quote(str(folder.config))}"
    return [
        ("Send a message that is delivered, from a second terminal", _send_command(folder.smtp, *_DELIVERED)),
        ("Send a message that is held", _send_command(folder.smtp, *_HELD)),
        ("List held messages, show one, release it", f"{command} held list {config}"),
        ("", f"{command} held show {config} ID"),
        ("", release_command(folder, command)),
    ]


def release_command(folder: DemoFolder, command: str) -> str:
    """The command line that releases a message; it ends with ID."""
    return f"{command} held release -c {shlex.quote(str(folder.config))} ID"


def _send_command(smtp: str, subject: str, body: str) -> str:
    if shutil.which("swaks") is None and shutil.which("curl"):
        text = f"From: {_FROM}\\nTo: {_TO}\\nSubject: {subject}\\n\\n{body}\\n"
        return f"printf '{text}' | curl --crlf smtp://{smtp} --mail-from {_FROM} --mail-rcpt {_TO} -T -"
    return f"swaks --server {smtp} --from {_FROM} --to {_TO} --header 'Subject: {subject}' --body '{body}'"
