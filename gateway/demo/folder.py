"""The demo's folder (configuration, sample district, mailboxes, store, log) and its free ports."""

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
"""The sender of the gateway's own messages."""

CONFIG = "chaperone.toml"
_FIRST_LINE = "# Written by `chaperone demo` at each start."
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
class SampleDistrict:
    """Counts of the sample district, and the names of its people by address in lower case."""

    staff: int
    students: int
    schools: int
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """A prepared folder, and the addresses (host:port) in its configuration."""

    folder: Path
    smtp: str
    console: str
    metrics: str
    district: SampleDistrict
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
        """The file for the gateway's log lines, which are kept out of the terminal."""
        return self.folder / "gateway.log"


def prepare_folder(folder: Path) -> Path:
    """Create what the demo needs in the folder and return its resolved path. Raises Fault if it holds other files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        config = folder / CONFIG
        ours = config.is_file() and config.read_text(encoding="utf-8", errors="replace").startswith(_FIRST_LINE)
        if not ours and any(folder.iterdir()):
            raise Fault(f"{folder}: holds files that are not the demo's; name a new or empty folder with --dir")
        config.write_text(f"{_FIRST_LINE}\n", encoding="utf-8")
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
    """A free loopback port for each listener: the documented one if it is free, else any."""
    with ExitStack() as sockets:  # all stay open until the last port is found, so that no two are the same
        return {name: _free_port(port, sockets) for name, port in preferred.items()}


def _free_port(preferred: int, sockets: ExitStack) -> int:
    for port in (preferred, 0):
        bound = sockets.enter_context(socket.socket())
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(("127.0.0.1", port))
        except OSError:
            continue
        return int(bound.getsockname()[1])
    raise Fault("127.0.0.1: no free port to listen on; stop a program that listens there")


def write_configuration(folder: Path, ports: Mapping[str, int], inside: str, outside: str) -> DemoFolder:
    """Write the configuration. `inside` and `outside` are the next hops of the district's domains and of the rest."""
    demo_folder = DemoFolder(
        folder=folder,
        smtp=f"127.0.0.1:{ports['smtp']}",
        console=f"127.0.0.1:{ports['console']}",
        metrics=f"127.0.0.1:{ports['metrics']}",
        district=read_sample_district(folder / "district"),
        texts=f"127.0.0.1:{ports['texts']}",
        token=secrets.token_hex(16),
    )
    demo_folder.config.write_text(_configuration(demo_folder, inside, outside, ports["phones"]), encoding="utf-8")
    (folder / "texts.secret").write_text(demo_folder.token, encoding="utf-8")
    return demo_folder


def read_sample_district(district: Path) -> SampleDistrict:
    """Read the sample district's own files; real rosters are read by `gateway.directory`."""
    with (district / "oneroster" / "users.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (district / "oneroster" / "orgs.csv").open(encoding="utf-8", newline="") as file:
        schools = sum(row["type"] == "school" for row in csv.DictReader(file))
    names = {row["email"].lower(): f"{row['givenName']} {row['familyName']}" for row in rows if row["email"]}
    names_by_id = {row["sourcedId"]: f"{row['givenName']} {row['familyName']}" for row in rows}
    with (district / "contacts.csv").open(encoding="utf-8", newline="") as file:
        names |= {
            row["value"]: names_by_id[row["person"]] for row in csv.DictReader(file) if row["person"] in names_by_id
        }
    roles = [row["role"] for row in rows]
    students = roles.count("student")
    return SampleDistrict(len(roles) - students - roles.count("guardian"), students, schools, names)


def _configuration(folder: DemoFolder, inside: str, outside: str, phones: int) -> str:
    first, second = DOMAINS
    return f"""\
{_FIRST_LINE}
# For your own gateway, copy this file, change it and run `chaperone serve -c FILE`.

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
mode = "enforce"                    # "shadow": everything is scored, nothing is held
verdict_timeout = "60s"

[bus]
url = "local:"

[store]
url = "sqlite:///var/chaperone.db"

[smtp]
listen = ["{folder.smtp}"]
hostname = "gateway.{first}"
relay_from = ["127.0.0.0/8", "::1/128"]

[smtp.next_hop]                     # the mailboxes of the demo
"{first}" = "{inside}"
"{second}" = "{inside}"
"*" = "{outside}"

[classify]
workers = 1

[console]
listen = "{folder.console}"

[notify]
from = "{NOTICES}"
to = ["safety@{first}"]

[sms.twilio]                        # the phones of the demo: a simulated provider and texting application
listen = "{folder.texts}"
account_sid = "{ACCOUNT}"
auth_token_file = "texts.secret"
api_base = "http://127.0.0.1:{phones}"
app_url = "http://127.0.0.1:{phones}/app"

[metrics]
listen = "{folder.metrics}"
"""
