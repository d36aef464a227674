"""SIGHUP: policy, certificates and next hops are replaced while mail flows; what is broken is kept, and says so."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509

import gateway.policies
from tests.stories.gateway import Gateway, eventually, gateway_folder
from tests.stories.recording_hop import RecordingHop, recording_hop
from tests.stories.smtp import submit

pytestmark = pytest.mark.slow
TEACHER, STUDENT = "dana.okafor@riverbend.example", "maya.lindqvist@students.riverbend.example"
SAFE = b"From: <%s>\r\nTo: <%s>\r\nSubject: Quiz\r\n\r\nThe quiz covers sections 4.1 to 4.3.\r\n"
SHIPPED = Path(gateway.policies.__file__).parent / "401_13r2.toml"
PARTS = {"policy": 2, "smtp.next_hop (deliveries)": 1, "smtp.next_hop": 2, "smtp.tls_cert": 2}
"""How many answers a signal gets for each part: one in each process that has it."""


def make_pair(folder: Path, name: str, *days: str) -> None:
    """Write cert.pem and key.pem of a self-signed certificate."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}", "-days", *(days or ("30",))],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip


@pytest.fixture(scope="module")
def hops() -> Iterator[tuple[RecordingHop, RecordingHop]]:
    with recording_hop() as old, recording_hop() as new:
        yield old, new


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory, hops: tuple[RecordingHop, RecordingHop]) -> Iterator[Gateway]:
    """A gateway of two processes that receive mail."""
    folder = tmp_path_factory.mktemp("reload")
    make_pair(folder, "first.example")
    (folder / "policy.toml").write_text(SHIPPED.read_text())
    (folder / "adopted.txt").write_text("Words of last year")
    settings = [
        'policy.text = "adopted.txt"',
        'smtp.tls_cert = "cert.pem"', 'smtp.tls_key = "key.pem"', 'policy.file = "policy.toml"', "smtp.workers = 2",
    ]  # fmt: skip
    with gateway_folder(folder, f"127.0.0.1:{hops[0].port}", settings=settings) as gateway:
        gateway.start()
        yield gateway


def logged(gateway: Gateway, event: str) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in gateway.log.splitlines() if line.startswith(b"{")]
    return [line for line in lines if line["event"] == event]


def answers(gateway: Gateway, what: str) -> int:
    """How often a part was reloaded or kept, in all processes together."""
    return sum(line["what"] == what for line in (*logged(gateway, "reloaded"), *logged(gateway, "kept")))


@contextmanager
def reloaded(gateway: Gateway, answered: dict[str, int] = PARTS) -> Iterator[None]:
    """Wait at the end until the parts have been reloaded or kept in every process that has them."""
    before = {what: answers(gateway, what) for what in answered}
    yield
    assert eventually(lambda: all(answers(gateway, what) >= before[what] + times for what, times in answered.items()))


def reload(gateway: Gateway, answered: dict[str, int] = PARTS) -> None:
    """Send SIGHUP and wait until it has been followed."""
    with reloaded(gateway, answered):
        gateway.processes[0].popen.send_signal(signal.SIGHUP)


