"""The adapter of a graph: where it is kept, what it was made from, and whether it may be used.

GRAPH/adapter/adapter.json           what it was made from: labels, counts, F1 before and after, the hash of the weights it belongs to
GRAPH/adapter/heads-HASH.safetensors the residuals; the name says what they are
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from dovetail.kg.directory import write_atomically
from dovetail.kg.errors import InputError
from dovetail.models.adapter import Adapter, save_adapter
from dovetail.models.encoder import packaged_weights
from dovetail.models.extraction import Extractor, label_text
from dovetail.nlp.adapt.fit import FitReport
from dovetail.nlp.catalogue import Catalogue
from dovetail.nlp.mentions import shared_extractor

FOLDER = "adapter"
RECORD = "adapter.json"


@dataclass(frozen=True, slots=True)
class StoredAdapter:
    """``heads``: the file with the residuals; ``record``: what adapter.json says."""

    heads: Path
    record: dict[str, Any]

    @property
    def name(self) -> str:
        """A name for what the residuals are: it moves with every change."""
        return self.heads.stem


def weights_name(weights: Path | None = None) -> str:
    """The hash of the extractor's weights (sha256); the packaged ones unless a file is named."""
    path = weights or packaged_weights() / "extractor.safetensors"
    stat = path.stat()
    return _hash(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4)
def _hash(path: Path, size: int, changed: int) -> str:
    return sha256(path.read_bytes()).hexdigest()


def store_adapter(graph: Path, adapter: Adapter, report: FitReport) -> StoredAdapter:
    """Keep an adapter beside the graph in this folder, in the place of the one that was there."""
    folder = graph / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as scratch:
        new = Path(scratch) / "heads.safetensors"
        save_adapter(adapter, new)
        heads = folder / f"heads-{sha256(new.read_bytes()).hexdigest()[:16]}.safetensors"
        new.replace(heads)
    record = {
        "heads": heads.name,
        "weights": weights_name(),
        **asdict(report),
        "types": list(adapter.types),
        "relation_types": list(adapter.relations),
    }
    write_atomically(folder / RECORD, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    for old in folder.glob("heads-*.safetensors"):
        if old != heads:
            old.unlink()
    return StoredAdapter(heads, record)


def find_adapter(graph: Path | None) -> StoredAdapter | None:
    """The adapter beside the graph in this folder, whether or not it may be used; None where there is none. Raises InputError."""
    record = graph / FOLDER / RECORD if graph is not None else None
    if record is None or not record.exists():
        return None
    try:
        said = json.loads(record.read_text("utf-8"))
        heads = record.with_name(said["heads"])
        said["weights"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"cannot read {record} ({error}): make the adapter again, or remove it with dovetail fit --reset") from error
    if not heads.is_file():
        raise InputError(f"{heads} is missing: make the adapter again, or remove it with dovetail fit --reset")
    return StoredAdapter(heads, said)


def why_not(stored: StoredAdapter, catalogue: Catalogue) -> str | None:
    """Why an adapter does nothing with this catalogue, in one line: other weights, or other labels; None where it does."""
    if stored.record["weights"] != weights_name():
        return "the graph's adapter was fitted to other weights and is not used: run dovetail fit again, or dovetail fit --reset"
    labels = {label_text(e.name, e.description) for e in catalogue.entities}
    relations = {label_text(r.name, r.description) for r in catalogue.relations}
    known = [*(t for t in stored.record["types"] if t in labels), *(t for t in stored.record["relation_types"] if t in relations)]
    if not known:
        first = [*stored.record["types"], *stored.record["relation_types"]][0]
        return f"the graph's adapter was fitted to other labels ({first.partition(':')[0]}, ...): give the same --labels FILE, or fit again"
    return None


def extractor_for(graph: Path | None, catalogue: Catalogue) -> tuple[Extractor, str | None]:
    """The extractor with the adapter of the graph in this folder; without it, and the reason, where there is one that does nothing."""
    stored = find_adapter(graph)
    if stored is None:
        return shared_extractor(), None
    reason = why_not(stored, catalogue)
    return shared_extractor(adapter=None if reason else str(stored.heads)), reason


def remove_adapter(graph: Path) -> bool:
    """Remove the adapter beside the graph in this folder; whether there was one."""
    folder = graph / FOLDER
    if not folder.exists():
        return False
    shutil.rmtree(folder)
    return True
