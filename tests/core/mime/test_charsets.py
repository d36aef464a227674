"""Charsets: declared, wrong, missing and hostile ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.mime.charsets import to_text


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
