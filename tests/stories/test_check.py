"""`chaperone check` of a configuration where much is wrong: one line each, with the key and how to fix it."""

from __future__ import annotations

from pathlib import Path

from tests.peers.ports import free_port
from tests.stories.gateway import gateway_folder
from tests.stories.test_reload import make_pair


def test_every_problem_is_one_line_with_its_key(tmp_path: Path) -> None:
    make_pair(tmp_path, "other.example", "2")
    (tmp_path / "scanner.secret").write_text("secret")
    (tmp_path / "scanner.secret").chmod(0o644)
    hop = free_port()
    settings = [
        'smtp.relay_from = ["0.0.0.0/0"]', 'smtp.tls_cert = "cert.pem"', 'smtp.tls_key = "key.pem"',
        'smtp.accounts = { scanner = { password_file = "scanner.secret" } }', 'store.retain_delivered = "30"',
        'notify.from = "chaperone@vendor.example"', 'smtp.max_in_flight = "50MiB"',
    ]  # fmt: skip
    with gateway_folder(tmp_path, f"127.0.0.1:{hop}", settings=settings) as gateway:
        written = gateway.config.read_text()
        loop = f'"riverbend.example" = "127.0.0.1:{gateway.smtp}"'
        gateway.config.write_text(written.replace(f'"*" = "127.0.0.1:{hop}"', loop))
        output = gateway.cli("check", code=1)
    for expected in (
        "error smtp.relay_from: 0.0.0.0/0", "warn  smtp.tls_cert: ", "expires on", "is for other.example",
        "warn  smtp.accounts.scanner.password_file: ", "warn  store.retain_delivered: ", "warn  notify.from: ",
        "warn  notify.to: ", "warn  accounts: ", "warn  console.public_url: links lead to http://127.0.0.1",
        "error smtp.max_in_flight: ", "error smtp.next_hop: no next hop serves students.riverbend.example",
        "error next hop: ", "is this gateway itself",
    ):  # fmt: skip
        assert expected in output
    assert "Traceback" not in output
