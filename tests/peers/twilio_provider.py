"""A provider with Twilio's documented API, and a texting application that receives its webhooks.

Both are plain HTTP servers. The client and the signature validator are those of the `twilio` package.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from twilio.request_validator import RequestValidator

SID, TOKEN = "AC" + "0" * 32, "provider-token-0123456789"
_BASIC = "Basic " + b64encode(f"{SID}:{TOKEN}".encode()).decode()
Form = dict[str, str]


@dataclass
class TwilioProvider:
    """The provider; `messages` are in the order in which it accepted them.

    `refuse` returns status and answer for a request to refuse, or None. `delay` returns the seconds to wait before
    answering an accepted request. `files` maps paths to media type and content; `requested` lists the paths requested.
    """

    port: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)
    refuse: Callable[[Form], tuple[int, dict[str, Any]] | None] = lambda form: None
    delay: Callable[[Form], float] = lambda form: 0.0

    def sent(self, body: str) -> int:
        """How often it accepted a text."""
        return sum(message["body"] == body for message in list(self.messages))

    def webhook(self, url: str, form: Form, *, token: str = TOKEN, kind: str = "form") -> int:
        """Send a webhook, signed with the validator of the `twilio` package; returns the status of the answer."""
        signer = RequestValidator(token)
        if kind == "json":
            content = json.dumps(form).encode()
            url += ("&" if "?" in url else "?") + f"bodySHA256={_sha256(content)}"
            signature, content_type = signer.compute_signature(url, {}), "application/json"
        else:
            content = urllib.parse.urlencode(form).encode()
            signature, content_type = signer.compute_signature(url, form), "application/x-www-form-urlencoded"
        headers = {"X-Twilio-Signature": signature, "Content-Type": content_type}
        return _send(urllib.request.Request(url, data=content, headers=headers, method="POST"))[0]

    def send_status(self, message: dict[str, Any], status: str, **more: str) -> int:
        """Send the status callback of a text; returns the status of the answer."""
        form = {
            "MessageSid": message["sid"], "SmsSid": message["sid"], "MessageStatus": status, "SmsStatus": status,
            "AccountSid": SID, "From": message["from"], "To": message["to"], **more,
        }  # fmt: skip
        return self.webhook(message["callback"], form)

    def answer(self, handler: Any, method: str, content: bytes) -> tuple[int, str, bytes]:
        """The answer to one request."""
        if handler.headers.get("Authorization") != _BASIC:
            return _json(401, {"code": 20003, "message": "Authenticate", "status": 401})
        path, _, query = handler.path.partition("?")
        account = f"/2010-04-01/Accounts/{SID}/Messages"
        if method == "GET" and "/Media/" in path:
            self.requested.append(path)
            return (200, *self.files[path]) if path in self.files else _json(410, {"status": 410})
        if method == "GET" and path == f"{account}.json":
            wanted = dict(urllib.parse.parse_qsl(query))
            found = [
                message for message in reversed(self.messages)
                if all(message[name.lower()] == wanted[name] for name in ("To", "From") if name in wanted)
            ]  # fmt: skip
            return _json(
                200, {"messages": found, "page": 0, "page_size": 50, "uri": handler.path, "next_page_uri": None}
            )
        if method == "GET":
            one = [message for message in self.messages if path == f"{account}/{message['sid']}.json"]
            return _json(200, one[0]) if one else _json(404, {"code": 20404, "message": "not found", "status": 404})
        form = _form(content)
        if (refusal := self.refuse(form)) is not None:
            return _json(*refusal)
        message = {
            "sid": f"SM{len(self.messages) + 1:032x}", "status": "queued", "direction": "outbound-api",
            "from": form.get("From"), "to": form.get("To"), "body": form.get("Body"), "account_sid": SID,
            "date_created": formatdate(time.time()).replace("-0000", "+0000"),
            "callback": form.get("StatusCallback", ""), "media": form.get("MediaUrl", ""),
        }  # fmt: skip
        self.messages.append(message)
        time.sleep(self.delay(form))
        return _json(201, message)


@dataclass
class TextingApp:
    """The district's texting application. `received` are the webhooks with a valid signature, `unsigned` the others."""

    port: int = 0
    received: list[tuple[str, Form]] = field(default_factory=list)
    unsigned: list[Form] = field(default_factory=list)
    reply: bytes = b"<Response/>"
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address for its webhooks."""
        return f"http://127.0.0.1:{self.port}/hook"

    def texts_with(self, body: str) -> list[Form]:
        """The received texts with this body."""
        return [form for _, form in list(self.received) if form.get("Body") == body]

    def statuses(self, sid: str) -> list[str]:
        """The status callbacks received for a text."""
        return [
            form["MessageStatus"]
            for path, form in list(self.received)
            if path == "/status" and form["MessageSid"] == sid
        ]

    def answer(self, handler: Any, method: str, content: bytes) -> tuple[int, str, bytes]:
        """The answer to one webhook, or a media file of a text that it sent."""
        if method == "GET":
            self.requested.append(handler.path)
            return (200, *self.files[handler.path]) if handler.path in self.files else _json(410, {})
        url = f"http://127.0.0.1:{self.port}{handler.path}"
        is_json = handler.headers.get("Content-Type") == "application/json"
        form = (
            json.loads(content) if is_json else dict(urllib.parse.parse_qsl(content.decode(), keep_blank_values=True))
        )
        signed = content.decode() if is_json else form
        if not RequestValidator(TOKEN).validate(url, signed, handler.headers.get("X-Twilio-Signature", "")):
            self.unsigned.append(form)
            return _json(403, {})
        self.received.append((handler.path.partition("?")[0], form))
        return 200, "text/xml", self.reply


@contextlib.contextmanager
def serving(made: Any) -> Iterator[Any]:
    """Serve a provider or an application on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self._do("POST")

        def do_GET(self) -> None:
            self._do("GET")

        def _do(self, method: str) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, kind, body = made.answer(self, method, content)
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def _send(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def _form(content: bytes) -> Form:
    return dict(urllib.parse.parse_qsl(content.decode(), keep_blank_values=True))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(status: int, shown: object) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(shown).encode()
