"""What can go wrong, as one family.

    DovetailError                exit status 2: the user can mend it
    ├── InputError               an argument, option or file that cannot be used
    │   └── RuleError            rules that cannot be read, or may not run
    ├── DocumentError            one document cannot be read; a build skips it and goes on
    ├── QueryError               SPARQL that is malformed or refused
    │   └── QueryTimeout         SPARQL that ran past its time limit
    └── GraphError               exit status 3: the stored graph is in the way
        ├── GraphLocked          another process is writing to it
        └── GraphDamaged         it cannot be read

Weights have an error of their own, ``dovetail.models.ModelError``, since networks know nothing of graphs.
"""

from __future__ import annotations


class DovetailError(Exception):
    """A failure with one line for the person who can mend it: what, where, what to do."""

    exit_status = 2


class InputError(DovetailError):
    """An argument, option or file that cannot be used."""


class RuleError(InputError):
    """Rules that are malformed, unsafe or circular through negation; the message says where."""


class DocumentError(DovetailError):
    """One document that cannot be read."""


class QueryError(DovetailError):
    """SPARQL that is malformed, or asks for what is refused."""


class QueryTimeout(QueryError):
    """SPARQL that ran past its time limit and was stopped."""


class GraphError(DovetailError):
    """A stored graph that cannot be used now."""

    exit_status = 3


class GraphLocked(GraphError):
    """Another process is writing to the graph."""


class GraphDamaged(GraphError):
    """The stored graph cannot be read."""
