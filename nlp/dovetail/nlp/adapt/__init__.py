"""An extractor adapted to its user: label catalogues suggested from a corpus, sentences worth annotating, and heads fitted to the
annotated ones, kept beside the graph. Everything here loads torch and spaCy.
"""

from dovetail.nlp.adapt.adapter import StoredAdapter, find_adapter, remove_adapter, store_adapter
from dovetail.nlp.adapt.annotate import Guess, annotate, write_guesses
from dovetail.nlp.adapt.catalogue_file import catalogue_of
from dovetail.nlp.adapt.examples import Example, Examples, read_examples
from dovetail.nlp.adapt.fit import FitReport, Gain, fit
from dovetail.nlp.adapt.suggest import ProposedType, propose_types
from dovetail.nlp.adapt.suggest_relations import ProposedRelation, propose_relations
from dovetail.nlp.adapt.survey import Survey, sample, survey

__all__ = [
    "Example",
    "Examples",
    "FitReport",
    "Gain",
    "Guess",
    "ProposedRelation",
    "ProposedType",
    "StoredAdapter",
    "Survey",
    "annotate",
    "catalogue_of",
    "find_adapter",
    "fit",
    "propose_relations",
    "propose_types",
    "read_examples",
    "remove_adapter",
    "sample",
    "store_adapter",
    "survey",
    "write_guesses",
]
