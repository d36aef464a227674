"""Answers of the compatible API: messages and errors in the format of the provider's documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.utils import formatdate

from gateway.core.channels.twilio import FILTERED, JSON, error_of, sid_of, to_text
from gateway.core.messages.delivery import State
from gateway.core.review.views import Trace
from gateway.ports.channels import HttpAnswer

_STATUS = {
    State.RECEIVED: "accepted",
    State.HELD: "accepted",
    State.QUEUED: "queued",
    State.SENT: "sent",
    State.BOUNCED: "failed",
    State.REJECTED: "undelivered",
    State.DISCARDED: "accepted",  # the sender must not learn that a message was discarded
}
_ERRORS = {
    400: (20001, "Invalid parameter"),
    401: (20003, "Authenticate"),
    404: (20404, "The requested resource was not found"),
    405: (20004, "Method not allowed"),
    413: (20001, "The request is too large"),
    415: (20001, "The content type is not supported"),
    429: (20429, "Too Many Requests"),
    502: (20503, "Service unavailable"),
    503: (20503, "Service unavailable"),
}
_SID = re.compile(r"\d{3} ((?:SM|MM)[0-9A-Za-z]{1,64})\b")
_GSM = re.compile(r"[\n\r !-_a-z£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà{}~|€^\\\[\]]*")


def error_answer(status: int, code: int = 0, text: str = "") -> HttpAnswer:
    """An error of the API."""
    default_code, default_text = _ERRORS.get(status, (20500, "Internal Server Error"))
    code = code or default_code
    return json_answer(
        status,
        {
            "code": code,
            "message": text or default_text,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        },
    )


def provider_sid(reply: str) -> str:
    """The provider's SID in the reply with which a message was sent, "" if there is none."""
    found = _SID.match(reply)
    return found[1] if found else ""


def message_fields(
    account: str, id_: str, *, sender: str, to: str, text: str, at: float, state: State, reply: str = "",
    changed_at: float | None = None, service: str = "", media: int = 0,
) -> Mapping[str, object]:  # fmt: skip
    """A message in the format of the API."""
    sid = sid_of(id_)
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    code, says = _fault(state, reply)
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": text,
        "date_created": _date(at),
        "date_sent": _date(changed_at) if state is State.SENT and changed_at is not None else None,
        "date_updated": _date(at if changed_at is None else changed_at),
        "direction": "outbound-api",
        "error_code": code,
        "error_message": says,
        "from": sender,
        "messaging_service_sid": service or None,
        "num_media": str(media),
        "num_segments": str(segment_count(text)),
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": _STATUS[state],
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": to,
        "uri": f"{uri}.json",
    }


def trace_fields(account: str, trace: Trace, content: bytes) -> Mapping[str, object]:
    """A message of ours in its current state."""
    copy = trace.recipients[0]
    return message_fields(
        account, trace.id, sender=trace.sender, to=copy.address, text=to_text(content), at=trace.received_at,
        state=copy.state, reply=copy.reply, changed_at=copy.at,
    )  # fmt: skip


def json_answer(status: int, shown: Mapping[str, object]) -> HttpAnswer:
    """An answer with one resource."""
    return HttpAnswer(status, json.dumps(shown).encode(), JSON)


def segment_count(text: str) -> int:
    """The number of parts that a text is sent in: 160 or 153 characters of GSM 03.38, or 70 or 67 of UTF-16, each."""
    if _GSM.fullmatch(text):
        length, single, joined = len(text) + sum(map(text.count, "{}~|€^\\[]")), 160, 153
    else:
        length, single, joined = len(text.encode("utf-16-le", "surrogatepass")) // 2, 70, 67
    return 1 if length <= single else -(-length // joined)


def _fault(state: State, reply: str) -> tuple[int | None, str | None]:
    if state is State.REJECTED:
        return FILTERED, "Message filtered"
    return error_of(reply) if state is State.BOUNCED else (None, None)


def _date(at: float) -> str:
    return formatdate(at).replace("-0000", "+0000")
