"""A process is ready while its listeners and its store are up, but not while it drains."""

from __future__ import annotations

import contextlib
import signal
import smtplib
from pathlib import Path
from urllib.error import HTTPError

from tests.peers.ports import free_port
from tests.stories.gateway import eventually, gateway_folder


def test_a_draining_process_is_not_ready_and_finishes_its_work(tmp_path: Path) -> None:
    with gateway_folder(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        process = gateway.start()
        with contextlib.closing(smtplib.SMTP("127.0.0.1", gateway.smtp, timeout=20)) as client:
            client.ehlo()
            client.mail("dana.okafor@riverbend.example")
            code, _ = client.rcpt("maya.lindqvist@students.riverbend.example")
            assert code == 250
            client.putcmd("data")
            assert client.getreply()[0] == 354
            process.popen.send_signal(signal.SIGTERM)

            def answer() -> str:
                try:
                    return process.text("/readyz")
                except HTTPError as error:
                    return error.read().decode()

            assert eventually(lambda: "listeners" in answer(), 10), answer()
            client.send(b"Subject: Quiz\r\n\r\nThe quiz covers 4.1 to 4.3.\r\n.\r\n")
            assert client.getreply()[0] == 250
        assert process.popen.wait(30) == 0
        gateway.processes.clear()
        assert len(gateway.traces("dana.okafor@riverbend.example")) == 1
