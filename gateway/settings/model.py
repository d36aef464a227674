"""Settings: reads the configuration file and the environment.

The file is TOML. The environment variable `CHAPERONE_SECTION__KEY` overrides a key. Unknown keys are errors. Paths
are relative to the folder of the file. Settings are frozen; other modules get single values, not `Settings`.
"""

from __future__ import annotations

import socket
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError, model_validator

from gateway.core.fault import Fault
from gateway.settings.section import Section
from gateway.settings.smtp import SmtpSettings
from gateway.settings.units import (
    Accounts,
    Address,
    Bytes,
    Domain,
    FilePath,
    Network,
    RetainedGroup,
    Seconds,
    SmscUrl,
    TimeZone,
    UndecidedAction,
    WebUrl,
)

_PREFIX = "CHAPERONE_"


class SettingsError(Fault):
    """The configuration cannot be used. The text has one line per fault: file, key, what is wrong, how to fix it."""


class DistrictSettings(Section):
    """The district: its name, mail domains and time zone."""

    domains: tuple[Domain, ...] = Field(min_length=1)  # mail domains of the district, the main one first
    name: str = ""  # default: the first domain
    time_zone: TimeZone = "America/Chicago"  # for night hours and for times on pages
    aliases: Mapping[Domain, Domain] = {}  # other domain = one of `domains`


class DirectorySettings(Section):
    """Where the roster files are."""

    oneroster: Path  # OneRoster CSV folder or zip; read at start and when it changes
    contacts: FilePath = None  # columns person,kind,value: personal accounts and district phones
    groups: FilePath = None  # columns address,member: group addresses
    special_staff: FilePath = None  # columns person,role,serves: who may know confidential facts
    max_removal: float = Field(default=0.2, ge=0, le=1)  # largest share of people (0..1) that a new roster may remove
    student_domains: tuple[Domain, ...] = ()  # an unknown address in one of these counts as a student
    unknown_internal: Literal["list", "student"] = "list"  # any other unknown district address that staff write to


class NoVerdictSettings(Section):
    """The action when no verdict arrives in time."""

    staff_to_student: UndecidedAction = "hold"
    student_to_staff: UndecidedAction = "flag"


class PolicySettings(Section):
    """The policy in use."""

    file: FilePath = None  # default: the shipped 401.13R2
    mode: Literal["enforce", "shadow"] = "enforce"  # shadow: score everything, hold nothing
    guardians: bool = False  # true: mail from staff to guardians in the roster is in scope for clause 8 alone
    text: FilePath = None  # the district's adopted text (Markdown) for the public page
    verdict_timeout: Seconds = 60.0  # after one: publish again if useful; after two: decide without
    publish_by: Literal[1, 2] = 1  # people who must agree before a published policy is in force
    no_verdict: NoVerdictSettings = NoVerdictSettings()


class BusSettings(Section):
    """The message bus."""

    url: str = Field(default="local:", pattern=r"^(local:|kafka://.+)$")  # or "kafka://host:9092,host:9092"
    topic_prefix: str = Field(default="chaperone", pattern=r"^[A-Za-z0-9._-]+$")  # <prefix>.messages and so on
    retain: Seconds = 86400.0  # retention of the topics that carry content
    max_inline: Bytes = 900 << 10  # the classifiers read larger messages from the store
    tls_ca: FilePath = None  # with user and password: SASL over TLS
    user: str = ""
    password: str = ""  # better: password_file


class StoreSettings(Section):
    """The database and how long it keeps content."""

    url: str = Field(default="sqlite:///var/chaperone.db", pattern=r"^(sqlite:///.+|postgresql://.+)$")
    retain_delivered: Seconds = 30 * 86400.0  # content of delivered messages
    retain_decided: Seconds = 365 * 86400.0  # content of messages that were flagged, alerted or ever held
    retain_metadata: Seconds = 730 * 86400.0  # rows of messages without content: who, when, state
    retain_longer: Mapping[RetainedGroup, Seconds] = {}  # by held, flagged, alerted or a clause
    max_waiting: Bytes = 10 << 30  # total content of undecided and queued messages; above it: 452


class RecordsSettings(Section):
    """Records requests."""

    attorneys: tuple[str, ...] = ()  # addresses and domains: a redacted copy leaves out what they wrote or got


class QueueSettings(Section):
    """Work items: messages on their way, and the notices that follow."""

    stuck_after: int = Field(default=8, ge=1)  # attempts that failed in an unforeseen way


class SmppSettings(Section):
    """Text messages over SMPP 3.4."""

    upstream: SmscUrl  # smpp://system_id@host:port of the provider; smpps:// over TLS
    upstream_password: str = ""  # better: upstream_password_file
    upstream_bind: Literal["transceiver", "separate"] = "transceiver"  # separate: one transmitter, one receiver
    listen: tuple[Address, ...] = ("127.0.0.1:2775",)  # where the district's applications bind
    bind_from: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))  # who may bind
    accounts: Accounts = Field(default={})  # system_id = { password_file = "..." }
    tls_cert: FilePath = None  # applications bind over TLS when set
    tls_key: FilePath = None
    parts_timeout: Seconds = 300.0  # how long to wait for the other parts of a long text


