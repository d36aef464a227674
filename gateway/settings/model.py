"""Settings: the one reader of the configuration file and of the environment.

One TOML file; every key can be overridden by `CHAPERONE_SECTION__KEY`. Unknown keys are errors. Paths are relative to
the file's folder. What is read here is frozen and passed on as values.
"""

from __future__ import annotations

import socket
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.core.fault import Fault
from gateway.settings.units import Accounts, Address, Bytes, Deed, Domain, File, Network, Seconds, Smsc, Web, Zone

_PREFIX = "CHAPERONE_"


class SettingsError(Fault):
    """The configuration cannot be used; the text has a line for each fault: file, key, what is wrong, the mend."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class District(_Section):
    """Who the district is."""

    domains: tuple[Domain, ...] = Field(min_length=1)  # mail domains of the district, the main one first
    name: str = ""  # how the district is called; default: its first domain
    time_zone: Zone = "America/Chicago"  # the clock of night hours and pages
    aliases: Mapping[Domain, Domain] = {}  # other domain = one of the above


class Directory(_Section):
    """Where the roster is."""

    oneroster: Path  # OneRoster CSV folder or zip, read at start and on change
    contacts: File = None  # person,kind,value: known personal accounts and district phones
    groups: File = None  # address,member: list addresses
    max_removal: float = Field(default=0.2, ge=0, le=1)  # largest share of people that a bulk file may remove
    student_domains: tuple[Domain, ...] = ()  # an unknown address in one of these counts as a student


class NoVerdict(_Section):
    """What happens when no verdict comes in time."""

    staff_to_student: Deed = "hold"
    student_to_staff: Deed = "flag"


class Policy(_Section):
    """Which policy is in force."""

    file: File = None  # default: the shipped 401.13R2
    mode: Literal["enforce", "shadow"] = "enforce"  # shadow: everything scored, nothing held
    text: File = None  # the district's adopted text (Markdown) for the public page
    verdict_timeout: Seconds = 60.0  # after one it is published again where that can help, after two decided without
    no_verdict: NoVerdict = NoVerdict()


class Bus(_Section):
    """The stream."""

    url: str = Field(default="local:", pattern=r"^(local:|kafka://.+)$")  # or "kafka://host:9092,host:9092"
    topic_prefix: str = Field(default="chaperone", pattern=r"^[A-Za-z0-9._-]+$")  # <prefix>.messages and so on
    retain: Seconds = 86400.0  # of the topics that carry content
    max_inline: Bytes = 900 << 10  # larger messages are read from the store by the classifiers
    tls_ca: File = None  # with user and password: SASL over TLS
    user: str = ""
    password: str = ""  # better: password_file


class Store(_Section):
    """The truth."""

    url: str = Field(default="sqlite:///var/chaperone.db", pattern=r"^(sqlite:///.+|postgresql://.+)$")
    retain_delivered: Seconds = 30 * 86400.0  # content of delivered messages
    retain_decided: Seconds = 365 * 86400.0  # content of messages that were flagged, alerted or ever held
    max_waiting: Bytes = 10 << 30  # content of messages undecided or queued; above it 452


class Smtp(_Section):
    """The way in and out of mail."""

    next_hop: Mapping[str, Address] = Field(min_length=1)  # by recipient domain; "*" is the rest
    listen: tuple[Address, ...] = ("127.0.0.1:2525",)
    hostname: str = ""  # in our greeting and Received fields; default: the machine's full name
    relay_from: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))  # who may send to any domain
    max_size: Bytes = 36 << 20  # largest content taken
    bare_newline: Literal["normalise", "refuse"] = "normalise"  # what is done about bare CR and LF
    workers: int = Field(default=1, ge=1, le=64)  # processes that receive
    tls_cert: File = None  # STARTTLS is offered when set
    tls_key: File = None
    require_tls: bool = False  # refuse mail in clear
    proxy_protocol: bool = False  # a load balancer in front speaks PROXY


class Smpp(_Section):
    """Texts over SMPP 3.4."""

    upstream: Smsc  # smpp://system_id@host:port of the provider; smpps:// over TLS
    upstream_password: str = ""  # better: upstream_password_file
    upstream_bind: Literal["transceiver", "separate"] = "transceiver"  # separate: a transmitter and a receiver
    listen: tuple[Address, ...] = ("127.0.0.1:2775",)  # where the district's applications bind
    bind_from: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))  # who may bind
    accounts: Accounts = {}  # system_id = { password_file = "..." }
    tls_cert: File = None  # applications bind over TLS when set, and in clear when not
    tls_key: File = None
    parts_timeout: Seconds = 300.0  # a long text waits so long for its other parts, then it is taken as incomplete


class Twilio(_Section):
    """Texts over the Twilio way."""

    account_sid: str = Field(pattern=r"^AC[0-9A-Za-z]{1,64}$")  # ours at the provider, and the applications' at us
    auth_token: str = Field(min_length=1)  # better: auth_token_file
    webhook_secret: str = ""  # of a rule at the provider that signs webhooks with a key; better: webhook_secret_file
    listen: Address = "127.0.0.1:8026"
    public_url: Web = ""  # as the provider knows us: its signatures cover it; default: http:// and listen
    api_base: Web = "https://api.twilio.com"
    media_hosts: tuple[str, ...] = ()  # who else keeps pictures of texts, beside provider and application
    app_url: Web = ""  # inbound texts go there; empty: to the phone of the person behind the district number


class Sms(_Section):
    """Texts; left out: switched off."""

    smpp: Smpp | None = None
    twilio: Twilio | None = None


class Classify(_Section):
    """The classifiers."""

    workers: int = Field(default=1, ge=1, le=64)  # processes that read content
    model: str = ""  # a model folder; default: the shipped one


class Oidc(_Section):
    """Single sign-on of the console; left out: local accounts only."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str = ""  # better: client_secret_file
    trusted: Seconds = 4 * 3600.0  # while the service does not answer, a role of its groups holds so long in a session


