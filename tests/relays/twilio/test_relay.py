"""The Twilio relay: the twilio package's client against our API, its validator against our webhooks, and a provider
that refuses, times out and sends twice."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.peers.ports import free_port
from tests.peers.smpp_ends import smsc
from tests.peers.twilio_provider import SID, TOKEN, TextingApp, TwilioProvider, serving
from tests.relays.sms_gateway import (
    CLEAN_TEXT,
    HELD_TEXT,
    HELP_TEXT,
    MESSAGING_SERVICE,
    OUTSIDE_PHONE,
    SECOND_STUDENT_PHONE,
    STUDENT_PHONE,
    TEACHER_LINE,
    SmsGateway,
    run_sms_gateway,
)
from tests.stories.gateway import eventually

_numbers = itertools.count(1)


class LocalHttpClient(TwilioHttpClient):
    """The package's client with another base URL."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=30)
        self._base = base

    def request(self, method, url, *given, **more):
        """Send the request to us."""
        return super().request(method, url.replace("https://api.twilio.com", self._base), *given, **more)


@dataclass
class TwilioGateway:
    """A gateway between the provider and the application."""

    sms: SmsGateway
    base: str
    provider: TwilioProvider
    app: TextingApp

    def client(self, token: str = TOKEN) -> Client:
        """The package's client."""
        return Client(SID, token, http_client=LocalHttpClient(self.base))

    def send(self, body: str, to: str = STUDENT_PHONE, **more):
        """Send a message as the application."""
        return self.client().messages.create(from_=TEACHER_LINE, to=to, body=body, **more)

    def inbound(
        self, body: str, source: str = STUDENT_PHONE, *, sid: str = "", token: str = TOKEN, kind: str = "form",
        media: Sequence[str] = (),
    ) -> int:  # fmt: skip
        """Receive a message to the district's number. Returns the status of our answer."""
        form = {
            "MessageSid": sid or f"SM{next(_numbers) + (1 << 64):032x}", "AccountSid": SID, "From": source,
            "To": TEACHER_LINE, "Body": body, "NumMedia": str(len(media)),
            **{f"MediaUrl{at}": url for at, url in enumerate(media)},
        }  # fmt: skip
        return self.provider.webhook(f"{self.base}/webhooks/twilio/messages", form, token=token, kind=kind)


@pytest.fixture(scope="module", name="twilio")
def _twilio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioGateway]:
    folder: Path = tmp_path_factory.mktemp("twilio")
    port = free_port()
    (folder / "twilio.secret").write_text(TOKEN)
    (folder / "webhooks.secret").write_text("a key of the district's")
    with smsc() as upstream, serving(TwilioProvider()) as provider, serving(TextingApp()) as app:
        lines = [
            f'sms.twilio.listen = "127.0.0.1:{port}"', f'sms.twilio.public_url = "http://127.0.0.1:{port}"',
            f'sms.twilio.account_sid = "{SID}"', 'sms.twilio.auth_token_file = "twilio.secret"',
            'sms.twilio.webhook_secret_file = "webhooks.secret"',
            f'sms.twilio.api_base = "http://127.0.0.1:{provider.port}"', f'sms.twilio.app_url = "{app.url}"',
        ]  # fmt: skip
        with run_sms_gateway(folder, upstream, settings=lines) as made:
            yield TwilioGateway(made, f"http://127.0.0.1:{port}", provider, app)


@pytest.fixture(autouse=True)
def _reset_peers(twilio: TwilioGateway) -> Iterator[None]:
    yield
    twilio.provider.refuse, twilio.provider.delay = (lambda form: None), (lambda form: 0.0)
    twilio.app.reply = b"<Response/>"


def our_id(twilio: TwilioGateway, sid: str) -> str:
    """Our id of a message by its SID."""
    (trace,) = twilio.sms.api(f"/trace?message_id={sid}")[1]["items"]
    return str(trace["id"])


# --- the API --------------------------------------------------------------------------------------------------------


