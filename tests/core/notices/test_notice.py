"""Notices: plain text, a link, and no content."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import FollowupKind
from gateway.core.notices.notice import notice_content
from gateway.core.policy.decision import PendingMessage, RecipientStatus
from gateway.core.policy.transitions import by_verdict, reject
from tests.core import samples
from tests.core.samples import NOW, S2S, STUDENT, TEACHER, finding, pair, verdict

ID = "01m00000000000000000000000"
WHERE = {
    "sender": "chaperone@riverbend.example", "console_url": "https://chaperone.riverbend.example/",
    "hostname": "gateway.riverbend.example", "district": "Señora Ríos Schools", "time_zone": "America/Chicago",
    "name": "01n0", "at": NOW + 9,
}  # fmt: skip


def waiting(state, by=""):
    return RecipientStatus(STUDENT, state, (pair(direction=S2S),), None, by)


def pending(state, by=""):
    return PendingMessage(ID, MAIL, TEACHER, "ab" * 32, NOW, (waiting(state, by),))


def followup(kind):
    ruling = {
        FollowupKind.HELP_ALERT: lambda: by_verdict(
            pending(State.RECEIVED), verdict(help=1.0), samples.policy(), NOW + 3
        ),
        FollowupKind.LATE: lambda: by_verdict(
            pending(State.SENT, "policy"), verdict(finding("7a", 0.9)), samples.policy(), NOW + 3
        ),
        FollowupKind.REJECTION: lambda: reject(pending(State.HELD, "policy"), "rcastellano", "private words", NOW + 3),
    }[kind]()
    (found,) = [each for each in ruling.followups if each.kind is kind]
    return found


def notice(kind, recipients=("safety@riverbend.example", "director@riverbend.example")):
    content = notice_content(followup(kind), recipients, **WHERE)
    read = message_from_bytes(content, policy=policy.default)
    assert not read.defects
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 78
    return read, read.get_content()


@pytest.mark.parametrize("kind", [FollowupKind.HELP_ALERT, FollowupKind.LATE, FollowupKind.REJECTION])
def test_notice_has_link_and_time(kind):
    read, text = notice(kind)
    assert ID in text
    assert "2026-11-24 09:30 CST" in text
    assert [each.addr_spec for each in read["To"].addresses] == [
        "safety@riverbend.example",
        "director@riverbend.example",
    ]
    assert read["From"].addresses[0].addr_spec == "chaperone@riverbend.example"
    assert read["Auto-Submitted"] == ("auto-replied" if kind is FollowupKind.REJECTION else "auto-generated")
    assert read["Message-ID"] == "<01n0@gateway.riverbend.example>"


@pytest.mark.parametrize("kind", [FollowupKind.HELP_ALERT, FollowupKind.LATE])
def test_reviewers_get_a_link_and_no_names(kind):
    read, text = notice(kind)
    assert f"https://chaperone.riverbend.example/messages/{ID}" in text
    assert STUDENT not in text
    assert "7a" not in read["Subject"]


def test_late_notice_names_the_clause():
    assert "7a Sexual, flirtatious or grooming" in notice(FollowupKind.LATE)[1]


def test_rejection_names_recipients_and_policy_but_not_the_reviewer():
    _, text = notice(FollowupKind.REJECTION, (TEACHER,))
    assert STUDENT in text
    assert "https://chaperone.riverbend.example/policy" in text
    assert "Señora Ríos Schools" in text
    assert "rcastellano" not in text
    assert "private words" not in text


def test_text_without_spaces_fits_into_lines():
    """Chinese text has no spaces; lines stay short and no character is lost."""
    words = "請和學校的管理員談談" * 400
    ruling = reject(pending(State.HELD, "policy"), "rcastellano", "", NOW, words=words)
    (found,) = [each for each in ruling.followups if each.kind is FollowupKind.REJECTION]
    content = notice_content(found, (TEACHER,), **WHERE)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    text = message_from_bytes(content, policy=policy.default).get_content()
    assert words in text.replace("\r\n", "")
