"""Questions one after the other, typed at a terminal or piped in: the conversation of `dovetail ask` without a question.

At a terminal, lines are edited and kept by Python's readline, and Tab completes the names that the graph knows. Where there is no
terminal, each line is a question, and each answer is printed as soon as it is known.
"""

from __future__ import annotations

import os
import sys
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dovetail.app.answer_text import seen, show_answer
from dovetail.app.screen import emit, indented, note, out

if TYPE_CHECKING:
    from dovetail.reasoning.questions.ask import Asker
    from dovetail.reasoning.questions.assisted import Tell
    from dovetail.reasoning.questions.session import Turn

PROMPT = "? "
WHY = ":why"
HISTORY_LINES = 1_000
MOST_COMPLETIONS = 50
SHORTEST = 2
"""Letters of a name before it is completed."""
BEFORE_NAMES = " \"“‘'("


def converse(asker: Asker, tell: Tell, *, explain: bool, json: bool) -> int:
    """Answer questions until there are no more. At a terminal the exit status is 0; else as for questions on the command line."""
    from dovetail.kg.errors import InputError
    from dovetail.reasoning.questions.session import Session

    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    session, last = Session(asker, tell), None
    status = count = 0
    for number, line in enumerate(_typed(asker) if terminal else sys.stdin, 1):
        if not line.strip():
            continue
        try:
            if line.strip() == WHY:
                _why(asker, last)
                continue
            turn = last = session.ask(line)
        except InputError as error:
            note(f"error: {error}" if terminal else f"error: line {number}: {error}")
            status = 2
            continue
        except KeyboardInterrupt:
            if not terminal:
                raise
            note("stopped; ask something else, or leave with Ctrl-D")
            continue
        status = max(status, int(turn.answer.abstained))
        if json:
            emit(turn.to_json())
        else:
            _show(turn, explain=explain, terminal=terminal, first=not count)
        count += 1
    return 0 if terminal else status


def _show(turn: Turn, *, explain: bool, terminal: bool, first: bool) -> None:
    if not terminal and not first:
        out.print()
    rewritten = bool(turn.whole.assumed)
    for one in turn.whole.assumed:
        out.print(indented(f"“{seen(one.said)}” is taken to mean: {seen(one.meant)}", 0, style="dim"))
    if turn.whole.unresolved and turn.answer.abstained:
        words = ", ".join(f"“{seen(one)}”" for one in turn.whole.unresolved)
        if not terminal:
            out.print(indented(seen(turn.question), 0, style="bold"))
        out.print(indented(f"I don't know what {words} means here: ask with a name.", 2))
        return
    show_answer(turn.answer, explain=explain, sentence=turn.told.sentence, heading=rewritten or not terminal)


def _why(asker: Asker, last: Turn | None) -> None:
    if last is None:
        out.print("  Nothing has been asked yet.")
    else:
        show_answer(asker.ask(last.answer.question, explain=True), explain=True)


# ---------------------------------------------------------------------- at a terminal


def _typed(asker: Asker) -> Iterator[str]:
    """The lines that a person types, until Ctrl-D; Ctrl-C gives up a line."""
    names = sorted({name for _, name in asker.graph.all_names() if len(name) > SHORTEST}, key=lambda name: (name.casefold(), name))
    history = state_folder() / "questions"
    edited = _edit_lines(names, history)
    keys = "Tab completes names, " if edited else ""
    out.print(indented(f"{len(names):,} names. {keys}{WHY} explains the last answer, Ctrl-D ends.", 0, style="dim"))
    try:
        while True:
            try:
                yield input(PROMPT)
            except KeyboardInterrupt:
                out.print()
            except EOFError:
                out.print()
                return
    finally:
        if edited:
            _keep(history)


def _edit_lines(names: Sequence[str], history: Path) -> bool:
    """Turns line editing, history and completion on; False where Python has no readline."""
    try:
        import readline
    except ImportError:  # on Windows
        return False
    found: list[str] = []

    def complete(text: str, state: int) -> str | None:
        if state == 0:
            found[:] = completions(text, names)
        return found[state] if state < len(found) else None

    readline.set_completer_delims("")  # a name has spaces in it
    readline.set_completer(complete)
    readline.parse_and_bind("bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete")
    readline.set_history_length(HISTORY_LINES)
    if history.exists():
        try:
            readline.read_history_file(history)
        except OSError as error:
            note(f"warning: what was asked before cannot be read from {history} ({error.strerror or error})")
    return True


def _keep(history: Path) -> None:
    import readline

    try:
        history.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(history, os.O_CREAT | os.O_WRONLY, 0o600))
        readline.write_history_file(history)
    except OSError as error:
        note(f"warning: what was asked cannot be kept in {history} ({error.strerror or error})")


def state_folder() -> Path:
    """Where what a person did is kept: ``dovetail`` below XDG_STATE_HOME, which is ``~/.local/state`` unless it is set."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "dovetail"


def completions(line: str, names: Sequence[str]) -> list[str]:
    """``line`` with what is typed of a name completed, in each way there is; ``names`` are sorted without regard to capitals.

    >>> completions("Where was mar", ["Marie Curie", "Mars", "Warsaw"])
    ['Where was Marie Curie', 'Where was Mars']
    """
    starts = [0, *(place + 1 for place, c in enumerate(line) if c in BEFORE_NAMES)]
    for start in starts:
        typed = line[start:].casefold()
        if len(typed) < SHORTEST:
            break
        at = bisect_left(names, typed, key=str.casefold)
        some: list[str] = []
        while at < len(names) and names[at].casefold().startswith(typed) and len(some) < MOST_COMPLETIONS:
            some.append(line[:start] + names[at])
            at += 1
        if some:
            return some
    return []
