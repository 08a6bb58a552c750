"""What can go wrong with weights. (The graph's errors are a family of their own, in ``dovetail.kg.errors``.)"""

from __future__ import annotations


class ModelError(Exception):
    """Weights that are absent, or are not what their hash says; the message says what to do."""

    exit_status = 2