class TwilioSettings(Section):
    """Text messages through Twilio or a compatible provider."""

    account_sid: str = Field(pattern=r"^AC[0-9A-Za-z]{1,64}$")  # our account; applications use it here too
    auth_token: str = Field(min_length=1)  # better: auth_token_file
    webhook_secret: str = ""  # when the provider signs webhooks with a key; better: webhook_secret_file
    listen: Address = "127.0.0.1:8026"
    public_url: WebUrl = ""  # our URL at the provider (its signatures cover it); default: http:// and listen
    api_base: WebUrl = "https://api.twilio.com"
    media_hosts: tuple[str, ...] = ()  # further hosts that serve the media of texts
    app_url: WebUrl = ""  # forward inbound texts here; empty: to the phone of the person with the number


class SmsSettings(Section):
    """Text messages; each provider is off when left out."""

    smpp: SmppSettings | None = None
    twilio: TwilioSettings | None = None


class ClassifySettings(Section):
    """The classifiers."""

    workers: int = Field(default=1, ge=1, le=64)  # processes that read content
    model: str = ""  # model folder; default: the shipped model


class OidcSettings(Section):
    """Single sign-on of the console. When left out, only local accounts exist."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str = ""  # better: client_secret_file
    trusted: Seconds = 4 * 3600.0  # how long a role from groups stays valid while the service is down


class ConsoleSettings(Section):
    """Console pages and API."""

    listen: Address = "127.0.0.1:8025"
    public_url: str = ""  # base of links in notices; default: http:// and listen
    proxies: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))  # trusted for X-Forwarded-For
    hide_names: bool = False  # show pseudonyms until a reviewer reveals names with a reason
    second_step: Literal["optional", "required"] = "optional"  # second step for local accounts
    mailed_links: bool = True  # staff sign in with a link by mail, to see their own messages only
    oidc: OidcSettings = OidcSettings()


class WebhookSettings(Section):
    """Notices of urgent messages and calls for help to a receiver of the district. Off without a URL."""

    url: WebUrl = ""  # where signed requests are posted
    secret: str = ""  # the key of their signatures; better: secret_file


class NotifySettings(Section):
    """Notices by mail, over the webhook and as texts."""

    sender: str = Field(default="", alias="from")  # default: chaperone@ the first of district.domains
    to: tuple[str, ...] = ()  # recipients of help alerts, urgent and late-verdict notices
    webhook: WebhookSettings = WebhookSettings()
    sms: tuple[str, ...] = ()  # numbers that get urgent notices as texts, through [sms.twilio]
    sms_from: str = ""  # the number at the provider that sends them


class MetricsSettings(Section):
    """Prometheus metrics and health checks."""

    listen: Address = "127.0.0.1:9464"  # /metrics /healthz /readyz


class Settings(Section):
    """All settings, with defaults filled in."""

    district: DistrictSettings
    directory: DirectorySettings
    smtp: SmtpSettings
    queue: QueueSettings = QueueSettings()
    policy: PolicySettings = PolicySettings()
    bus: BusSettings = BusSettings()
    store: StoreSettings = StoreSettings()
    records: RecordsSettings = RecordsSettings()
    sms: SmsSettings = SmsSettings()
    classify: ClassifySettings = ClassifySettings()
    console: ConsoleSettings = ConsoleSettings()
    notify: NotifySettings = NotifySettings.model_validate({})
    metrics: MetricsSettings = MetricsSettings()

    @model_validator(mode="after")
    def _check_combinations(self) -> Settings:
        for alias, domain in self.district.aliases.items():
            if domain not in self.district.domains:
                raise ValueError(f"district.aliases: {alias} maps to {domain}, which is not in district.domains")
        if bool(self.smtp.tls_cert) != bool(self.smtp.tls_key):
            raise ValueError("set both smtp.tls_cert and smtp.tls_key, or neither")
        if self.notify.webhook.url and not self.notify.webhook.secret:
            raise ValueError("notify.webhook: a url needs secret_file, the key of the signatures")
        if self.notify.sms and not (self.notify.sms_from and self.sms.twilio):
            raise ValueError("notify.sms: texts need notify.sms_from and [sms.twilio]")
        if self.smtp.proxy_protocol and not self.smtp.proxies:
            raise ValueError("smtp.proxies: name the networks of the load balancers when smtp.proxy_protocol is on")
        if self.sms.smpp and bool(self.sms.smpp.tls_cert) != bool(self.sms.smpp.tls_key):
            raise ValueError("set both sms.smpp.tls_cert and sms.smpp.tls_key, or neither")
        for key in ("require_tls", "listen_tls", "accounts"):
            if getattr(self.smtp, key) and not self.smtp.tls_cert:
                raise ValueError(f"smtp.{key} needs smtp.tls_cert and smtp.tls_key")
        return self


def load(file: Path, environment: Mapping[str, str]) -> Settings:
    """Read the file and apply the environment. Raises SettingsError."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(f"{file}: cannot be read ({reason}); name the configuration file with -c FILE") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {error}; fix that line") from None
    _apply_environment(document, environment)
    folder = file.absolute().parent
    faults: list[str] = []
    _read_secrets(document, folder, "", faults)
    if faults:
        raise SettingsError("\n".join(f"{file}: {fault}" for fault in faults))
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{file}: {_describe(fault)}" for fault in error.errors())) from None
    return _fill_in(settings, folder)


