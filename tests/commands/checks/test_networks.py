"""Networks that contain everybody, and listening addresses that collide."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from gateway.commands.checks.networks import check_listen, check_proxies, check_relay_from


@pytest.mark.parametrize(
    ("network", "expected"),
    [("0.0.0.0/0", ["error"]), ("::/0", ["error"]), ("8.0.0.0/6", ["warn"]), ("10.0.0.0/8", []), ("127.0.0.0/8", []),
     ("203.0.113.0/24", []), ("2600::/12", ["warn"]), ("fc00::/7", [])],
)  # fmt: skip
def test_who_may_send_anywhere(network: str, expected: list[str]) -> None:
    assert [line.level for line in check_relay_from([ip_network(network)])] == expected


def test_proxies() -> None:
    assert [
        line.level for line in check_proxies("smtp.proxies", [ip_network("0.0.0.0/0"), ip_network("10.0.0.1")])
    ] == ["error"]


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [("127.0.0.1:25", "127.0.0.1:25", True), ("0.0.0.0:25", "127.0.0.1:25", True),
     ("127.0.0.1:25", "127.0.0.1:26", False),
     ("127.0.0.1:25", "10.0.0.1:25", False), ("[::]:25", "127.0.0.1:25", True), ("[::1]:25", "127.0.0.1:25", False),
     ("[::1]:25", "0.0.0.0:25", False), ("127.0.0.1:0", "127.0.0.1:0", False)],
)  # fmt: skip
def test_listening_addresses(one: str, other: str, collide: bool) -> None:
    for first, second in ((one, other), (other, one)):
        lines = list(check_listen({"smtp.listen": [first], "console.listen": [second]}))
        assert [line.level for line in lines] == ["error"] * collide
        assert bool(lines) is bool(list(check_listen({"smtp.listen": [first, second]})))
