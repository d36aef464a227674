"""Charsets: declared, wrong, missing and hostile ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.mime.charsets.decoding import to_text
from gateway.core.mime.charsets.other_charsets import other_texts
from gateway.core.mime.charsets.text_in_bytes import written_text
from gateway.core.mime.charsets.wide import detect_wide_charset


@given(st.binary(max_size=100), st.text(max_size=12) | st.sampled_from(
    ["utf-8", "utf-7", "utf-16", "utf-32", "punycode", "idna", "hex", "zip", "unicode_escape", "undefined", "mbcs",
     "a\0b", "gb2312", "iso-2022-jp", "ks_c_5601-1987", "big5", "windows-1252", "'utf-8'", "\udc80", "cp99999"]
))  # fmt: skip
def test_any_charset_decodes(data, charset):
    to_text(data, charset).encode("utf-8")


def test_charsets_are_read_as_mail_programs_do():
    assert to_text(b"\x93smart\x94", "iso-8859-1") == "“smart”"
    assert to_text("señor".encode(), "us-ascii") == "señor"
    assert to_text(b"se\xf1or", "us-ascii") == "señor"
    assert to_text("日本".encode("shift_jis"), "Shift_JIS") == "日本"
    assert to_text("señor, ".encode() * 9 + b"\xff") == "señor, " * 9 + "\ufffd"  # a stray byte affects nothing else
    assert to_text(b"+2AE-", "utf-7").isprintable() is True


_ALIKE = {
    "cp932": "Ｍｅｅｔ\u3000ｍｅ\u3000ａｌｏｎｅ",
    "cp949": "ουr secreτ, τell nο οne", "gb18030": "\U0001d56b\U0001d561 \U0001d552\U0001d55d\U0001d560\U0001d55f",
    "euc-jp": "ουr secreτ, τell nο οne", "big5": "ουr secreτ, τell nο οne", "utf-7": "оur ѕесrеt, tеll nо оnе",
}  # fmt: skip


@pytest.mark.parametrize("charset", _ALIKE)
@pytest.mark.parametrize("label", ["us-ascii", "iso-8859-1", "x-unknown", "binary"])
def test_letters_that_look_alike_are_read_whatever_charset_is_declared(charset: str, label: str) -> None:
    text = _ALIKE[charset]
    assert text in other_texts(text.encode(charset), [label])


def test_half_a_character_in_utf_7_is_replaced() -> None:
    data = " ".join(["meet ο alone"] * 24).encode("utf-7")
    texts = [text for text in other_texts(data + b" +2AA-", ["us-ascii"]) if "ο" in text]
    assert [text[-1] for text in texts] == ["\ufffd"]


@pytest.mark.parametrize(
    "text",
    [
        "El señor está en el jardín, mañana también habrá más.",
        "Größe und Übung, schöne Grüße",
        "£5, ¥5, £6, ¥6, £7, ¥7",
    ],
)
def test_western_text_has_no_other_reading(text: str) -> None:
    assert other_texts(text.encode("cp1252"), ["iso-8859-1"]) == []


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "letters", ["\u2068".join("Meet me alone"), "⠍⠑⠑⠞⠀⠍⠑⠀⠁⠇⠕⠝⠑. ⠞⠑⠇⠇⠀⠝⠕", "M\ue065\ue065t \ue06de alone"]
)
def test_text_in_two_bytes_with_odd_letters_is_detected(charset: str, letters: str) -> None:
    data = f"\ufeff<p title='{letters}'>".encode(charset)
    assert detect_wide_charset(data) == charset
    assert to_text(data, "us-ascii") == f"<p title='{letters}'>"


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_plain_text_behind_text_of_wide_letters_is_not_taken_for_such(charset: str) -> None:
    wide = "\ufeffa note from the gymnasium".encode(charset)
    data = wide + b"\r\nplease remember the lake behind the school tonight\r\n"
    assert any("remember the lake" in text for text in (to_text(data, "utf-7"), *other_texts(data, ["utf-7"])))


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("label", ["us-ascii", "iso_8859-1:1987", "utf-16", "x-unknown"])
def test_a_plain_line_within_text_of_wide_letters_is_read(charset: str, label: str) -> None:
    before, after = ("a note from the gymnasium ".encode(charset) * 3 for _ in range(2))
    data = before + b"\r\nplease remember the lake behind the school tonight\r\n" + after
    assert any("remember the lake" in text for text in (to_text(data, label), *other_texts(data, [label])))


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["We meet in room four.", "Größe und Übung", "Привет, как дела?"])
def test_wide_text_has_no_other_reading(charset: str, text: str) -> None:
    assert other_texts(f"\ufeff{text * 9}".encode(charset), ["utf-16"]) == []


@pytest.mark.parametrize(
    "around", ["_" * 60, "-" * 72, "https://example.org/a?b=1&c=2#3", "=" * 40 + "\r\n" + "0" * 30]
)
def test_sentences_among_rules_and_addresses_are_found_in_other_data(around: str) -> None:
    said = "This is sent to you by the reading club\r\nMeet me behind the gym"
    data = bytes(range(128, 256)) + f"{around}\r\n{said}\r\n{around}\r\n".encode() + bytes(range(128, 256))
    assert set(said.split("\r\n")) <= set(written_text(data).splitlines())


_NAMES = {
    "cp866": "866 cp866 csIBM866 ibm866", "iso-8859-5": "cyrillic csISOLatinCyrillic ISO-IR-144 iso88595 ISO_8859-5",
    "koi8-r": "koi koi8 csKOI8R KOI8_R", "cp1251": "x-cp1251 windows1251 Windows_1251",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "iso-8859-7": "greek greek8 ELOT_928 ECMA-118 sun_eu_greek ISO_8859-7:1987", "mac-greek": "x-mac-greek",
    "cp949": "korean ks_c_5601-1989 iso-ir-149", "gb18030": "chinese x-gbk GB_2312-80 euc-cn",
    "cp932": "x-sjis ms_kanji",
    "iso-2022-jp": "csISO2022JP", "utf-16-le": "unicode csUnicode unicodeFEFF", "utf-16-be": "unicodeFFFE UCS-2",
}  # fmt: skip
_SAMPLES = {
    "cp866": "сооре со", "iso-8859-5": "сооре со", "koi8-r": "сооре со", "cp1251": "сооре со", "mac-cyrillic": "сооре",
    "iso-8859-7": "αορτ", "mac-greek": "αορτ",
}  # fmt: skip


@pytest.mark.parametrize(("codec", "name"), [(codec, name) for codec in _NAMES for name in _NAMES[codec].split()])
def test_every_name_of_a_charset_is_known(codec: str, name: str) -> None:
    text = _SAMPLES.get(codec, "ｄｏｎｔ\u3000ｔｅｌｌ")
    assert to_text(text.encode(codec), name) == text


@pytest.mark.parametrize("name", ["utf-16", "utf-16le", "utf-16be", "ucs-2", "unicode"])
@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_wide_letters_are_read_in_either_order_of_bytes(name: str, order: str) -> None:
    text = "ｄｏｎｔ\u3000ｔｅｌｌ\u3000ｔｈｅｍ"
    data = text.encode(order)
    assert text in [to_text(data, name), *other_texts(data, [name])]


@pytest.mark.parametrize("name", ["unicode", "mac", "greek", "korean", "visual", "x-unknown", "latin1"])
def test_plain_text_is_the_same_under_every_name(name: str) -> None:
    assert to_text(b"See you in class.", name) == "See you in class."
