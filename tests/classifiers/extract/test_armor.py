"""PGP keys and signatures are passed over only if they are verified."""

from __future__ import annotations

import base64

import pytest

from classifiers.extract.armor import crc24, is_verified_armor
from classifiers.extract.extraction import extract_message


def armored(kind: str, data: bytes, fields: str = "", checksum: int | None = None) -> str:
    total = base64.b64encode((crc24(data) if checksum is None else checksum).to_bytes(3, "big")).decode()
    body = base64.encodebytes(data).decode()
    return f"-----BEGIN PGP {kind}-----\n{fields}\n{body}={total}\n-----END PGP {kind}-----\n"


SIGNATURE = b"\x88\x3c" + bytes(range(60))
KEY = b"\x99\x00\x78" + bytes(range(120))


def test_checksum_of_rfc_9580():
    assert crc24(b"") == 0xB704CE
    assert crc24(b"123456789") == 0x21CF02


def test_keys_and_signatures_are_verified():
    assert is_verified_armor(armored("SIGNATURE", SIGNATURE))
    assert is_verified_armor(armored("PUBLIC KEY BLOCK", KEY, "Version: GnuPG v2.0.22 (GNU/Linux)\n"))


@pytest.mark.parametrize(
    "text",
    [
        armored("SIGNATURE", SIGNATURE, checksum=1),
        armored("SIGNATURE", KEY),
        armored("SIGNATURE", SIGNATURE, "Comment: meet me alone tonight\n"),
        armored("SIGNATURE", SIGNATURE).replace("-----END PGP SIGNATURE-----\n", ""),
        armored("SIGNATURE", SIGNATURE) + "meet me alone",
        "-----BEGIN PGP SIGNATURE-----\n\nmeet\nme\nalone\ntonight\n-----END PGP SIGNATURE-----\n",
        "-----BEGIN PGP SIGNATURE-----\n\nmeet\nme\nalone\n",
    ],
)
def test_anything_else_is_read(text):
    assert not is_verified_armor(text)
    mail = b"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\n" + text.encode().replace(
        b"\n", b"\r\n"
    )
    read = "".join(passage.text for passage in extract_message(mail).passages)
    assert "BEGIN PGP" in read