def shown_name(gateway: Gateway) -> str:
    """The name in the certificate that a client gets after STARTTLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", gateway.smtp), 10) as client:
        for line in (b"", b"EHLO c\r\n", b"STARTTLS\r\n"):
            client.sendall(line)
            client.recv(4096)
        with context.wrap_socket(client) as secured:
            certificate = x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")
    return certificate.subject.rfc4514_string()


def shown_names(gateway: Gateway) -> set[str]:
    """Those of both processes: the kernel spreads connections over them."""
    return {shown_name(gateway) for _ in range(12)}


def test_certificates_are_replaced_and_a_broken_pair_never_is(serving: Gateway) -> None:
    assert shown_names(serving) == {"CN=first.example"}
    make_pair(serving.folder, "second.example")  # noticed without a signal
    assert eventually(lambda: shown_names(serving) == {"CN=second.example"})
    right = (serving.folder / "cert.pem").read_bytes()
    for broken in (b"", b"not a certificate", right[: len(right) // 2]):
        (serving.folder / "cert.pem").write_bytes(broken)
        reload(serving)
        assert eventually(lambda: [line for line in logged(serving, "kept") if line["what"] == "smtp.tls_cert"])
        assert shown_names(serving) == {"CN=second.example"}
    (serving.folder / "cert.pem").unlink()
    make_pair(serving.folder, "third.example")
    reload(serving)
    assert eventually(lambda: shown_names(serving) == {"CN=third.example"})


def test_policy_is_replaced_as_a_whole_or_kept(serving: Gateway) -> None:
    policy = serving.folder / "policy.toml"
    old = serving.cli("policy", "show")
    policy.write_text("not = a policy")
    reload(serving)
    assert eventually(lambda: [line for line in logged(serving, "kept") if line["what"] == "policy"])
    policy.write_text(SHIPPED.read_text().replace('due = "4h"', 'due = "5h"', 1))
    reload(serving)
    new = serving.cli("policy", "show")
    assert new != old
    hash_ = new.split("hash ")[1].split()[0]
    assert eventually(lambda: serving.metric("chaperone_policy_info", hash=hash_) == 1)
    recorded = [json.loads(line) for line in serving.cli("audit", "export").splitlines()]
    assert [row["subject"] for row in recorded if row["act"] == "policy in force"][-1] == hash_


def test_adopted_text_is_replaced(serving: Gateway) -> None:
    """It is shown on the public page, and the earlier one stays among the versions."""

    def page() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{serving.console}/policy", timeout=10) as answer:
            return str(answer.read().decode())

    assert "Words of last year" in page()
    (serving.folder / "adopted.txt").write_text("Words of this year")
    reload(serving)
    assert eventually(lambda: "Words of this year" in page())
    assert "Words of last year" not in page()
    assert not [line for line in logged(serving, "kept") if line["what"] == "policy.text"]


def test_published_policy_is_soon_in_force(serving: Gateway) -> None:
    text = SHIPPED.read_text().replace("alert = 0.5", f"alert = 0.4{time.time_ns() % 1000}", 1)
    (serving.folder / "published.toml").write_text(text)
    assert "Calls for help: alert" in serving.cli("policy", "diff", "--policy", "published.toml")
    serving.cli("policy", "publish", "--policy", "published.toml", "--note", "Fewer calls are missed")
    hash_ = hashlib.sha256(text.encode()).hexdigest()
    assert eventually(lambda: serving.metric("chaperone_policy_info", hash=hash_) == 1)
    newest, before, *_ = json.loads(serving.cli("policy", "versions", "--json"))
    assert (newest["hash"], newest["in_force"], newest["note"]) == (hash_, True, "Fewer calls are missed")
    assert newest["author"].startswith("terminal:")
    assert before["until"] == newest["time"]
    assert hash_ in serving.cli("policy", "show")
    reload(serving)  # the file has not changed: what was published stays
    assert serving.metric("chaperone_policy_info", hash=hash_) == 1


def test_simulation_runs_in_a_process_of_its_own(serving: Gateway) -> None:
    name = f"director{time.time_ns()}"
    serving.cli(
        "user", "add", name, "--role", "technology_director", "--no-person", "--password-stdin",
        stdin="a long password of words",
    )  # fmt: skip
    token = serving.cli("token", "create", "--user", name).strip()

    def call(path: str, body: object = None) -> dict[str, object]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{serving.console}/api/v1/policies{path}",
            json.dumps(body).encode() if body else None,
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            found: dict[str, object] = json.load(answer)
            return found

    started = call("/simulations", {"policy": SHIPPED.read_text(), "days": 1})
    assert eventually(lambda: call(f"/simulations/{started['id']}")["state"] not in ("waiting", "running"))
    ended = call(f"/simulations/{started['id']}")
    assert (ended["state"], ended["failure"]) == ("done", "")
    assert "minutes" in str(ended["result"])


def test_next_hop_that_is_removed_has_no_metric(serving: Gateway) -> None:
    written = serving.config.read_text()
    more = written.replace('next_hop = { "*"', 'next_hop = { "extra.example" = "127.0.0.1:1", "*"')
    for text, is_there in ((more, True), (written, False)):
        serving.config.write_text(text)
        reload(serving)
        hop = 'chaperone_next_hop_up{hop="extra.example"}'
        assert eventually(lambda hop=hop, is_there=is_there: (hop in serving.processes[0].text()) == is_there)


def test_next_hops_are_replaced_and_others_go_on(serving: Gateway, hops: tuple[RecordingHop, RecordingHop]) -> None:
    old, new = hops
    content = SAFE % (TEACHER.encode(), STUDENT.encode())
    assert submit(serving.smtp, TEACHER, [STUDENT], content) == 250
    assert eventually(lambda: any(STUDENT.encode() in b"".join(mail.recipients) for mail in old.received))
    written = serving.config.read_text()
    serving.config.write_text(written.replace(f"127.0.0.1:{old.port}", f"127.0.0.1:{new.port}"))
    reload(serving)
    assert eventually(lambda: [line for line in logged(serving, "reloaded") if line["what"] == "smtp.next_hop"])
    before = len(old.received)
    for sender, recipient in ((TEACHER, STUDENT), (TEACHER, "vendor@paper.example")):
        assert submit(serving.smtp, sender, [recipient], SAFE % (sender.encode(), recipient.encode())) == 250
    assert eventually(lambda: len(new.received) >= 2)
    assert len(old.received) == before


def test_what_needs_a_restart_says_so_and_nothing_ends(serving: Gateway) -> None:
    written = serving.config.read_text()
    serving.config.write_text(written + 'smtp.max_size = "1MiB"\n')
    reload(serving)
    assert eventually(lambda: [line for line in logged(serving, "kept") if line["what"] == "smtp.max_size"])
    serving.config.write_text("broken")
    reload(serving, {"configuration": 1})
    assert eventually(lambda: [line for line in logged(serving, "kept") if line["what"] == "configuration"])
    serving.config.write_text(written)
    with reloaded(serving):
        os.killpg(serving.processes[0].popen.pid, signal.SIGHUP)  # as a terminal that is closed does
    assert eventually(lambda: submit(serving.smtp, TEACHER, [STUDENT], SAFE % (b"a", b"b")) == 250)
    assert serving.processes[0].popen.poll() is None
