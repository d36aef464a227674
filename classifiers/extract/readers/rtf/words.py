"""The words of RTF: characters, destinations, charsets, and the state of a group."""

from __future__ import annotations

from dataclasses import dataclass

BREAKS = dict.fromkeys("par line page sect column row nestrow softline".split(), "\n") | dict.fromkeys(
    "tab cell nestcell".split(), "\t"
)
CHARACTERS = {
    "emdash": "\u2014", "endash": "\u2013", "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c",
    "rdblquote": "\u201d", "bullet": "\u2022", "emspace": " ", "enspace": " ", "qmspace": " ",
}  # fmt: skip
TABLES = frozenset(
    "fonttbl colortbl stylesheet themedata colorschememapping latentstyles rsidtbl generator xmlnstbl filetbl revtbl "
    "passwordhash blipuid bliptag mmathPr datastore fontfile panose falt listid sn wgrffmtfilter "
    "pgptbl protusertbl ebcstart datafield".split()
)
"""Destinations that hold no text of the document."""
BINARY = frozenset(("pict", "objdata", "fontemb"))
TEXT_DESTINATIONS = frozenset(
    "shptxt shpinst shprslt shp annotation footnote header headerl headerr headerf footer footerl footerr footerf "
    "fldinst fldrslt field atnauthor atnid listtext pntext pntxta pntxtb leveltext sv sp info title subject author "
    "manager company operator category keywords comment doccomm hlinkbase userprops propname staticval ud upr docvar "
    "ffdeftext ffl ffhelptext ffstattext ffname result object do dptxbxtext txfieldtext formfield bkmkstart listname "
    "pn aftncn aftnsep aftnsepc ftncn ftnsep ftnsepc nesttableprops background nonesttables ftnalt xe tc tcn".split()
)
CHARSETS = {
    0: "cp1252", 77: "mac-roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "big5hkscs",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
ASIDES = frozenset(
    "footnote annotation shptxt dptxbxtext formfield bkmkstart bkmkend tc tcn atnid atnauthor ud".split()
)
"""Destinations whose text does not stand in the line where they are."""
NOTES = frozenset("footnote annotation shptxt dptxbxtext".split())
"""Destinations whose texts may be a word each."""
NAMING = frozenset("bkmkstart bkmkend docvar".split())
"""Destinations with the name of a text."""
FIELDS = frozenset(("field", "fldinst", "fldrslt"))
DRAWN_WORDS = frozenset(
    "dppolyline dpline dppolygon dparc dpellipse dprect dproundr dppt dpptx trowd clcbpat cellx".split()
)
"""Words that draw something, or color a cell."""


@dataclass(slots=True)
class Group:
    """The state of a group; a nested group starts with a copy."""

    place: str = "text"
    """Where text goes: text, unknown (a destination that programs skip), table, binary, html, value or code."""
    destination: str = ""
    skip: int = 1
    charset: str = ""
    hidden: bool = False
    white: bool = False
    tiny: bool = False
    highlighted: bool = False
    color: int = 0
    ground: int = 0
    fields: int = 0
    """How many fields are open around it."""
    shape: int = -1
    """The number of the shape around it."""
    note: int = -1
    """Where the text of the note around it begins."""
    naming: str = ""
    """The word of NAMING around it."""
    named: int = -1
    """Where the text of that begins."""
    aside: bool = False
    """Whether it is text of a note or box that stands elsewhere on the page."""
    look: frozenset[str] = frozenset()
    """How it looks: words of `LOOK_WORDS` with their numbers."""
    in_html_only: bool = False
