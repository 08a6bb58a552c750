"""Options that several commands share, so that each has one name and one sentence of help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

GraphOption: TypeAlias = Annotated[
    Path | None, typer.Option("--graph", metavar="DIR", help="The graph's folder. [default: graph.dovetail, or DOVETAIL_GRAPH]")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
LabelsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FILE", help="A label catalogue: the types and relations to look for. [default: the packaged one]"),
]
