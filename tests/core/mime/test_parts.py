"""The parts of a content: numbers, texts, unusual encodings, broken structures, and bombs."""

from __future__ import annotations

import base64
import binascii
import tracemalloc
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.channels.registry import CHANNELS
from gateway.core.message import parts
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.parts import MAX_DEPTH, MAX_PARTS, Part, mime_parts
from tests.growth import grows_linearly


def mail(head: str, body: str | bytes = "") -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def multipart(*inner: str, boundary: str = "b", kind: str = "mixed") -> str:
    pieces = "".join(f"--{boundary}\n{part}\n" for part in inner)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{pieces}--{boundary}--\n'


def content(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def texts(content: bytes) -> list[tuple[str, str, str]]:
    return [(part.number, part.media_type, part.text) for part in parts(content)]


def test_a_plain_message():
    assert parts(mail("Subject: x", "Hello\n")) == (Part("1", "text/plain", "Hello\r\n", b"Hello\r\n"),)


def test_text_of_another_channel_is_one_part():
    assert parts("¿Mañana?\r\n".encode(), "sms")[0].text == "¿Mañana?\r\n"
    assert parts(b"From: no header here", "sms")[0].text == "From: no header here"


def test_parts_are_numbered_in_order_of_appearance():
    inner = "Content-Type: message/rfc822\n\nSubject: in\n" + multipart("\nfour", "\nfive", boundary="c")
    alternative = multipart("Content-Type: text/plain\n\none", "Content-Type: text/html\n\n<p>two", boundary="a")
    assert texts(content(multipart(alternative, "\nthree", inner, "\nsix"))) == [
        ("1", "text/plain", "one"), ("2", "text/html", "two"), ("3", "text/plain", "three"),
        ("4", "text/plain", "four"), ("5", "text/plain", "five"), ("6", "text/plain", "six"),
    ]  # fmt: skip


def test_preamble_and_epilogue_are_not_parts():
    made = "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n--b--\nepilogue\n--b\n\nno\n"
    assert texts(content(made)) == [("1", "text/plain", "one")]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("base64", base64.b64encode("Señor, Quiz".encode()).decode()),
        ("BASE64", "U2XDsW9y\n  LCBR\n!dWl6"),
        ("base64", "U2XDsW9yLA==IFF1aXo="),  # padding in the middle
        ("base64", "U2XDsW9yLCBRdWl6\n\n"),
        ("base64", "U2XDsW9yLCBRdWl6IA==\n--\nA list, and its footer."),
        ("quoted-printable", "Se=C3=B1or,=\n Quiz"),
        ("x-uuencode", "begin 644 a.txt\n" + binascii.b2a_uu("Señor, Quiz".encode()).decode() + "`\nend\n"),
        ("8bit", "Señor, Quiz"),
        ("no-such", "Señor, Quiz"),
    ],
)
def test_encodings(encoding, body):
    made = mail(f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}", body)
    assert parts(made)[0].text.strip() == "Señor, Quiz"


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-8859-1", '"utf-8"', "windows-1252", "utf-8*en"])
def test_charsets(charset):
    name = charset.strip('"').partition("*")[0]
    made = mail(f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64")
    assert parts(made + base64.b64encode("Señor".encode(name)))[0].text == "Señor"


def test_html_has_shown_and_hidden_text():
    (part,) = parts(mail("Content-Type: text/html", '<p>a</p><p style="display:none">b</p>'))
    assert (part.text, part.hidden, part.data) == ("a", "b", b'<p>a</p><p style="display:none">b</p>')


@pytest.mark.parametrize(
    ("disposition", "filename", "attached"),
    [
        ("attachment", "", True), ('attachment; filename="a b.pdf"', "a b.pdf", True), ("inline", "", False),
        ("inline; filename=x.pdf", "x.pdf", True), ("attachment; filename*=utf-8''a%20%C3%B1.pdf", "a ñ.pdf", True),
        ('attachment; filename="=?utf-8?q?=C3=B1=2Epdf?="', "ñ.pdf", True),
        ("attachment; filename*0=a; filename*1=b.pdf", "ab.pdf", True),
    ],
)  # fmt: skip
def test_files(disposition, filename, attached):
    (part,) = parts(mail(f"Content-Type: application/pdf\nContent-Disposition: {disposition}", "%PDF"))
    assert (part.filename, part.attached, part.text, part.data) == (filename, attached, "", b"%PDF")


def test_encoded_attached_message_is_read():
    inner = base64.b64encode(b"Subject: in\r\n\r\nhidden words").decode()
    made = content(multipart(f"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{inner}"))
    assert texts(made) == [("1", "text/plain", "hidden words")]


def test_digest_contains_messages():
    made = multipart("\nSubject: a\n\none", "Content-Type: text/plain\n\ntwo", kind="digest")
    assert texts(content(made)) == [("1", "text/plain", "one"), ("2", "text/plain", "two")]


def test_boundaries_with_common_prefix_and_trailing_blanks():
    inner = multipart("\ntwo", boundary="abc")
    made = multipart("\none", inner, "\nthree", boundary="ab").replace("--ab\n", "--ab \t\n")
    assert [text for _, _, text in texts(content(made))] == ["one", "two", "three"]
    assert [text for _, _, text in texts(content(multipart("\n--bx\n-- b\n --b")))] == ["--bx\r\n-- b\r\n --b"]


def test_bare_line_feeds():
    assert [text for _, _, text in texts(multipart("\none", "\ntwo").encode())] == ["one", "two"]


@pytest.mark.parametrize(
    ("made", "unreadable", "said"),
    [
        ("Content-Type: multipart/mixed; boundary=b\n\nwords", True, "words"),  # no delimiter at all
        ("Content-Type: multipart/mixed\n\n--b\n\nwords\n--b--\n", True, "words"),  # no boundary
        ("Content-Type: multipart/mixed; boundary=\n\n--\n\nwords\n", True, "words"),
        ("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nwords", False, "words"),  # no end
        ("Content-Type: multipart/mixed; boundary=b\n\n--b\nwords without an empty line\n--b--", False, "words"),
        ("Content-Type: text\n\nwords", False, "words"),
        ("Content-Type: /\n\nwords", False, "words"),
        ("Content-Type: ;;;=\n\nwords", False, "words"),
        ("Content-Type: text/plain; charset*=x'y'%\n\nwords", False, "words"),
        ("Subject: x\nwords where a field should be\nTo: y\n\nthe text", False, "words"),
        ("Content-Type: text/plain\nContent-Type: image/png\n\nwords", True, "words"),
        ("\nwords", False, "words"),
        ("Content-Type: message/rfc822\n\n", False, ""),
        ("Content-Type: message/partial\n\nwords", False, "words"),
    ],
)
def test_text_of_broken_structures(made, unreadable, said):
    found = parts(content(made))
    assert said in "".join(part.text for part in found)
    assert any(part.unreadable for part in found) == unreadable


@given(
    st.lists(st.sampled_from(["text/plain", "text/html", "application/pdf", "image/png"]), max_size=6),
    st.text(max_size=30),
)
def test_round_trip_with_the_standard_library(kinds, text):
    made = EmailMessage()
    made.set_content(text.replace("\r", ""))
    for kind in kinds:
        made.add_attachment(b"data " + kind.encode(), *kind.split("/"))
    found = parts(made.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert [part.media_type for part in found] == ["text/plain", *kinds]
    assert [part.data for part in found[1:]] == [b"data " + kind.encode() for kind in kinds]
    assert found[0].text.replace("\r\n", "\n").strip("\n") == text.replace("\r", "").strip("\n")


PIECES = [
    b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: text/html\r\n",
    b"Content-Type: message/rfc822\r\n", b"Content-Type: text/plain; charset=utf-16\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n", b"Content-Disposition: attachment; filename*=a'b'%ff\r\n",
    b"Content-Disposition: ;filename*0*=\xff\r\n", b"\r\n", b"--b\r\n", b"--b--\r\n", b"begin 644 x\r\n", b"#86%A\r\n",
    b"=", b"YWJj", b"<p>", b"\xff", b"\x00", b"x", b" ", b":", b";", b'"',
]  # fmt: skip


@given(
    st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join),
    st.sampled_from(list(CHANNELS)),
)
def test_no_bytes_raise(made, channel):
    found = parts(made, channel)
    assert found
    assert [part.number for part in found] == [str(number) for number in range(1, len(found) + 1)]
    for part in found:
        (part.text + part.hidden + part.filename + part.media_type).encode("utf-8")


def test_too_many_parts():
    found = parts(content(multipart(*["\nx"] * (MAX_PARTS + 50))))
    assert len(found) == MAX_PARTS + 1
    assert [part.unreadable for part in found] == [False] * MAX_PARTS + [True]


def test_too_deep_nesting():
    def nested(depth: int) -> bytes:
        made = "\nwords"
        for level in range(depth):
            made = multipart(made, boundary=f"b{level}x")
        return content(made)

    (leaf,) = parts(nested(MAX_DEPTH))
    assert (leaf.text, leaf.unreadable) == ("words", False)
    (leaf,) = parts(nested(MAX_DEPTH + 1))
    assert leaf.unreadable
    messages = b"Content-Type: message/rfc822\r\n\r\n" * (MAX_DEPTH + 1) + b"\r\nwords"
    assert parts(messages)[0].unreadable


MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
BOMBS = {
    "parts": lambda n: MIXED + b"--b\r\n\r\n" * n,
    "delimiters that are none": lambda n: MIXED + b"--b-\r\n" * n,
    "a boundary of dashes": lambda n: b'Content-Type: multipart/mixed; boundary="-"\r\n\r\n' + b"-" * 5 * n,
    "blanks behind delimiters": lambda n: (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + (b"--b" + b" " * 997 + b"x\r\n") * (n // 200)
    ),
    "messages in messages": lambda n: b"Content-Type: message/rfc822\r\n\r\n" * (n // 6),
    "multiparts in multiparts": lambda n: b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (at, at + 1) for at in range(n // 13)
    ),
    "empty multiparts": lambda n: (
        MIXED + b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n" * (n // 13)
    ),
    "parameters": lambda n: b"Content-Type: text/plain" + b"; a=b" * n + b"\r\n\r\nx",
    "quotes": lambda n: b'Content-Type: text/plain; a="' + b";" * 2 * n + b"\r\n\r\nx",
    "continuations": lambda n: (
        b"Content-Type: text/plain" + b"".join(b"; name*%d*=a" % at for at in range(n // 4)) + b"\r\n\r\nx"
    ),
    "fields": lambda n: b"a: b\r\n" * n + b"\r\nx",
    "base64": lambda n: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 2 * n,
    "quoted-printable": lambda n: b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 2 * n,
    "punycode": lambda n: b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-" + b"9" * n,
}
MANY = 400_000


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_bounded(name):
    content = BOMBS[name](MANY)
    tracemalloc.start()
    found = parts(content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) <= MAX_PARTS + 2
    assert most < 30 * len(content) + 20_000_000


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_take_linear_time(name):
    assert grows_linearly(parts, BOMBS[name], MANY // 10, MANY)


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("declared", ["utf-8", "us-ascii", "utf-16", "x-unknown"])
def test_wide_charset_is_detected_without_a_mark(charset, declared):
    body = base64.b64encode("Meet me alone tonight, señor.".encode(charset)).decode()
    made = mail(f"Content-Type: text/plain; charset={declared}\nContent-Transfer-Encoding: base64", body)
    assert parts(made)[0].text == "Meet me alone tonight, señor."


@pytest.mark.parametrize("declared", ["utf-16", "utf-16le", "utf-32", "utf-7", "iso-2022-jp", "no-such", "cp037x"])
def test_ascii_under_a_wide_charset_is_ascii(declared):
    assert parts(mail(f"Content-Type: text/plain; charset={declared}", "Meet me alone tonight"))[0].text == (
        "Meet me alone tonight"
    )


def test_charset_of_a_meta_element():
    page = b'<meta http-equiv="Content-Type" content="text/html; charset=utf-7"><p>+AE0-eet me'
    assert parts(mail("Content-Type: text/html", page))[0].text == "Meet me"
    assert parts(mail("Content-Type: text/html; charset=utf-8", page))[0].text == "+AE0-eet me"


@pytest.mark.parametrize(
    "encoding", ["base64 (as always)", "(x) base64", '"base64"', "base64;", "base64 7bit"], ids=range(5)
)
def test_encoding_with_comments(encoding):
    body = base64.b64encode(b"Meet me alone").decode()
    part = parts(mail(f"Content-Type: text/plain\nContent-Transfer-Encoding: {encoding}", body))[0]
    assert (part.text, part.unreadable) == ("Meet me alone", False)


@pytest.mark.parametrize(
    ("fields", "unreadable"),
    [
        ("Content-Type: text/plain\nContent-Type: text/html", True),
        ("Content-Type: text/plain\nContent-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64", True),
        ("Content-Type: text/html\nContent-Transfer-Encoding: x-gzip64", True),
        ("Content-Type: text/plain\nContent-Type: text/plain", False),
        ("Content-Type: text/plain\nContent-Transfer-Encoding: 8BIT", False),
    ],
)
def test_conflicting_fields_are_unreadable(fields, unreadable):
    assert parts(mail(fields, "Hello"))[0].unreadable is unreadable


@given(st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_a_parsed_header_section_changes_nothing(made):
    assert list(mime_parts(made, HeaderSection.of(made))) == list(mime_parts(made))
    assert list(mime_parts(made[:40], HeaderSection.of(made))) == list(mime_parts(made[:40]))
