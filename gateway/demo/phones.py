"""Phones: a simulated provider that brings texts to phones, and the district's texting application, in one server.

A text that comes out becomes a file one can open, `mailboxes/<number>/NNNN-<words>.txt`, as mail does.
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
from gateway.demo.mailbox import Arrival, slug

ACCOUNT = "AC" + "d" * 32
"""The account of the demo, at the simulated provider and at the gateway."""


@dataclass(frozen=True, slots=True)
class Text:
    """One sample text: from and to are numbers, in E.164; `expect` as of a sample of mail."""

    sender: str
    recipient: str
    text: str
    note: str
    expect: tuple[str, ...]
    from_phone: bool


class Phones:
    """Takes what the gateway sends to phones and to the application, and says so; sends as both of them do."""

    def __init__(self, folder: Path, token: str) -> None:
        self._folder, self._token = folder, token
        self._known: dict[tuple[str, str], str] = {}
        self._given: set[str] = set()
        self.tell: Callable[[Arrival], None] = lambda _: None
        messages = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        self.application = Starlette(routes=[
            Route(messages, self._sent, methods=["POST"]),
            Route(messages, self._list, methods=["GET"]),
            Route("/app", self._came, methods=["POST"]),
        ])  # fmt: skip

    async def send(self, text: Text, gateway: str, known: Callable[[str], None]) -> None:
        """Hand one text to the gateway at host:port; `known` is told by what the gateway knows it.

        Raises httpx.HTTPError where it is not taken.
        """
        mark = f"SM{secrets.token_hex(16)}"
        known(mark)
        key = self._key(text.recipient, text.text)
        self._known[key] = mark
        fields = (("From", text.sender), ("To", text.recipient), ("Body", text.text))
        async with httpx.AsyncClient(trust_env=False, timeout=30.0) as client:
            if text.from_phone:
                url = f"http://{gateway}/webhooks/twilio/messages"
                form = (("MessageSid", mark), ("AccountSid", ACCOUNT), ("NumMedia", "0"), *fields)
                answer = await client.post(
                    url, data=dict(form), headers={SIGNATURE: signature(self._token, url, form)}
                )  # fmt: skip
                answer.raise_for_status()
            else:
                url = f"http://{gateway}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
                answer = await client.post(url, data=dict(fields), auth=(ACCOUNT, self._token))
                answer.raise_for_status()
                self._known[key] = str(answer.json()["sid"])
                if answer.json()["sid"] not in self._given:  # else it went through, and keeps the mark it arrived with
                    known(self._known[key])

    async def _sent(self, request: Request) -> Response:
        form = await _form(request)
        sid = f"SM{secrets.token_hex(16)}"
        self._given.add(sid)
        await self._file(form.get("From", ""), form.get("To", ""), form.get("Body", ""))
        shown = {"sid": sid, "status": "queued", "from": form.get("From"), "to": form.get("To")}
        return JSONResponse({**shown, "body": form.get("Body")}, 201)

    async def _list(self, _: Request) -> Response:
        return JSONResponse({"messages": []})

    async def _came(self, request: Request) -> Response:
        form = await _form(request)
        await self._file(form.get("From", ""), form.get("To", ""), form.get("Body", ""))
        return Response("<Response/>", media_type="text/xml")

    async def _file(self, sender: str, recipient: str, text: str) -> None:
        path = await asyncio.to_thread(self._write, recipient, text)
        mark = self._known.get(self._key(recipient, text), "")
        if mark:
            self.tell(Arrival(recipient, sender, sender, short(text), mark, "", path, time.time()))

    def _write(self, recipient: str, text: str) -> Path:
        box = self._folder / slug(recipient)
        box.mkdir(parents=True, exist_ok=True)
        path = box / f"{len(list(box.glob('*.txt'))) + 1:04d}-{slug(text)}.txt"
        unfinished = box / f".{path.name}"
        unfinished.write_text(text + "\n", encoding="utf-8")
        os.replace(unfinished, path)
        return path

    @staticmethod
    def _key(recipient: str, text: str) -> tuple[str, str]:
        return recipient, text


def short(text: str) -> str:
    """A text as the title of its scene."""
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:57] + "…"


async def _form(request: Request) -> dict[str, str]:
    return {
        name: values[0] for name, values in parse_qs((await request.body()).decode(), keep_blank_values=True).items()
    }


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to the demo."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield


@asynccontextmanager
async def ringing(phones: Phones, port: int) -> AsyncIterator[str]:
    """Serve the phones on loopback while the context lasts; yields host:port."""
    config = uvicorn.Config(
        phones.application, host="127.0.0.1", port=port, lifespan="off", log_config=None, access_log=False
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn says it by this flag alone
            await asyncio.sleep(0.005)
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
