"""Certificates: missing, broken, expired, soon, and for another name."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.commands.checks.certificates import check_certificate, check_mail_without_tls, is_for

NOW = 1_800_000_000.0
DAY = 86400.0


def write_pair(
    folder: Path, names: list[str], begins: float = NOW - DAY, ends: float = NOW + 90 * DAY
) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(_time(begins)).not_valid_after(_time(ends))
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    cert, private_key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private_key.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return cert, private_key


def _time(at: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at, datetime.UTC)


def levels(cert: Path, private_key: Path, hostname: str = "gateway.example") -> list[str]:
    return [line.level for line in check_certificate("smtp.tls_cert", cert, private_key, hostname, NOW)]


@pytest.mark.parametrize(
    ("begins", "ends", "names", "expected"),
    [(-1, 90, ["gateway.example"], ["ok"]), (-1, 90, ["*.example"], ["ok"]), (-1, 20, ["gateway.example"], ["warn"]),
     (-9, -1, ["gateway.example"], ["error"]), (1, 90, ["gateway.example"], ["error"]),
     (-1, 90, ["other.example"], ["warn"]), (-1, 90, [], ["warn"]), (-9, -1, ["other.example"], ["error", "warn"])],
)  # fmt: skip
def test_times_and_names(tmp_path: Path, begins: int, ends: int, names: list[str], expected: list[str]) -> None:
    pair = write_pair(tmp_path, names, NOW + begins * DAY, NOW + ends * DAY)
    assert levels(*pair) == expected


@pytest.mark.parametrize("what", ["no cert", "no key", "swapped", "text", "empty", "half", "other key", "encrypted"])
def test_a_pair_that_cannot_be_used_is_one_error(tmp_path: Path, what: str) -> None:
    cert, key = write_pair(tmp_path, ["gateway.example"])
    (tmp_path / "other").mkdir()
    other = write_pair(tmp_path / "other", ["gateway.example"])
    match what:
        case "no cert":
            cert.unlink()
        case "no key":
            key.unlink()
        case "swapped":
            cert, key = key, cert
        case "text":
            cert.write_text("a certificate")
        case "empty":
            cert.write_bytes(b"")
        case "half":
            cert.write_bytes(cert.read_bytes()[:200])
        case "other key":
            key = other[1]
        case "encrypted":
            loaded = serialization.load_pem_private_key(key.read_bytes(), None)
            form = serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
            key.write_bytes(loaded.private_bytes(serialization.Encoding.PEM, *form))
    (line,) = check_certificate("smtp.tls_cert", cert, key, "gateway.example", NOW)
    assert line.level == "error"
    assert str(tmp_path) in line.found


def test_clear_text_from_other_machines(tmp_path: Path) -> None:
    assert not list(check_mail_without_tls(["127.0.0.1:25", "[::1]:25"], None))
    assert [line.level for line in check_mail_without_tls(["0.0.0.0:25"], None)] == ["warn"]
    assert not list(check_mail_without_tls(["0.0.0.0:25"], tmp_path))


def test_wildcards_stand_for_one_label() -> None:
    assert is_for(["*.example"], "A.example")
    assert not is_for(["*.example"], "a.b.example")
    assert not is_for(["*.example"], "example")
