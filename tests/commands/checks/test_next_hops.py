"""Next hops: a domain without one, a loop, and servers that do not answer as they should."""

from __future__ import annotations

import pytest

from gateway.commands.checks.next_hops import check_addresses, check_routes, check_server
from gateway.transports.smtp.destination import Destination, TlsPolicy
from tests.relays.smtp.harness import listening_socket
from tests.transports.smtp.fake_hop import accept_all, fake_hop


@pytest.mark.parametrize(
    ("keys", "expected"),
    [(["*"], []), (["a.example", "b.example", "*"], []), (["a.example"], ["error", "warn"]),
     (["A.example", "b.example"], ["warn"]), (["c.example"], ["error", "error", "warn"])],
)  # fmt: skip
def test_domains_without_a_next_hop(keys: list[str], expected: list[str]) -> None:
    assert [line.level for line in check_routes(keys, ["a.example", "b.example"], [])] == expected


@pytest.mark.parametrize(
    ("address", "listen", "loop"),
    [("127.0.0.1:2525", "127.0.0.1:2525", True), ("localhost:2525", "0.0.0.0:2525", True),
     ("10.0.0.5:25", "0.0.0.0:25", True),
     ("10.0.0.5:25", "10.0.0.5:25", True), ("10.0.0.5:25", "127.0.0.1:25", False), ("10.0.0.6:25", "0.0.0.0:25", False),
     ("127.0.0.1:25", "127.0.0.1:2525", False), ("[::1]:25", "[::]:25", True)],
)  # fmt: skip
def test_a_next_hop_that_is_this_gateway(address: str, listen: str, loop: bool) -> None:
    own = {"127.0.0.1", "::1", "localhost", "10.0.0.5"}
    assert bool(list(check_addresses("*", [address], [listen], own))) is loop


async def test_servers() -> None:
    async with fake_hop(accept_all) as hop:
        (line,) = await check_server(Destination("*", (hop.target,)), "gateway.example")
        assert line.level == "ok"
        (line,) = await check_server(Destination("*", (hop.target,), TlsPolicy.REQUIRED), "gateway.example")
        assert line.level == "error"
        assert "TLS" in line.found
    with listening_socket() as nobody:
        (line,) = await check_server(Destination("*", (f"127.0.0.1:{nobody.getsockname()[1]}",)), "gateway.example")
        assert line.level == "error"
        assert "cannot be reached" in line.found
    (line,) = await check_server(Destination("*", ("nowhere.invalid:25",)), "gateway.example")
    assert line.level == "error"


@pytest.mark.parametrize(
    ("answer", "tls", "level", "words"),
    [("235 2.7.0 fine", TlsPolicy.NONE, "ok", "accepts the password"),
     ("535 5.7.8 wrong", TlsPolicy.NONE, "error", "correct user and password_file"),
     ("235 2.7.0 fine", TlsPolicy.OPPORTUNISTIC, "error", "the password needs TLS")],
)  # fmt: skip
async def test_password(answer: str, tls: TlsPolicy, level: str, words: str) -> None:
    async with fake_hop(
        lambda command: answer if command.startswith("AUTH") else accept_all(command), extensions=("AUTH PLAIN",)
    ) as hop:
        destination = Destination("*", (hop.target,), tls, "", "gateway", "s3cret")
        *_, line = await check_server(destination, "gateway.example")
        assert line.level == level
        assert words in line.found
        assert "s3cret" not in line.found
