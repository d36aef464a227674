"""The names of charsets, with the codec that mail programs use for each (WHATWG Encoding, section 4.2).

Names are compared without punctuation: programs differ in it, and so do the mails that they take.
"""

from __future__ import annotations

import re

_PUNCTUATION = re.compile("[^a-z0-9]")

_NAMES = (
    "utf-8 utf-7 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be cp037 cp273 cp424 cp500 cp875 cp1026 cp1140 "
    "cp437 cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp1250 cp1251 "
    "cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 koi8-r koi8-u koi8-t iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 "
    "iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 iso-2022-jp "
    "iso-2022-kr hz gb18030 big5hkscs cp874 cp932 cp949 euc-jp johab mac-roman mac-cyrillic mac-greek mac-latin2 "
    "mac-turkish mac-iceland mac-croatian mac-romanian ptcp154"
).split()
_OTHER_NAMES = {
    "utf-8": "unicode11utf8 unicode20utf8 xunicode20utf8",
    "utf-7": "unicode11utf7 csunicode11utf7 xunicode20utf7 unicode20utf7",
    "utf-16-le": "unicode csunicode unicodefeff",
    "utf-16-be": "ucs2 iso10646ucs2 unicodefffe",
    "utf-32-be": "ucs4 iso10646ucs4",
    "cp037": "ebcdic ebcdiccpus ebcdicus ibm037 ibm1047 ebcdiclatin1 cp1047 cp1146 ibm01146 ibm1146",
    "cp500": "ebcdiccpint1 ebcdicint ebcdiccpbe ebcdiccpch",
    "cp1140": "ibm01140",
    "cp866": "866 csibm866 dos866",
    "cp1250": "xcp1250 cswindows1250",
    "cp1251": "xcp1251 cswindows1251",
    "cp1252": "latin1 l1 cp819 ibm819 csisolatin1 isoir100 iso88591 iso885911987 xcp1252",
    "cp1253": "xcp1253",
    "cp1254": "latin5 l5 csisolatin5 isoir148 iso88599 iso885991989 xcp1254",
    "cp1255": "xcp1255",
    "cp1256": "xcp1256",
    "cp1257": "xcp1257",
    "cp1258": "xcp1258",
    "iso-8859-2": "latin2 l2 csisolatin2 isoir101 iso885921987",
    "iso-8859-3": "latin3 l3 csisolatin3 isoir109 iso885931988",
    "iso-8859-4": "latin4 l4 csisolatin4 isoir110 iso885941988",
    "iso-8859-5": "cyrillic csisolatincyrillic isoir144 iso885951988",
    "iso-8859-6": "arabic asmo708 csisolatinarabic ecma114 isoir127 iso885961987",
    "iso-8859-7": "greek greek8 csisolatingreek ecma118 elot928 isoir126 iso885971987 suneugreek",
    "iso-8859-8": "hebrew visual logical csisolatinhebrew isoir138 iso885981988 iso88598i iso88598e",
    "iso-8859-10": "latin6 l6 csisolatin6 isoir157 iso8859101992",
    "iso-8859-13": "latin7 l7",
    "iso-8859-14": "latin8 l8 isoceltic",
    "iso-8859-15": "latin9 l9 latin0 csisolatin9",
    "koi8-r": "koi koi8 cskoi8r",
    "koi8-u": "koi8ru cskoi8u",
    "mac-roman": "mac macintosh csmacintosh xmacroman",
    "mac-cyrillic": "xmaccyrillic xmacukrainian macukrainian",
    "mac-greek": "xmacgreek",
    "mac-latin2": "xmacce xmaccentraleurroman macce maccentraleurope",
    "mac-turkish": "xmacturkish",
    "mac-iceland": "xmacicelandic",
    "mac-croatian": "xmaccroatian",
    "mac-romanian": "xmacromanian",
    "cp874": "iso885911 tis620 dos874",
    "gb18030": "gb2312 gb231280 csgb2312 csiso58gb231280 isoir58 chinese gbk xgbk cp936 euccn xeuccn",
    "hz": "hzgb2312",
    "big5hkscs": "big5 cnbig5 csbig5 xxbig5 xbig5 cp950",
    "euc-jp": "xeucjp cseucpkdfmtjapanese",
    "iso-2022-jp": "csiso2022jp",
    "iso-2022-kr": "csiso2022kr",
    "cp932": "shiftjis csshiftjis sjis xsjis ms932 mskanji windows31j cswindows31j",
    "cp949": "euckr cseuckr ksc5601 ksc56011987 ksc56011989 csksc56011987 isoir149 korean uhc xwindows949",
}


def _bare(name: str) -> str:
    return _PUNCTUATION.sub("", name.lower())


_CODECS = {
    _bare(name).replace("cp", prefix, 1): name
    for name in _NAMES
    for prefix in (("cp", "ibm", "windows") if name.startswith("cp") else ("cp",))
} | {other: name for name, others in _OTHER_NAMES.items() for other in others.split()}


def codec_of(name: str) -> str:
    """The codec of a charset that some program knows by this name; "" if none does."""
    return _CODECS.get(_bare(name), "")


ALIASES = {
    "ascii": "utf-8", "us-ascii": "utf-8", "ansi_x3.4-1968": "utf-8", "iso-8859-1": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252", "unicode-1-1-utf-8": "utf-8", "utf8": "utf-8",
    "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
    "shift-jis": "cp932", "sjis": "cp932", "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874",
    "windows-874": "cp874", "iso-8859-8-i": "iso-8859-8", "big5": "big5hkscs", "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman", "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip
"""The codec of a declared name, where it is a wider one: programs that write the narrow name write its letters too."""
KNOWN = re.compile(
    r"utf-?(?:7|8|16|32)(?:[-_]?[lb]e)?|cp\d{3,4}|windows-?\d{3,4}|iso-?8859-\d{1,2}|iso-?2022-(?:jp|kr)(?:-\w+)?"
    r"|koi8-?[rtu]|gb18030|hz(?:-gb-2312)?|big5hkscs|euc-?(?:jp|jis-2004)|johab|mac-\w{2,12}|ibm\d{3,4}"
)
"""Only charsets that occur in mail: some other codecs of Python take quadratic time or do not decode text."""
EBCDIC = frozenset("cp037 cp273 cp424 cp500 cp875 cp1026 cp1140".split())
"""The codecs of EBCDIC, in which letters are above 0x80."""


def known_codec(name: str) -> str:
    """The codec of a charset that any program may know; "" if none does."""
    return codec_of(name) or ALIASES.get(name, "")


def plain_name(charset: str) -> str | None:
    """The name in a declaration, without the language that RFC 2231 appends; None if there is none."""
    name = charset.strip().strip("\"'").lower().partition("*")[0]
    return name or None
