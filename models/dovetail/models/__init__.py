"""Neural networks: tensors in, tensors out. The text encoder, and the extractor that shares its one pass between entity
spans, their types and relations. Nothing here knows of files of the user's, of spaCy, or of the graph.
"""

from dovetail.models.encoder import TextEncoder, load_encoder, locate_published
from dovetail.models.errors import ModelError
from dovetail.models.extraction import Extractor, load_extractor

__all__ = ["Extractor", "ModelError", "TextEncoder", "load_encoder", "load_extractor", "locate_published"]
