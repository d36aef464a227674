"""The Twilio way: the package's own client against our API, its validator against our webhooks, and a provider that
refuses, times out and doubles."""

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

from tests.peers.provider import SID, TOKEN, App, Provider, serving
from tests.peers.smpp_ends import smsc
from tests.stories.gateway import eventually, free_port
from tests.texts.town import BAD, CLEAN, HELP, LINE, OUTSIDE, SECOND, SERVICE, STUDENT, Town, town

_numbers = itertools.count(1)


class Here(TwilioHttpClient):
    """The package's client with another base URL, and nothing else changed."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=30)
        self._base = base

    def request(self, method, url, *given, **more):
        """The same request, made to us."""
        return super().request(method, url.replace("https://api.twilio.com", self._base), *given, **more)


@dataclass
class Way:
    """A gateway between the provider and the application."""

    town: Town
    base: str
    provider: Provider
    app: App

    def client(self, token: str = TOKEN) -> Client:
        """The package's client."""
        return Client(SID, token, http_client=Here(self.base))

    def send(self, body: str, to: str = STUDENT, **more):
        """A text of the application's."""
        return self.client().messages.create(from_=LINE, to=to, body=body, **more)

    def inbound(
        self, body: str, source: str = STUDENT, *, sid: str = "", token: str = TOKEN, kind: str = "form",
        media: Sequence[str] = (),
    ) -> int:  # fmt: skip
        """A text to the district's number; the status of our answer."""
        form = {
            "MessageSid": sid or f"SM{next(_numbers) + (1 << 64):032x}", "AccountSid": SID, "From": source, "To": LINE,
            "Body": body, "NumMedia": str(len(media)), **{f"MediaUrl{at}": url for at, url in enumerate(media)},
        }  # fmt: skip
        return self.provider.webhook(f"{self.base}/webhooks/twilio/messages", form, token=token, kind=kind)


@pytest.fixture(scope="module", name="way")
def _way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    folder: Path = tmp_path_factory.mktemp("way")
    port = free_port()
    (folder / "twilio.secret").write_text(TOKEN)
    (folder / "webhooks.secret").write_text("a key of the district's")
    with smsc() as upstream, serving(Provider()) as provider, serving(App()) as app:
        lines = [
            f'sms.twilio.listen = "127.0.0.1:{port}"', f'sms.twilio.public_url = "http://127.0.0.1:{port}"',
            f'sms.twilio.account_sid = "{SID}"', 'sms.twilio.auth_token_file = "twilio.secret"',
            'sms.twilio.webhook_secret_file = "webhooks.secret"',
            f'sms.twilio.api_base = "http://127.0.0.1:{provider.port}"', f'sms.twilio.app_url = "{app.url}"',
        ]  # fmt: skip
        with town(folder, upstream, settings=lines) as made:
            yield Way(made, f"http://127.0.0.1:{port}", provider, app)


@pytest.fixture(autouse=True)
def _usual(way: Way) -> Iterator[None]:
    yield
    way.provider.says, way.provider.slow, way.app.reply = (lambda form: None), (lambda form: 0.0), b"<Response/>"


def ours(way: Way, sid: str) -> str:
    """The id of a text of ours by its sid."""
    (trace,) = way.town.api(f"/trace?message_id={sid}")[1]["items"]
    return str(trace["id"])


# --- the API --------------------------------------------------------------------------------------------------------


def test_out_of_scope_is_the_providers_to_answer(way: Way) -> None:
    sent = way.send("Your order is ready", OUTSIDE)
    assert way.provider.messages[-1]["sid"] == sent.sid
    way.provider.says = lambda form: (400, {"code": 21610, "message": "unsubscribed", "status": 400})
    with pytest.raises(TwilioRestException) as refused:
        way.send("Your order is ready", OUTSIDE)
    assert (refused.value.status, refused.value.code) == (400, 21610)


def test_a_clean_text_is_accepted_sent_and_found(way: Way) -> None:
    body = f"{CLEAN} 🎺"
    sent = way.send(body)
    assert (sent.status, sent.to, sent.from_, sent.body) == ("accepted", STUDENT, LINE, body)
    assert eventually(lambda: way.provider.sent(body) == 1)
    assert eventually(lambda: way.client().messages(sent.sid).fetch().status == "queued"), "as the provider shows it"
    assert sent.sid in {each.sid for each in way.client().messages.list(to=STUDENT, limit=20)}


def test_a_prohibited_text_is_held_released_once_or_rejected(way: Way) -> None:
    first, second = (
        way.send(f"{BAD} one"),
        way.send(f"{BAD} two", status_callback=f"http://127.0.0.1:{way.app.port}/status"),
    )
    for each in (first, second):
        assert "7a" in way.town.held(ours(way, each.sid))["clauses"]
        assert way.client().messages(each.sid).fetch().status == "accepted"
    assert way.provider.sent(f"{BAD} one") == 0
    assert way.town.decide(ours(way, first.sid), "release") == 200
    assert eventually(lambda: way.provider.sent(f"{BAD} one") == 1)
    assert way.town.decide(ours(way, second.sid), "reject") == 200
    fetched = way.client().messages(second.sid).fetch()
    assert (fetched.status, fetched.error_code) == ("undelivered", 30007)
    assert eventually(lambda: way.app.statuses(second.sid) == ["undelivered"])
    assert way.provider.sent(f"{BAD} two") == 0