def test_request_out_of_scope_is_answered_by_the_provider(twilio: TwilioGateway) -> None:
    sent = twilio.send("Your order is ready", OUTSIDE_PHONE)
    assert twilio.provider.messages[-1]["sid"] == sent.sid
    twilio.provider.refuse = lambda form: (400, {"code": 21610, "message": "unsubscribed", "status": 400})
    with pytest.raises(TwilioRestException) as refused:
        twilio.send("Your order is ready", OUTSIDE_PHONE)
    assert (refused.value.status, refused.value.code) == (400, 21610)


def test_clean_message_is_accepted_sent_and_listed(twilio: TwilioGateway) -> None:
    body = f"{CLEAN_TEXT} 🎺"
    sent = twilio.send(body)
    assert (sent.status, sent.to, sent.from_, sent.body) == ("accepted", STUDENT_PHONE, TEACHER_LINE, body)
    assert eventually(lambda: twilio.provider.sent(body) == 1)
    assert eventually(lambda: twilio.client().messages(sent.sid).fetch().status == "queued"), "as the provider shows it"
    assert sent.sid in {message.sid for message in twilio.client().messages.list(to=STUDENT_PHONE, limit=20)}


def test_held_message_is_released_once_or_rejected(twilio: TwilioGateway) -> None:
    first, second = (
        twilio.send(f"{HELD_TEXT} one"),
        twilio.send(f"{HELD_TEXT} two", status_callback=f"http://127.0.0.1:{twilio.app.port}/status"),
    )
    for message in (first, second):
        assert "7a" in twilio.sms.held(our_id(twilio, message.sid))["clauses"]
        assert twilio.client().messages(message.sid).fetch().status == "accepted"
    assert twilio.provider.sent(f"{HELD_TEXT} one") == 0
    assert twilio.sms.decide(our_id(twilio, first.sid), "release") == 200
    assert eventually(lambda: twilio.provider.sent(f"{HELD_TEXT} one") == 1)
    assert twilio.sms.decide(our_id(twilio, second.sid), "reject") == 200
    fetched = twilio.client().messages(second.sid).fetch()
    assert (fetched.status, fetched.error_code) == ("undelivered", 30007)
    assert eventually(lambda: twilio.app.statuses(second.sid) == ["undelivered"])
    assert twilio.provider.sent(f"{HELD_TEXT} two") == 0


def test_attached_file_is_fetched_and_classified(twilio: TwilioGateway) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ms Whitfield\r\nNOTE:{}\r\nEND:VCARD\r\n"
    twilio.app.files["/clean.vcf"] = "text/vcard", card.format("Room 12, office hours on Monday").encode()
    twilio.app.files["/bad.vcf"] = "text/vcard", card.format(HELD_TEXT).encode()
    base = f"http://127.0.0.1:{twilio.app.port}"
    clean = twilio.send(f"{CLEAN_TEXT} The card is attached.", media_url=[f"{base}/clean.vcf"])
    bad = twilio.send(f"{CLEAN_TEXT} The other card is attached.", media_url=[f"{base}/bad.vcf"])
    held = twilio.sms.held(our_id(twilio, bad.sid))
    assert ("7a" in held["clauses"], held["reasons"]) == (True, []), held
    assert eventually(lambda: twilio.provider.sent(clean.body) == 1), twilio.sms.trace(our_id(twilio, clean.sid))
    assert [message["media"] for message in twilio.provider.messages if message["body"] == clean.body] == [
        f"{base}/clean.vcf"
    ]
    _, content = twilio.sms.api(f"/messages/{held['id']}/content")
    assert [part["media_type"] for part in content["parts"]] == ["text/plain", "text/vcard"]
    assert HELD_TEXT in content["parts"][1]["text"], "a reviewer reads what the classifiers read"
    assert content["findings"], content


