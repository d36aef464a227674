"""The words of the Twilio way: signatures, forms, sids, and how a text keeps what it needs to be sent as it came.

A form's values keep every byte that came: what is not UTF-8 is carried as surrogate escapes.
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
from gateway.core.channels.text_routing import APP, named, via
from gateway.core.messages.message import Envelope, Message, Recipient, id_of_number, number_of_id, sha256_of
from gateway.core.messages.parties import Relation

Form = tuple[tuple[str, str], ...]
Kind = Literal["form", "json"]

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
SIGNATURE, SETTINGS = "X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings"
BODY = "Body"
STATUS = "status"
"""The first option of a status on its way to the application; of a text it is the kind of its form."""

FILTERED = 30007
"""The error of a text that was filtered out: what an application sees of one that was rejected."""
UNKNOWN_ERROR = 30008

_CODE = re.compile(r"\d{3} (\d{4,6})\b ?(.*)", re.DOTALL)
_MOST_FIELDS = 200
_HASHES = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
_PORTS = {"https": 443, "http": 80}


# --- forms ---------------------------------------------------------------------------------------------------------


def parsed(encoded: bytes) -> Form | None:
    """The fields of a form; None where there are too many of them."""
    try:
        pairs = parse_qsl(
            encoded.decode("utf-8", "surrogateescape"), keep_blank_values=True, errors="surrogateescape",
            max_num_fields=_MOST_FIELDS,
        )  # fmt: skip
    except ValueError:
        return None
    return tuple(pairs)


def encoded(form: Form) -> bytes:
    """The inverse of `parsed`."""
    return urlencode([(name, to_bytes(value)) for name, value in form]).encode()


def parsed_json(content: bytes) -> Form | None:
    """The fields of a JSON object as a form, values that are no text as JSON; None where it is no object."""
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or len(fields) > _MOST_FIELDS:
        return None
    return tuple((name, value if isinstance(value, str) else json.dumps(value)) for name, value in fields.items())


def first(form: Form, *names: str) -> str:
    """The value of the first field that is there, "" where none is."""
    known = dict(reversed(form))
    return next((known[name] for name in names if known.get(name)), "")


def every(form: Form, name: str) -> tuple[str, ...]:
    """All values of a field."""
    return tuple(value for key, value in form if key == name)


def text_of(form: Form) -> str:
    """The text of a form; where it is given more than once, all of them, so that none goes unread."""
    return "\n".join(every(form, BODY))


def media_of(form: Form) -> tuple[str, ...]:
    """The addresses of a text's pictures and files: MediaUrl of a request, MediaUrl0 and on of a webhook."""
    return tuple(value for name, value in form if name.startswith("MediaUrl") and value)


def to_bytes(text: str) -> bytes:
    """A field's value as the bytes that it came as."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate, from JSON
        return text.encode("utf-8", "replace")


def to_text(content: bytes) -> str:
    """The inverse of `to_bytes`."""
    return content.decode("utf-8", "surrogateescape")


# --- what a text keeps beside its content --------------------------------------------------------------------------


def kept(form: Form, kind: Kind) -> tuple[str, ...]:
    """Every field but the text, in order, with the place of the text: options of an envelope."""
    fields = [BODY if name == BODY else f"{name}={value}" for name, value in form]
    return (kind, *dict.fromkeys(fields)) if fields.count(BODY) > 1 else (kind, *fields)


def restored(options: Sequence[str], content: bytes) -> Form:
    """The form again, from what was kept and the content."""
    fields = (option.partition("=") for option in options[1:])
    return tuple((name, value if equals else to_text(content)) for name, equals, value in fields)


# --- ids -----------------------------------------------------------------------------------------------------------


def sid_of(id_: str) -> str:
    """The sid under which an application knows a message of ours."""
    return f"SM{number_of_id(id_) or 0:032x}"


def id_of(sid: str) -> str:
    """The message id of a sid, "" where it can be none of ours."""
    digits = sid[2:]
    if sid[:2] not in ("SM", "MM") or len(digits) != 32 or not set(digits) <= set("0123456789abcdef"):
        return ""
    return id_of_number(int(digits, 16))


def derived_id(*words: str) -> str:
    """The message id of something that may come twice: the same words give the same id."""
    digest = hashlib.sha256("\n".join(words).encode("utf-8", "surrogatepass")).digest()
    return id_of_number(int.from_bytes(digest[:16], "big"))


# --- what becomes of a text --------------------------------------------------------------------------------------


def status_message(message: Message, status: str, code: int, at: float) -> Message | None:
    """The status of a text as a message of ours to the application that sent it; None where it asked for none.

    `code`: the provider's number of the error. The same status of the same text has the same id.
    """
    callback = named(message.envelope.options, "StatusCallback")
    if not callback:
        return None
    sid = sid_of(message.id)
    to = message.envelope.recipients[0].address
    form = (
        ("ApiVersion", "2010-04-01"), ("From", message.envelope.sender), ("To", to), ("SmsSid", sid),
        ("SmsStatus", status), ("MessageSid", sid), ("MessageStatus", status), ("ErrorCode", str(code)),
    )  # fmt: skip
    content = encoded(form)
    return Message(
        id=derived_id(STATUS, message.id, sid, status),
        channel=SMS,
        envelope=status_envelope(callback, "form"),
        content=content,
        sha256=sha256_of(content),
        received_at=at,
        relation=Relation(),
    )


def status_envelope(callback: str, kind: Kind) -> Envelope:
    """Of a status on its way to the address that its application named."""
    return Envelope("", (Recipient(APP, (via(APP), f"url={callback}")),), (STATUS, kind))


def error_of(reply: str) -> tuple[int, str]:
    """The provider's number of an error and its words, from the reply that a text was refused with."""
    found = _CODE.match(reply)
    return (int(found[1]), found[2] or "Unknown error") if found else (UNKNOWN_ERROR, "Unknown error")


# --- signatures ----------------------------------------------------------------------------------------------------


def signature(secret: str, url: str, form: Form = (), algorithm: str = "HMAC_SHA1") -> str:
    """The signature of a request: over its whole URL and, of a form, its fields in order."""
    signed = to_bytes(url) + b"".join(to_bytes(name) + to_bytes(value) for name, value in sorted(set(form)))
    return b64encode(hmac.new(secret.encode(), signed, _HASHES[algorithm]).digest()).decode()


def is_signed(
    secret: str, url: str, given: str, *, form: Form = (), content: bytes | None = None, settings: str = ""
) -> bool:
    """Whether a request bears a right signature, in constant time.

    `content`: that of a JSON request, whose sha256 the URL names; else `form`. `settings`: the header of that name,
    which tells the algorithm where the provider signs with a key of the district's choice.
    """
    algorithm = _algorithm(settings)
    if algorithm not in _HASHES:
        return False
    whole = True
    if content is not None:
        digest = (parse_qs(urlsplit(url).query).get("bodySHA256") or [""])[0]
        whole = hmac.compare_digest(hashlib.sha256(content).hexdigest().encode(), to_bytes(digest))
        form = ()
    right = [signature(secret, each, form, algorithm) for each in _written(url)]
    matches = [hmac.compare_digest(each.encode(), to_bytes(given)) for each in right]
    return whole and any(matches)


def _algorithm(settings: str) -> str:
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def _written(url: str) -> tuple[str, ...]:
    """The ways in which a provider writes a URL before it signs it: as it is, without its port, and with the usual."""
    parts = urlsplit(url)
    if parts.port is not None:
        return url, urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0]))
    return url, urlunsplit(parts._replace(netloc=f"{parts.netloc}:{_PORTS.get(parts.scheme, 80)}"))
