"""The files in the objects of RTF."""

from __future__ import annotations

import struct

from classifiers.extract.readers.reading import InnerFile


def embedded_file(data: bytes) -> InnerFile:
    """The file in the data of an OLE 1.0 object ([MS-OLEDS] 2.2.5): after its class, topic and item names."""
    try:
        version, kind = struct.unpack_from("<II", data, 0)
        at = 8
        names = []
        for _ in range(3):
            (length,) = struct.unpack_from("<I", data, at)
            names.append(data[at + 4 : at + 4 + length].rstrip(b"\0").decode("cp1252", "replace"))
            at += 4 + length
        (size,) = struct.unpack_from("<I", data, at)
        if version < 0x10000 and kind == 2 and size <= len(data) - at - 4:
            name = "package" if names[0].lower() == "package" else ""
            return InnerFile(name, data[at + 4 : at + 4 + size], "application/x-ole-package" if name else "")
    except (struct.error, ValueError):
        pass
    return InnerFile("", data)
