"""The formats of Twilio: forms, SIDs, status callbacks and signatures, and how a text keeps its other fields.

Form values keep every byte as received: bytes that are not UTF-8 become surrogate escapes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.text_routing import APP, option_named, route_option
from gateway.core.messages.message import (
    Envelope,
    Message,
    Recipient,
    derived_id,
    id_of_number,
    number_of_id,
    sha256_of,
)
from gateway.core.messages.parties import Relation

TwilioForm = tuple[tuple[str, str], ...]
FormKind = Literal["form", "json"]

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
SIGNATURE, SETTINGS = "X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings"
BODY = "Body"
STATUS = "status"
"""The first envelope option of a status callback; that of a text is the kind of its form."""

FILTERED = 30007
"""The error code of a filtered text: what an application sees if its text was rejected."""
UNKNOWN_ERROR = 30008

_ERROR_CODE = re.compile(r"\d{3} (\d{4,6})\b ?(.*)", re.DOTALL)
_MOST_FIELDS = 200
_NOT_LETTERS = re.compile(r"[^A-Za-z]+")
_HASHES = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
_PORTS = {"https": 443, "http": 80}


# --- forms ---------------------------------------------------------------------------------------------------------


def parse_form(encoded: bytes) -> TwilioForm | None:
    """The fields of a form; None if there are too many."""
    try:
        pairs = parse_qsl(
            encoded.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape",
            max_num_fields=_MOST_FIELDS,
        )  # fmt: skip
    except ValueError:
        return None
    return tuple(pairs)


def encode_form(form: TwilioForm) -> bytes:
    """The inverse of `parse_form`."""
    return urlencode([(name, to_bytes(value)) for name, value in form]).encode()


def parse_json_form(content: bytes) -> TwilioForm | None:
    """The fields of a JSON object as a form, with other values than strings as JSON; None if it is not an object."""
    try:
        fields = json.loads(content, object_pairs_hook=_JsonObject)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, _JsonObject) or len(fields.pairs) > _MOST_FIELDS:
        return None
    return tuple(
        (name, value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False))
        for name, value in fields.pairs
    )


class _JsonObject(dict[str, object]):
    """A JSON object that keeps every value of a repeated name: programs differ in which one they take."""

    def __init__(self, pairs: Sequence[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.pairs = tuple(pairs)


def first_value(form: TwilioForm, *names: str) -> str:
    """The value of the first of these fields that is not empty; "" if there is none. Exact names come first."""
    known = dict(reversed(form))
    if found := next((known[name] for name in names if known.get(name)), ""):
        return found
    loosely = {bare_name(name): value for name, value in reversed(form) if value}
    return next((loosely[bare_name(name)] for name in names if bare_name(name) in loosely), "")


def bare_name(name: str) -> str:
    """The letters of a field name: a provider or an application may read `To[]`, `to` or ` To` as `To`."""
    return _NOT_LETTERS.sub("", name).lower()


def all_values(form: TwilioForm, name: str) -> tuple[str, ...]:
    """All values of one field."""
    return tuple(value for key, value in form if key == name)


def text_of(form: TwilioForm) -> str:
    """The text of a form. If there are several, all of them, so that each is classified."""
    return "\n".join(all_values(form, BODY))


def form_media_urls(form: TwilioForm) -> tuple[str, ...]:
    """The URLs of the media files of a text: MediaUrl in a request, MediaUrl0, MediaUrl1, … in a webhook."""
    return tuple(value for name, value in form if name.startswith("MediaUrl") and value)


def to_bytes(text: str) -> bytes:
    """The bytes of a field as received."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate, from JSON
        return text.encode("utf-8", "replace")


def to_text(content: bytes) -> str:
    """The inverse of `to_bytes`."""
    return content.decode("utf-8", "surrogateescape")


# --- envelope options ----------------------------------------------------------------------------------------------


def form_options(form: TwilioForm, kind: FormKind) -> tuple[str, ...]:
    """Every field except the text, in order, with the position of the text: the options of an envelope."""
    fields = [BODY if name == BODY else f"{name}={value}" for name, value in form]
    return (kind, *dict.fromkeys(fields)) if fields.count(BODY) > 1 else (kind, *fields)


