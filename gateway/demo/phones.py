"""A simulated text provider with its phones, and the district's texting application, in one server.

Each delivered text becomes a file: `mailboxes/<number>/NNNN-<words>.txt`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.core.channels.twilio import SIGNATURE, signature
from gateway.demo.mailboxes import DeliveredCopy, slug

ACCOUNT = "AC" + "d" * 32
"""The demo's account at the simulated provider and at the gateway."""


@dataclass(frozen=True, slots=True)
class SampleText:
    """One sample text. Sender and recipient are numbers in E.164; `expect` is as in `SampleMail`."""

    sender: str
    recipient: str
    text: str
    note: str
    expect: tuple[str, ...]
    from_phone: bool


class SimulatedPhones:
    """Receives what the gateway sends to phones and to the application; sends texts as both of them would.

    `on_delivery` is called for each delivered text that was sent from here.
    """

    def __init__(self, folder: Path, token: str) -> None:
        self._folder, self._token = folder, token
        self._sent_ids: dict[tuple[str, str], str] = {}  # by recipient and text
        self._delivered_ids: set[str] = set()
        self.on_delivery: Callable[[DeliveredCopy], None] = lambda _: None
        messages = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        self.application = Starlette(routes=[
            Route(messages, self._deliver_to_phone, methods=["POST"]),
            Route(messages, self._list, methods=["GET"]),
            Route("/app", self._deliver_to_app, methods=["POST"]),
        ])  # fmt: skip

    async def send(self, text: SampleText, gateway: str, set_id: Callable[[str], None]) -> None:
        """Send one text to the gateway at host:port; `set_id` gets the id by which the gateway knows it.

        Raises httpx.HTTPError if the gateway does not accept it.
        """
        provider_id = f"SM{secrets.token_hex(16)}"
        set_id(provider_id)
        key = (text.recipient, text.text)
        self._sent_ids[key] = provider_id
        fields = (("From", text.sender), ("To", text.recipient), ("Body", text.text))
        async with httpx.AsyncClient(trust_env=False, timeout=30.0) as client:
            if text.from_phone:
                url = f"http://{gateway}/webhooks/twilio/messages"
                form = (("MessageSid", provider_id), ("AccountSid", ACCOUNT), ("NumMedia", "0"), *fields)
                answer = await client.post(
                    url, data=dict(form), headers={SIGNATURE: signature(self._token, url, form)}
                )  # fmt: skip
                answer.raise_for_status()
            else:
                url = f"http://{gateway}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
                answer = await client.post(url, data=dict(fields), auth=(ACCOUNT, self._token))
                answer.raise_for_status()
                self._sent_ids[key] = str(answer.json()["sid"])
                if answer.json()["sid"] not in self._delivered_ids:  # else it passed through and keeps its first id
                    set_id(self._sent_ids[key])

    async def _deliver_to_phone(self, request: Request) -> Response:
        form = await _form(request)
        sid = f"SM{secrets.token_hex(16)}"
        self._delivered_ids.add(sid)
        await self._file(form.get("From", ""), form.get("To", ""), form.get("Body", ""))
        shown = {"sid": sid, "status": "queued", "from": form.get("From"), "to": form.get("To")}
        return JSONResponse({**shown, "body": form.get("Body")}, 201)

    async def _list(self, _: Request) -> Response:
        return JSONResponse({"messages": []})

    async def _deliver_to_app(self, request: Request) -> Response:
        form = await _form(request)
        await self._file(form.get("From", ""), form.get("To", ""), form.get("Body", ""))
        return Response("<Response/>", media_type="text/xml")

    async def _file(self, sender: str, recipient: str, text: str) -> None:
        path = await asyncio.to_thread(self._write, recipient, text)
        sent_id = self._sent_ids.get((recipient, text), "")
        if sent_id:
            self.on_delivery(
                DeliveredCopy(recipient, sender, sender, short_title(text), sent_id, "", path, time.time())
            )

    def _write(self, recipient: str, text: str) -> Path:
        box = self._folder / slug(recipient)
        box.mkdir(parents=True, exist_ok=True)
        path = box / f"{len(list(box.glob('*.txt'))) + 1:04d}-{slug(text)}.txt"
        unfinished = box / f".{path.name}"
        unfinished.write_text(text + "\n", encoding="utf-8")
        os.replace(unfinished, path)
        return path


def short_title(text: str) -> str:
    """The text shortened to at most 60 characters."""
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:57] + "…"


async def _form(request: Request) -> dict[str, str]:
    return {
        name: values[0] for name, values in parse_qs((await request.body()).decode(), keep_blank_values=True).items()
    }


class _PhoneServer(uvicorn.Server):
    """A server that leaves signals to the demo."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


@asynccontextmanager
async def serve_phones(phones: SimulatedPhones, port: int) -> AsyncIterator[str]:
    """Serve the phones on loopback while the context lasts; yields host:port."""
    config = uvicorn.Config(
        phones.application, host="127.0.0.1", port=port, lifespan="off", log_config=None, access_log=False
    )
    server = _PhoneServer(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has only this flag
            await asyncio.sleep(0.005)
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
