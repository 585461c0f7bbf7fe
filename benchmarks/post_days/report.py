"""What the benchmark found, as tables: figures with their targets, then the parts behind them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass
class Report:
    """Figures and details, kept until they are printed."""

    console: Console
    missed: int = 0
    _figures: list[tuple[str, str, str, str]] = field(default_factory=list)
    _details: list[Table] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Tell at once what is going on."""
        self.console.print(f"[dim]{text}[/dim]")

    def figure(self, name: str, value: str, target: str = "", holds: bool | None = None) -> None:
        """A measured figure; with ``holds`` it is checked against its target."""
        self.missed += holds is False
        verdict = {None: "", True: "holds", False: "[red]missed[/red]"}[holds]
        self._figures.append((name, value, target, verdict))

    def detail(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """The parts behind a figure; numbers are set to the right."""
        table = Table(title=title, title_justify="left")
        for position, column in enumerate(columns):
            table.add_column(column, justify="right" if position else "left")
        for row in rows:
            table.add_row(*(_text(cell) for cell in row))
        self._details.append(table)

    def print(self) -> None:
        """All figures, then all details."""
        for table in self._details:
            self.console.print(table)
        sheet = Table("figure", "value", "target", "")
        for row in self._figures:
            sheet.add_row(*row)
        self.console.print(sheet)


def _text(cell: object) -> str:
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)
