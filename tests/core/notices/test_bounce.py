"""Bounces as a mail program reads them."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.delivery.conclude import conclude
from gateway.core.delivery.retry import RetrySchedule
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, Sent
from gateway.core.messages.message import Recipient
from gateway.core.mime.headers import HeaderSection
from gateway.core.notices.bounce import MAX_RETURNED, bounce_content
from gateway.core.notices.mail_headers import mail_parameters
from tests.core.samples import CONTENT, NOW, OTHER, STUDENT, message, pair

ASKED = {
    "reporting": "gateway.riverbend.example",
    "sender": "chaperone@riverbend.example",
    "name": "01b0",
    "at": NOW + 9,
}
REFUSED = Bounced("550 5.1.1 No such user here")


def bounced(outcomes, original=None, now=NOW + 5) -> bytes:
    original = original or message()
    claim = Claim("t", original, tuple(Claimed(each, 0, NOW) for each in original.envelope.recipients))
    (followup,) = conclude(claim, outcomes, now, 0.5, RetrySchedule()).followups
    return bounce_content(followup.body, original, **ASKED)


def read(content: bytes) -> EmailMessage:
    made = message_from_bytes(content, policy=policy.default)
    for part in made.walk():
        assert not part.defects
    assert b"\n" not in content.replace(b"\r\n", b"")
    return made


def test_bounce_for_one_recipient():
    original = message(
        recipients=(Recipient(STUDENT, ("ORCPT=rfc822;Av+2Bery@old.example",)),), options=("ENVID=q+2B1",)
    )
    content = bounced({STUDENT: REFUSED}, original)
    made = read(content)
    assert made.get_content_type() == "multipart/report"
    assert made.get_param("report-type") == "delivery-status"
    assert made["To"] == "dwhitfield@riverbend.example"
    assert made["From"] == "Mail Delivery System <chaperone@riverbend.example>"
    assert made["Auto-Submitted"] == "auto-replied"
    assert made["Message-ID"] == "<01b0@gateway.riverbend.example>"
    assert made["Date"] == "Tue, 24 Nov 2026 15:30:09 +0000"
    text, status, returned = made.iter_parts()
    assert STUDENT in text.get_content()
    assert "550 5.1.1 No such user here" in text.get_content()
    whole, recipient = status.get_payload()
    assert whole["Reporting-MTA"] == "dns; gateway.riverbend.example"
    assert whole["Original-Envelope-Id"] == "q+1"
    assert whole["Arrival-Date"] == "Tue, 24 Nov 2026 15:30:00 +0000"
    assert recipient["Original-Recipient"] == "rfc822; Av+ery@old.example"
    assert recipient["Final-Recipient"] == f"rfc822; {STUDENT}"
    assert recipient["Action"] == "failed"
    assert recipient["Status"] == "5.1.1"
    assert recipient["Diagnostic-Code"] == "smtp; 550 5.1.1 No such user here"
    assert recipient["Last-Attempt-Date"] == "Tue, 24 Nov 2026 15:30:05 +0000"
    assert returned.get_content_type() == "text/rfc822-headers"
    assert HeaderSection.of(CONTENT).raw in content
    assert b"The quiz covers" not in content


def test_the_same_arguments_make_the_same_bytes():
    assert bounced({STUDENT: REFUSED}) == bounced({STUDENT: REFUSED})


@pytest.mark.parametrize(
    ("asked", "size", "whole"), [("FULL", 100, True), ("HDRS", 100, False), ("FULL", MAX_RETURNED + 1, False)]
)
def test_ret_is_honored(asked, size, whole):
    content = HeaderSection.of(CONTENT).raw + b"\r\nMARK" + b"x" * size + b"\r\n"
    made = bounced({STUDENT: REFUSED}, message(content, options=(f"RET={asked}",)))
    assert (content in made) == whole
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    assert list(read(made).iter_parts())[2].get_content_type() == kind


def test_only_failures_return_the_content():
    original = message(recipients=(Recipient(STUDENT, ("NOTIFY=SUCCESS",)),), options=("RET=FULL",))
    made = bounced({STUDENT: Sent("250 ok")}, original)
    assert CONTENT not in made
    (_, recipient) = list(read(made).iter_parts())[1].get_payload()
    assert (recipient["Action"], recipient["Status"]) == ("relayed", "2.1.9")
    assert read(made)["Subject"] == "Your message was relayed"


def test_delay_notice_says_until_when_delivery_is_retried():
    made = read(bounced({STUDENT: Deferred("451 4.4.1 No answer")}, now=NOW + 4 * 3600))
    (_, recipient) = list(made.iter_parts())[1].get_payload()
    assert (recipient["Action"], recipient["Status"]) == ("delayed", "4.4.1")
    assert recipient["Will-Retry-Until"] == "Sun, 29 Nov 2026 15:30:00 +0000"
    assert made["Subject"] == "Your message is delayed"


def test_every_recipient_has_a_group():
    made = read(bounced({STUDENT: REFUSED, OTHER: Bounced("552 5.2.2 Full")}, message(pairs=(pair(), pair(OTHER)))))
    _, first, second = list(made.iter_parts())[1].get_payload()
    assert (first["Status"], second["Status"]) == ("5.1.1", "5.2.2")


def test_report_alone_without_content():
    claim = Claim("t", message(), (Claimed(Recipient(STUDENT), 0, NOW),))
    (followup,) = conclude(claim, {STUDENT: REFUSED}, NOW, 0.5, RetrySchedule()).followups
    assert len(list(read(bounce_content(followup.body, None, **ASKED)).iter_parts())) == 2


def test_international_addresses_have_the_types_of_rfc_6533():
    address = "zoë@students.riverbend.example"
    original = message(
        pairs=(pair(address),), recipients=(Recipient(address),), sender="señor@riverbend.example",
        options=("SMTPUTF8", "RET=HDRS"),
    )  # fmt: skip
    content = bounced({address: REFUSED}, original)
    made = message_from_bytes(content, policy=policy.SMTPUTF8)
    kinds = [part.get_content_type() for part in made.iter_parts()]
    assert kinds == ["text/plain", "message/global-delivery-status", "message/global-headers"]
    assert f"Final-Recipient: utf-8; {address}\r\n".encode() in content
    assert made["Content-Transfer-Encoding"] == "8bit"
    assert mail_parameters(content, ["señor@riverbend.example"]) == ("BODY=8BITMIME", "SMTPUTF8")
    assert mail_parameters(bounced({STUDENT: REFUSED}), ["dwhitfield@riverbend.example"]) == ()


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=30), st.text(max_size=20))
def test_values_stay_in_their_line(reply, address, orcpt, envid):
    original = message(
        pairs=(pair(address),),
        recipients=(Recipient(address, (f"ORCPT=rfc822;{orcpt}",)),),
        options=(f"ENVID={envid}",),
    )
    content = bounced({address: Bounced(reply)}, original)
    made = message_from_bytes(content)
    kinds = [part.get_content_type() for part in made.walk()][:2]
    assert kinds == ["multipart/report", "text/plain"]
    assert content.count(b"\r\nAction: failed\r\n") == 1 + reply.count("\r\nAction: failed\r\n")
    assert len(made.get_payload()) == 3
    assert max(map(len, content.split(b"\r\n"))) < 998


def test_lines_have_at_most_998_bytes():
    content = bounced({STUDENT: Bounced("550 5.1.1 " + "\U0001f4ee" * 990)})
    assert max(map(len, content.split(b"\r\n"))) < 998
    content.decode("utf-8")
