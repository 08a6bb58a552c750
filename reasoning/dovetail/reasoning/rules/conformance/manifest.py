"""W3C test manifests, read into a flat list: what each test is, which files it takes, and what must come out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyoxigraph as ox

from dovetail.kg.errors import InputError
from dovetail.reasoning.rules.rule import GroundTerm

_MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NIL = ox.NamedNode(_RDF + "nil")
_QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
_SRT = "http://www.w3.org/ns/sparql-rl-tests#"
_SD = "http://www.w3.org/ns/sparql-service-description#"


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One test of a manifest.

    ``kind`` is its class without the namespace (``RulesEvalTest``, ``PositiveEntailmentTest``), or
    ``MissingManifest`` for an included manifest that is not there. ``action`` is the file it is about: rules, a
    query, or premises. ``data`` are further files it takes. ``result`` is a file, or False where the W3C writes
    ``false`` (a contradiction), or None. ``regimes`` names entailment regimes, ``recognized`` datatype IRIs.
    """

    name: str
    kind: str
    action: Path | None = None
    data: tuple[Path, ...] = ()
    result: Path | bool | None = None
    regimes: tuple[str, ...] = ()
    recognized: tuple[str, ...] = ()
    manifest: Path = Path()


def read_manifest(path: Path | str) -> list[ManifestEntry]:
    """The tests of a manifest and of those it includes, in order; each manifest is read once.

    Raises ``InputError`` if it cannot be read. An included manifest that is missing becomes an entry.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "manifest.ttl"
    ...     _ = file.write_text('''PREFIX mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#>
    ...         <> mf:entries (<#one>) . <#one> a mf:PositiveEntailmentTest ; mf:name "one" ; mf:action <a.ttl> ; mf:result false .''')
    ...     [(entry.name, entry.kind, entry.action.name, entry.result) for entry in read_manifest(file)]
    [('one', 'PositiveEntailmentTest', 'a.ttl', False)]
    """
    return _read(Path(path).resolve(), set())


def _read(path: Path, seen: set[Path]) -> list[ManifestEntry]:
    seen.add(path)
    manifest = _Manifest(path)
    entries: list[ManifestEntry] = []
    for included in manifest.files(*manifest.everywhere(_MF + "include")):
        if not included.is_file():
            entries.append(ManifestEntry(included.parent.name, "MissingManifest", action=included, manifest=path))
        elif included not in seen:
            entries += _read(included, seen)
    entries += [manifest.entry(test) for test in manifest.everywhere(_MF + "entries")]
    return entries


class _Manifest:
    """The triples of one manifest, by subject and predicate."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._objects: dict[tuple[GroundTerm, str], list[GroundTerm]] = defaultdict(list)
        try:
            quads = list(ox.parse(path.read_bytes(), ox.RdfFormat.TURTLE, base_iri=path.as_uri()))
        except (OSError, SyntaxError) as problem:
            raise InputError(f"cannot read the manifest {path}: {problem}") from problem
        for quad in quads:
            self._objects[quad.subject, quad.predicate.value].append(quad.object)
        self._subjects = list(dict.fromkeys(quad.subject for quad in quads))

    def everywhere(self, predicate: str) -> list[GroundTerm]:
        """The objects of a predicate, whatever its subject, lists opened."""
        return [member for subject in self._subjects for member in self.values(subject, predicate)]

    def members(self, node: GroundTerm) -> list[GroundTerm]:
        """The members of a list; the node alone if it is none."""
        found: dict[GroundTerm, GroundTerm] = {}  # cell -> member; a list in a circle ends where it closes
        here = node
        while here not in found and (first := self._objects.get((here, _RDF + "first"))):
            found[here] = first[0]
            here = self._objects.get((here, _RDF + "rest"), [_NIL])[0]
        return list(found.values()) if found or node == _NIL else [node]

    def values(self, subject: GroundTerm, predicate: str) -> list[GroundTerm]:
        """The objects of a subject's predicate, lists opened."""
        return [member for term in self._objects.get((subject, predicate), ()) for member in self.members(term)]

    def files(self, *terms: GroundTerm) -> tuple[Path, ...]:
        """The files among the terms."""
        return tuple(
            _present(Path(unquote(urlsplit(term.value).path)))
            for term in terms
            if isinstance(term, ox.NamedNode) and term.value.startswith("file:")
        )

    def entry(self, test: GroundTerm) -> ManifestEntry:
        """What the manifest says of one test."""
        action = self._objects.get((test, _MF + "action"), [])
        about = action[0] if action else test
        main = self.files(*action) or self.files(*self.values(about, _SRT + "ruleset"), *self.values(about, _QT + "query"))
        data = self.files(*self.values(about, _SRT + "data"), *self.values(about, _QT + "data"))
        results = self._objects.get((test, _MF + "result"), [])
        result = next(iter(self.files(*results)), None)
        refuted = any(isinstance(term, ox.Literal) and term.value == "false" for term in results)
        names = self.values(test, _MF + "name")
        regimes = self.values(test, _MF + "entailmentRegime") + self.values(about, _SD + "entailmentRegime")
        return ManifestEntry(
            name=_word(names[0]) if names else _word(test),
            kind=_word(next(iter(self.values(test, _RDF + "type")), ox.Literal(""))),
            action=main[0] if main else None,
            data=data,
            result=False if refuted else result,
            regimes=tuple(map(_word, regimes)),
            recognized=tuple(term.value for term in self.values(test, _MF + "recognizedDatatypes") if isinstance(term, ox.NamedNode)),
            manifest=self.path,
        )


def _present(file: Path) -> Path:
    """A file of a suite, or where it is missing its stand-in: the same path below a folder ``reconstructed`` further up."""
    stand_ins = (parent / "reconstructed" / file.relative_to(parent) for parent in file.parents)
    return file if file.exists() else next((stand_in for stand_in in stand_ins if stand_in.exists()), file)


def _word(term: GroundTerm) -> str:
    """A literal's text, or the last part of an IRI."""
    assert not isinstance(term, ox.Triple), "nothing in a manifest is named by a triple"
    return term.value if isinstance(term, ox.Literal) else term.value.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
