"""Downloads of pictures and files: allowed hosts, credentials, limits, and nothing inside the network."""

from __future__ import annotations

import base64
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gateway.core.messages.media import MAX_FILE_SIZE, MediaResult
from gateway.transports.twilio.media import REDIRECTS, MediaClient, is_public

pytestmark = pytest.mark.slow

SID, TOKEN = "AC1", "token"
LOGIN = "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
PICTURE = b"\x89PNG and so on"
UNREADABLE = MediaResult(failed="unreadable")
AGAIN = MediaResult(failed="unreadable", again=True)


@dataclass
class Site:
    """A web server with pages set by a test. `seen`: path, host and credentials of each request."""

    base: str = ""
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    delay: Callable[[str], float] = lambda path: 0.0


class Server(ThreadingHTTPServer):
    """A server whose clients may disconnect, as some tests do."""

    def handle_error(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def site(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Site]:
    made = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.seen.append((self.path, self.headers["Host"], self.headers.get("Authorization", "")))
            status, headers, content = made.pages.get(self.path, (404, {}, b""))
            with suppress(OSError):
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(content))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                time.sleep(made.delay(self.path))
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    made.base = f"{'http' if tls is None else 'https'}://{host}:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module", name="certificate")
def _certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
         "-subj", "/CN=cdn.example", "-addext", "subjectAltName=DNS:cdn.example"],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture(name="provider")
def _provider() -> Iterator[Site]:
    with site() as made:
        yield made


@pytest.fixture(name="cdn")
def _cdn(certificate: tuple[Path, Path]) -> Iterator[Site]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    with site(context, "cdn.example") as made:
        yield made


