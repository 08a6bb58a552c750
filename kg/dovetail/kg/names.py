"""IRIs: the vocabularies used, the layers, and names minted for entities.

Minted IRIs depend on nothing but their arguments, so the same text gives the same graph anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import quote

from rdflib import Namespace, URIRef
from rdflib.namespace import DCTERMS, OWL, PROV, RDF, RDFS, SKOS, XSD

DT = Namespace("urn:dovetail:term:")
ENTITY = Namespace("urn:dovetail:entity:")
OA = Namespace("http://www.w3.org/ns/oa#")
PQ = Namespace("http://www.wikidata.org/prop/qualifier/")
WD = Namespace("http://www.wikidata.org/entity/")
WDT = Namespace("http://www.wikidata.org/prop/direct/")

PREFIXES: dict[str, str] = {
    "dcterms": str(DCTERMS),
    "dt": str(DT),
    "entity": str(ENTITY),
    "oa": str(OA),
    "owl": str(OWL),
    "pq": str(PQ),
    "prov": str(PROV),
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "skos": str(SKOS),
    "wd": str(WD),
    "wdt": str(WDT),
    "xsd": str(XSD),
}
"""Prefixes every query may use without declaring them, and every export declares."""


class Layer(Enum):
    """The named graphs: who says so decides where a triple lives."""

    VOCABULARY = URIRef("urn:dovetail:layer:vocabulary")
    STATED = URIRef("urn:dovetail:layer:stated")
    INFERRED = URIRef("urn:dovetail:layer:inferred")
    PREDICTED = URIRef("urn:dovetail:layer:predicted")
    RESOLVED = URIRef("urn:dovetail:layer:resolved")
    PROVENANCE = URIRef("urn:dovetail:layer:provenance")


def prefixed(iri: str) -> str:
    """``iri`` with the prefix of the longest namespace it stands in; as it is where it stands in none.

    >>> prefixed("http://www.wikidata.org/prop/direct/P19")
    'wdt:P19'
    """
    spaces = [(namespace, prefix) for prefix, namespace in PREFIXES.items() if iri.startswith(namespace)]
    namespace, prefix = max(spaces, key=lambda space: len(space[0]), default=("", ""))
    return f"{prefix}:{iri[len(namespace) :]}" if namespace else iri


def iri_part(text: str) -> str:
    """``text`` as part of an IRI: letters and digits of any script kept, spaces as underscores.

    >>> iri_part("Marie  Curie")
    'Marie_Curie'
    >>> iri_part("北京/Peking")
    '北京%2FPeking'
    """
    return _kept(re.sub(r"\s+", "_", unicodedata.normalize("NFC", text).strip()))


def _kept(text: str) -> str:
    return "".join(c if c.isalnum() or c in "_-.~" else quote(c, safe="") for c in text)


def entity_iri(name: str, kind: str) -> URIRef:
    """The IRI minted for an entity known only by its name and coarse kind.

    >>> entity_iri("Marie Curie", "person")
    rdflib.term.URIRef('urn:dovetail:entity:person:Marie_Curie')
    """
    return ENTITY[f"{iri_part(kind)}:{iri_part(name)}"]


@lru_cache(maxsize=4096)  # asked for once per sentence of a document
def document_iri(document: str) -> URIRef:
    """The IRI of the document with this id; two ids never share one.

    >>> document_iri("corpus/my notes.txt")
    rdflib.term.URIRef('urn:dovetail:document:corpus/my%20notes.txt')
    """
    return URIRef("urn:dovetail:document:" + "/".join(map(_kept, document.split("/"))))


def digest(*parts: str) -> str:
    """128 bits that name ``parts``, in hexadecimal; no two sequences of parts run together."""
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
