"""The command line, ``dovetail``, and the settings it reads.

Everything here calls the packages below it and holds no logic of its own: a command reads its options, opens a graph,
calls one function and prints what came back. Heavy libraries are imported inside the commands, so that help is instant.
"""

from __future__ import annotations

from dovetail.app.cli import main

__all__ = ["main"]