class Console(_Section):
    """Pages and API."""

    listen: Address = "127.0.0.1:8025"
    public_url: str = ""  # what links in notices begin with; default: http:// and listen
    proxies: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))  # whose X-Forwarded-For counts
    hide_names: bool = False  # reviewers see pseudonyms until they open a message's names with a reason
    second_step: Literal["optional", "required"] = "optional"  # beside the password of a local account
    oidc: Oidc = Oidc()


class Notify(_Section):
    """Notices to people."""

    sender: str = Field(default="", alias="from")  # default: chaperone@ the first of district.domains
    to: tuple[str, ...] = ()  # who is told of help alerts and late verdicts; none: nobody by mail


class Metrics(_Section):
    """Prometheus and health."""

    listen: Address = "127.0.0.1:9464"  # /metrics /healthz /readyz


class Settings(_Section):
    """Everything, after defaults that depend on other keys."""

    district: District
    directory: Directory
    smtp: Smtp
    policy: Policy = Policy()
    bus: Bus = Bus()
    store: Store = Store()
    sms: Sms = Sms()
    classify: Classify = Classify()
    console: Console = Console()
    notify: Notify = Notify.model_validate({})
    metrics: Metrics = Metrics()

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        for alias, domain in self.district.aliases.items():
            if domain not in self.district.domains:
                raise ValueError(f"district.aliases: {alias} stands for {domain}, which is not in district.domains")
        if bool(self.smtp.tls_cert) != bool(self.smtp.tls_key):
            raise ValueError("smtp.tls_cert and smtp.tls_key belong together: set both or neither")
        if self.sms.smpp and bool(self.sms.smpp.tls_cert) != bool(self.sms.smpp.tls_key):
            raise ValueError("sms.smpp.tls_cert and sms.smpp.tls_key belong together: set both or neither")
        if self.smtp.require_tls and not self.smtp.tls_cert:
            raise ValueError("smtp.require_tls needs smtp.tls_cert and smtp.tls_key")
        return self


