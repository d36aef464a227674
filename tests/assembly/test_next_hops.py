"""Next hops from the settings: their names, what they serve, and where they lead."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.assembly import factories
from gateway.assembly.factories import connections_of, mail_destinations, mail_next_hops
from gateway.core.fault import Fault
from gateway.settings.smtp import SmtpSettings
from gateway.transports.smtp.destination import Destination, TlsPolicy

VALUES = st.sampled_from(
    ("127.0.0.1:1", {"address": "127.0.0.1:1"}, {"address": ["127.0.0.1:1", "127.0.0.1:2"]},
     {"address": "127.0.0.1:1", "tls": "required"}, {"mx": True})
)  # fmt: skip
KEYS = ("a.example", "B.example", "c.example", "*")


@settings(deadline=None)  # every table loads authorities
@given(table=st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1), alias=st.sampled_from(KEYS[:3]))
def test_any_table_serves_every_domain_once(table: dict[str, object], alias: str) -> None:
    smtp = SmtpSettings(next_hop=table)
    hops, destinations = mail_next_hops(smtp, {"alias.example": alias}), mail_destinations(smtp)
    for domain in ("a.example", "b.example", "c.example", "alias.example", "else.example"):
        (hop,) = [hop for hop in hops if hop.serves(domain)]
        key = {"b.example": "B.example", "alias.example": alias}.get(domain, domain)
        written = smtp.next_hop.get(key, smtp.next_hop.get("*"))
        assert bool(hop.target) == (written is not None)
        if written is not None:
            destination = destinations[hop.target]
            assert destination.addresses == written.address
            assert (destination.tls, destination.mx, hop.by_domain) == (written.tls, written.mx, written.mx)
    assert {hop.target for hop in hops if hop.target} == set(destinations)


def test_equal_values_are_one_next_hop_with_the_first_key_as_name() -> None:
    smtp = SmtpSettings(
        next_hop={"a.example": "127.0.0.1:1", "b.example": {"address": ["127.0.0.1:1"]}, "*": "127.0.0.1:2"}
    )
    assert mail_destinations(smtp) == {
        "a.example": Destination("a.example", ("127.0.0.1:1",)), "*": Destination("*", ("127.0.0.1:2",))
    }  # fmt: skip
    assert [(hop.target, sorted(hop.domains), hop.default) for hop in mail_next_hops(smtp, {})] == [
        ("a.example", ["a.example", "b.example"], False),
        ("*", [], True),
    ]


def test_table_with_every_key(tmp_path: Path) -> None:
    table = {
        "address": ["a.example:587", "[::1]:25"], "tls": "required", "user": "gateway", "password": "s3cret",
        "connections": 5,
    }  # fmt: skip
    destination = mail_destinations(SmtpSettings(next_hop={"*": table}))["*"]
    assert destination == Destination(
        "*", ("a.example:587", "[::1]:25"), TlsPolicy.REQUIRED, "", "gateway", "s3cret", 5, False
    )
    assert "s3cret" not in repr(destination)


@pytest.mark.parametrize(
    "table",
    [
        {}, {"address": [], "mx": False}, {"address": "a:25", "mx": True}, {"address": "a"},
        {"address": "a:25", "tls": "on"}, {"address": "a:25", "user": "x"},
        {"address": "a:25", "connections": 0}, {"address": "a:25", "ca": "ca.pem"},
        {"mx": True, "user": "x", "password": "y"}, {"adress": "a:25"},
    ],
)  # fmt: skip
def test_bad_table_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="next_hop"):
        SmtpSettings(next_hop={"*": table})


def test_same_domain_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="the same domain"):
        SmtpSettings(next_hop={"A.example": "127.0.0.1:1", "a.example": "127.0.0.1:2"})


def test_unusable_authorities_are_a_fault(tmp_path: Path) -> None:
    for content in (None, "not PEM"):
        file = tmp_path / "ca.pem"
        if content is not None:
            file.write_text(content)
        smtp = SmtpSettings(next_hop={"*": {"address": "127.0.0.1:1", "tls": "verify", "ca": str(file)}})
        with pytest.raises(Fault, match=r"smtp\.next_hop\.\*\.ca: cannot be used"):
            mail_destinations(smtp)


def test_changed_authorities_under_the_same_path_make_another_destination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factories, "tls_context", lambda destination: None)  # any bytes will do
    file = tmp_path / "ca.pem"
    smtp = SmtpSettings(next_hop={"*": {"address": "a.example:25", "tls": "verify", "ca": str(file)}})
    file.write_text("one")
    before = mail_destinations(smtp)
    assert mail_destinations(smtp) == before
    file.write_text("another")
    assert mail_destinations(smtp) != before


@given(connections=st.integers(1, 200), receivers=st.integers(1, 32))
def test_processes_share_the_connections(connections: int, receivers: int) -> None:
    """All of them, and no more where there is one for each; the process that delivers has the largest share."""
    main, other = (connections_of(connections, receivers, main=main) for main in (True, False))
    assert main >= other >= 1
    if connections > receivers:
        assert main + other * (receivers - 1) == connections
    if receivers == 1:
        assert main == connections