def test_a_file_of_a_text_is_fetched_and_read(way: Way) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ms Whitfield\r\nNOTE:{}\r\nEND:VCARD\r\n"
    way.app.files["/clean.vcf"] = "text/vcard", card.format("Room 12, office hours on Monday").encode()
    way.app.files["/bad.vcf"] = "text/vcard", card.format(BAD).encode()
    base = f"http://127.0.0.1:{way.app.port}"
    clean = way.send(f"{CLEAN} The card is attached.", media_url=[f"{base}/clean.vcf"])
    bad = way.send(f"{CLEAN} The other card is attached.", media_url=[f"{base}/bad.vcf"])
    held = way.town.held(ours(way, bad.sid))
    assert ("7a" in held["clauses"], held["reasons"]) == (True, []), held
    assert eventually(lambda: way.provider.sent(clean.body) == 1), way.town.trace(ours(way, clean.sid))
    assert [each["media"] for each in way.provider.messages if each["body"] == clean.body] == [f"{base}/clean.vcf"]
    _, content = way.town.api(f"/messages/{held['id']}/content")
    assert [each["media_type"] for each in content["parts"]] == ["text/plain", "text/vcard"]
    assert BAD in content["parts"][1]["text"], "a reviewer reads what the classifiers read"
    assert content["findings"], content


def test_a_picture_is_fetched_for_the_reviewer_and_never_judged_by_the_words_beside_it(way: Way) -> None:
    path = f"/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    way.provider.files[path] = "image/png", b"\x89PNG\r\n\x1a\n" + b"x" * 200
    url = f"http://127.0.0.1:{way.provider.port}{path}"
    assert way.inbound("Here is page 2 of my lab report.", media=[url]) == 200
    assert eventually(lambda: way.app.texts("Here is page 2 of my lab report.")), "from a student it is delivered"
    found = lambda: [  # noqa: E731
        each for each in way.town.api(f"/trace?address={urllib.parse.quote(STUDENT)}")[1]["items"]
        if each["action"] == "flag"
    ]  # fmt: skip
    (trace, *_) = eventually(found)
    _, content = way.town.api(f"/messages/{trace['id']}/content")
    assert [(each["media_type"], each["size"]) for each in content["parts"]] == [("text/plain", 32), ("image/png", 208)]
    assert way.provider.asked_for == [path], "once, with the account's credentials"


def test_nothing_is_fetched_for_a_text_out_of_scope(way: Way) -> None:
    base = f"http://127.0.0.1:{way.app.port}"
    way.app.files["/outside.vcf"] = "text/vcard", b"BEGIN:VCARD"
    way.send("Your order with a card", OUTSIDE, media_url=[f"{base}/outside.vcf"])
    url = f"http://127.0.0.1:{way.provider.port}/2010-04-01/Accounts/{SID}/Messages/MM2/Media/ME2"
    assert way.inbound("A picture from a stranger", OUTSIDE, media=[url]) == 200
    assert eventually(lambda: way.app.texts("A picture from a stranger"))
    sent = way.send(f"{CLEAN} This one is in scope.", media_url=[f"{base}/gone.vcf"])
    assert way.town.held(ours(way, sent.sid))["reasons"] == ["unreadable"]
    assert "/outside.vcf" not in way.app.asked_for, "and by now it would have been"
    assert "/gone.vcf" in way.app.asked_for
    assert not any("ME2" in each for each in way.provider.asked_for)


def test_a_picture_that_nobody_has_read_is_held(way: Way) -> None:
    picture = "http://127.0.0.1:1/picture.png"
    sent = way.send(f"{CLEAN} with a picture", media_url=[picture])
    held = way.town.held(ours(way, sent.sid))
    assert held["reasons"] == ["unreadable"]
    assert way.town.decide(ours(way, sent.sid), "release") == 200
    assert eventually(lambda: way.provider.sent(f"{CLEAN} with a picture") == 1)
    assert [each["media"] for each in way.provider.messages if each["body"] == sent.body] == [picture]


def test_a_messaging_service_that_stands_for_a_teacher_is_a_sender(way: Way) -> None:
    given = {"to": STUDENT, "messaging_service_sid": SERVICE}
    sent = way.client().messages.create(body=f"{BAD} by a service", **given)
    assert "7a" in way.town.held(ours(way, sent.sid))["clauses"]
    clean = way.client().messages.create(body=f"{CLEAN} By a service.", **given)
    assert (clean.messaging_service_sid, clean.status) == (SERVICE, "accepted")
    assert eventually(lambda: way.provider.sent(f"{CLEAN} By a service.") == 1)


