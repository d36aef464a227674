"""Generated texts over SMPP and the Twilio way in odd forms: their words are read, and ordinary ones stay readable."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.first_text import first_passages
from classifiers.extract.quoting import PassageKind
from gateway.core.channels.capabilities import SMS
from gateway.core.channels.smpp_encoding import TextReading, read_texts
from gateway.core.channels.smpp_message import carries_words, words_of_receipt
from gateway.core.channels.smpp_pdu import Command, SmppText, Tag, read_text
from gateway.core.channels.text_routing import READING_MARK as M
from gateway.core.channels.text_routing import is_name, known_failures
from gateway.core.channels.twilio import TwilioForm, first_value, parse_json_form
from gateway.core.channels.twilio_text import address_field, form_of, is_only_body, stored_form
from tests.peers.smpp_ends import body

WORDS = "our secret meet me alone at the park after school and delete this dont tell ur mom u looked so pretty".split()
CODINGS = (0, 1, 2, 3, 4, 7, 8, 9, 0x0F, 0x11, 0x18, 0x20, 0x48, 0x80, 0xC8, 0xE8, 0xF0, 0xF5)
UDHI = 0x40
EMOJI = ("🎺", "😀", "👍🏽", "❤️")


def packed(content: bytes, fill: int) -> bytes:
    bits = sum(byte << 7 * at + fill for at, byte in enumerate(content))
    return bits.to_bytes(-(-(len(content) * 7 + fill) // 8), "little")


def forms(text: str, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """The bytes of a text in alphabets and with errors that phones and centers make."""
    plain, with_emoji = text.encode(), f" {chance.choice(EMOJI)} ".join(text.split())
    yield from {
        "septets": plain, "UTF-16": text.encode("utf-16-be"), "swapped": text.encode("utf-16-le"),
        "mainframe": text.encode("cp037"), "UTF-32": text.encode("utf-32-le"),
        "marked": b"\xff\xfe" + text.encode("utf-16-le"),
        "packed": packed(plain, chance.randrange(7)), "high bits": bytes(byte | 0x80 for byte in plain),
        "emoji": with_emoji.encode(), "emoji in UTF-16": with_emoji.encode("utf-16-be"),
        "emoji swapped": with_emoji.encode("utf-16-le"), "zeros": b"\0".join(bytes((byte,)) for byte in plain),
        "filled": plain + bytes(chance.randrange(4, 20)), "shifted": b"x" + f" {text}".encode("utf-16-le"),
        "half": text.encode("utf-16-be") + b"\0", "escapes": b"".join(b"\x1b\x1b" + bytes((byte,)) for byte in plain),
    }.items()  # fmt: skip


def letters_of(text: str) -> str:
    return "".join(re.findall(r"[a-z]+", text.lower()))


def pdu(content: bytes, **more: object) -> SmppText:
    return read_text(Command.SUBMIT_SM, body("1", "2", **{"short": content, **more}))  # type: ignore[arg-type]


def reading_of(content: bytes, coding: int) -> TextReading:
    return read_texts([pdu(b"", coding=coding, options=((Tag.PAYLOAD, content),))])


@pytest.mark.parametrize("coding", CODINGS)
def test_words_are_read_in_every_form_and_coding(coding: int) -> None:
    chance = random.Random(coding)
    text = " ".join(chance.sample(WORDS, 12))
    for name, content in forms(text, chance):
        found = reading_of(content, coding)
        assert letters_of(text) in letters_of(found.whole), (name, found)
        assert found.readable, (name, found)


@pytest.mark.parametrize("call", ["Help!", "ayuda", "sos", "911"])
def test_short_calls_are_read_in_every_form_and_coding(call: str) -> None:
    chance = random.Random(call)
    odd = ("filled", "shifted", "packed") if call == "911" else ("filled", "shifted")
    for coding in CODINGS:
        for name, content in forms(call, chance):
            found = reading_of(content, coding)
            assert name in odd or call.lower() in re.sub("[^a-z0-9!]", "", found.whole.lower()), (coding, name, found)


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        (bytes(range(0x80, 0x9F)), 3), (bytes(range(0x81, 0xA0)), 0), ("\ue123\uf8ff\uffff".encode("utf-16-be") * 5, 8),
        (b"\x8f\x9d\x81" * 9, 6),
    ],
)  # fmt: skip
def test_what_nobody_can_read_is_unreadable_and_not_judged(content: bytes, coding: int) -> None:
    found = reading_of(content, coding)
    assert not found.readable
    assert not re.search(r"[^\W\d_]", found.whole), found
    assert not reading_of(bytes(range(0xC0, 0x100)), 3).readable


@pytest.mark.parametrize(
    "text",
    [
        "mañana 🩷 ok",
        "“ok” – she said: it’s 5 €",
        "£5 for lunch?",
        "ΚΑΛΗΜΕΡΑ ΣΑΣ",
        "@ 4 pm ¿sí? ¡gracias!",
        "\uf068\uf069",
    ],
)
def test_ordinary_texts_are_readable(text: str) -> None:
    codecs = (("utf-16-be", 8), ("utf-8", 0), ("cp1252", 3))
    for content, coding in ((text.encode(codec, "replace"), coding) for codec, coding in codecs):
        found = reading_of(content, coding)
        assert found.readable, (coding, found)
        assert not found.others, (coding, found)


def test_text_with_a_damaged_end_is_read_and_disputed() -> None:
    whole = body("1", "2", short=b"he hit me")
    for damaged in (whole + b"\x14", whole + b"\x14\x00\xff\xffplease call somebody now", whole[:-3]):
        found = read_texts([read_text(Command.DELIVER_SM, damaged)])
        assert len(found.text) > 5
        assert "he hit me".startswith(found.text)
        assert found.is_disputed
        assert ("call somebody" in found.whole) == (b"call somebody" in damaged)


def test_contents_that_a_phone_may_show_alone_are_read_alone() -> None:
    found = read_texts([pdu(b"see you at 4", options=((Tag.PAYLOAD, b"help"),))])
    assert found == TextReading("see you at 4help", ("see you at 4", "help"), True, True)
    assert read_texts([pdu(b"ok", options=((0x0381, b"\1\0\0help"),))]).others == ("help",)
    tags = "".join(f"<b>{letter}</b>" for letter in "help")
    assert read_texts([pdu(tags.encode())]).others == ("help",)


def test_damaged_bytes_are_judged_by_their_words_alone() -> None:
    for content in ("see you at 4".encode("utf-16-le"), "see you at 4".encode("utf-16-be")):
        for coding in (0, 2, 3, 4, 9):
            assert reading_of(content, coding) == TextReading("see you at 4", (), True, True)


def test_words_beside_the_text_are_read() -> None:
    words = b"meet me alone tonight"
    header = bytes((len(words) + 2, 0x70, len(words))) + words
    assert "alone" in read_texts([pdu(header + b"ok", esm_class=UDHI)]).whole
    assert "alone" in read_texts([pdu(b"ok", options=((0x0303, words),))]).whole
    card = b"BEGIN:VCARD\r\nNOTE;ENCODING=QUOTED-PRINTABLE:meet me =\r\n=61lone\r\nEND:VCARD"
    assert "meet me alone" in read_texts([pdu(card)]).text


@pytest.mark.parametrize("words", ["he hit me again and I am scared", "help"])
def test_packed_words_beside_the_text_are_read(words: str) -> None:
    value = packed(words.encode(), 0)
    header = bytes((len(value) + 2, 0x70, len(value))) + value
    assert words in read_texts([pdu(b"ok", options=((0x1400, value),))]).others
    assert words in read_texts([pdu(header + b"ok", esm_class=UDHI)]).others


@pytest.mark.parametrize("codec", ["ascii", "utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("pieces", [WORDS, list("help"), ["ayu", "da"]])
def test_words_in_several_parameters_are_read_together(pieces: list[str], codec: str) -> None:
    options = tuple((0x1400 + at, f"{piece}\0".encode(codec)) for at, piece in enumerate(pieces))
    assert " ".join(pieces) in read_texts([pdu(b"ok", options=options)]).others


@pytest.mark.parametrize("sender", ["15155550199 meet me alone", "Delete this text", "+1 keep our secret"])
def test_words_in_the_place_of_a_sender_are_read(sender: str) -> None:
    words = sender.lstrip("+0123456789").strip()
    assert words in read_texts([read_text(Command.SUBMIT_SM, body(sender, "15155550120", b"ok"))]).others


@pytest.mark.parametrize("sender", ["15155550199", "+15155550199", "22000", "Riverbend", "", "15155550199/TYPE=PLMN"])
def test_ordinary_senders_say_nothing(sender: str) -> None:
    found = read_texts([read_text(Command.SUBMIT_SM, body(sender, "15155550120", b"ok"))])
    assert all(map(is_name, found.others)), found


@pytest.mark.parametrize("text", ["\n".join("see you at practice"), "\r".join("bring your notes"), "h\ne\nl\np\n"])
def test_a_letter_a_line_has_one_reading(text: str) -> None:
    found = read_texts([pdu(text.encode())])
    assert (found.text, found.others, found.is_disputed) == (text, (), False)


@pytest.mark.parametrize(
    "text",
    [
        "\u0a38\u0a24 \u0a38\u0a4d\u0a30\u0a40 \u0a05\u0a15\u0a3e\u0a32",
        "\u0d28\u0d2e\u0d38\u0d4d\u0d15\u0d3e\u0d30\u0d02",
    ],
)
def test_letters_of_india_are_read_in_utf_16(text: str) -> None:
    assert text in read_texts([pdu(text.encode("utf-16-be"), coding=0)]).whole


def test_parameters_of_centers_say_nothing() -> None:
    options = ((0x1400, b"310260"), (0x1401, b"VERIZON"), (0x1402, b"US"), (0x1403, bytes(range(40, 60))))
    found = read_texts([pdu(b"ok", options=options)])
    assert not found.is_disputed
    assert all(map(is_name, found.others)), found


@pytest.mark.parametrize("text", ["d0n7 t3ll ur p@r3nt$", "write to me@home.example", "lunch is $5", "me_and_you @ $5"])
@pytest.mark.parametrize("coding", [0, 1, 0x10, 0xF0])
def test_signs_of_ascii_are_read_as_they_were_typed(text: str, coding: int) -> None:
    assert reading_of(text.encode(), coding) == TextReading(text, (), False, True)


def test_signs_of_gsm_are_kept() -> None:
    text = "\u00a1Hola! \u00bfA las 5? Hasta ma\u00f1ana, \u00a1gracias! \u00a7 4"
    assert reading_of(text.encode("gsm23.038"), 0) == TextReading(text, (), False, True)


WORDS_OF_CARDS = "meet me alone tonight"


@pytest.mark.parametrize(
    "content",
    [
        "{} BEGIN:VCARD", "{} BEGIN:VCARD\r\nFN:x\r\nEND:VCARD", "{}\r\nBEGIN:VCARD\r\nFN:x\r\nEND:VCARD",
        "BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n{}", "BEGIN:VCARD\r\nFN:x\r\n{}: 1\r\nEND:VCARD",
        "BEGIN:VCARD\r\nUID:{}\r\nEND:VCARD", "BEGIN:VCARD\r\nEND:{}", "BEGIN:VCARD\r\nNOTE;{}:x\r\nEND:VCARD",
        "BEGIN:VCARD\nX-NOTE:{}\nEND:VCARD", "\0BEGIN:VNOTE\r\nBODY:{}\r\nEND:VNOTE", "BEGIN:V{}",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("codec", "coding"), [("ascii", 0), ("ascii", 4), ("ascii", 0xF5), ("utf-16-be", 8)])
def test_words_anywhere_in_a_card_are_read(content: str, codec: str, coding: int) -> None:
    found = reading_of(content.format(WORDS_OF_CARDS).encode(codec), coding)
    assert WORDS_OF_CARDS in found.whole, found


@pytest.mark.parametrize(("codec", "coding"), [("ascii", 0), ("ascii", 4), ("utf-16-be", 8)])
def test_card_is_decoded_and_its_picture_is_called_one(codec: str, coding: int) -> None:
    note = "NOTE;ENCODING=QUOTED-PRINTABLE:=6D=65=65=74=20=6D=65"
    for picture, pictured in (("PHOTO;ENCODING=BASE64:R0lGODlhAQABAAAAACw=", True), ("TEL:1", False)):
        card = f"BEGIN:VCARD\r\nVERSION:2.1\r\n{note}\r\n{picture}\r\n{'Zm9v' * 9}\r\nEND:VCARD".encode(codec)
        found = reading_of(card, coding)
        assert "meet me" in found.text
        assert found.pictured is pictured
        assert ("Zm9v" in found.text) is not pictured


@pytest.mark.parametrize("call", ["help", "sos", "911", "ayuda"])
@pytest.mark.parametrize("between", ["\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\u202a", "\ufeff", "\u0001"])
def test_call_between_invisible_characters_stays_readable(call: str, between: str) -> None:
    for text in (between.join(call), between + call, call + between):
        found = reading_of(text.encode("utf-16-be"), 8)
        assert not [words for words in found.others if re.search(r"[\x00-\x08\x0b-\x1f]", words)], found
        shown = found.whole.replace(between, "")
        assert call in re.sub(r"[^a-z0-9]", "", shown), found


def test_parts_with_two_orders_are_read_in_both() -> None:
    pieces = [b"meet me ", b"alone at ", b"the park"]
    texts = [
        pdu(bytes((11, 0, 3, 9, 3, number, 8, 4, 0, 9, 3, 4 - number)) + piece, esm_class=UDHI)
        for number, piece in enumerate(reversed(pieces), 1)
    ]
    found = read_texts(texts)
    assert b"".join(pieces).decode() in found.others
    assert found.is_disputed


@pytest.mark.parametrize("fill", range(7))
def test_words_that_are_packed_alone_are_read_together(fill: int) -> None:
    words = [f"{word} ".encode() for word in WORDS]
    found = read_texts([pdu(packed(word, fill)) for word in words])
    assert found.text.split() == WORDS, found


@pytest.mark.parametrize("coding", [0, 3, 8])
def test_parts_in_other_alphabets_than_the_rest_are_read(coding: int) -> None:
    chance = random.Random(coding)
    declared = "utf-16-be" if coding == 8 else "ascii"
    for number in range(40):
        pieces = [" ".join(chance.sample(WORDS, 8)) + " " for _ in range(chance.randrange(2, 6))]
        odd = chance.randrange(len(pieces))
        encoded = [piece.encode(declared) for piece in pieces]
        encoded[odd] = (
            pieces[odd].encode("utf-16-le") if number % 2 or coding == 8 else packed(pieces[odd].encode(), number % 7)
        )
        found = read_texts([pdu(content, coding=coding) for content in encoded])
        assert letters_of("".join(pieces)) in letters_of(found.whole), (coding, number, found)
        assert found.is_disputed
    mixed = f"see you in class {' '.join(WORDS[:3])}".encode("utf-16-be") + " ".join(WORDS).encode()
    assert " ".join(WORDS) in reading_of(mixed, 8).whole


def test_honest_parts_in_any_script_have_one_reading() -> None:
    for text in (
        "明天下午三点有考试,请带尺子。",
        "宿題は明日までです。",
        "Завтра контрольная работа. ",
        "Σχολείο αύριο στις 8. ",
    ):
        content = (text * 8).encode("utf-16-be")
        for size in (34, 67, 134):
            found = read_texts([pdu(content[at : at + size], coding=8) for at in range(0, len(content), size)])
            assert found == TextReading(text * 8, (), False, True)


def test_receipts_carry_words_only_behind_their_fields() -> None:
    fields = "id:77 sub:001 dlvrd:001 submit date:2611301200 done date:2611301200 stat:DELIVRD err:000 text:"
    assert not carries_words(f"{fields}is the quiz on Thur")
    assert carries_words(f"{fields}he hit me again and I am scared")
    assert words_of_receipt(f"{fields}he hit me") == "he hit me"
    assert carries_words("id:77 help")
    for sign in ("no", "5", "\U0001f622", "\u00f1"):
        assert not carries_words(f"{fields} {sign}"), "a receipt of the SMSC has other fields of its own"
        assert carries_words(sign, by_person=True)
    assert not carries_words(f"{fields[:-6]}.", by_person=True)


def test_text_that_the_smsc_keeps_is_unreadable_alone_and_disputes_another() -> None:
    for short, expected in ((b"", (False, True)), (b"see you", (True, True))):
        kept = body("1", "2", short=short)
        at = len(kept) - len(short) - 2
        found = read_texts([read_text(Command.SUBMIT_SM, kept[:at] + b"\5" + kept[at + 1 :])])
        assert (found.readable, found.is_disputed) == expected


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ((("Body", "ok"), ("UserText", "help")), "help"),
        ((("body", "he hit me"),), "he hit me"),
        ((("Body[0]", "he"), ("Body[1]", "hit"), ("Body[2]", "me")), "he\nhit\nme"),
        ((("Body", "\0h\0e\0 \0h\0i\0t\0 \0m\0e"),), "he hit me"),
        ((("Body", ""), ("chaperone:other-words", "5"), ("Text", "he hit me")), "he hit me"),
        ((("Body", "ok"), ("Title", "home"), ("Latitude", "1")), "home"),
        ((("Body", "ok"), ("ButtonPayload", "911"), ("FlowId", "a-1")), "911"),
        ((("Body", ""), ("InteractiveData", '{"reply": {"id": "x", "title": "ayuda"}}')), "ayuda"),
        ((("Body", '{"text": "he hit me", "id": 5}'),), "he hit me"),
        ((("Body", "Yes"), ("ButtonText", "Yes"), ("ButtonPayload", "yes-1"), ("FromCity", "DES MOINES")), ""),
    ],
)
def test_words_in_other_fields_are_read_and_the_form_is_restored(form: TwilioForm, words: str) -> None:
    content, options = stored_form(form, "form")
    assert content.decode().endswith(words)
    assert form_of(options, content) == form
    assert ("disputed" in known_failures(options)) is bool(words)
    assert first_value((("to", "1"), ("To", "2")), "To") == "2"
    assert (
        stored_form((("Body", "hello"), ("Body", "help")), "form")[0] == f"hello\nhelp\n\n{M}hello\n\n{M}help".encode()
    )


def test_each_reading_is_a_passage_of_its_own_without_blanks_around_it() -> None:
    content = stored_form((("Body", "\n see you\n\nat 4\u2029 \n\n"), ("Note", "he hit me\u2029\u2029ok")), "form")[0]
    assert [(found.text, found.kind) for found in extract_message(content, SMS).passages] == [
        ("see you\n\nat 4", PassageKind.NEW), ("he hit me\n\nok", PassageKind.OTHER),
    ]  # fmt: skip
    assert [found.text for found in first_passages(content, SMS)] == ["see you\n\nat 4\n\nhe hit me\n\nok"]


@pytest.mark.parametrize("field", ["Label", "ButtonText", "ListTitle", "Subject"])
def test_words_that_are_shown_beside_a_body_dispute_nothing(field: str) -> None:
    content, options = stored_form((("Body", "ok"), (field, "help me")), "form")
    assert (content.decode(), known_failures(options)) == (f"ok\n\n{M}help me", ())


@pytest.mark.parametrize("place", ["field", "metadata"])
def test_names_of_profiles_stand_behind_a_mark_where_students_chose_them(place: str) -> None:
    metadata = json.dumps({"type": "whatsapp", "data": {"context": {"ProfileName": "kiss me babe"}}})
    name = ("ProfileName", "kiss me babe") if place == "field" else ("ChannelMetadata", metadata)
    form = (("Body", "ok \u2029\u2028 thx"), ("NumMedia", "0"), name)
    content, options = stored_form(form, "form", names_apart=True)
    assert known_failures(options) == ()
    assert form_of(options, content) == form
    said, apart = extract_message(content, SMS).passages
    assert (said.text, said.kind) == ("ok \u2029\u2028 thx", PassageKind.NEW)
    assert (apart.text, apart.kind) == ("kiss me babe", PassageKind.QUOTED)
    content, options = stored_form(form, "form")
    assert {passage.kind for passage in extract_message(content, SMS).passages} == {PassageKind.NEW, PassageKind.OTHER}
    assert form_of(options, content) == form
    assert known_failures(stored_form((*form, ("ListName", "meet me")), "form")[1]) == ("disputed",)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Avery Núñez", True), ("josé maría de la cruz", True), ("♡ avery ♡", True), ("李小龍", True),
        ("gamer4life x", True), ("T-Mobile USA", True), ("he hit me", False), ("help me", False),
        ("AVERY SOS", False), ("please call my mom", False),
    ],
)  # fmt: skip
def test_carrier_words_pass_beside_a_name(words: str, *, expected: bool) -> None:
    assert is_name(words) is expected
    assert is_only_body((("Body", "STOP"), ("ProfileName", words))) is expected


def test_addresses_inside_other_fields_are_found() -> None:
    form = (("message", json.dumps({"from": "+15155550120", "To": "+15155550199", "body": "hi"})), ("To", ""))
    assert (address_field(form, "From"), address_field(form, "To")) == ("+15155550120", "+15155550199")
    assert address_field((("To", "1"), ("x", '{"to": "2"}')), "To") == "1"


def test_every_value_of_a_repeated_json_name_is_kept() -> None:
    assert parse_json_form(b'{"Body": "one", "Body": "two", "X": {"a": 1}}') == (
        ("Body", "one"), ("Body", "two"), ("X", json.dumps({"a": 1})),
    )  # fmt: skip
