"""The demo's folder: configuration, sample district, mailboxes, store and log, and the ports that are free for it."""

from __future__ import annotations

import csv
import secrets
import shutil
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from gateway.core.fault import Fault
from gateway.demo.phones import ACCOUNT

DISTRICT = "Riverbend Community School District"
DOMAINS = ("riverbend.example", "students.riverbend.example")
NOTICES = f"chaperone@{DOMAINS[0]}"
"""Who the gateway's own messages are from."""

CONFIG = "chaperone.toml"
_MARK = "# Written by `chaperone demo`, and written anew at each of its starts."
_PREFERRED = {
    "smtp": 2525,
    "console": 8025,
    "metrics": 9464,
    "inside": 2600,
    "outside": 2601,
    "texts": 8026,
    "phones": 2701,
}


@dataclass(frozen=True, slots=True)
class People:
    """The sample district in figures and names; `names` by address in lower case."""

    staff: int
    students: int
    schools: int
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that is ready, and the addresses (host:port) that the configuration in it names."""

    folder: Path
    smtp: str
    console: str
    metrics: str
    people: People
    texts: str = ""
    token: str = ""

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / CONFIG

    @property
    def mailboxes(self) -> Path:
        """The folder with a mailbox for each recipient."""
        return self.folder / "mailboxes"

    @property
    def log(self) -> Path:
        """Where the gateway's log lines go, so that the terminal stays the demo's."""
        return self.folder / "gateway.log"


def claim(folder: Path) -> Path:
    """Make the folder the demo's own and return it resolved. Raises Fault where it holds anything else."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        config = folder / CONFIG
        ours = config.is_file() and config.read_text(encoding="utf-8", errors="replace").startswith(_MARK)
        if not ours and any(folder.iterdir()):
            raise Fault(f"{folder}: holds files that are not the demo's; name a new or empty folder with --dir")
        config.write_text(f"{_MARK}\n", encoding="utf-8")
        for name in ("mailboxes", "var"):
            (folder / name).mkdir(exist_ok=True)
        if not (folder / "district").exists():
            with as_file(files("gateway.demo") / "district") as sample:
                shutil.copytree(sample, folder / "district")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Fault(f"{folder}: {why}; name a folder that this user may write to with --dir") from None
    return folder


def free_ports(preferred: Mapping[str, int] = _PREFERRED) -> dict[str, int]:
    """A free loopback port for each listener: the preferred one, which the documentation names, else any."""
    with ExitStack() as together:  # all are held until the last is found, so that no two are the same
        return {name: _free(port, together) for name, port in preferred.items()}


def _free(preferred: int, together: ExitStack) -> int:
    for port in (preferred, 0):
        bound = together.enter_context(socket.socket())
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(("127.0.0.1", port))
        except OSError:
            continue
        return int(bound.getsockname()[1])
    raise Fault("127.0.0.1: no free port to listen on; end a program that listens there")


def settle(folder: Path, ports: Mapping[str, int], inside: str, outside: str) -> Place:
    """Write the configuration, with the next hops (host:port) of the district's domains and of the rest."""
    place = Place(
        folder=folder,
        smtp=f"127.0.0.1:{ports['smtp']}",
        console=f"127.0.0.1:{ports['console']}",
        metrics=f"127.0.0.1:{ports['metrics']}",
        people=people(folder / "district"),
        texts=f"127.0.0.1:{ports['texts']}",
        token=secrets.token_hex(16),
    )
    place.config.write_text(_configuration(place, inside, outside, ports["phones"]), encoding="utf-8")
    (folder / "texts.secret").write_text(place.token, encoding="utf-8")
    return place


def people(district: Path) -> People:
    """Who is in the sample district, read plainly: it is our own file; real rosters are the directory's part."""
    with (district / "oneroster" / "users.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (district / "oneroster" / "orgs.csv").open(encoding="utf-8", newline="") as file:
        schools = sum(row["type"] == "school" for row in csv.DictReader(file))
    names = {row["email"].lower(): f"{row['givenName']} {row['familyName']}" for row in rows if row["email"]}
    called = {row["sourcedId"]: f"{row['givenName']} {row['familyName']}" for row in rows}
    with (district / "contacts.csv").open(encoding="utf-8", newline="") as file:
        names |= {row["value"]: called[row["person"]] for row in csv.DictReader(file) if row["person"] in called}
    roles = [row["role"] for row in rows]
    students = roles.count("student")
    return People(len(roles) - students - roles.count("guardian"), students, schools, names)


def _configuration(place: Place, inside: str, outside: str, phones: int) -> str:
    first, second = DOMAINS
    return f"""\
{_MARK}
# For a gateway of your own, copy it, rename it and start `chaperone serve -c FILE`.

[district]
name = "{DISTRICT}"
time_zone = "America/Chicago"
domains = ["{first}", "{second}"]

[directory]
oneroster = "district/oneroster/"
groups = "district/groups.csv"
contacts = "district/contacts.csv"
student_domains = ["{second}"]

[policy]
mode = "enforce"                    # "shadow": everything scored, nothing held
verdict_timeout = "60s"

[bus]
url = "local:"

[store]
url = "sqlite:///var/chaperone.db"

[smtp]
listen = ["{place.smtp}"]
hostname = "gateway.{first}"
relay_from = ["127.0.0.0/8", "::1/128"]

[smtp.next_hop]                     # the mailboxes of the demo
"{first}" = "{inside}"
"{second}" = "{inside}"
"*" = "{outside}"

[classify]
workers = 1

[console]
listen = "{place.console}"

[notify]
from = "{NOTICES}"
to = ["safety@{first}"]

[sms.twilio]                        # the phones of the demo: a simulated provider and texting application
listen = "{place.texts}"
account_sid = "{ACCOUNT}"
auth_token_file = "texts.secret"
api_base = "http://127.0.0.1:{phones}"
app_url = "http://127.0.0.1:{phones}/app"

[metrics]
listen = "{place.metrics}"
"""
