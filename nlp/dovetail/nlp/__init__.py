"""Text into statements: readers of documents, a spaCy pipeline that marks entities, literals and relations and links them, and
the build that puts what was found into a graph with its evidence.

What needs torch and spaCy is in modules of its own: ``dovetail.nlp.pipeline.load_pipeline``, ``dovetail.nlp.build.build_graph`` and
``dovetail.nlp.evaluate.evaluate_extraction``.
"""

from dovetail.nlp.catalogue import Catalogue, EntityType, RelationType, load_catalogue
from dovetail.nlp.literals import LiteralMention, find_literals
from dovetail.nlp.measures import EvaluationResult
from dovetail.nlp.readers import read_documents

__all__ = [
    "Catalogue",
    "EntityType",
    "EvaluationResult",
    "LiteralMention",
    "RelationType",
    "find_literals",
    "load_catalogue",
    "read_documents",
]
