"""The command line: which commands there are, and what a failure looks like to the person who typed one.

Exit status: 0 done; 1 done, but an answer is unknown, or under --strict some input was skipped or facts contradict each
other; 2 the user can mend it (one line says how); 3 the graph is locked or damaged; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from dovetail.app import adapt, ask, describe, documents, evaluate, explain, infer, inspect, predict, query, resolution, rules, teach, tour
from dovetail.app.screen import note, out

app = typer.Typer(
    name="dovetail",
    help="Turn documents into a knowledge graph, query it, ask it questions, and see the sentences that prove each answer.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("build")(documents.build)
app.command("forget")(documents.forget)
app.command("info")(inspect.info)
app.command("merge")(resolution.merge)
app.command("split")(resolution.split)
app.command("query")(query.query)
app.command("ask")(ask.ask)
app.command("describe")(describe.describe)
app.command("infer")(infer.infer)
app.command("explain")(explain.explain)
app.command("predict")(predict.predict)
app.command("bridge")(predict.bridge)
predict.train.command("questions")(teach.train_questions)
app.add_typer(predict.train, name="train")
app.add_typer(rules.app, name="rules")
app.add_typer(adapt.app, name="labels")
app.command("annotate")(adapt.annotate)
app.command("fit")(adapt.fit)
app.command("export")(inspect.export)
app.add_typer(evaluate.app, name="evaluate")
app.command("demo")(tour.demo)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Print the version, or help where no command is given."""
    if version:
        from importlib.metadata import version as installed

        out.print(f"dovetail {installed('dovetail')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; every failure a person can mend is one line on standard error."""
    try:
        status = app(arguments, standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # the reader of our output has gone (typer says it with SystemExit), and wants no more
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains when it closes standard output
        return 0
    except KeyboardInterrupt:
        status = 130
    except OSError as error:
        note(f"error: {error.filename or 'input or output'}: {error.strerror or error}")
        return 2
    except Exception as error:
        # `exit_status` marks our own errors, `exit_code` and `format_message` those of the command-line parser.
        failed = getattr(error, "exit_status", None) or getattr(error, "exit_code", None)
        if not isinstance(failed, int):
            raise
        words = error.format_message() if hasattr(error, "format_message") else str(error)
        note(f"error: {words}" + ("" if hasattr(error, "exit_status") else " (see dovetail --help)"))
        return failed
    if status == 130:
        note("interrupted")
    return status if isinstance(status, int) else 0


def main() -> None:
    """The entry point of the ``dovetail`` command."""
    sys.exit(run())