async def resolve_to_loopback(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def client(provider: Site, certificate: Path | None = None, **more) -> MediaClient:
    return MediaClient(
        account_sid=SID, auth_token=TOKEN, api_base=provider.base, app_url="", resolve=resolve_to_loopback,
        tls=None if certificate is None else ssl.create_default_context(cafile=str(certificate)), **more,
    )  # fmt: skip


async def fetch(made: MediaClient, url: str) -> MediaResult:
    async with made:
        return await made.fetch(url)


async def test_provider_media_is_fetched_with_credentials(provider: Site) -> None:
    path = f"/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    provider.pages[path] = 200, {"Content-Type": "Image/PNG; charset=x"}, PICTURE
    assert await fetch(client(provider), provider.base + path) == MediaResult("image/png", PICTURE)
    assert provider.seen[0][2] == LOGIN
    provider.pages["/other"] = 200, {}, PICTURE
    assert await fetch(client(provider), f"{provider.base}/other") == MediaResult("application/octet-stream", PICTURE)
    await fetch(client(provider), f"{provider.base}/Accounts/{SID}/Media/%2e%2e/Calls.json")
    assert [login for _, _, login in provider.seen[1:]] == ["", ""], "no credentials elsewhere"


async def test_redirect_is_followed_without_credentials(
    provider: Site, cdn: Site, certificate: tuple[Path, Path]
) -> None:
    provider.pages["/Media/1"] = 307, {"Location": f"{cdn.base}/file"}, b""
    cdn.pages["/file"] = 200, {"Content-Type": "text/vcard"}, b"BEGIN:VCARD"
    made = client(provider, certificate[0], public=lambda _: True)
    assert await fetch(made, f"{provider.base}/Media/1") == MediaResult("text/vcard", b"BEGIN:VCARD")
    assert cdn.seen == [("/file", cdn.base.removeprefix("https://"), "")]


async def test_internal_address_is_never_connected_to(
    provider: Site, cdn: Site, certificate: tuple[Path, Path]
) -> None:
    """The resolved address is checked, not the name."""
    provider.pages["/Media/1"] = 302, {"Location": f"{cdn.base}/file"}, b""
    assert await fetch(client(provider, certificate[0]), f"{provider.base}/Media/1") == UNREADABLE
    assert await fetch(client(provider, certificate[0], hosts=["cdn.example"]), f"{cdn.base}/file") == UNREADABLE
    assert not cdn.seen


async def test_every_address_of_a_host_must_be_public(provider: Site, cdn: Site) -> None:
    async def two(_host: str, _port: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    made = MediaClient(
        account_sid=SID, auth_token=TOKEN, api_base=provider.base, app_url="", hosts=["cdn.example"], resolve=two
    )
    assert await fetch(made, f"{cdn.base}/file") == UNREADABLE


@pytest.mark.parametrize("to", ["http://cdn.example/file", "ftp://cdn.example/file", "https://u:p@cdn.example/", "//"])
async def test_redirect_to_anything_but_https_is_refused(provider: Site, to: str) -> None:
    provider.pages["/Media/1"] = 302, {"Location": to}, b""
    made = client(provider, public=lambda _: True)
    assert await fetch(made, f"{provider.base}/Media/1") == UNREADABLE


async def test_only_configured_hosts_are_contacted(provider: Site, cdn: Site, certificate: tuple[Path, Path]) -> None:
    cdn.pages["/file"] = 200, {"Content-Type": "image/png"}, PICTURE
    made = client(provider, certificate[0], public=lambda _: True)
    assert await fetch(made, f"{cdn.base}/file") == UNREADABLE
    for odd in ("", "x", "http://[", "file:///etc/passwd", '["http://x/"]', f"http://{'a' * 300}/"):
        assert await fetch(client(provider, public=lambda _: True), odd) == UNREADABLE
    assert not cdn.seen
    made = client(provider, certificate[0], public=lambda _: True, hosts=["CDN.example"])
    assert await fetch(made, f"{cdn.base}/file") == MediaResult("image/png", PICTURE)


async def test_certificate_must_match_the_host_name(provider: Site, cdn: Site) -> None:
    assert await fetch(client(provider, public=lambda _: True, hosts=["cdn.example"]), f"{cdn.base}/file") == AGAIN
    assert not cdn.seen


async def test_redirects_size_and_time_are_limited(provider: Site) -> None:
    provider.pages["/round"] = 302, {"Location": "/round"}, b""
    assert await fetch(client(provider), f"{provider.base}/round") == UNREADABLE
    assert len(provider.seen) == 1 + REDIRECTS
    provider.pages["/large"] = 200, {}, bytes(MAX_FILE_SIZE + 1)
    assert await fetch(client(provider), f"{provider.base}/large") == MediaResult(failed="too_large")
    provider.pages["/just"] = 200, {}, bytes(MAX_FILE_SIZE)
    assert len((await fetch(client(provider), f"{provider.base}/just")).content) == MAX_FILE_SIZE
    provider.pages["/packed"] = 200, {"Content-Encoding": "gzip"}, b"x"
    assert await fetch(client(provider), f"{provider.base}/packed") == UNREADABLE
    provider.pages["/slow"], provider.delay = (200, {}, PICTURE), lambda path: 5.0
    slow = await fetch(client(provider, seconds=0.3), f"{provider.base}/slow")
    assert slow == MediaResult(failed="timeout", again=True)


@pytest.mark.parametrize(("status", "again"), [(404, True), (429, True), (503, True), (401, False), (410, False)])
async def test_file_that_may_come_later_is_tried_again(provider: Site, status: int, again: bool) -> None:
    provider.pages["/it"] = status, {}, b"no"
    assert await fetch(client(provider), f"{provider.base}/it") == MediaResult(failed="unreadable", again=again)


async def test_truncated_answer_is_no_picture(provider: Site) -> None:
    provider.pages["/it"] = 200, {"Content-Length": "100", "Connection": "close"}, PICTURE
    provider.delay = lambda _: 0.0
    assert (await fetch(client(provider, seconds=2.0), f"{provider.base}/it")).content == b""


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
     "ff02::1", "192.0.2.1"],
)  # fmt: skip
def test_internal_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_public_addresses() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")
