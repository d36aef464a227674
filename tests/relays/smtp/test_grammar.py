"""MAIL and RCPT as real clients write them, and invalid ones."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.core.messages.refusal import Refused
from gateway.relays.smtp.grammar import MailCommand, RcptCommand, parse_mail, parse_rcpt


@pytest.mark.parametrize(
    ("argument", "sender"),
    [
        ("FROM:<>", ""),
        ("FROM: <a@b.example>", "a@b.example"),
        ("from:<A.b@B.example>", "A.b@B.example"),
        ("FROM:a@b.example", "a@b.example"),
        ('FROM:<"john doe"@b.example>', '"john doe"@b.example'),
        ('FROM:<"a\\"b>"@b.example>', '"a\\"b>"@b.example'),
        ("FROM:<@relay.example,@x.example:a@b.example>", "a@b.example"),
        ("FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("FROM:<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"),
        ("FROM:<first..last.@docomo.example>", "first..last.@docomo.example"),
        ("FROM:<prvs=1234567890=a@b.example>", "prvs=1234567890=a@b.example"),
        ("FROM:<SRS0=HHH=TT=x.example=a@b.example>", "SRS0=HHH=TT=x.example=a@b.example"),
        ("FROM:<o'brien+tag/x{y}@b.example>", "o'brien+tag/x{y}@b.example"),
        ("FROM:<a@b>", "a@b"),
        ("FROM:<a@b_c.example.>", "a@b_c.example."),
    ],
)
def test_senders_keep_their_spelling(argument: str, sender: str) -> None:
    assert parse_mail(argument) == MailCommand(sender, (), None, False)


@pytest.mark.parametrize(
    "argument",
    [
        "", "FROM", "FROM:", "FROM:<", "FROM:<a>", "FROM:<a@>", "FROM:<@b>", "FROM:<a@b", "FROM:<a@b>x", "FROM:<a b@c>",
        "FROM:<a@b c>", "FROM:<a\0@b>", "FROM:<a\r@b>", 'FROM:<"a\rb"@c>', "FROM:<a@b@c>", "FROM:<postmaster>",
        "FROM:<a@b..>", "FROM:<a@-b>", "FROM:<<a@b>>", "TO:<a@b>", "FROM:<" + "a" * 600 + "@b>", "FROM:<\udcff@b>",
        "FROM:<jos\u00e9@b.example>", "FROM:<a@b> SIZE=x", "FROM:<a@b> SIZE=1 SIZE=2", "FROM:<a@b> BODY=BINARYMIME",
        "FROM:<a@b> RET=ALL", "FROM:<a@b> ENVID=a+b", "FROM:<a@b> ENVID=\r", "FROM:<a@b> SMTPUTF8=yes",
        "FROM:<a@b> X=1", "FROM:<a@b> NOTIFY=NEVER", "FROM:<a@b> ENVID=" + "x" * 101, "FROM:<a@b> \u00e9=1",
        "FROM:<a@b> RET=HDRS\x0bRCPT",
    ],
)  # fmt: skip
def test_invalid_mail_is_refused(argument: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_mail(argument)
    assert refused.value.code in (501, 553, 555)
    assert refused.value.reason == "syntax"


def test_parameters_keep_case_and_order() -> None:
    assert parse_mail("FROM:<a@b> ret=hdrs ENVID=Qq+2B7 size=12345 Body=8bitmime SMTPUTF8 AUTH=<>") == MailCommand(
        "a@b", ("ret=hdrs", "ENVID=Qq+2B7", "Body=8bitmime", "SMTPUTF8"), 12345, True
    )
    assert parse_rcpt("TO:<a@b> NOTIFY=Success,DELAY ORCPT=rfc822;Ab+2BC@B", utf8=False) == RcptCommand(
        "a@b", ("NOTIFY=Success,DELAY", "ORCPT=rfc822;Ab+2BC@B")
    )


@pytest.mark.parametrize(
    "argument",
    ["TO:<>", "TO:<a@b> NOTIFY=NEVER,SUCCESS", "TO:<a@b> NOTIFY=", "TO:<a@b> ORCPT=rfc822", "TO:<a@b> SIZE=1",
     "TO:<a@b> ORCPT=rfc822;" + "x" * 500, "TO:<jos\u00e9@b.example>"],
)  # fmt: skip
def test_invalid_rcpt_is_refused(argument: str) -> None:
    with pytest.raises(Refused):
        parse_rcpt(argument, utf8=False)


def test_utf8_needs_smtputf8() -> None:
    assert parse_mail("FROM:<jos\u00e9@b\u00fccher.example> SMTPUTF8").sender == "jos\u00e9@b\u00fccher.example"
    assert (
        parse_rcpt("TO:<\u7528\u6237@\u4f8b\u5b50.example>", utf8=True).address == "\u7528\u6237@\u4f8b\u5b50.example"
    )


def test_postmaster_needs_no_domain() -> None:
    assert parse_rcpt("TO:<Postmaster>", utf8=False).address == "Postmaster"


def test_parameters_need_ehlo() -> None:
    with pytest.raises(Refused):
        parse_mail("FROM:<a@b> SIZE=1", extended=False)
    assert parse_mail("FROM:<a@b>", extended=False).sender == "a@b"


@given(st.text(max_size=80))
@example("<a@b> ENVID=+")
def test_only_refused_is_raised_and_results_stay_on_one_line(text: str) -> None:
    for parse, keyword in ((parse_mail, "FROM:"), (lambda argument: parse_rcpt(argument, utf8=True), "TO:")):
        try:
            found = parse(keyword + text)
        except Refused:
            continue
        values = [getattr(found, "sender", "") or getattr(found, "address", ""), *found.options]
        assert all(char >= " " and char != "\x7f" for value in values for char in value)
        assert all(" " not in option for option in found.options)


@given(st.emails())
def test_ordinary_addresses_are_unchanged(address: str) -> None:
    assert parse_mail(f"FROM:<{address}>").sender == address
    assert parse_rcpt(f"TO:<{address}>", utf8=False).address == address
