"""The delay of mail that passes through while two addresses keep 200 sessions open: idle, slow, or sending too much.

    python -m tests.bench.bench_hostile [--mails 1000] [--sessions 200]

Good mail comes from a trusted client and from an outside one, one mail at a time. The hostile sessions run in another
process and share the cores of this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import smtplib
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import closing
from multiprocessing.synchronize import Event
from pathlib import Path

from tests.stories.gateway import gateway_folder
from tests.stories.recording_hop import recording_hop

HOSTILE = ("127.0.0.2", "127.0.0.3")
OUTSIDE, OFFICE, VENDOR = "127.0.0.4", "office@riverbend.example", "sales@paper.example"
CONTENT = b"From: <a@paper.example>\r\nSubject: Order\r\n\r\n" + b"forty boxes of paper, please\r\n" * 100
TARGET = 0.05

Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: str) -> bytes:
    writer.write(line.encode() + b"\r\n")
    while (answer := await reader.readline())[3:4] == b"-":
        pass
    return answer


async def _to_rcpt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await say(reader, writer, "MAIL FROM:<x@y.example>")
    await say(reader, writer, f"RCPT TO:<{OFFICE}>")


async def idle_after_rcpt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _to_rcpt(reader, writer)
    await asyncio.sleep(3600)


async def rcpt_again_and_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await _to_rcpt(reader, writer)
        await asyncio.sleep(1.0)
        await say(reader, writer, "RSET")


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _to_rcpt(reader, writer)
    await say(reader, writer, "DATA")
    writer.write(b"Subject: x\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(1.0)


async def large_start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _to_rcpt(reader, writer)
    await say(reader, writer, "DATA")
    writer.write(b"Subject: x\r\n\r\n" + b"x" * 100_000)
    await asyncio.sleep(3600)


async def many_commands_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _to_rcpt(reader, writer)
    while True:
        writer.write(f"RCPT TO:<{OFFICE}>\r\n".encode() * 100)
        for _ in range(100):
            if not await reader.readline():
                return


async def large_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await _to_rcpt(reader, writer)
    await say(reader, writer, "DATA")
    writer.write(b"Subject: x\r\n" + b"X-Pad: " + b"x" * 500_000)
    await asyncio.sleep(3600)


ATTACKS: tuple[Attack, ...] = (
    idle_after_rcpt, rcpt_again_and_again, trickle, large_start, many_commands_at_once, large_header,
)  # fmt: skip


async def _session(attack: Attack, address: str, port: int) -> None:
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
            with closing(writer):
                await reader.readline()
                await say(reader, writer, "EHLO x.example")
                await attack(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.5)


def run_attack(attack: Attack, port: int, sessions: int, ready: Event) -> None:
    async def run() -> None:
        tasks = [asyncio.create_task(_session(attack, HOSTILE[n % 2], port)) for n in range(sessions)]
        await asyncio.sleep(2.0)
        ready.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())


def delays(port: int, mails: int) -> list[float]:
    taken = []
    with (
        smtplib.SMTP("127.0.0.1", port) as inside,
        smtplib.SMTP("127.0.0.1", port, source_address=(OUTSIDE, 0)) as outside,
    ):
        for number in range(mails):
            client, to = (inside, VENDOR) if number % 2 else (outside, OFFICE)
            began = time.monotonic()
            assert not client.sendmail("a@paper.example", [to], CONTENT)
            taken.append(time.monotonic() - began)
            time.sleep(0.002)
    return sorted(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--sessions", type=int, default=200)
    options = parser.parse_args()
    settings = [
        'smtp.relay_from = ["127.0.0.1/32"]', f"smtp.max_sessions_per_client = {options.sessions}",
        "smtp.client_rate = 0", "smtp.sender_rate = 0",  # the worst case: they alone would stop some of this
    ]  # fmt: skip
    processes = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="hostile-") as folder,
        recording_hop() as hop,
        gateway_folder(Path(folder), f"127.0.0.1:{hop.port}", settings=settings) as gateway,
    ):
        gateway.start()
        delays(gateway.smtp, 200)  # warm
        print(f"{'hostile sessions':24} {'p50 ms':>8} {'p99 ms':>8} {'worst':>8}")
        for attack in (None, *ATTACKS):
            attacker = None
            if attack is not None:
                ready = processes.Event()
                arguments = (attack, gateway.smtp, options.sessions, ready)
                attacker = processes.Process(target=run_attack, args=arguments, daemon=True)
                attacker.start()
                ready.wait(30)
            taken = [delay * 1000 for delay in delays(gateway.smtp, options.mails)]
            name = "none" if attack is None else attack.__name__
            p99 = taken[-max(len(taken) // 100, 1)]
            print(f"{name:24} {taken[len(taken) // 2]:8.1f} {p99:8.1f} {taken[-1]:8.1f}", flush=True)
            if attacker is not None:
                attacker.kill()
                attacker.join()
        print(f"target: p99 under {TARGET * 1000:.0f} ms")


if __name__ == "__main__":
    main()
