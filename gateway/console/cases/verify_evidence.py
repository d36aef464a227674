"""Checks an evidence pack, offline: is everything in it as it was exported? Needs Python 3.8 or newer and nothing else.

    python3 verify.py                       in the folder where the pack was unpacked
    python3 verify.py pack.zip              the zip file as it was handed over, every byte of it
    python3 verify.py pack.zip --expect H   and that it is the export which the audit log of the gateway names

Exit code 0: it is whole. 1: something was changed, is missing, or was added; each is named.
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
_BROKEN = (
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
    """The digest that everything here is named by."""
    return hashlib.sha256(content).hexdigest()


def canonical(value: object) -> bytes:
    """JSON in its one form: sorted keys, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def manifest_of(files: Mapping[str, bytes], head: Mapping[str, object]) -> bytes:
    """The manifest of files: the digest and size of each, and the digest of all that."""
    return manifest_from({name: {"sha256": sha256(each), "size": len(each)} for name, each in files.items()}, head)[0]


def manifest_from(listed: Mapping[str, Mapping[str, object]], head: Mapping[str, object]) -> tuple[bytes, str]:
    """The same from digests and sizes that are known; and its hash."""
    whole: dict[str, object] = {**head, "files": listed}
    told = sha256(canonical(whole))
    return canonical({**whole, "manifest": told}), told


def entry(name: str) -> zipfile.ZipInfo:
    """How a file stands in the zip file: without a time of its own."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o644 << 16
    return info


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip file that is the same for the same files, whoever makes it: nothing compressed, no times of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as pack:
        for name, content in files.items():
            pack.writestr(entry(name), content)
    return out.getvalue()


def opened(pack: bytes) -> dict[str, bytes]:
    """The files of a zip file. Raises one of the errors of a broken one."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    if zipped(files) != pack:
        raise ValueError("bytes of the zip file itself, between or behind the files in it, were changed")
    return files


def unpacked(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def faults_of(files: Mapping[str, bytes], expected: str | None = None) -> list[str]:
    """What is not as it was exported, a sentence each; none where the pack is whole."""
    if MANIFEST not in files:
        return [f"{MANIFEST}: is missing, so nothing can be checked"]
    try:
        manifest = json.loads(files[MANIFEST])
        told, listed = manifest.pop("manifest"), manifest["files"]
        if sha256(canonical(manifest)) != told or canonical({**manifest, "manifest": told}) != files[MANIFEST]:
            return [f"{MANIFEST}: was changed"]
    except _BROKEN:
        return [f"{MANIFEST}: was changed, or is no manifest"]
    faults = []
    if expected is not None and told != expected:
        faults.append(f"{MANIFEST}: is whole, but is not the export that was expected")
    for name, noted in listed.items():
        if name not in files:
            faults.append(f"{name}: is missing")
        elif (len(files[name]), sha256(files[name])) != (noted["size"], noted["sha256"]):
            faults.append(f"{name}: was changed")
    faults += [f"{name}: was added" for name in files if name not in listed and name != MANIFEST]
    return faults + _faults_of_records(files) + _faults_of_audit(files.get("audit.jsonl", b""))


def _faults_of_records(files: Mapping[str, bytes]) -> list[str]:
    """Whether each message is the one that the gateway took in, by the digest that it noted then."""
    faults = []
    for name, content in files.items():
        if name.startswith("messages/") and name.endswith(".json"):
            try:
                record = json.loads(content)
                message = record["file"]
                if message is not None and sha256(files[message]) != record["sha256"]:
                    faults.append(f"{message}: is not the message that was taken in")
            except _BROKEN:
                faults.append(f"{name}: is no record of a message of this pack")
    return faults


def _faults_of_audit(text: bytes) -> list[str]:
    """Whether each row of the audit log has its own hash, and follows the row before it where that is here."""
    faults: list[str] = []
    before: dict[str, object] = {}
    follows = 1
    for line in text.splitlines():
        try:
            row = json.loads(line)
            told = row.pop("hash")
            number = row["number"]
            if sha256(canonical(row)) != told:
                faults.append(f"audit.jsonl: row {number} was changed")
            if number == follows and before and row["previous"] != before["hash"]:
                faults.append(f"audit.jsonl: row {number} does not follow the one before it")
            before, follows = {"hash": told}, number + 1
        except _BROKEN:
            faults.append("audit.jsonl: has a line that is no row")
    return faults


def main(arguments: list[str] | None = None) -> int:
    """Check and say so."""
    parser = argparse.ArgumentParser(description="Checks an evidence pack, offline.")
    parser.add_argument("pack", nargs="?", type=Path, help="the zip file, or the folder it was unpacked to")
    parser.add_argument("--expect", metavar="HASH", help="the manifest's hash as the gateway's audit log names it")
    given = parser.parse_args(arguments)
    where = given.pack or Path(__file__).resolve().parent
    try:
        files = unpacked(where) if where.is_dir() else opened(where.read_bytes())
        faults = faults_of(files, given.expect)
    except _BROKEN as error:
        files, faults = {}, [f"{where.name}: cannot be read as a pack, or was changed ({error})"]
    for fault in faults:
        sys.stdout.write(fault + "\n")
    if faults:
        sys.stdout.write(f"NOT WHOLE: {len(faults)} of what was looked at is not as it was exported.\n")
        return 1
    told = json.loads(files[MANIFEST])["manifest"]
    sys.stdout.write(f"Whole: {len(files)} files are as they were exported.\nManifest {told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
