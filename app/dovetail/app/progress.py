"""How far a command has come: a live line on a terminal; elsewhere one line per document of a build. Always on standard error."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from dovetail.app.screen import err, note

if TYPE_CHECKING:
    from dovetail.nlp.build import BuildEvent


class LiveLine:
    """One line on a terminal that says what is going on while it goes on; nothing where there is no terminal."""

    def __init__(self, text: str) -> None:
        self._spinner = Spinner("dots", Text(text))
        self._live = Live(self._spinner, console=err, transient=True) if err.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def say(self, text: str) -> None:
        """Put ``text`` in the place of what the line said."""
        self._spinner.update(text=Text(text, overflow="ellipsis", no_wrap=True))


class BuildProgress(LiveLine):
    """Receives the events of a build and shows their sum."""

    def __init__(self) -> None:
        super().__init__("loading models")
        self.documents = 0
        self.words = 0
        self.statements = 0
        self._started = time.monotonic()

    def __call__(self, event: BuildEvent) -> None:
        """Show one event."""
        if event.kind == "note":
            err.print(event.reason, style="yellow") if self._live else note(event.reason)
            return
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
            self.say(self._sum())
        else:
            note(f"read {event.document}: {event.words:,} words, {event.statements:,} statements")

    def _sum(self) -> str:
        speed = self.words / max(time.monotonic() - self._started, 1e-3)
        return f"{self.documents:,} documents · {self.words:,} words · {speed:,.0f} words/s · {self.statements:,} statements"
