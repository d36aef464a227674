"""Every text that some program shows is read: in a part, in another reading, or it is called not read."""

from __future__ import annotations

import base64
import binascii
import quopri
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.mime.account import Reading, Use, read_mail
from gateway.core.mime.header_variants import boundaries_in
from gateway.core.mime.other_readings import MAX_READINGS
from tests.growth import grows_linearly

WORDS = "Meet me alone tonight, tell nobody."
CODED = base64.b64encode(WORDS.encode()).decode()
QUOTED = "".join(f"={byte:02X}" for byte in WORDS.encode())
MIXED = 'Content-Type: multipart/mixed; boundary="b"\n'
ENCODED = f"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n{CODED}\n"
DIVIDED = f"Content-Type: text/html\n\n{WORDS.replace('e', '<b>e</b>').replace('o', '<i></i>o')}\n"
PART = f"Content-Type: text/plain\n\n{WORDS}\n"


def read(text: str) -> Reading:
    return read_mail(text.replace("\n", "\r\n").encode())


def other_text(reading: Reading) -> str:
    return "\n".join(f"{part.text}\n{part.hidden}" for part in reading.others.parts)


def all_text(reading: Reading) -> str:
    return "\n".join((*(f"{part.text}\n{part.hidden}" for part in reading.parts), other_text(reading)))


