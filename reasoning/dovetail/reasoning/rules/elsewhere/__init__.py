"""The same rules on other engines: inside a remote store by SPARQL Update; as SQL in ``sql`` and ``run_sql`` (extra ``sql``)."""

from __future__ import annotations

from dovetail.reasoning.rules.elsewhere.sparql_update import RemoteGraphs, RemoteStore, saturate_remote

__all__ = [
    "RemoteGraphs",
    "RemoteStore",
    "saturate_remote",
]