def test_picture_is_fetched_for_the_reviewer(twilio: TwilioGateway) -> None:
    path = f"/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    twilio.provider.files[path] = "image/png", b"\x89PNG\r\n\x1a\n" + b"x" * 200
    url = f"http://127.0.0.1:{twilio.provider.port}{path}"
    assert twilio.inbound("Here is page 2 of my lab report.", media=[url]) == 200
    assert eventually(lambda: twilio.app.texts_with("Here is page 2 of my lab report.")), "delivered from a student"

    def flagged() -> list[dict]:
        _, traces = twilio.sms.api(f"/trace?address={urllib.parse.quote(STUDENT_PHONE)}")
        return [trace for trace in traces["items"] if trace["action"] == "flag"]

    (trace, *_) = eventually(flagged)
    _, content = twilio.sms.api(f"/messages/{trace['id']}/content")
    assert [(part["media_type"], part["size"]) for part in content["parts"]] == [("text/plain", 32), ("image/png", 208)]
    assert twilio.provider.requested == [path], "once, with the account's credentials"


def test_nothing_is_fetched_for_a_message_out_of_scope(twilio: TwilioGateway) -> None:
    base = f"http://127.0.0.1:{twilio.app.port}"
    twilio.app.files["/outside.vcf"] = "text/vcard", b"BEGIN:VCARD"
    twilio.send("Your order with a card", OUTSIDE_PHONE, media_url=[f"{base}/outside.vcf"])
    url = f"http://127.0.0.1:{twilio.provider.port}/2010-04-01/Accounts/{SID}/Messages/MM2/Media/ME2"
    assert twilio.inbound("A picture from a stranger", OUTSIDE_PHONE, media=[url]) == 200
    assert eventually(lambda: twilio.app.texts_with("A picture from a stranger"))
    sent = twilio.send(f"{CLEAN_TEXT} This one is in scope.", media_url=[f"{base}/gone.vcf"])
    assert twilio.sms.held(our_id(twilio, sent.sid))["reasons"] == ["unreadable"]
    assert "/outside.vcf" not in twilio.app.requested, "it would have been requested by now"
    assert "/gone.vcf" in twilio.app.requested
    assert not any("ME2" in path for path in twilio.provider.requested)


def test_message_with_an_unfetched_picture_is_held(twilio: TwilioGateway) -> None:
    picture = "http://127.0.0.1:1/picture.png"
    sent = twilio.send(f"{CLEAN_TEXT} with a picture", media_url=[picture])
    held = twilio.sms.held(our_id(twilio, sent.sid))
    assert held["reasons"] == ["unreadable"]
    assert twilio.sms.decide(our_id(twilio, sent.sid), "release") == 200
    assert eventually(lambda: twilio.provider.sent(f"{CLEAN_TEXT} with a picture") == 1)
    assert [message["media"] for message in twilio.provider.messages if message["body"] == sent.body] == [picture]


def test_messaging_service_of_a_teacher_is_a_sender(twilio: TwilioGateway) -> None:
    given = {"to": STUDENT_PHONE, "messaging_service_sid": MESSAGING_SERVICE}
    sent = twilio.client().messages.create(body=f"{HELD_TEXT} by a service", **given)
    assert "7a" in twilio.sms.held(our_id(twilio, sent.sid))["clauses"]
    clean = twilio.client().messages.create(body=f"{CLEAN_TEXT} By a service.", **given)
    assert (clean.messaging_service_sid, clean.status) == (MESSAGING_SERVICE, "accepted")
    assert eventually(lambda: twilio.provider.sent(f"{CLEAN_TEXT} By a service.") == 1)


def test_invalid_requests_get_the_providers_errors(twilio: TwilioGateway) -> None:
    with pytest.raises(TwilioRestException) as refused:
        twilio.client("wrong").messages.create(from_=TEACHER_LINE, to=STUDENT_PHONE, body="x")
    assert (refused.value.status, refused.value.code) == (401, 20003)
    for body, code in (("", 21602), ("x" * 1601, 21617)):
        with pytest.raises(TwilioRestException) as refused:
            twilio.send(body)
        assert (refused.value.status, refused.value.code) == (400, code)


