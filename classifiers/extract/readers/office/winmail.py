"""Outlook's winmail.dat ([MS-OXTNEF]): the message and files that other programs see as one attachment."""

from __future__ import annotations

import struct

from classifiers.extract.readers.office.mapi import MapiProperties, read_property_list
from classifiers.extract.readers.reading import UNREADABLE, FileContent, InnerFile
from classifiers.extract.readers.records import sentences_in
from gateway.core.mime.charsets.decoding import to_text

SIGNATURE = b"\x78\x9f\x3e\x22"
_SUBJECT, _BODY, _NEW_FILE, _FILE_DATA, _FILE_NAME = 0x8004, 0x800C, 0x9002, 0x800F, 0x8010
_MESSAGE_PROPERTIES, _RECIPIENTS, _FILE_PROPERTIES, _CODEPAGE = 0x9003, 0x9004, 0x9005, 0x9007
_TEXT_TYPES = (1, 2)


def read_winmail(data: bytes) -> FileContent:
    """The content of a winmail.dat."""
    content = FileContent("winmail.dat")
    files: list[InnerFile] = []
    codepage = "cp1252"
    name, file_data = "", b""
    at = 6
    while at + 9 <= len(data):
        _, number, kind, length = struct.unpack_from("<BHHI", data, at)
        value = data[at + 9 : at + 9 + length]
        at += 11 + length
        if len(value) < length:
            content.fail(UNREADABLE, "a winmail.dat that is cut off")
        if number == _CODEPAGE and len(value) >= 4:
            codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif number in (_MESSAGE_PROPERTIES, _FILE_PROPERTIES, _RECIPIENTS):
            properties = MapiProperties(codepage)
            rows = struct.unpack_from("<I", value.ljust(4, b"\0"))[0] if number == _RECIPIENTS else 1
            if not read_property_list(value[4 * (number == _RECIPIENTS) :], properties, rows):
                content.fail(UNREADABLE, "broken properties in a winmail.dat")
            properties.write(content, files)
        elif number == _NEW_FILE:
            if file_data:
                files.append(InnerFile(name, file_data))
            name, file_data = "", b""
        elif number == _FILE_DATA:
            file_data = value
        elif number == _FILE_NAME:
            name = to_text(value.rstrip(b"\0"), codepage)
        elif kind in _TEXT_TYPES or number in (_SUBJECT, _BODY):
            target = content.text if number in (_SUBJECT, _BODY) else content.hidden
            target.append(to_text(value.rstrip(b"\0"), codepage))
        else:
            content.hidden += sentences_in(value)
    if file_data:
        files.append(InnerFile(name, file_data))
    if not (content.text or files):
        content.fail(UNREADABLE, "a winmail.dat without text")
    content.files = files
    return content
