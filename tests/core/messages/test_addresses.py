"""Addresses: rewritten senders, canonical forms, E.164."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.core.messages.addresses import (
    canonical_address,
    domain_of,
    e164,
    guess_identities,
    has_source_route,
    unwrap_address,
)

DANA = "dwhitfield@riverbend.example"


@pytest.mark.parametrize(
    ("address", "stands_for"),
    [
        (DANA, (DANA,)),
        ("", ("",)),
        ("+15155550120", ("+15155550120",)),
        ("SRS0=HHH=TT=riverbend.example=dwhitfield@forwarder.example", (DANA,)),
        ("srs0+HHh/+=T2=riverbend.example=dwhitfield@forwarder.example", (DANA,)),
        ("SRS0-HHH=TT=riverbend.example=dwhitfield@forwarder.example", (DANA,)),
        ("SRS1=GGG=forwarder.example==HHH=TT=riverbend.example=dwhitfield@second.example", (DANA,)),
        ("SRS1+GGG=forwarder.example=+HHH=TT=riverbend.example=dwhitfield@second.example", (DANA,)),
        ("bounces+SRS=xX1=YZ=riverbend.example=dwhitfield@tenant.example", (DANA,)),
        ("prvs=0123abcdef=dwhitfield@riverbend.example", (DANA,)),
        ("prvs=dwhitfield=0123abcdef@riverbend.example", (DANA,)),
        ("prvs=one=two@riverbend.example", ("two@riverbend.example", "one@riverbend.example")),
        ("btv1==0123abcdef==dwhitfield@riverbend.example", (DANA,)),
        ("msprvs1=17000abc=dwhitfield@riverbend.example", (DANA, "17000abc@riverbend.example")),
        ("dwhitfield+homework@riverbend.example", (DANA,)),
        ("dwhitfield+avery=students.riverbend.example@riverbend.example", (DANA,)),
        ("SRS0=HHH=TT=riverbend.example=prvs=0123abcdef=dwhitfield+x@forwarder.example", (DANA,)),
        ("dwhitfield%riverbend.example@relay.example", (DANA,)),
        ("riverbend.example!dwhitfield@relay.example", (DANA,)),
        ("@relay.example,@other.example:dwhitfield@riverbend.example", (DANA,)),
        ("+@riverbend.example", ("+@riverbend.example",)),
        ("SRS0=broken@forwarder.example", ("SRS0=broken@forwarder.example",)),
        ("order=17@shop.example", ("order=17@shop.example",)),
    ],
)
def test_unwrap_address(address: str, stands_for: tuple[str, ...]) -> None:
    assert unwrap_address(address) == stands_for


def test_verp_guesses_list_owner_and_recipient() -> None:
    plus = guess_identities("news-bounces+avery=students.riverbend.example@lists.example")
    assert "avery@students.riverbend.example" in plus
    dashes = guess_identities("dwhitfield-mary-ann=students.riverbend.example@riverbend.example")
    assert {DANA, "mary-ann@students.riverbend.example", "ann@students.riverbend.example"} <= set(dashes)


@pytest.mark.parametrize("address", [DANA, "order=17@shop.example", "dana+x@riverbend.example", "", "a=b", "=x.y@z"])
def test_no_guess_without_verp(address: str) -> None:
    assert guess_identities(address) == ()


def test_guesses_are_bounded() -> None:
    assert len(guess_identities("-".join("abcdefghijklmnopqrstuvwxyz") * 20 + "=school.example@host.example")) <= 20
    assert len(unwrap_address("prvs=a=" * 200 + "b@host.example")) <= 64


@pytest.mark.parametrize(
    ("written", "one_form"),
    [
        ("DWhitfield@Riverbend.EXAMPLE", DANA),
        ("<dwhitfield@riverbend.example>", DANA),
        (" dwhitfield@riverbend.example. ", DANA),
        ("dwhitfield+tag+more@riverbend.example", DANA),
        ('"dwhitfield"@riverbend.example', DANA),
        ('"d\\whitfield"@riverbend.example', DANA),
        ('"dwhitfield+tag"@riverbend.example', DANA),
        ("dwhitfield@mail.riverbend.example", DANA),
        ("ｄｗｈｉｔｆｉｅｌｄ＠riverbend.example", DANA),
        ('"a b"@riverbend.example', "a b@riverbend.example"),
        ('"a@b"@riverbend.example', "a@b@riverbend.example"),
        ("+@riverbend.example", "+@riverbend.example"),
        ("dana@BÜCHER.example", "dana@xn--bcher-kva.example"),
        ("dana@xn--bcher-kva.example", "dana@xn--bcher-kva.example"),
        ("JOSÉ@riverbend.example", "josé@riverbend.example"),
        ("jose\u0301@riverbend.example", "josé@riverbend.example"),
        ("D.Whit.Field+school@googlemail.com", "dwhitfield@gmail.com"),
        ("d.whitfield@riverbend.example", "d.whitfield@riverbend.example"),
        ("5155550120@vtext.com", "+15155550120"),
        ("someone@vtext.com", "someone@vtext.com"),
        ("(515) 555-0120", "+15155550120"),
        ("RIVERBEND", "riverbend"),
        ("", ""),
        ("@", "@"),
    ],
)
def test_canonical_address(written: str, one_form: str) -> None:
    assert canonical_address(written, {"mail.riverbend.example": "riverbend.example"}) == one_form


def test_different_mailboxes_stay_different() -> None:
    assert canonical_address("a.b@riverbend.example") != canonical_address("ab@riverbend.example")
    assert canonical_address("dana@riverbend.example") != canonical_address("dana@students.riverbend.example")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+15155550120", "+15155550120"),
        ("5155550120", "+15155550120"),
        ("1-515-555-0120", "+15155550120"),
        ("+1 (515) 555.0120", "+15155550120"),
        ("tel:+1-515-555-0120", "+15155550120"),
        ("+44 20 7946 0958", "+442079460958"),
        ("011 44 20 7946 0958", "+442079460958"),
        ("911", None),
        ("72645", None),
        ("555-0120", None),
        ("515-555-0120 x31", None),
        ("dwhitfield", None),
        ("+1515555", None),
        ("", None),
        ("+", None),
    ],
)
def test_e164(written: str, number: str | None) -> None:
    assert e164(written) == number


def test_e164_of_another_region() -> None:
    assert e164("020 7946 0958", "GB") == "+442079460958"


_PIECES = (
    'SRS0= SRS1= +SRS= prvs= btv1== = == + - % ! @ " \\ < > . 。 : ( é İ ß \udc80 dana 0123abcdef 5155550120'
    " riverbend.example gmail.com vtext.com"
)
_pieces = st.sampled_from([*_PIECES.split(), " "])
_addresses = st.one_of(st.text(), st.lists(_pieces, max_size=12).map("".join))


@given(_addresses)
@example('"\\"a\\"+b"@riverbend.example')
@example("x@y。")
@example('.".a"@gmail.com')
@example("a <+x@y")
def test_canonical_address_is_idempotent(address: str) -> None:
    aliases = {"mail.example": "riverbend.example"}
    once = canonical_address(address, aliases)
    assert canonical_address(once, aliases) == once


@given(_addresses)
def test_unwrap_address_is_idempotent_and_never_empty(address: str) -> None:
    found = unwrap_address(address)
    assert found
    assert len(set(found)) == len(found)
    assert isinstance(guess_identities(address), tuple)


_local = st.from_regex(r"[a-z][a-z0-9._]{0,20}", fullmatch=True)


@given(_local, st.sampled_from("=+-"), st.booleans())
def test_srs_and_batv_are_unwrapped(local: str, separator: str, twice: bool) -> None:
    inner = f"prvs=0123abcdef={local}"
    wrapped = f"SRS0{separator}aB3/=T2=riverbend.example={inner}@one.example"
    if twice:
        wrapped = f"SRS1=xyz=one.example={separator}aB3/=T2=riverbend.example={inner}@two.example"
    assert unwrap_address(wrapped) == (f"{local}@riverbend.example",)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ('"a@b"@C.Example.', "c.example"), ("a@c.example", "c.example"), ("postmaster", ""), ("", ""),
        ("a@[192.0.2.1]", "[192.0.2.1]"), ("a@Schüle.example", "xn--schle-mva.example"),
        ("a@schüle.example.", "xn--schle-mva.example"), ("a@ｃ．example", "c.example"),
    ],
)  # fmt: skip
def test_domain_of(address: str, domain: str) -> None:
    assert domain_of(address) == domain


def test_has_source_route() -> None:
    routes = ["a%b.example@c.example", "b.example!a@c.example", '"a@b.example"@c.example', '"a%b.example"@c.example']
    assert all(map(has_source_route, routes))
    assert not any(
        map(has_source_route, ["a@c.example", "a+b@c.example", "SRS0=a=b=c.example=d@e.example", "postmaster"])
    )


@given(st.text(max_size=40))
def test_any_text_is_e164_or_none(text: str) -> None:
    number = e164(text)
    assert number is None or (number[0] == "+" and number[1:].isdigit() and e164(number) == number)
