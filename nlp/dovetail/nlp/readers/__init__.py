"""Files in, documents out.

``read_documents`` walks files and folders in a fixed order and yields one ``Document`` at a time; a
file that cannot be read is reported and passed over. Each format is a small function registered for
its suffixes with ``@reader``; another package adds formats through the entry-point group
``dovetail.readers``, whose entries name modules that register their own.
"""

from dovetail.nlp.readers import docx, epub, html, markdown, pdf, rows, text  # noqa: F401  # each registers its suffixes
from dovetail.nlp.readers.registry import READERS, File, Limits, Reading, Skipped, reader
from dovetail.nlp.readers.walk import read_documents

__all__ = ["READERS", "File", "Limits", "Reading", "Skipped", "read_documents", "reader"]
