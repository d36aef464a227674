#!/usr/bin/env python3
"""Verify an export of the audit log (`chaperone audit export -c FILE > audit.jsonl`) anywhere, with nothing of ours.

    python3 verify_audit.py audit.jsonl [--last NUMBER:HASH]

Each line is a row as JSON. The hash of a row is the SHA-256 of its other fields, `previous` (the hash of the row
before it, 64 zeros for the first) and `number` among them, as JSON with sorted keys, without blanks, in ASCII. A chain
does not know its own end: `--last` is a row that is known to have been there, as the last line of an earlier export or
`chaperone audit verify` showed it. Exit code 0: whole; 1: the first row that is not as it was linked is named.
"""

import argparse
import hashlib
import json
import sys


def main() -> int:
    """Read, verify, say so."""
    given = argparse.ArgumentParser(description="Verify an export of the audit log.")
    given.add_argument("export", nargs="?", default="-", metavar="FILE", help="an export; default: standard input")
    given.add_argument("--last", default="", metavar="NUMBER:HASH", help="a row that is known to have been there")
    asked = given.parse_args()
    known, _, expected = asked.last.partition(":")
    if asked.last and not (known.isdigit() and len(expected) == 64):
        given.error("--last: write NUMBER:HASH")
    number, previous = 0, "0" * 64
    with sys.stdin if asked.export == "-" else open(asked.export, encoding="utf-8") as lines:
        for line in lines:
            number += 1
            try:
                row = json.loads(line)
                stated = row.pop("hash")
                body = json.dumps(row, sort_keys=True, separators=(",", ":"), allow_nan=False)
            except (ValueError, KeyError, AttributeError, TypeError):
                return broken(number, "is no row of an export")
            if row.get("number") != number:
                return broken(number, "is missing, or out of order")
            if stated != hashlib.sha256(body.encode()).hexdigest():
                return broken(number, "changed")
            if row.get("previous") != previous:
                return broken(number, "does not follow the row before it")
            if known == str(number) and stated != expected:
                return broken(number, "is not the row that was known to be here")
            previous = stated
    if known and number < int(known):
        return broken(number + 1, "is missing")
    print(f"valid: {number} rows, the last one {previous}")
    return 0


def broken(number: int, why: str) -> int:
    """Name the first bad row."""
    print(f"broken at row {number}: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
