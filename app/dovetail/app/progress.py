"""How far a build has come: a live line on a terminal, one line per document elsewhere. Always on standard error."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from dovetail.app.screen import err, note

if TYPE_CHECKING:
    from dovetail.nlp.build import BuildEvent


class BuildProgress:
    """Receives the events of a build and shows their sum."""

    def __init__(self) -> None:
        self.documents = 0
        self.words = 0
        self.statements = 0
        self._started = time.monotonic()
        self._spinner = Spinner("dots", Text("loading models"))
        self._live = Live(self._spinner, console=err, transient=True) if err.is_terminal else None

    def __enter__(self) -> BuildProgress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, event: BuildEvent) -> None:
        """Show one event."""
        if event.kind == "skipped":
            reason = event.reason.removeprefix(f"{event.document}: ")
            if self._live:
                err.print(f"skipped {event.document}: {reason}", style="yellow")
            else:
                note(f"skipped {event.document}: {reason}")
            return
        self.documents += 1
        self.words += event.words
        self.statements += event.statements
        if self._live:
            self._spinner.update(text=Text(self._sum(), overflow="ellipsis", no_wrap=True))
        else:
            note(f"read {event.document}: {event.words:,} words, {event.statements:,} statements")

    def _sum(self) -> str:
        speed = self.words / max(time.monotonic() - self._started, 1e-3)
        return f"{self.documents:,} documents · {self.words:,} words · {speed:,.0f} words/s · {self.statements:,} statements"