def load(file: Path, environment: Mapping[str, str]) -> Settings:
    """Read the file, then the environment over it. Raises SettingsError."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(f"{file}: cannot be read ({reason}); name the configuration file with -c FILE") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {error}; mend that line") from None
    _override(document, environment)
    folder = file.absolute().parent
    faults: list[str] = []
    _read_secrets(document, folder, "", faults)
    if faults:
        raise SettingsError("\n".join(f"{file}: {fault}" for fault in faults))
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{file}: {_fault(each)}" for each in error.errors())) from None
    return _completed(settings, folder)


def _override(document: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, text in environment.items():
        if not name.startswith(_PREFIX) or "__" not in name:
            continue
        *sections, key = name.removeprefix(_PREFIX).lower().split("__")
        place = document
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise SettingsError(f"{name}: {section} is no section of the configuration")
        place[key] = _value(name, text)
        place.pop(f"{key}_file", None)  # a secret of the environment goes before the file's


def _value(name: str, text: str) -> object:
    """A list, table or quoted string as TOML writes it; anything else is the plain text."""
    if text[:1] not in ("[", "{", '"', "'"):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise SettingsError(f"{name}: write a list or table as TOML does") from None


def _read_secrets(section: dict[str, Any], folder: Path, where: str, faults: list[str]) -> None:
    """Replace every `<name>_file` whose `<name>` is a secret by the stripped text of that file."""
    for key in list(section):
        value = section[key]
        if isinstance(value, dict):
            _read_secrets(value, folder, f"{where}{key}.", faults)
        elif key.endswith(("password_file", "token_file", "secret_file")):
            if value == "":  # as any other path: none
                del section[key]
                continue
            try:
                section[key.removesuffix("_file")] = (folder / str(value)).read_text(encoding="utf-8").strip()
                del section[key]
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "not UTF-8 text"
                faults.append(f"{where}{key}: the file cannot be read ({reason}); create it, readable by this user")


def _fault(error: Any) -> str:
    key = ".".join(str(step) for step in error["loc"])
    match error["type"]:
        case "missing":
            return f"{key}: is required; add it"
        case "extra_forbidden":
            return f"{key}: unknown key; remove it or mend its spelling"
        case _:
            text = str(error["msg"]).removeprefix("Value error, ")
            return f"{key}: {text}" if key else text


def _known_as(twilio: Twilio | None) -> Twilio | None:
    if twilio is None or twilio.public_url:
        return twilio
    return twilio.model_copy(update={"public_url": f"http://{twilio.listen}"})


def _placed(smpp: Smpp | None, folder: Path) -> Smpp | None:
    if smpp is None or smpp.tls_cert is None or smpp.tls_key is None:
        return smpp
    return smpp.model_copy(update={"tls_cert": folder / smpp.tls_cert, "tls_key": folder / smpp.tls_key})


def _completed(settings: Settings, folder: Path) -> Settings:
    """The defaults that depend on other keys or on the machine, and paths made absolute."""

    def path(value: Path | None) -> Path | None:
        return None if value is None else folder / value

    district, smtp, console, notify, store = (
        settings.district, settings.smtp, settings.console, settings.notify, settings.store,
    )  # fmt: skip
    url = store.url
    if url.startswith("sqlite:///"):
        url = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    return settings.model_copy(
        update={
            "district": district.model_copy(update={"name": district.name or district.domains[0]}),
            "directory": settings.directory.model_copy(
                update={
                    "oneroster": folder / settings.directory.oneroster,
                    "contacts": path(settings.directory.contacts),
                    "groups": path(settings.directory.groups),
                }
            ),
            "policy": settings.policy.model_copy(
                update={"file": path(settings.policy.file), "text": path(settings.policy.text)}
            ),
            "bus": settings.bus.model_copy(update={"tls_ca": path(settings.bus.tls_ca)}),
            "store": store.model_copy(update={"url": url}),
            "smtp": smtp.model_copy(
                update={
                    "hostname": smtp.hostname or socket.getfqdn(),
                    "tls_cert": path(smtp.tls_cert),
                    "tls_key": path(smtp.tls_key),
                }
            ),
            "sms": settings.sms.model_copy(
                update={"twilio": _known_as(settings.sms.twilio), "smpp": _placed(settings.sms.smpp, folder)}
            ),
            "classify": settings.classify.model_copy(
                update={"model": str(folder / settings.classify.model) if settings.classify.model else ""}
            ),
            "console": console.model_copy(update={"public_url": console.public_url or f"http://{console.listen}"}),
            "notify": notify.model_copy(update={"sender": notify.sender or f"chaperone@{district.domains[0]}"}),
        }
    )
