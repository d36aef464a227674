"""The messages in an application's answer, as the provider would read it."""

from types import SimpleNamespace

import pytest

from gateway.ports.channels import HttpAnswer
from gateway.relays.twilio.replies import ApplicationReplies, continues_elsewhere, other_addresses, parse_answer

LINE, PEER = "+15155550199", "+15155550777"


def read(content: bytes, kind: str = "text/xml") -> list[tuple[str, str, str]] | None:
    replies = parse_answer(HttpAnswer(200, content, kind), LINE, PEER)
    if replies is None:
        return None
    fields = [dict(form) for form in replies]
    return [(form.get("From", ""), form.get("To", ""), form.get("Body", "")) for form in fields]


@pytest.mark.parametrize(
    "content",
    [
        b"<Response><Message>hi</Message></Response>",
        b"\xef\xbb\xbf<Response><Message>hi</Message></Response>",
        b'<?xml version="1.0" encoding="UTF-16"?><Response><Sms>hi</Sms></Response>'.decode().encode("utf-16"),
        b"<Response><message><Body>hi</Body></message></Response>",
        b'<R xmlns="urn:x"><Message>h<b>i</b></Message></R>',
        b"<Response><Other><Message><Media>https://a.example</Media>hi</Message></Other></Response>",
    ],
)
def test_every_form_of_a_message_is_found(content: bytes) -> None:
    for kind in ("text/xml", "application/xml; charset=utf-8", "text/html", ""):
        assert read(content, kind) == [(LINE, PEER, "hi")]


def test_another_number_and_a_list_are_kept_as_written() -> None:
    content = b'<Response><Message to="+15155550120,+15155550121" from="22000">hi</Message></Response>'
    assert read(content) == [("22000", "+15155550120,+15155550121", "hi")]


def test_plain_text_is_a_message() -> None:
    assert read(b" hi ", "text/plain; charset=utf-8") == [(LINE, PEER, "hi")]
    assert read(b"", "text/plain") == []
    assert read(b'{"a": 1}', "application/json") == []


@pytest.mark.parametrize(
    "text", ["I <3 this class", "<3 see you", "1 < 2 & 3 > 2", "<b>ma\u00f1ana</b>", "</Response>"]
)
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "utf-16", "utf-16-le"])
def test_plain_text_with_angle_brackets_in_any_charset_is_a_message(text: str, charset: str) -> None:
    for kind in (f"text/plain; charset={charset}", f'Text/Plain;Charset = "{charset.upper()}"'):
        assert read(f" {text}\r\n".encode(charset), kind) == [(LINE, PEER, text)]
    assert read(b"<Response><Message>hi</Message></Response>", "text/plain") == [(LINE, PEER, "hi")]
    assert read(b"<Response/>", "text/plain") == []


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-16-be"])
def test_document_in_the_charset_of_its_content_type_is_read(charset: str) -> None:
    content = "<Response><Message>ma\u00f1ana</Message></Response>".encode(charset)
    assert read(content, f"text/xml; charset={charset}") == [(LINE, PEER, "ma\u00f1ana")]


@pytest.mark.parametrize(
    "content",
    [
        b"<Response><Redirect>https://a.example</Redirect></Response>", b"<Response><Message>hi",
        b"<!DOCTYPE a><Response/>", "<!DOCTYPE a><Response/>".encode("utf-16"),
        b"<Response>" + b"<Message>hi</Message>" * 101 + b"</Response>",
    ],
)  # fmt: skip
def test_unclear_answers_are_not_passed_on(content: bytes) -> None:
    assert read(content) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("attribute", ["action='https://a.example/next'", "ACTION='/next'", "x:action='next'"])
def test_messages_that_another_url_gives_are_noticed(attribute: str, encoding: str) -> None:
    content = f"<Response xmlns:x='urn:x'><Message {attribute}>hi</Message></Response>".encode(encoding)
    answer = HttpAnswer(200, content, "text/xml")
    assert continues_elsewhere(answer)
    (form,) = parse_answer(answer, LINE, PEER) or ()
    assert dict(form).get("StatusCallback", "https://a.example/next") == "https://a.example/next"
    assert not continues_elsewhere(HttpAnswer(200, b"<Response><Message>action</Message></Response>", "text/xml"))


@pytest.mark.parametrize(
    "markup", ["<Message to='+1'>hi", "<t:SMS>hi", "junk <response><message>hi</message></response>"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_plain_text_with_broken_markup_of_messages_is_unclear(markup: str, encoding: str) -> None:
    assert read(markup.encode(encoding), "text/plain") is None


@pytest.mark.parametrize("name", ["To", "to", "Number", "Recipient", "t:To"])
@pytest.mark.parametrize(
    "shape",
    [
        "<Message><{0}>{1}</{0}><Body>hi</Body></Message>", "<Message><Body>hi</Body></Message><{0}>{1}</{0}>",
        "<{0}>{1}<Message>hi</Message></{0}>", "<Message {0}='{1}'>hi</Message>",
        "<Message><Body {0}='{1}'/></Message>",
        "<Message><{0}><![CDATA[{1}]]></{0}>hi</Message>", "<Send><{0}><b>{1}</b></{0}><Message>hi</Message></Send>",
    ],
)  # fmt: skip
def test_addresses_outside_of_the_parties_of_a_message_are_found(name: str, shape: str) -> None:
    number = "+1 515 555 0120"
    content = f"<Response xmlns:t='urn:t'>{shape.format(name, number)}</Response>".encode()
    assert set(other_addresses(HttpAnswer(200, content, "text/xml"))) == {number}


@pytest.mark.parametrize(
    "message",
    [
        "<Message><To>{0}</To><Body>hi</Body></Message>", "<Message><Number>{0}</Number>hi</Message>",
        "<Message recipient='{0}'>hi</Message>", "<Message to='+15155550798' To='{0}' t:to='+15155550799'>hi</Message>",
    ],
)  # fmt: skip
def test_only_addresses_with_which_a_party_is_a_pair_make_an_answer_unclear(message: str) -> None:
    def relation_of(sender: str, to: str) -> bool:
        return {sender, to} == {LINE, "+15155550120"}

    replies = ApplicationReplies(SimpleNamespace(relation_of=relation_of, relation_to_check=lambda *_: ()))  # type: ignore[arg-type]
    for number, is_pair in (("+15155550120", True), ("+15155550121", False)):
        content = f"<Response xmlns:t='urn:t'>{message.format(number)}</Response>".encode()
        answer = HttpAnswer(200, content, "text/xml")
        assert replies.names_others(answer, parse_answer(answer, LINE, PEER) or (), LINE, PEER) is is_pair
