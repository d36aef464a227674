"""Changes of a mail that use more of MIME: kinds of parts, names, charsets, encodings, line ends, files."""

from __future__ import annotations

import base64
import binascii
import quopri
import random
import re
import struct
from collections.abc import Callable

from tests.differential.secrets import secret

_HEAD = re.compile(rb"\A.*?\r\n\r\n", re.DOTALL)
_STRUCTURE_FIELD = re.compile(rb"(?im)^content-[^\r\n]*(?:\r\n[ \t][^\r\n]*)*")


def _b64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _qp(data: bytes) -> bytes:
    """Quoted-printable with some plain letters quoted too."""
    quoted = quopri.encodestring(data.replace(b"\r\n", b"\n"), quotetabs=True)
    return quoted.replace(b"e", b"=65").replace(b"\n", b"\r\n")


def _encoded(rng: random.Random, data: bytes) -> tuple[bytes, bytes]:
    """A field for an encoding, and the data in it."""
    name = rng.choice([b"", b"8bit", b"base64", b"quoted-printable", b"x-uuencode"])
    field = b"Content-Transfer-Encoding: " + name + b"\r\n" if name else b""
    return field, {b"base64": _b64, b"quoted-printable": _qp, b"x-uuencode": _uu}.get(name, bytes)(data)


def _uu(data: bytes) -> bytes:
    lines = [binascii.b2a_uu(data[at : at + 45]).rstrip(b"\n") for at in range(0, len(data), 45)]
    return b"begin 644 a.txt\r\n" + b"\r\n".join(lines) + b"\r\n`\r\nend\r\n"


def _yenc(data: bytes) -> bytes:
    coded = bytes((byte + 42) % 256 for byte in data)
    return b"=ybegin line=128 size=%d name=a.txt\r\n%s\r\n=yend size=%d\r\n" % (len(data), coded, len(data))


def _part(rng: random.Random, kind: bytes, data: bytes) -> bytes:
    field, body = _encoded(rng, data)
    return b"Content-Type: " + kind + b"\r\n" + field + b"\r\n" + body


def _together(content: bytes, kind: bytes, *parts: bytes, boundary: bytes = b"mix") -> bytes:
    """The mail as the first part of a multipart with more parts. Its other fields stay outside."""
    found = _HEAD.match(content)
    head, body = (found[0][:-2], content[found.end() :]) if found else (b"", content)
    own = b"".join(field + b"\r\n" for field in _STRUCTURE_FIELD.findall(head))
    outer = re.sub(rb"\r\n\r\n+", b"\r\n", _STRUCTURE_FIELD.sub(b"", head)).lstrip(b"\r\n")
    pieces = b"".join(b"\r\n--" + boundary + b"\r\n" + piece for piece in (own + b"\r\n" + body, *parts))
    field = b"Content-Type: " + kind + b'; boundary="' + boundary + b'"\r\n\r\n'
    return outer + field + pieces + b"\r\n--" + boundary + b"--\r\n"


def _html(words: bytes) -> bytes:
    return b"<html><body><p>" + words + b"</p></body></html>"


def alternative_kind(rng: random.Random, content: bytes) -> bytes:
    """Another alternative, of a kind that few programs show."""
    words = secret(rng)
    kind = rng.choice(
        b"text/x-amp-html text/watch-html text/enriched text/richtext text/rtf text/markdown text/calendar text/css "
        b"text/csv text/xml application/xhtml+xml text/rfc822-headers text/x-vcard application/json "
        b"text/directory".split()
    )
    data = {
        b"text/rtf": b"{\\rtf1 " + words + b"}",
        b"text/enriched": b"<bold>" + words + b"</bold>",
        b"text/calendar": b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:" + words + b"\r\nEND:VEVENT\r\nEND:VCALENDAR",
        b"application/json": b'{"name": "' + words + b'"}',
    }.get(kind, _html(words) if b"html" in kind else words)
    return _together(content, b"multipart/alternative", _part(rng, kind, data))


def multipart_kind(rng: random.Random, content: bytes) -> bytes:
    """Parts in a multipart of a rare kind."""
    kind = rng.choice(
        b"multipart/digest multipart/parallel multipart/related multipart/appledouble multipart/report "
        b"multipart/signed multipart/form-data multipart/byteranges multipart/x-mixed-replace multipart/encrypted "
        b"multipart/voice-message multipart/header-set multipart/related;type=text/html;start=<b> "
        b"MULTIPART/MIXED multipart/odd".split()
    )
    words = secret(rng)
    parts = [
        b"Content-Type: text/html\r\nContent-ID: <b>\r\n\r\n" + _html(words + b"<img src='cid:c'>"),
        b"Content-Type: application/applefile\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + _b64(b"\0\5\x16\7" + words),
        b"Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n" + _b64(words),
        b"Content-Type: message/delivery-status\r\n\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; " + words,
        b"Subject: " + words + b"\r\n\r\n" + secret(rng),
        b"\r\n" + words,
        b'Content-Disposition: form-data; name="a"\r\n\r\n' + words,
    ]
    return _together(content, kind, *rng.sample(parts, 2), boundary=rng.choice([b"mix", b"a b", b"=_x'()+_,-./:=?"]))