ODD = {
    "a boundary of a plain text": (
        f"Content-Type: text/plain; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n{CODED}\n--b--\n"
    ),
    "a boundary before a form feed": (
        f"Content-Type: multipart/mixed; boundary=b\f\n\n--b\nX-Odd: {WORDS}\n\nhi\n--b--\n"
    ),
    "a boundary before a vertical tab": (
        f"Content-Type: multipart/mixed; boundary=b\v\n\n--b\nX-Odd: {WORDS}\n\nhi\n--b--\n"
    ),
    "a line without a colon": f"Subject: x\n{WORDS}\nTo: y\n\nbody\n",
    "text behind a line without a colon": f"Subject: x\nno colon\nX-Odd: {WORDS}\n\nbody\n",
    "a blank line of spaces": f"Subject: x\n \nX-Odd: {WORDS}\n\nbody\n",
    "a blank before the colon": f"X-Odd : {WORDS}\nSubject: x\n\nbody\n",
    "no empty line": f"Subject: x\nX-Odd: y\nno colon: {WORDS}",
    "the type behind a line without a colon": f"no colon\nContent-Transfer-Encoding: base64\n\n{CODED}\n",
    "fields behind an empty line": f"\nContent-Transfer-Encoding: base64\n\n{CODED}\n",
    "a header whose lines end with CR": f"X-Odd: a\rSubject: {WORDS}\rTo: b\n\nbody\n",
    "a header that ends at two CR": f"Subject: x\r\r{WORDS}",
    "parts whose lines end with CR": f"{MIXED}\n--b\r\rhi\r--b\rContent-Transfer-Encoding: base64\r\r{CODED}\r--b--",
    "a field of a message that few programs know": (
        f"{MIXED}\n--b\nContent-Type: message/global\n\nX-Odd: {WORDS}\n\nhi\n--b--\n"
    ),
    "a boundary that is moved to the right": f"{MIXED}\n--b\n\nhi\n --b\n{DIVIDED}\t--b--\n--b--\n",
    "a longer boundary that is moved to the right": f"{MIXED}\n--b\n\nhi\n \t--bx\n{DIVIDED} --bx--\n--b--\n",
    "text before the first boundary": f"{MIXED}\n{WORDS}\n--b\n\nhi\n--b--\n",
    "text after the last boundary": f"{MIXED}\n--b\n\nhi\n--b--\n{WORDS}\n",
    "a part after the closing boundary": f"{MIXED}\n--b\n\nhi\n--b--\n--b\n{PART}--b--\n",
    "an encoded part after the closing boundary": (
        f"{MIXED}\n--b\n\nhi\n--b--\n--b\nContent-Transfer-Encoding: base64\n\n{CODED}\n--b--\n"
    ),
    "the second of two boundaries": (
        f'Content-Type: multipart/mixed; boundary="b"; boundary="c"\n\n--c\n{PART}--c--\n--b\n\nhi\n--b--\n'
    ),
    "a boundary in pieces": (
        f'Content-Type: multipart/mixed; boundary=b; boundary*0="c"\n\n--b\n\nhi\n--b--\n--c\n'
        f"Content-Transfer-Encoding: base64\n\n{CODED}\n--c--\n"
    ),
    "a boundary that is not declared": (
        f"Content-Type: multipart/mixed\n\n--b\n{ENCODED}--b--\n"
    ),
    "another boundary than the declared one": (
        f"{MIXED}\n--c\n{ENCODED}--c--\n"
    ),
    "a header that a boundary ends": f"{MIXED}\n--b\nX-Odd: a\n--b\nX-Odd: {WORDS}\n\nhi\n--b--\n",
    "the header of an attached message that an outer boundary ends": (
        f"{MIXED}\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: message/rfc822\n\n"
        f"X-Odd: a\n--b\nX-Odd: {WORDS}\n\nhi\n--b--\n"
    ),
    "a line that begins like a boundary": f"{MIXED}\n--b\n\nhi\n--bx\n{ENCODED}--b--\n",
    "text on the line of a boundary": f"{MIXED}\n--b {WORDS}\n\nhi\n--b--\n",
    "base64 behind its padding": f"Content-Transfer-Encoding: base64\n\naGk=\n{CODED}\n",
    "base64 behind garbage": f"Content-Transfer-Encoding: base64\n\naGk=*!*\n{CODED}\n",
    "base64 behind half a group": f"Content-Transfer-Encoding: base64\n\naGkh~A~\n{CODED}\n",
    "text below base64": f"Content-Transfer-Encoding: base64\n\naGk=\n\n{WORDS}\n",
    "text instead of base64": f"Content-Transfer-Encoding: base64\n\n{WORDS}\n",
    "base64 of the URL alphabet": (
        "Content-Transfer-Encoding: base64\n\n"
        + base64.urlsafe_b64encode(("ÿþ?>" * 6 + WORDS).encode()).decode() + "\n"
    ),
    "base64 that is not declared": f"Content-Transfer-Encoding: 8bit\n\nhi\n\n{CODED}\n",
    "quoted-printable that is not declared": f"Content-Transfer-Encoding: 7bit\n\n{QUOTED}\n",
    "an unknown encoding": f"Content-Transfer-Encoding: x-unknown\n\n{CODED}\n",
    "two encodings": f"Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n{CODED}\n",
    "an encoding in a comment": f"Content-Transfer-Encoding: (base64) 7bit\n\n{CODED}\n",
    "uuencode without a file": f"Content-Transfer-Encoding: x-uuencode\n\n{WORDS}\n",
    "text before a uuencoded file": f"Content-Transfer-Encoding: x-uuencode\n\n{WORDS}\nbegin 644 a\n#86%A\n`\nend\n",
    "text after a uuencoded file": f"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n#86%A\n`\nend\n{WORDS}\n",
    "the second of two types": f"Content-Type: image/png\nContent-Type: text/plain\n\n{WORDS}\n",
    "the first of two types": f"Content-Type: text/plain\nContent-Type: image/png\n\n{WORDS}\n",
    "a multipart without a subtype": f"Content-Type: multipart; boundary=b\n\n--b\n{ENCODED}--b--\n",
    "a multipart of an unknown subtype": f"Content-Type: multipart/x-odd; boundary=b\n\n--b\n{PART}--b--\n",
    "an encoded multipart": (
        "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n"
        + base64.b64encode(f"--b\r\n\r\n{WORDS}\r\n--b--\r\n".encode()).decode()
    ),
    "an attached message that is encoded": (
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + base64.b64encode(f"Subject: x\r\n\r\n{WORDS}".encode()).decode()
    ),
    "an attached message that is text": (
        f"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nSubject: x\n\n{WORDS}\n"
    ),
    "a subject in an attached message that should not be encoded": (
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n"
        f"Received: from a by b;=\n no colon\nSubject: =?utf-8?b?{CODED}?=\n\nhi\n"
    ),
    "an encoded message of an odd type": (
        "Content-Type: message/x-odd\nContent-Transfer-Encoding: base64\n\n"
        + base64.b64encode(
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            b"Meet me al=\r\none tonight, tell no=62ody.\r\n"
        ).decode()
    ),
    "an encoding that not every program knows by its quotes": (
        'Content-Type: text/html\nContent-Transfer-Encoding: "quoted-printable"\n\n'
        f"<p>hi</p>=3C!-- {WORDS} --=3E<p>bye</p>\n"
    ),
    "an encoding behind a comment": (
        "Content-Type: text/html\nContent-Transfer-Encoding: (a) quoted-printable\n\n"
        f"<p>hi</p>=3Cscript=3E{WORDS}=3C/script=3E<p>bye</p>\n"
    ),
    "part of a message": f"Content-Type: message/partial; id=1; number=1; total=2\n\n{WORDS}\n",
    "plain text that is HTML": (
        "Content-Type: text/plain\n\n<html><body>Mee<b></b>t me al<i></i>one tonight, tell nobody.</body>\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_structure_is_read(name):
    reading = read(ODD[name])
    assert "alone tonight, tell nobody" in " ".join(all_text(reading).split())


@pytest.mark.parametrize("other", ["boundary*0=z", "boundary*=utf-8''z", "boundary=z", 'boundary="z"'])
def test_every_boundary_of_a_type_is_tried(other: str) -> None:
    names = boundaries_in(f"multipart/mixed; boundary=q; {other}; charset=x")
    assert {"q", "z"} <= set(names)


def test_the_parts_of_the_only_boundary_that_is_there_are_read() -> None:
    text = f"Bring a lunch and shoes{WORDS}"
    coded = base64.encodebytes(text.encode()).decode()  # with a last line of four signs
    part = f"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n{coded}"
    reading = read(f'Content-Type: multipart/mixed; boundary="a"; boundary="b"\n\n--b\n{part}\n--b--\n')
    assert text in [found.text.strip() for found in reading.others.parts]


def test_more_boundaries_than_are_tried_are_called_not_read() -> None:
    names = [f"q{number}" for number in range(12)]
    parts = "".join(f"--{name}\n\nhi\n" for name in names)
    field = "; ".join(f'boundary="{name}"' for name in names)
    assert not read(f"Content-Type: multipart/mixed; {field}\n\n{parts}").others.complete
    assert read(f"Content-Type: multipart/mixed; {field}\n\n--q3\n\nhi\n--q3--\n").others.complete


UNASSIGNED = {
    "after the last part": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b--\r\n%s\r\n",
    "before the first part": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n%s\r\n--b\r\n\r\nhi\r\n--b--\r\n",
    "no boundary": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--b\r\n\r\n%s\r\n--b--\r\n",
    "a message of an unknown kind": b"Content-Type: message/x-odd\r\n\r\n%s\r\n",
}
ENCODERS = {
    "base64": base64.encodebytes,
    "quoted": lambda data: b"".join(b"=%02X" % byte for byte in data),
    "partly quoted": lambda data: quopri.encodestring(data).replace(b"e", b"=65"),
    "a part": lambda data: b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(data),
}


@pytest.mark.parametrize("place", UNASSIGNED)
@pytest.mark.parametrize(
    "names", [*product(ENCODERS, repeat=1), *product(ENCODERS, repeat=2), ("quoted", "base64", "base64")], ids="+".join
)
def test_what_no_part_has_is_decoded_as_often_as_it_is_encoded(place, names):
    data = WORDS.encode()
    for name in names:
        data = ENCODERS[name](data)
    reading = read_mail(UNASSIGNED[place] % data.replace(b"\n", b"\r\n"))
    assert "alone tonight, tell nobody" in all_text(reading)


@pytest.mark.parametrize("end", ["\n\r", "\r\r\n", "\r\r\r\n", "\n"])
def test_parts_are_read_whatever_ends_their_lines(end):
    long = base64.encodebytes(f"{'A plain sentence. ' * 9}{WORDS}".encode()).decode()
    parts = f"--b\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n{long}\n--b--\n"
    reading = read_mail(f"Subject: x\n{MIXED}\n{parts}".replace("\n", end).encode())
    assert "alone tonight, tell nobody" in " ".join(all_text(reading).split())


@pytest.mark.parametrize("mark", ["\ufeff".encode(), b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf\r\n"])
def test_a_mail_behind_a_byte_order_mark_is_read(mark):
    mail = f"Content-Type: multipart/mixed; boundary=b\n\n--b\n{ENCODED}\n--b--\n".replace("\n", "\r\n").encode()
    assert WORDS in all_text(read_mail(mark + mail))
    assert WORDS in all_text(read_mail(b"Subject: x\r\n" + mark.strip() + mail))


@pytest.mark.parametrize("word", [str.lower, str.capitalize, str.upper])
def test_words_in_lines_of_their_own_are_no_base64(word):
    lines = [word(line) for line in "meet alone behind school gymnasium tonight tell nobody".split()]
    reading = read_mail(UNASSIGNED["after the last part"] % "\r\n".join(lines).encode())
    assert " ".join(lines) in " ".join(all_text(reading).split())


def test_base64_with_odd_bytes_in_it_is_read_where_no_part_has_it():
    coded = base64.b64encode(f"{WORDS} {WORDS} {WORDS}".encode())
    reading = read_mail(UNASSIGNED["no boundary"] % (coded[:60] + b"\4*" + coded[60:]))
    assert f"{WORDS} {WORDS}" in all_text(reading)


def test_utf_16_without_one_of_its_bytes_is_read():
    data = "Meet me in the park.\r\nTell nobody about it.".encode("utf-16-le").replace(b"\r\0\n", b"\r\n") + b"\0"
    assert "Tell nobody" in other_text(read_mail(b"Content-Type: text/plain; charset=utf-16-le\r\n\r\n" + data))


def test_letters_that_a_stray_byte_swallows_are_read():
    words = "\u7f51\u9875\u4e2d\u6587 ".encode("gbk") * 9 + b"\xadmeet me to\xb7night"
    assert "meet me tonight" in other_text(read_mail(b"Content-Type: text/plain; charset=gb2312\r\n\r\n" + words))


def test_charsets_that_programs_disagree_about():
    for label, data in {
        "utf-7": b"+AE0-eet me alone tonight",
        "unicode-1-1-utf-7": b"+AE0-eet me alone tonight",
        "ibm037": "Meet me alone tonight".encode("cp037"),
        "ebcdic-cp-us": "Meet me alone tonight".encode("cp037"),
        "x-unknown": "Meet me alone tonight, tell nobody about it".encode("cp500"),
        "us-ascii": "Meet me alone tonight".encode("utf-16"),
        "utf8mb4": b"Meet me alone tonight",
        "koi8_r": "Meet me alone tonight, Мама".encode("koi8-r"),
        "hz": b"~{~}Meet me alone tonight",
        "iso-2022-jp": b"Meet\x1b(B me alone tonight",
        'us-ascii"; charset="utf-16-le': "Meet me alone tonight".encode("utf-16-le"),
    }.items():
        reading = read_mail(f'Content-Type: text/plain; charset="{label}"\r\n\r\n'.encode() + data)
        assert "eet me alone tonight" in all_text(reading), label


ORDINARY = [
    f"Subject: x\nFrom: a@b.example\nContent-Type: text/plain; charset=utf-8\n\n{WORDS}\n",
    f"{MIXED}\n--b\n{PART}\n--b\nContent-Type: text/html\n\n<p>{WORDS}\n--b--\n",
    f"{MIXED}\nThis is a multi-part message in MIME format.\n\n--b\n{PART}\n--b--\n\n",
    f"Content-Transfer-Encoding: base64\n\n{CODED}\n",
    "Content-Transfer-Encoding: quoted-printable\n\nSe=C3=B1or, a long line=\n goes on =3D here\n",
    f"{MIXED}\n--b\nContent-Type: message/rfc822\n\nSubject: in\nContent-Type: text/plain\n\nhi\n\n--b--\n",
    "Content-Type: text/plain; format=flowed;\n\tcharset=us-ascii\n\nhttps://tools.example/a?id=2045&key=20AB\n",
    "Subject: x\n\n",
    "",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_mail_has_one_reading(text):
    assert read(text).others.parts == ()


def test_number_of_readings_is_bounded():
    parts = "".join(f"--b{n}\nContent-Transfer-Encoding: base64\n\naGk=\n{CODED}\n" for n in range(500))
    reading = read(f"{MIXED}\n{parts}\n--b--\n")
    assert len(reading.others.parts) <= MAX_READINGS
    assert not reading.others.complete


HOSTILE = {
    "boundaries": lambda n: MIXED.encode() + b"\r\n" + b"--b\r\n--bx\r\n" * (n // 11),
    "parameters": lambda n: b"Content-Type: multipart/mixed" + b"; boundary=b" * (n // 12) + b"\r\n\r\n--b\r\n",
    "blanks": lambda n: b"Content-Type: a/b" + b" " * n + b"x\r\n\r\nx",
    "equals": lambda n: b"\r\n" + b"=" * n,
    "soft breaks": lambda n: b"\r\n" + b"a =\r\n" * (n // 5),
    "base64 lines": lambda n: b"\r\n" + b"YWJj\r\nx y\r\n" * (n // 11),
    "padded base64": lambda n: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"YQ==" * (n // 4),
    "tags": lambda n: b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n" + b"<p" * (n // 2),
    "dashes": lambda n: b"Content-Type: multipart/mixed\r\n\r\n" + b"--" + b" " * n + b"\r\n" + b"--a\r\n" * 100,
    "stray lines": lambda n: b"x\r\n \r\n" * (n // 6),
    "nested": lambda n: b"Content-Type: message/rfc822\r\nContent-Type: message/rfc822\r\n\r\n" * (n // 62),
    "addresses": lambda n: b"To: " + b"a" * n + b"\r\n\r\n",
    "escapes": lambda n: b"Content-Type: text/plain; charset=x\r\n\r\n" + b"\x1b$B~{\x01" * (n // 6),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_cost_grows_with_the_size(name):
    assert grows_linearly(read_mail, HOSTILE[name], 40_000, 400_000)


PIECES = [
    b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: multipart/mixed; boundary*0=b; boundary=c\r\n",
    b"Content-Type: text/html\r\n", b"Content-Type: message/rfc822\r\n", b"Content-Type: text/plain; charset=utf-7\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n", b"Subject: x\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n", b"no colon\r\n", b" \r\n", b"\r\n", b"\n", b"--b\r\n", b"--b--\r\n",
    b"--c\r\n", b"--bx\r\n", b"begin 644 x\r\n", b"#86%A\r\n", b"=", b"YWJjZGVm", b"<p>", b"\xff", b"\x00",
    b"words ", b":",
]  # fmt: skip


@given(st.binary(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join))
def test_spans_add_up_to_the_size(content):
    spans = read_mail(content).spans
    assert sum(span.size for span in spans) == len(content)
    assert all(span.size > 0 for span in spans)
    assert all(one.end == other.start for one, other in pairwise(spans))
    assert not spans or spans[0].start == 0
    assert all(isinstance(span.use, Use) for span in spans)


def test_letters_that_a_charset_of_two_bytes_swallows_are_read() -> None:
    content = b"Content-Type: text/plain; charset=gb2312\r\n\r\nDie Hasen klagten \xfcber ihre mi\xdfliche Lage\r\n"
    assert "mi\u00dfliche" in other_text(read_mail(content))
    chinese = "\u7f51\u9875 Die Hasen \u4e2d\u6587".encode("gbk")
    assert read_mail(b"Content-Type: text/plain; charset=gb2312\r\n\r\n" + chinese).others.parts == ()


def test_base64_behind_its_end_is_read_in_the_charset_of_the_part() -> None:
    hidden = base64.b64encode(("\u4eca\u665a\u5355\u72ec\u6765\u89c1\u6211" * 9).encode("gb2312")).decode()
    reading = read(
        f"Content-Type: text/plain; charset=gb2312\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n\n{hidden}\n"
    )
    assert "\u4eca\u665a\u5355\u72ec" in other_text(reading)


_TEXTS = {
    "cp037": WORDS, "utf-16-be": WORDS, "gb18030": "\u0301".join(WORDS), "shift_jis": "ｍｅｅｔ " * 9, "utf-8": WORDS,
    "euc-kr": WORDS.translate(str.maketrans("oet", "οετ")),
}  # fmt: skip


def _uuencoded(data: bytes) -> bytes:
    lines = b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    return b"begin 644 a.txt\n" + lines + b"`\nend\n"


@pytest.mark.parametrize("encode", [bytes, base64.encodebytes, _uuencoded, quopri.encodestring])
@pytest.mark.parametrize("charset", _TEXTS)
@pytest.mark.parametrize("around", [b"--b\n\nhi\n--b--\n%s", b"%s\n--b\n\nhi\n--b--\n"])
def test_what_stands_around_the_parts_is_read_or_called_not_read(around: bytes, charset: str, encode) -> None:
    text = _TEXTS[charset]
    body = around % encode(text.encode(charset))
    if charset == "utf-16-be" and encode is not base64.encodebytes:
        return  # its line ends are two bytes
    reading = read_mail((MIXED.encode() + b"\n" + body).replace(b"\n", b"\r\n"))
    assert text.strip() in other_text(reading) or not reading.others.complete


@pytest.mark.parametrize("size", [60, 600])
def test_data_around_the_parts_that_is_no_text_is_called_not_read(size: int) -> None:
    data = base64.encodebytes(bytes(at * 37 & 255 | 128 for at in range(size))).decode()
    assert not read(f"{MIXED}\n--b\n\nhi\n--b--\n{data}").others.complete
    zeros = base64.encodebytes(b"\x8c\r" + bytes(size)).decode()
    assert not read(f"{MIXED}\n--b\n\nhi\n--b--\n{zeros}").others.complete


def test_the_footer_of_a_list_behind_the_parts_is_read() -> None:
    footer = "--ListForParentsListForParentsListForParents--\n____________\nParents mailing list\nhttps://a.example/listinfo/b"
    assert read(f"{MIXED}\n--b\n\nhi\n--b--\n{footer}\n").others.complete
