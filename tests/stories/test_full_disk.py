"""A full disk of the store: mail in scope is refused with 452 and comes again, mail out of scope passes through."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.disks import missing, small_disk
from tests.stories.gateway import eventually, gateway_folder
from tests.stories.recording_hop import recording_hop
from tests.stories.sample_mails import STAFF_DOMAIN, STUDENT_DOMAIN, STUDENTS, TEACHERS
from tests.stories.smtp import submit

pytestmark = pytest.mark.slow
TEACHER, STUDENT = f"{TEACHERS[0]}@{STAFF_DOMAIN}", f"{STUDENTS[0]}@{STUDENT_DOMAIN}"
CONTENT = b"From: <%s>\r\nTo: <%s>\r\nSubject: Quiz\r\n\r\nThe quiz covers sections 4.1 to 4.3.\r\n"
LARGE = 300_000


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_full_disk_refuses_only_what_is_stored(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    in_scope = CONTENT % (TEACHER.encode(), STUDENT.encode())
    padded = in_scope + b"The quiz covers sections 4.1 to 4.3.\r\n" * (LARGE // 38)
    with (
        small_disk(tmp_path / "var", 24) as disk,
        recording_hop() as hop,
        gateway_folder(tmp_path, f"127.0.0.1:{hop.port}") as gateway,
    ):
        process = gateway.start()
        assert submit(gateway.smtp, TEACHER, [STUDENT], in_scope) == 250
        disk.fill()
        codes = [submit(gateway.smtp, TEACHER, [STUDENT], padded) for _ in range(8)]
        assert codes[-3:] == [452] * 3, codes  # what had room in pages that were free is accepted
        passing = len(hop.received)
        for _ in range(3):
            content = CONTENT % (TEACHER.encode(), b"vendor@paper.example")
            assert submit(gateway.smtp, TEACHER, ["vendor@paper.example"], content) == 250
        assert eventually(lambda: len(hop.received) >= passing + 3)
        assert gateway.metric("chaperone_smtp_refusals_total", reason="store_full") >= 3
        assert process.popen.poll() is None
        disk.empty()
        assert eventually(lambda: submit(gateway.smtp, TEACHER, [STUDENT], padded) == 250)
        assert submit(gateway.smtp, TEACHER, [STUDENT], in_scope) == 250
        accepted = 3 + codes.count(250)

        def ended() -> bool:
            states = [recipient["state"] for trace in gateway.traces(STUDENT) for recipient in trace["recipients"]]
            return len(states) == accepted and set(states) <= {"sent", "held"}  # one so long is held to be looked at

        assert eventually(ended, 60)