def message_kind(rng: random.Random, content: bytes) -> bytes:
    """A message inside, of every kind, encoded or not."""
    inner = b"From: Robin <a@b.example>\r\nSubject: " + secret(rng) + b"\r\n\r\n" + secret(rng) + b"\r\n"
    if rng.random() < 0.3:
        inner = content[:5000] + secret(rng)
    kind = rng.choice(
        [
            b"message/rfc822",
            b"message/global",
            b"message/news",
            b"message/partial; number=1; total=1; id=x",
            b'message/external-body; access-type=url; url="http://a.example/"',
            b"message/http",
            b"message/x-odd",
            b"message/rfc822; charset=utf-16",
            b"message/global-headers",
            b"message/feedback-report",
            b"Message/RFC822 (x)",
        ]
    )
    return _together(content, b"multipart/mixed", _part(rng, kind, inner))


def named_part(rng: random.Random, content: bytes) -> bytes:
    """An attached text with a name in some writing (RFC 2231)."""
    name = rng.choice(
        [
            b"filename*=utf-8''a%20b.txt",
            b"filename*0*=utf-8''a; filename*1=.txt",
            b"filename*0=a; filename*2=.txt",
            b'filename="=?utf-8?q?' + secret(rng).replace(b" ", b"_") + b'?=.txt"',
            b"filename=a b.txt",
            b'filename="' + secret(rng) + b'.txt"',
            b"filename*=''" + secret(rng).replace(b" ", b"%20"),
            b"filename=\"a.txt\"; filename*=utf-8''b.png",
            b'filename="a',
            b"filename=" + "ä.txt".encode(),
            b'filename="a\\".txt"',
        ]
    )
    kind = rng.choice(
        [b"text/plain", b"text/html", b"application/octet-stream", b"image/png", b"text/plain; name=x", b"x"]
    )
    field, body = _encoded(rng, secret(rng))
    way = rng.choice([b"attachment", b"inline", b"ATTACHMENT", b"x-odd", b'"attachment"'])
    part = (
        b"Content-Type: " + kind + b"\r\nContent-Disposition: " + way + b"; " + name + b"\r\n" + field + b"\r\n" + body
    )
    return _together(content, b"multipart/mixed", part)


def labeled_text(rng: random.Random, content: bytes) -> bytes:
    """A text in one charset with the label of the same or another one."""
    charset = rng.choice("utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-7 cp037 cp1252 iso-2022-jp hz utf-8-sig".split())
    label = rng.choice(
        b"utf-8 UTF-16 utf-16le UTF_16BE utf16 utf-32 utf-7 unicode-1-1-utf-7 ibm037 cp-037 latin1 l1 iso_8859-1:1987 "
        b"x-cp1252 us-ascii ansi_x3.4-1968 iso-2022-jp hz-gb-2312 default x-user-defined unknown-8bit utf-8*en csutf8 "
        b"utf-8;x charset 8bit binary iso-8859-16 windows-31j cp65001 utf-ebcdic none".split()
    )
    kind = rng.choice([b"text/plain", b"text/html"])
    words = secret(rng).decode()
    data = (f"<p>{words}" if kind == b"text/html" else words + "\r\n" + secret(rng).decode()).encode(charset)
    return _together(content, b"multipart/mixed", _part(rng, kind + b"; charset=" + label, data))


def byte_order_mark(rng: random.Random, content: bytes) -> bytes:
    """A mark at the start of the mail, of a line or of the body."""
    mark = rng.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf\r\n", b"\0\0\xfe\xff"])
    at = rng.choice([0, content.find(b"\r\n\r\n") + 4, content.find(b"ontent-") - 1, content.rfind(b"\r\n") + 2])
    at = max(0, at)
    return content[:at] + mark + content[at:]


