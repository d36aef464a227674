"""The account of a content: the use of every byte, and its summary in words."""

from __future__ import annotations

from gateway.core.mime.account import Use, describe, read_mail

MAIL = (
    b"Subject: Quiz\r\nFrom: Dana Okafor <dana.okafor@riverbend.example>\r\nMessage-ID: <a@b.example>\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\nbefore\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    b"aGVsbG8=\r\n--b\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b--\r\nafter\r\n"
)


def test_every_byte_has_a_use():
    spans = read_mail(MAIL).spans
    assert [(MAIL[span.start : span.end], span.use, span.part) for span in spans if span.use is not Use.STRUCTURE] == [
        (b"Subject: Quiz\r\n", Use.TEXT, "subject"),
        (b"From: Dana Okafor <dana.okafor@riverbend.example>\r\n", Use.TEXT, ""),
        (b"before\r\n", Use.TEXT, ""),
        (b"aGVsbG8=", Use.TEXT, "1"),
        (b"\x89PNG", Use.FILE, "2"),
        (b"after\r\n", Use.TEXT, ""),
    ]
    assert sum(span.size for span in spans) == len(MAIL)


def test_parts_beyond_the_limits_are_not_read():
    content = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nwords\r\n" * 600
    spans = read_mail(content).spans
    assert sum(span.size for span in spans) == len(content)
    assert any(span.use is Use.UNREAD for span in spans)


def test_encoded_attached_message_is_one_span():
    content = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0KDQpoaQ=="
    (span,) = [span for span in read_mail(content).spans if span.use is Use.TEXT]
    assert (content[span.start : span.end], span.how) == (b"U3ViamVjdDogeA0KDQpoaQ==", "attached message, base64")


def test_description_in_words():
    read, unread = describe(read_mail(MAIL).spans)
    assert read == [
        "subject, 15 bytes", "header fields, 51 bytes", "text before the first part, 8 bytes",
        "part 1 (text/plain, base64, utf-8), 8 bytes", "part 2 (image/png), 4 bytes",
        "text after the last part, 7 bytes",
    ]  # fmt: skip
    assert unread == []