def test_wrong_credentials_and_wrong_requests_are_refused_as_the_provider_would(way: Way) -> None:
    with pytest.raises(TwilioRestException) as refused:
        way.client("wrong").messages.create(from_=LINE, to=STUDENT, body="x")
    assert (refused.value.status, refused.value.code) == (401, 20003)
    for body, code in (("", 21602), ("x" * 1601, 21617)):
        with pytest.raises(TwilioRestException) as refused:
            way.send(body)
        assert (refused.value.status, refused.value.code) == (400, code)


def test_the_same_request_again_is_the_same_text(way: Way) -> None:
    form = urllib.parse.urlencode({"From": LINE, "To": STUDENT, "Body": "Bring your calculator tomorrow."}).encode()
    login = b64encode(f"{SID}:{TOKEN}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "I-Twilio-Idempotency-Token": "once"}
    sids = set()
    for _ in range(2):
        request = urllib.request.Request(f"{way.base}/2010-04-01/Accounts/{SID}/Messages.json", form, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            sids.add(json.loads(answer.read())["sid"])
    assert len(sids) == 1
    assert eventually(lambda: way.provider.sent("Bring your calculator tomorrow.") == 1)


def test_a_provider_that_refuses_for_good_is_told_to_the_application(way: Way) -> None:
    way.provider.says = lambda form: (
        (400, {"code": 21614, "message": "not a mobile number", "status": 400}) if "for good" in form["Body"] else None
    )
    sent = way.send("Refused for good, no homework.", status_callback=f"http://127.0.0.1:{way.app.port}/status")
    assert eventually(lambda: way.app.statuses(sent.sid) == ["failed"])
    fetched = way.client().messages(sent.sid).fetch()
    assert (fetched.status, fetched.error_code) == ("failed", 21614)


def test_status_callbacks_come_under_our_sid_and_once(way: Way) -> None:
    body = "Please read chapter twelve before Tuesday."
    sent = way.send(body, status_callback=f"http://127.0.0.1:{way.app.port}/status")
    assert eventually(lambda: way.provider.sent(body) == 1)
    (message,) = [each for each in way.provider.messages if each["body"] == body]
    assert message["sid"] != sent.sid
    for status in ("sent", "sent", "delivered", "delivered"):
        assert way.provider.tell(message, status) // 100 == 2
    assert eventually(lambda: way.app.statuses(sent.sid) == ["sent", "delivered"]), way.app.statuses(sent.sid)
    assert not way.app.forged, "every webhook of ours bears a signature that the package's validator accepts"


# --- webhooks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["form", "json"])
def test_webhooks_are_taken_where_the_packages_signature_is_right(way: Way, kind: str) -> None:
    asked = f"Ms Whitfield is the {kind} quiz on thursday or friday?"
    assert way.inbound(asked, kind=kind) == 200
    assert eventually(lambda: way.app.texts(asked)), "as it came, with a signature that the validator accepts"
    assert way.inbound(asked + "!", token="forged", kind=kind) == 403
    assert not way.app.texts(asked + "!")


def test_webhooks_signed_by_a_rule_with_a_key_of_the_districts(way: Way) -> None:
    url = f"{way.base}/webhooks/twilio/messages"
    form = {"MessageSid": "SM" + "ab" * 16, "AccountSid": SID, "From": STUDENT, "To": LINE, "Body": "by a rule"}
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
    assert eventually(lambda: way.app.texts("by a rule"))


def test_a_webhook_that_comes_twice_changes_nothing(way: Way) -> None:
    for _ in range(3):
        assert way.inbound("Did I pass the test on Monday?", sid="SM" + "cd" * 16) == 200
    assert eventually(lambda: way.app.texts("Did I pass the test on Monday?"))
    time.sleep(0.5)  # what would come a second time has come by then
    assert len(way.app.texts("Did I pass the test on Monday?")) == 1


@pytest.mark.parametrize("word", ["STOP", "help", "START"])
def test_opting_out_passes_at_once(way: Way, word: str) -> None:
    before = way.town.gateway.metric("chaperone_messages_total", direction="out_of_scope", channel="sms")
    assert way.inbound(word) == 200
    assert way.app.texts(word), "with the application's answer, in the same request"
    assert way.town.gateway.metric("chaperone_messages_total", direction="out_of_scope", channel="sms") == before + 1


def test_a_call_for_help_is_never_kept_back(way: Way) -> None:
    before = way.town.gateway.metric("chaperone_help_alerts_total")
    assert way.inbound(HELP, SECOND) == 200
    assert eventually(lambda: way.app.texts(HELP))
    assert eventually(lambda: way.town.gateway.metric("chaperone_help_alerts_total") == before + 1)


def test_what_an_application_answers_is_read_like_any_text(way: Way) -> None:
    way.app.reply = f"<Response><Message>{BAD} in an answer</Message></Response>".encode()
    assert way.inbound("thanks for the notes", SECOND) == 200
    found = lambda: [row for row in way.town.api("/held?limit=200")[1]["items"] if row["recipients"] == [SECOND]]  # noqa: E731
    assert eventually(found)
    assert way.provider.sent(f"{BAD} in an answer") == 0
