#!/usr/bin/env python3
"""Verify an export of the audit log (`chaperone audit export -c FILE > audit.jsonl`) without Chaperone.

    python3 verify_audit.py audit.jsonl [--last NUMBER:HASH]

Each line is a row as JSON. The hash of a row is the SHA-256 of its other fields as ASCII JSON with sorted keys and no
spaces. `previous` is the hash of the row before, or 64 zeros. A chain cannot show that rows at its end are missing:
`--last` names a row that must be there, from an earlier export or from `chaperone audit verify`. Exit code 0: valid; 1:
broken, with the first bad row.
"""

import argparse
import hashlib
import json
import sys


def main() -> int:
    """Read and verify the export."""
    parser = argparse.ArgumentParser(description="Verify an export of the audit log.")
    parser.add_argument("export", nargs="?", default="-", metavar="FILE", help="an export; default: standard input")
    parser.add_argument("--last", default="", metavar="NUMBER:HASH", help="a row that must be in the export")
    options = parser.parse_args()
    known, _, expected = options.last.partition(":")
    if options.last and not (known.isdigit() and len(expected) == 64):
        parser.error("--last: write NUMBER:HASH")
    number, previous = 0, "0" * 64
    with sys.stdin if options.export == "-" else open(options.export, encoding="utf-8") as lines:
        for line in lines:
            number += 1
            try:
                row = json.loads(line)
                stated = row.pop("hash")
                body = json.dumps(row, sort_keys=True, separators=(",", ":"), allow_nan=False)
            except (ValueError, KeyError, AttributeError, TypeError):
                return broken(number, "is not a row of an export")
            if row.get("number") != number:
                return broken(number, "is missing, or out of order")
            if stated != hashlib.sha256(body.encode()).hexdigest():
                return broken(number, "changed")
            if row.get("previous") != previous:
                return broken(number, "does not follow the row before it")
            if known == str(number) and stated != expected:
                return broken(number, "is not the expected row")
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