def restore_form(options: Sequence[str], content: bytes) -> TwilioForm:
    """The form, from the envelope options and the content."""
    fields = (option.partition("=") for option in options[1:])
    return tuple((name, value if equals else to_text(content)) for name, equals, value in fields)


# --- ids -----------------------------------------------------------------------------------------------------------


def sid_of(id_: str) -> str:
    """The SID under which an application knows one of our messages."""
    return f"SM{number_of_id(id_) or 0:032x}"


def id_of(sid: str) -> str:
    """The message id of a SID; "" if the SID is not one of ours."""
    digits = sid[2:]
    if sid[:2] not in ("SM", "MM") or len(digits) != 32 or not set(digits) <= set("0123456789abcdef"):
        return ""
    return id_of_number(int(digits, 16))


# --- status callbacks ----------------------------------------------------------------------------------------------


def status_message(message: Message, status: str, code: int, at: float) -> Message | None:
    """A status callback about a text, as a message to the application that sent it; None if it asked for none.

    `code` is the provider's error code. The same status of the same text has the same message id.
    """
    callback = option_named(message.envelope.options, "StatusCallback")
    if not callback:
        return None
    sid = sid_of(message.id)
    to = message.envelope.recipients[0].address
    form = (
        ("ApiVersion", "2010-04-01"), ("From", message.envelope.sender), ("To", to), ("SmsSid", sid),
        ("SmsStatus", status), ("MessageSid", sid), ("MessageStatus", status), ("ErrorCode", str(code)),
    )  # fmt: skip
    content = encode_form(form)
    return Message(
        id=derived_id(STATUS, message.id, sid, status),
        channel=SMS,
        envelope=status_envelope(callback, "form"),
        content=content,
        sha256=sha256_of(content),
        received_at=at,
        relation=Relation(),
    )


def status_envelope(callback: str, kind: FormKind) -> Envelope:
    """The envelope of a status callback to the URL that the application gave."""
    return Envelope("", (Recipient(APP, (route_option(APP), f"url={callback}")),), (STATUS, kind))


def error_of(reply: str) -> tuple[int, str]:
    """The provider's error code and description in the reply that refused a text."""
    found = _ERROR_CODE.match(reply)
    return (int(found[1]), found[2] or "Unknown error") if found else (UNKNOWN_ERROR, "Unknown error")


# --- signatures ----------------------------------------------------------------------------------------------------


def signature(secret: str, url: str, form: TwilioForm = (), algorithm: str = "HMAC_SHA1") -> str:
    """The signature of a request: over its full URL and the sorted fields of its form."""
    signed = to_bytes(url) + b"".join(to_bytes(name) + to_bytes(value) for name, value in sorted(set(form)))
    return b64encode(hmac.new(secret.encode(), signed, _HASHES[algorithm]).digest()).decode()


def verify_signature(
    secret: str, url: str, given: str, *, form: TwilioForm = (), content: bytes | None = None, settings: str = ""
) -> bool:
    """Whether the signature of a request is valid, in constant time.

    `content` is the body of a JSON request, whose sha256 is in the URL; otherwise `form` is given. `settings` is the
    header that names the algorithm if the provider signs with a key chosen by the district.
    """
    algorithm = _algorithm(settings)
    if algorithm not in _HASHES:
        return False
    body_matches = True
    if content is not None:
        digest = (parse_qs(urlsplit(url).query).get("bodySHA256") or [""])[0]
        body_matches = hmac.compare_digest(hashlib.sha256(content).hexdigest().encode(), to_bytes(digest))
        form = ()
    expected = [signature(secret, variant, form, algorithm) for variant in _url_variants(url)]
    matches = [hmac.compare_digest(value.encode(), to_bytes(given)) for value in expected]
    return body_matches and any(matches)


def _algorithm(settings: str) -> str:
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def _url_variants(url: str) -> tuple[str, ...]:
    """The forms of a URL that a provider may sign: as is, without its port, and with the default port."""
    parts = urlsplit(url)
    if parts.port is not None:
        return url, urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0]))
    return url, urlunsplit(parts._replace(netloc=f"{parts.netloc}:{_PORTS.get(parts.scheme, 80)}"))
