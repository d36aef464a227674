"""Values that are computed once, without a lock that objects share."""

from __future__ import annotations

import threading

from gateway.core.cached_value import cached_value
from gateway.core.mime.headers import HeaderSection


class _Counted:
    def __init__(self, begun: threading.Event | None = None, go_on: threading.Event | None = None) -> None:
        self.computed, self._begun, self._go_on = 0, begun, go_on

    @cached_value
    def value(self) -> int:
        """Seven."""
        self.computed += 1
        if self._begun is not None and self._go_on is not None:
            self._begun.set()
            assert self._go_on.wait(60)
        return 7


def test_a_value_is_computed_once() -> None:
    first, second = _Counted(), _Counted()
    assert [first.value, first.value, second.value] == [7, 7, 7]
    assert (first.computed, second.computed) == (1, 1)
    assert _Counted.value.__doc__ == "Seven."


def test_a_thread_that_computes_keeps_no_other_object_waiting() -> None:
    begun, go_on = threading.Event(), threading.Event()
    slow = _Counted(begun, go_on)
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    try:
        assert begun.wait(60)
        done = threading.Event()
        threading.Thread(target=lambda: (_Counted().value, done.set()), daemon=True).start()
        assert done.wait(10), "it waits for another object"
        assert thread.is_alive()
    finally:
        go_on.set()
        thread.join(60)


def test_a_header_section_that_is_being_read_keeps_no_other_one_waiting() -> None:
    """The event loop reads small ones while a thread reads a huge one."""
    begun, go_on = threading.Event(), threading.Event()

    class Halted(HeaderSection):
        @property
        def fields(self):
            begun.set()
            assert go_on.wait(60)
            return super().fields

    thread = threading.Thread(target=lambda: Halted(b"Subject: huge\r\n").subject)
    thread.start()
    try:
        assert begun.wait(60)
        found: list[object] = []

        def read() -> None:
            section = HeaderSection(b"Subject: small\r\nReceived: x\r\nMessage-ID: <a@b>\r\n")
            found.extend((section.subject, section.received_count, section.message_id))

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        reading.join(10)
        assert found == ["small", 1, "<a@b>"]
        assert thread.is_alive()
    finally:
        go_on.set()
        thread.join(60)
