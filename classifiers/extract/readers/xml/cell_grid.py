"""Letters that are drawn with the cells of a table: filled ones, ones with a border or a sign, ones with bold words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from classifiers.extract.hidden_writing.word_order import Cell
from classifiers.extract.readers.office.formulas import computed_lines
from classifiers.extract.readers.orders.across import sentences_across, sentences_of_cells
from classifiers.extract.readers.records import say_together
from gateway.core.mime.drawn_text.looks import PLAIN, Look, LookRows
from gateway.core.mime.drawn_text.signs import without_drawn_letters

CELLS = frozenset(("tc", "table-cell"))
_TABLES = frozenset(("tbl", "table"))
TABLE_PARTS = frozenset((*CELLS, *_TABLES, "tr", "table-row"))
_BORDERS = ("tcBorders", "lnL", "lnR", "lnT", "lnB", "lnTlToBr", "lnBlToTr")
_MIN_ROWS, _MIN_COLUMNS = 4, 14
_MAX_ROWS, _MAX_COLUMNS = 400, 500
_MAX_TABLES = 200


class CellGrid:
    """Collects the looks of cells, row by row. A cell with words is a dot only by its look."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, str]] = {}
        self._inks: dict[int, set[int]] = {}
        """The columns of each row whose cells are filled or have a sign, whatever the cells beside them are."""
        self._looks: dict[int, dict[int, tuple[str, Look]]] = {}
        """The texts and looks of all cells."""
        self._row = self._column = 0
        self.look = ""
        """The style or color of the cell that is open."""
        self._is_hidden_column: list[bool] = []
        """Of the table that is open, as far as its columns are described."""
        self._columns: dict[int, list[str]] = {}
        self._tables: list[list[Cell]] = [[]]
        self._lines: dict[int, list[str]] = {}
        """The texts of the cells of each row."""
        self._bases = [0]
        """The numbers of the rows before each table."""
        self._formulas: list[dict[tuple[int, int], str]] = [{}]
        """The formulas of each table, by row and column."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A table, or a row or cell of one, begins."""
        if name in _TABLES:
            self._is_hidden_column = []
            self._tables.append([])
            self._formulas.append({})
            self._bases.append(self._row)
            return
        if name not in CELLS:
            self._row, self._column = self._row + 1, 0
            return
        self.look = attributes.get("style-name", "")
        repeated = attributes.get("number-columns-repeated", "")
        if repeated.isdecimal() and len(repeated) < 9 and self._row < _MAX_ROWS:
            for _ in range(min(int(repeated), _MAX_COLUMNS) - 1):
                self._column += 1
                self.end()
        self._column += 1
        if formula := attributes.get("formula", ""):
            self._formulas[-1][self._row - self._bases[-1], self._column] = formula

    def column(self, attributes: Mapping[str, str]) -> None:
        """The description of a column of the open table, or of several."""
        repeated = attributes.get("number-columns-repeated", "1")
        count = min(int(repeated), _MAX_COLUMNS) if repeated.isdecimal() and len(repeated) < 9 else 1
        if len(self._is_hidden_column) < _MAX_COLUMNS:
            self._is_hidden_column += [attributes.get("visibility", "") in ("collapse", "filter")] * count

    def is_in_hidden_column(self) -> bool:
        """Whether the next cell is in a column that is not shown."""
        return self._column < len(self._is_hidden_column) and self._is_hidden_column[self._column]

    def end(self, text: str = "", runs: Look = PLAIN) -> None:
        """A cell with a text ends. `runs`: the look of the letters in it."""
        self.add_look(self._row, self._column, " ".join(text.split()), runs | {self.look})
        if text and self._row < _MAX_ROWS:
            self._lines.setdefault(self._row, []).append(text)
        if text := " ".join(text.split()):
            self._columns.setdefault(self._column, []).append(text)
            self._tables[-1].append((self._row, self._column, text))
        else:
            self.add(self._row, self._column, self.look)

    def add(self, row: int, column: int, look: str, *, is_ink: bool = False) -> None:
        """Add a cell by its place and its style, color or only sign.

        `is_ink`: it does not look like a cell that is left out.
        """
        if row < _MAX_ROWS and column < _MAX_COLUMNS:
            self._rows.setdefault(row, {})[column] = look
            if is_ink:
                self._inks.setdefault(row, set()).add(column)

    def add_look(self, row: int, column: int, text: str, look: Look) -> None:
        """Add a cell by its place, its text and all that is known of its look."""
        if row < _MAX_ROWS and column < _MAX_COLUMNS:
            self._looks.setdefault(row, {})[column] = text, look

    def sentences(self) -> Iterator[str]:
        """What tables say down their columns."""
        yield from say_together(self._columns.values())
        for cells in self._tables[:_MAX_TABLES]:
            yield from sentences_of_cells(cells)
        for columns in self._lines.values():
            yield from sentences_across(columns)
        for cells, formulas, first in zip(self._tables, self._formulas, self._bases, strict=True):
            if formulas:
                texts = {(int(row) - first, int(column)): text for row, column, text in cells}
                yield from computed_lines(texts, formulas)

    def draws_letters(self) -> bool:
        """Whether the cells draw letters."""
        return self._are_dots() or self._look_like_dots()

    def _look_like_dots(self) -> bool:
        """Whether cells draw letters by their looks, with words in them or without."""
        if len({look for row in self._looks.values() for _, look in row.values()}) < 2:
            return False
        rows = LookRows()
        for _, row in sorted(self._looks.items()):
            for column in range(max(row) + 1):
                rows.add_cell(*row.get(column, ("", PLAIN)))
            rows.end_row()
        return rows.draw_letters()

    def _are_dots(self) -> bool:
        if len(self._rows) < _MIN_ROWS or max(map(max, self._rows.values())) < _MIN_COLUMNS:
            return False
        looks = Counter(look for row in self._rows.values() for look in row.values())
        ground = max(looks, key=looks.__getitem__)
        inks = {
            number: {column for column, look in row.items() if look != ground} for number, row in self._rows.items()
        }
        return _are_letters(inks) or _are_letters(self._inks)


def is_border(name: str, parent: str) -> bool:
    """Whether an element is a border of a cell."""
    return parent in _BORDERS or name in _BORDERS


def _are_letters(inks: Mapping[int, Collection[int]]) -> bool:
    """Whether dots in these columns of rows draw letters."""
    lines = []
    for number in range(max(inks, default=0) + 1):
        row = inks.get(number, ())
        lines.append("".join("#" if column in row else " " for column in range(max(row, default=-1) + 1)))
    return without_drawn_letters("\n".join(lines))[1]
