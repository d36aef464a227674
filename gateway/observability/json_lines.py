"""Log lines as JSON objects, on one stream for the whole process."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from types import TracebackType
from typing import TextIO

_to_json = json.JSONEncoder(ensure_ascii=False).encode


class JsonLines(logging.Formatter):
    """Formats one JSON object per line. Exceptions have type and place but no text, which may quote content."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one JSON line."""
        line: dict[str, object] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
        }
        fields = getattr(record, "fields", None)
        if fields is None:
            line |= {"event": "library", "logger": record.name, "where": f"{record.module}:{record.lineno}"}
        else:
            line |= {"event": record.msg, **fields}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            if where := _where(record.exc_info[2]):
                line["where"] = where
        return _to_json(line)


def _where(trace: TracebackType | None) -> str:
    """File and line of an error; where that is in a library, also those of our call of it."""
    ours = place = ""
    for frame, line in traceback.walk_tb(trace):
        file = frame.f_code.co_filename
        place = f"{file.rsplit('/', 1)[-1]}:{line}"
        if "/gateway/" in file or "/classifiers/" in file:
            ours = place
    return place if ours in ("", place) else f"{place} from {ours}"


def start_logging(stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Write every log line of this process, including warnings of libraries, to `stream`."""
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line shows them
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("chaperone").setLevel(level)