def _apply_environment(document: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, text in environment.items():
        if not name.startswith(_PREFIX) or "__" not in name:
            continue
        *sections, key = name.removeprefix(_PREFIX).lower().split("__")
        table = document
        for section in sections:
            table = table.setdefault(section, {})
            if not isinstance(table, dict):
                raise SettingsError(f"{name}: {section} is not a section of the configuration")
        table[key] = _parse_value(name, text)
        table.pop(f"{key}_file", None)  # a secret from the environment wins over one from a file


def _parse_value(name: str, text: str) -> object:
    """Parse a list, table or quoted string as TOML; return anything else unchanged."""
    if text[:1] not in ("[", "{", '"', "'"):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise SettingsError(f"{name}: write a list or table in TOML syntax") from None


def _read_secrets(section: dict[str, Any], folder: Path, prefix: str, faults: list[str]) -> None:
    """Replace each `<name>_file` of a secret with `<name>`, the stripped text of that file."""
    for key in list(section):
        value = section[key]
        if isinstance(value, dict):
            _read_secrets(value, folder, f"{prefix}{key}.", faults)
        elif key.endswith(("password_file", "token_file", "secret_file")):
            if value == "":  # an empty path means none
                del section[key]
                continue
            try:
                section[key.removesuffix("_file")] = (folder / str(value)).read_text(encoding="utf-8").strip()
                del section[key]
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "not UTF-8 text"
                faults.append(f"{prefix}{key}: the file cannot be read ({reason}); create it, readable by this user")


def _describe(error: Any) -> str:
    """One validation error as a line: key, what is wrong, how to fix it."""
    key = ".".join(str(step) for step in error["loc"])
    match error["type"]:
        case "missing":
            return f"{key}: is required; add it"
        case "extra_forbidden":
            near = get_close_matches(key, _known_keys(Settings), 1)
            hint = f'did you mean "{near[0]}"?' if near else "remove it or correct its spelling"
            return f"{key}: unknown key; {hint}"
        case _:
            text = str(error["msg"]).removeprefix("Value error, ")
            return f"{key}: {text}" if key else text


def _known_keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The dotted keys of a section and of the sections in it."""
    for name, field in section.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        yield key
        for annotation in (field.annotation, *get_args(field.annotation)):
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                yield from _known_keys(annotation, f"{key}.")


def _with_public_url(twilio: TwilioSettings | None) -> TwilioSettings | None:
    if twilio is None or twilio.public_url:
        return twilio
    return twilio.model_copy(update={"public_url": f"http://{twilio.listen}"})


def _with_absolute_paths(smpp: SmppSettings | None, folder: Path) -> SmppSettings | None:
    if smpp is None or smpp.tls_cert is None or smpp.tls_key is None:
        return smpp
    return smpp.model_copy(update={"tls_cert": folder / smpp.tls_cert, "tls_key": folder / smpp.tls_key})


def _fill_in(settings: Settings, folder: Path) -> Settings:
    """Set defaults that depend on other keys or on the machine, and make paths absolute."""

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
                    "special_staff": path(settings.directory.special_staff),
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
                    "next_hop": {
                        name: hop.model_copy(update={"ca": path(hop.ca)}) for name, hop in smtp.next_hop.items()
                    },
                    "tls_cert": path(smtp.tls_cert),
                    "tls_key": path(smtp.tls_key),
                }
            ),
            "sms": settings.sms.model_copy(
                update={
                    "twilio": _with_public_url(settings.sms.twilio),
                    "smpp": _with_absolute_paths(settings.sms.smpp, folder),
                }
            ),
            "classify": settings.classify.model_copy(
                update={"model": str(folder / settings.classify.model) if settings.classify.model else ""}
            ),
            "console": console.model_copy(update={"public_url": console.public_url or f"http://{console.listen}"}),
            "notify": notify.model_copy(update={"sender": notify.sender or f"chaperone@{district.domains[0]}"}),
        }
    )