def test_fields_behind_semicolons_are_refused(twilio: TwilioGateway) -> None:
    """Older programs end a field there, so that the provider may find a sender where we find none."""
    fields = [("To", STUDENT_PHONE), ("From", TEACHER_LINE), ("Body", f"{HELD_TEXT} behind semicolons")]
    content = ";".join(urllib.parse.urlencode([field]) for field in fields).encode()
    login = b64encode(f"{SID}:{TOKEN}".encode()).decode()
    request = urllib.request.Request(
        f"{twilio.base}/2010-04-01/Accounts/{SID}/Messages.json", content, {"Authorization": f"Basic {login}"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    refused.value.close()
    assert refused.value.code == 400
    assert not [message for message in twilio.provider.messages if "behind semicolons" in str(message)]


def test_repeated_request_is_one_message(twilio: TwilioGateway) -> None:
    form = urllib.parse.urlencode(
        {"From": TEACHER_LINE, "To": STUDENT_PHONE, "Body": "Bring your calculator tomorrow."}
    ).encode()
    login = b64encode(f"{SID}:{TOKEN}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "I-Twilio-Idempotency-Token": "once"}
    sids = set()
    for _ in range(2):
        request = urllib.request.Request(f"{twilio.base}/2010-04-01/Accounts/{SID}/Messages.json", form, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            sids.add(json.loads(answer.read())["sid"])
    assert len(sids) == 1
    assert eventually(lambda: twilio.provider.sent("Bring your calculator tomorrow.") == 1)


def test_permanent_refusal_is_reported_to_the_application(twilio: TwilioGateway) -> None:
    twilio.provider.refuse = lambda form: (
        (400, {"code": 21614, "message": "not a mobile number", "status": 400}) if "for good" in form["Body"] else None
    )
    sent = twilio.send("Refused for good, no homework.", status_callback=f"http://127.0.0.1:{twilio.app.port}/status")
    assert eventually(lambda: twilio.app.statuses(sent.sid) == ["failed"])
    fetched = twilio.client().messages(sent.sid).fetch()
    assert (fetched.status, fetched.error_code) == ("failed", 21614)


def test_status_callbacks_have_our_sid_and_come_once(twilio: TwilioGateway) -> None:
    body = "Please read chapter twelve before Tuesday."
    sent = twilio.send(body, status_callback=f"http://127.0.0.1:{twilio.app.port}/status")
    assert eventually(lambda: twilio.provider.sent(body) == 1)
    (sent_message,) = [message for message in twilio.provider.messages if message["body"] == body]
    assert sent_message["sid"] != sent.sid
    for status in ("sent", "sent", "delivered", "delivered"):
        assert twilio.provider.send_status(sent_message, status) // 100 == 2
    assert eventually(lambda: twilio.app.statuses(sent.sid) == ["sent", "delivered"]), twilio.app.statuses(sent.sid)
    assert not twilio.app.unsigned, "the package's validator accepts the signature of each of our webhooks"


# --- webhooks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["form", "json"])
def test_webhook_needs_a_valid_signature(twilio: TwilioGateway, kind: str) -> None:
    asked = f"Ms Whitfield is the {kind} quiz on thursday or friday?"
    assert twilio.inbound(asked, kind=kind) == 200
    assert eventually(lambda: twilio.app.texts_with(asked)), "as it came, with a signature that the validator accepts"
    assert twilio.inbound(asked + "!", token="forged", kind=kind) == 403
    assert not twilio.app.texts_with(asked + "!")


def test_webhook_signed_with_the_districts_key(twilio: TwilioGateway) -> None:
    url = f"{twilio.base}/webhooks/twilio/messages"
    form = {
        "MessageSid": "SM" + "ab" * 16,
        "AccountSid": SID,
        "From": STUDENT_PHONE,
        "To": TEACHER_LINE,
        "Body": "by a rule",
    }
    signed = (url + "".join(name + form[name] for name in sorted(form))).encode()
    right = b64encode(hmac.new(b"a key of the district's", signed, hashlib.sha256).digest()).decode()
    settings = "algorithm=HMAC_SHA256,key_id=riverbend"
    for signature, status in ((right, 200), (right[::-1], 403)):
        headers = {"X-Twilio-Signature": signature, "X-Twilio-Webhooks-Signature-Settings": settings}
        request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found = answer.status
        except urllib.error.HTTPError as refused:
            found = refused.code
        assert found == status
    assert eventually(lambda: twilio.app.texts_with("by a rule"))


def test_repeated_webhook_changes_nothing(twilio: TwilioGateway) -> None:
    for _ in range(3):
        assert twilio.inbound("Did I pass the test on Monday?", sid="SM" + "cd" * 16) == 200
    assert eventually(lambda: twilio.app.texts_with("Did I pass the test on Monday?"))
    time.sleep(0.5)  # a second message would have arrived by then
    assert len(twilio.app.texts_with("Did I pass the test on Monday?")) == 1


@pytest.mark.parametrize("word", ["STOP", "end", "START"])
def test_opt_out_passes_at_once(twilio: TwilioGateway, word: str) -> None:
    before = twilio.sms.gateway.metric("chaperone_messages_total", direction="out_of_scope", channel="sms")
    assert twilio.inbound(word) == 200
    assert twilio.app.texts_with(word), "with the application's answer, in the same request"
    assert twilio.sms.gateway.metric("chaperone_messages_total", direction="out_of_scope", channel="sms") == before + 1


@pytest.mark.parametrize("text", [HELP_TEXT, "HELP", "S.O.S!", "9 1 1", "988"])
def test_call_for_help_is_delivered(twilio: TwilioGateway, text: str) -> None:
    before = twilio.sms.gateway.metric("chaperone_help_alerts_total")
    assert twilio.inbound(text, SECOND_STUDENT_PHONE) == 200
    assert eventually(lambda: twilio.app.texts_with(text))
    assert eventually(lambda: twilio.sms.gateway.metric("chaperone_help_alerts_total") == before + 1)


def test_an_answer_to_an_outsider_that_names_a_student_is_checked(twilio: TwilioGateway) -> None:
    words = f"{HELD_TEXT} to another number"
    to = f"{SECOND_STUDENT_PHONE};ext=1,{OUTSIDE_PHONE}"
    twilio.app.reply = f'<Response><Message to="{to}">{words}</Message></Response>'.encode()

    def held() -> int:
        rows = twilio.sms.api("/held?limit=200")[1]["items"]
        return sum(SECOND_STUDENT_PHONE in row["recipients"] for row in rows)

    before = held()
    assert twilio.inbound("hello office", OUTSIDE_PHONE) == 200
    assert eventually(lambda: held() == before + 1)
    assert twilio.provider.sent(words) == 0


def test_an_answer_to_an_outsider_that_goes_to_a_students_mailbox_is_checked(twilio: TwilioGateway) -> None:
    words = f"liam.whitcomb@students.riverbend.example {HELD_TEXT} by mail"
    twilio.app.reply = f'<Response><Message to="121212">{words}</Message></Response>'.encode()
    assert twilio.inbound("hello again", OUTSIDE_PHONE) == 200
    assert eventually(
        lambda: [row for row in twilio.sms.api("/held?limit=200")[1]["items"] if "121212" in row["recipients"]]
    )
    assert twilio.provider.sent(words) == 0


def test_message_in_an_applications_answer_is_checked(twilio: TwilioGateway) -> None:
    twilio.app.reply = f"<Response><Message>{HELD_TEXT} in an answer</Message></Response>".encode()
    assert twilio.inbound("thanks for the notes", SECOND_STUDENT_PHONE) == 200

    def held_rows() -> list[dict]:
        rows = twilio.sms.api("/held?limit=200")[1]["items"]
        return [row for row in rows if row["recipients"] == [SECOND_STUDENT_PHONE]]

    assert eventually(held_rows)
    assert twilio.provider.sent(f"{HELD_TEXT} in an answer") == 0