def line_ends(rng: random.Random, content: bytes) -> bytes:
    """Other line ends, in a part of the mail or in all of it."""
    start = rng.choice([0, 0, rng.randrange(len(content) + 1)])
    stop = rng.choice([len(content), rng.randint(start, len(content)), content.find(b"\r\n\r\n", start) + 4])
    stop = max(start, stop)
    other = rng.choice(
        [b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n\r", b"\n\n", b"\x0b", b"\x0c\r\n", b" \r\n", b"\xc2\x85"]
    )
    return content[:start] + content[start:stop].replace(b"\r\n", other) + content[stop:]


def control_bytes(rng: random.Random, content: bytes) -> bytes:
    """Bytes of zero and other controls, in one line or among its letters."""
    at = rng.randrange(len(content) + 1)
    stop = content.find(b"\r\n", at)
    stop = len(content) if stop < 0 else stop
    odd = rng.choice([b"\0", b"\x1a", b"\x1b", b"\x7f", b"\x04", b"\x08", b"\xad"])
    words = secret(rng)
    return rng.choice(
        [
            content[:at] + odd + content[at:],
            content[:at] + odd.join(bytes((byte,)) for byte in words) + content[stop:],
            content[:stop] + b"\r\n" + odd + words + content[stop:],
            content + b"\r\n.\r\n" + words,
            content.replace(b"\r\n\r\n", b"\r\n" + odd + b"\r\n", 1),
        ]
    )


def encoded_words(rng: random.Random, content: bytes) -> bytes:
    """A subject or a name in odd encoded words, or in eight bits."""
    words = secret(rng)
    code = base64.b64encode(words)
    quoted = words.replace(b" ", b"_")
    value = rng.choice(
        [
            b"=?utf-8?b?" + code + b"?=",
            b"=?utf-8?b?" + code.rstrip(b"=") + b"?=",
            b"=?utf-8*en?Q?" + quoted + b"?=",
            b'"=?utf-8?Q?' + quoted + b'?="',
            b"=?utf-8?q?" + words + b"?=",
            b"=?x-odd?q?" + quoted + b"?=",
            b"=?utf-8?b?" + code[:21] + b"?= =?utf-8?b?" + code[21:] + b"?=",
            b"=?utf-8?b?" + code,
            b"=?utf-8?x?" + code + b"?=",
            b"=?utf-16be?b?" + base64.b64encode(words.decode().encode("utf-16-be")) + b"?=",
            b"a=?utf-8?q?" + quoted + b"?=b",
            b"=?utf-8?q?" + quoted[:20] + b"\r\n " + quoted[20:] + b"?=",
            words + "é".encode(),
            words + b"\xe9",
            b"=?utf-7?q?" + quoted + b"?=",
            b"=?utf-8?q?" + quoted + b"?==?utf-8?q?" + quoted + b"?=",
            b"=?us-ascii?Q??=" + words,
            b"=?utf-8?q?=" + b"=".join(b"%02x" % byte for byte in words) + b"?=",
            b"=?utf-8?b?" + code[:30] + b" " + code[30:] + b"?=",
        ]
    )
    name = rng.choice([b"Subject", b"From", b"To", b"Cc", b"Reply-To", b"subject ", b"Comments", b"SUBJECT"])
    value += b" <a@b.example>" if name in (b"From", b"To", b"Cc", b"Reply-To") else b""
    if rng.random() < 0.6:
        content = re.sub(rb"(?im)^" + re.escape(name) + rb":[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n", b"", content, count=1)
    return name + b": " + value + b"\r\n" + content


def folded_field(rng: random.Random, content: bytes) -> bytes:
    """A structural field folded or written in an odd way."""
    fields = list(_STRUCTURE_FIELD.finditer(content))
    if not fields:
        return content
    field = rng.choice(fields)
    name, _, value = field[0].partition(b":")
    value = value.strip()
    other = rng.choice(
        [
            name + b":\r\n " + value,
            name + b": " + value.replace(b";", b";\r\n\t\r\n "),
            name + b" : " + value,
            name.upper() + b":" + value.upper(),
            name + b": " + value.replace(b"/", b"/\r\n "),
            name + b":\t" + value + b";",
            name + b": " + value.replace(b"=", b" = "),
            name + b": (a) " + value.replace(b";", b" (b);"),
            name + b": " + value.replace(b"=", b"=\r\n "),
            name + b": " + value.replace(b"; ", b";\n "),
            name + b"\r\n : " + value,
            name + b": " + value.replace(b" ", b"\r\n"),
            name + b": ; " + value,
            name + b":: " + value,
            b" " + field[0],
            name + b": " + value + b"\0",
            name + b": " + value.replace(b'"', b"'"),
            name.replace(b"-", b"_") + b": " + value,
            name + b": " + value.replace(b";", b","),
            name + b": " + value.replace(b";", b" "),
            b"X-A: b\r" + field[0],
        ]
    )
    return content[: field.start()] + other + content[field.end() :]


def file_in_text(rng: random.Random, content: bytes) -> bytes:
    """A file that is encoded inside of a text, whole or cut off."""
    data = rng.choice([_uu, _yenc, _b64, _qp])(secret(rng) + b"\r\n" + secret(rng))
    before, after = rng.choice([(b"", b""), (b"see\r\n", b"\r\nthat\r\n"), (b"> ", b""), (b"--\r\n", secret(rng))])
    if rng.random() < 0.3:
        data = data[: rng.randrange(len(data))]
    if rng.random() < 0.5:
        return content + b"\r\n" + before + data + after
    return _together(
        content, b"multipart/mixed", _part(rng, rng.choice([b"text/plain", b"text/html"]), before + data + after)
    )


def flowed(rng: random.Random, content: bytes) -> bytes:
    """Flowed text (RFC 3676), words that lines divide included."""
    words = secret(rng)
    size = rng.randint(5, 20)
    lines = [words[at : at + size] for at in range(0, len(words), size)]
    quote = rng.choice([b"", b"> ", b">"])
    kind = (
        b"text/plain; format="
        + rng.choice([b"flowed", b"Flowed", b'"flowed"', b"fixed"])
        + rng.choice([b"; delsp=yes", b""])
    )
    return _together(content, b"multipart/mixed", _part(rng, kind, b"".join(quote + line + b" \r\n" for line in lines)))


def encoded_twice(rng: random.Random, content: bytes) -> bytes:
    """An entity that is encoded although it may not be, or twice."""
    inner = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + _b64(secret(rng))
    multipart = b"--in\r\n" + inner + b"\r\n--in--\r\n"
    way = rng.choice([b"base64", b"quoted-printable"])
    data = (_b64 if way == b"base64" else _qp)(multipart)
    part = rng.choice(
        [
            b"Content-Type: multipart/mixed; boundary=in\r\nContent-Transfer-Encoding: " + way + b"\r\n\r\n" + data,
            b"Content-Transfer-Encoding: base64\r\n\r\n" + _b64(_b64(secret(rng))),
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + _qp(_qp(secret(rng))),
            b"Content-Transfer-Encoding: base64\r\n\r\n" + _b64(_qp(secret(rng))),
            b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + _b64(inner),
            b"Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=mix\r\n\r\n--mix\r\n" + inner,
        ]
    )
    return _together(content, b"multipart/mixed", part)


def nested_boundaries(rng: random.Random, content: bytes) -> bytes:
    """A multipart inside whose boundary is like that of the outer one, or that does not end."""
    outer = rng.choice([b"sep", b"sep1"])
    inner = rng.choice([b"sep", b"sep1", b"--sep", b"sep--", b"SEP", b"x" * 75, b"a;b", "é".encode(), b"a\\\\b", b""])
    end = rng.choice(
        [b"\r\n--" + inner + b"--\r\n", b"", b"\n--" + inner + b"--", b"\r\n--" + outer + b"--\r\n", b"\r\n--"]
    )
    pieces = [b"\r\n--" + inner + b"\r\n\r\n" + secret(rng) for _ in range(rng.randint(1, 3))]
    part = (
        b'Content-Type: multipart/mixed; boundary="'
        + inner
        + b'"\r\n\r\n'
        + b"".join(pieces)
        + end
        + b"\r\n"
        + secret(rng)
    )
    return _together(content, b"multipart/mixed", part, boundary=outer)


def attached_file(rng: random.Random, content: bytes) -> bytes:
    """A file with words: winmail.dat, a signed message in one piece, a page."""
    words = secret(rng)
    kind, data = rng.choice(
        [
            (b"application/ms-tnef; name=winmail.dat", _tnef(words)),
            (b"application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", _signed(b"\r\n" + words)),
            (b"application/octet-stream; name=a.html", _html(words)),
            (b"application/octet-stream; name=a.eml", b"Subject: " + words + b"\r\n\r\n" + secret(rng)),
            (b"application/pgp-keys", b"-----BEGIN PGP MESSAGE-----\r\n\r\n" + words),
        ]
    )
    part = b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + _b64(data)
    return _together(content, b"multipart/mixed", part)


def _tnef(words: bytes) -> bytes:
    value = words + b"\0"
    attribute = struct.pack("<BHHI", 1, 0x800C, 2, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)
    return b"\x78\x9f\x3e\x22\x01\x00" + attribute


def _signed(words: bytes) -> bytes:
    """A signed message without a signer (RFC 5652)."""

    def der(tag: int, value: bytes) -> bytes:
        size = len(value)
        return bytes((tag, *((size,) if size < 128 else (0x82, size >> 8, size & 255)))) + value

    data, signed = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
    inner = der(0x30, data + der(0xA0, der(0x04, words)))
    return der(0x30, signed + der(0xA0, der(0x30, b"\x02\x01\x01\x31\x00" + inner + b"\x31\x00")))


STRUCTURES: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    alternative_kind,
    multipart_kind,
    message_kind,
    named_part,
    labeled_text,
    byte_order_mark,
    line_ends,
    control_bytes,
    encoded_words,
    folded_field,
    file_in_text,
    flowed,
    encoded_twice,
    nested_boundaries,
    attached_file,
)
