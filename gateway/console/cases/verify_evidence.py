"""Checks an evidence pack offline: is everything in it as it was exported? Needs only Python 3.8 or newer.

    python3 verify.py                       in the folder where the pack was unpacked
    python3 verify.py pack.zip              the zip file as it was handed over, every byte of it
    python3 verify.py pack.zip --expect H   and that it is the export named in the gateway's audit log

Exit code 0: the pack is whole. 1: something was changed, removed or added; each problem is named.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import struct
import sys
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

MANIFEST = "manifest.json"
_INVALID = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def sha256(content: bytes) -> str:
    """The SHA-256 of bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def canonical_json(value: object) -> bytes:
    """JSON in one canonical form: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def make_manifest(files: Mapping[str, bytes], head: Mapping[str, object]) -> bytes:
    """The manifest of files: the hash and size of each, and the hash of all of that."""
    listed = {name: {"sha256": sha256(content), "size": len(content)} for name, content in files.items()}
    return manifest_from_hashes(listed, head)[0]


def manifest_from_hashes(listed: Mapping[str, Mapping[str, object]], head: Mapping[str, object]) -> tuple[bytes, str]:
    """The manifest from known hashes and sizes, and its own hash."""
    manifest: dict[str, object] = {**head, "files": listed}
    digest = sha256(canonical_json(manifest))
    return canonical_json({**manifest, "manifest": digest}), digest


def zip_entry(name: str) -> zipfile.ZipInfo:
    """The entry of a file in the zip file, with a fixed time."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o644 << 16
    return info


def make_zip(files: Mapping[str, bytes]) -> bytes:
    """A zip file, uncompressed and with fixed times: the same files always give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as pack:
        for name, content in files.items():
            pack.writestr(zip_entry(name), content)
    return out.getvalue()


def read_zip(pack: bytes) -> dict[str, bytes]:
    """The files of a zip file. Raises an error if any byte of the zip file itself was changed."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    if make_zip(files) != pack:
        raise ValueError("bytes of the zip file itself, between or after its files, were changed")
    return files


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def find_problems(files: Mapping[str, bytes], expected: str | None = None) -> list[str]:
    """What is not as it was exported, one sentence each; empty if the pack is whole."""
    if MANIFEST not in files:
        return [f"{MANIFEST}: is missing, so nothing can be checked"]
    try:
        manifest = json.loads(files[MANIFEST])
        digest, listed = manifest.pop("manifest"), manifest["files"]
        unchanged = canonical_json({**manifest, "manifest": digest}) == files[MANIFEST]
        if sha256(canonical_json(manifest)) != digest or not unchanged:
            return [f"{MANIFEST}: was changed"]
    except _INVALID:
        return [f"{MANIFEST}: was changed, or is no manifest"]
    problems = []
    if expected is not None and digest != expected:
        problems.append(f"{MANIFEST}: is whole, but is not the export that was expected")
    for name, recorded in listed.items():
        if name not in files:
            problems.append(f"{name}: is missing")
        elif (len(files[name]), sha256(files[name])) != (recorded["size"], recorded["sha256"]):
            problems.append(f"{name}: was changed")
    problems += [f"{name}: was added" for name in files if name not in listed and name != MANIFEST]
    return problems + _problems_of_messages(files) + _problems_of_audit(files.get("audit.jsonl", b""))


def _problems_of_messages(files: Mapping[str, bytes]) -> list[str]:
    """Whether each message is the one that the gateway accepted, by the hash recorded at that time."""
    problems = []
    for name, content in files.items():
        if name.startswith("messages/") and name.endswith(".json"):
            try:
                record = json.loads(content)
                message = record["file"]
                if message is not None and sha256(files[message]) != record["sha256"]:
                    problems.append(f"{message}: is not the message that was taken in")
            except _INVALID:
                problems.append(f"{name}: is no record of a message of this pack")
    return problems


def _problems_of_audit(text: bytes) -> list[str]:
    """Whether each row of the audit log matches its hash, and follows the row before it if that is in the pack."""
    problems: list[str] = []
    previous = ""
    next_number = 1
    for line in text.splitlines():
        try:
            row = json.loads(line)
            digest = row.pop("hash")
            number = row["number"]
            if sha256(canonical_json(row)) != digest:
                problems.append(f"audit.jsonl: row {number} was changed")
            if number == next_number and previous and row["previous"] != previous:
                problems.append(f"audit.jsonl: row {number} does not follow the one before it")
            previous, next_number = digest, number + 1
        except _INVALID:
            problems.append("audit.jsonl: has a line that is no row")
    return problems


def main(arguments: list[str] | None = None) -> int:
    """Check a pack and print the result."""
    parser = argparse.ArgumentParser(description="Checks an evidence pack offline.")
    parser.add_argument("pack", nargs="?", type=Path, help="the zip file, or the folder it was unpacked to")
    parser.add_argument("--expect", metavar="HASH", help="the manifest's hash from the gateway's audit log")
    given = parser.parse_args(arguments)
    path = given.pack or Path(__file__).resolve().parent
    try:
        files = read_folder(path) if path.is_dir() else read_zip(path.read_bytes())
        problems = find_problems(files, given.expect)
    except _INVALID as error:
        files, problems = {}, [f"{path.name}: cannot be read as a pack, or was changed ({error})"]
    for problem in problems:
        sys.stdout.write(problem + "\n")
    if problems:
        sys.stdout.write(f"NOT WHOLE: {len(problems)} problems were found.\n")
        return 1
    digest = json.loads(files[MANIFEST])["manifest"]
    sys.stdout.write(f"Whole: {len(files)} files are as they were exported.\nManifest {digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
