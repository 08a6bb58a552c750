"""The gallery of errors: the twenty worst of each task, written to docs/failures.md.

    python benchmarks/failures.py

Worst means surest: of all wrong answers on development rows those with the highest confidence, one of a text and at most PER_SET of a set
where there are enough.
Each comes with its sentence, what is annotated, what was answered, and a cause that follows from comparing the two. Remarks of a reader
are kept in failure_notes.tsv beside this file (name of the error, remark), so that they outlive the next run.
The sets lie in DOVETAIL_BENCH_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import torch

from dovetail.models.extraction import Extractor, load_extractor
from dovetail.nlp.annotated import Row, clusters_of, gold_relations, read_rows, rows_of
from dovetail.nlp.catalogue import load_catalogue
from dovetail.nlp.predictions import Asked, FoundEntity, FoundRelation, found_entities, found_relations, scored_pairs

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "extraction"
HERE = Path(__file__).parent
NOTES = HERE / "failure_notes.tsv"
PAGE = HERE.parent / "docs" / "failures.md"
WORST = 20
PER_SET = 5
ENTITY_SETS = (
    *(f"crossner/{domain}" for domain in ("ai", "literature", "music", "politics", "science")),
    *("wnut17", "wikigold", "ncbi-disease", "bc5cdr", "re-docred"),
)
RELATION_SETS = ("re-docred", "knowledgenet", "bc5cdr")


@dataclass(frozen=True, slots=True)
class Failure:
    """A wrong answer: its set and row, the text about it, what is annotated and what was said, how surely, and why by rule."""

    set: str
    row: str
    text: str
    gold: str
    said: str
    confidence: float
    cause: str

    @property
    def name(self) -> str:
        """Eight letters that stay the same while text and answer do."""
        return hashlib.sha256("\t".join((self.set, self.text, self.said)).encode()).hexdigest()[:8]


def around(text: str, *spans: tuple[int, int], width: int = 100) -> str:
    """The text about one or two spans, on one line, with them marked; what lies between far ones is left out."""
    groups: list[list[tuple[int, int]]] = []
    for span in sorted(spans):
        if groups and span[0] - groups[-1][-1][1] <= 2 * width:
            groups[-1].append(span)
        else:
            groups.append([span])
    parts = []
    for group in groups:
        left = max(group[0][0] - width, 0)
        right = min(group[-1][1] + width, len(text))
        left = min(text.find(" ", left) + 1, group[0][0]) if left else 0
        right = max(text.rfind(" ", 0, right), group[-1][1]) if right < len(text) else right
        marked, at = "…" if left else "", left
        for start, end in group:
            if start >= at:  # a mention may lie in another
                marked += f"{text[at:start]}[{text[start:end]}]"
                at = end
        parts.append(f"{marked}{text[at:right]}{'…' if right < len(text) else ''}")
    return " ".join(" ".join(parts).split())


# ---------------------------------------------------------------------- entities


def entity_failures(extractor: Extractor) -> Iterator[Failure]:
    """Mentions that are not annotated as they were found."""
    for name in ENTITY_SETS:
        rows = rows_of(DATA / name / "dev.jsonl")
        asked = Asked.of(extractor, load_catalogue(DATA / name / "labels.json").entities)
        marked = {row["text"][e["start"] : e["end"]].lower() for row in rows for e in row["entities"]}
        for found in found_entities(rows, read_rows(rows, extractor), extractor, asked):
            if not found.right:
                text = rows[found.row]["text"]
                gold, cause = entity_cause(rows[found.row], found, marked)
                said = f"{text[found.start : found.end]}: {found.label}"
                yield Failure(name, rows[found.row]["id"], around(text, (found.start, found.end)), gold, said, found.confidence, cause)


def entity_cause(row: Row, found: FoundEntity, marked: set[str]) -> tuple[str, str]:
    """What is annotated there, and how it differs. ``marked``: names that are annotated anywhere in the set, in small letters."""
    touching = [e for e in row["entities"] if e["start"] < found.end and e["end"] > found.start]
    gold = "; ".join(f"{row['text'][e['start'] : e['end']]}: {e['label']}" for e in touching) or "nothing"
    if any((e["start"], e["end"]) == (found.start, found.end) for e in touching):
        return gold, "type"
    if any(e["label"] == found.label for e in touching):
        return gold, "boundary"
    if touching:
        return gold, "boundary and type"
    if row["text"][found.start : found.end].lower() in marked:
        return gold, "annotated elsewhere, not here"
    return gold, "never annotated"


# ---------------------------------------------------------------------- relations


def relation_failures(extractor: Extractor) -> Iterator[Failure]:
    """Facts between annotated mentions that are not annotated."""
    for name in RELATION_SETS:
        rows = rows_of(DATA / name / "dev.jsonl")
        relations = load_catalogue(DATA / name / "labels.json", DATA / name / "relations.json").relations
        names = {r.key: r.name for r in relations}
        pairs = scored_pairs(rows, read_rows(rows, extractor), extractor, Asked.of(extractor, relations))
        for fact in found_relations(rows, pairs):
            if not fact.right and fact.score >= extractor.calibration.relation_threshold:
                yield relation_failure(name, rows[fact.row], fact, names)


def relation_failure(name: str, row: Row, fact: FoundRelation, names: dict[str, str]) -> Failure:
    """A wrong fact as an error of the gallery."""
    gold = sorted((h, t, label) for h, t, label in gold_relations(row) if {h, t} == {fact.head, fact.tail})
    surface = {cluster: surface_of(row, mention) for mention, cluster in sorted(clusters_of(row).items(), reverse=True)}
    told = "; ".join(f"{surface[h]} – {names.get(label, label)} – {surface[t]}" for h, t, label in gold) or "nothing"
    if (fact.tail, fact.head, fact.pair.label) in gold:
        cause = "reversed"
    elif any((h, t) == (fact.head, fact.tail) for h, t, _ in gold):
        cause = "another relation"
    elif gold:
        cause = "the other direction holds another relation"
    else:
        cause = "no relation is annotated, one sentence" if fact.pair.together else "no relation is annotated, two sentences"
    head, tail = (row["entities"][i] for i in (fact.pair.head, fact.pair.tail))
    said = f"{surface_of(row, fact.pair.head)} – {names.get(fact.pair.label, fact.pair.label)} – {surface_of(row, fact.pair.tail)}"
    return Failure(
        name, row["id"], around(row["text"], *((e["start"], e["end"]) for e in (head, tail))), told, said, fact.confidence, cause
    )


def surface_of(row: Row, mention: int) -> str:
    """A mention's words, on one line."""
    entity = row["entities"][mention]
    return " ".join(row["text"][entity["start"] : entity["end"]].split())


# ---------------------------------------------------------------------- coreference and linking


def coreference_failures(extractor: Extractor) -> Iterator[Failure]:
    """Mentions whose likeliest antecedent belongs to another cluster, or that have one and stand alone by the annotation (LitBank)."""
    from dovetail.models.coreference import rank
    from dovetail.nlp import coreference_data
    from dovetail.nlp.references import shared_coreference

    model = shared_coreference()
    rows = rows_of(DATA / "litbank" / "dev.jsonl")
    for row, text in zip(rows, coreference_data.read_texts(rows, extractor), strict=True):
        task = coreference_data.annotated_task(text)
        chances = rank(model.net, task.mentions, task.vectors, task.candidates).chances
        for mention, (start, end) in enumerate(task.spans):
            best = int(chances[mention].argmax())
            if best == task.candidates.shape[1] or task.right[mention, best]:
                continue
            place = task.spans[int(task.candidates[mention, best])]
            right = [task.spans[int(c)] for c, r in zip(task.candidates[mention], task.right[mention], strict=False) if r and c >= 0]
            surface = " ".join(row["text"][start:end].split())
            gold = f"{surface} = {' '.join(row['text'][slice(*right[0])].split())}" if right else f"{surface} is mentioned first"
            said = f"{surface} = {' '.join(row['text'][slice(*place)].split())}"
            cause = coreference_cause(surface, row["text"][slice(*place)], first=not right)
            text_about = around(row["text"], (start, end), place)
            yield Failure("litbank", row["id"], text_about, gold, said, float(chances[mention, best]), cause)


def coreference_cause(surface: str, antecedent: str, *, first: bool) -> str:
    """By the kinds of the two mentions."""
    from dovetail.models.coreference_words import PRONOUNS

    if first:
        return "a first mention taken for another"
    if surface.lower() in PRONOUNS:
        return "pronoun"
    shared = {w.lower() for w in surface.split()} & {w.lower() for w in antecedent.split()}
    return "words in common" if shared else "no word in common"


def linking_failures(extractor: Extractor) -> Iterator[Failure]:
    """Mentions linked to a wrong entity, or to none, with a vocabulary of the names in the training rows."""
    from dovetail.nlp.evaluate_linking import gold_ids, queries_of, vocabulary_of
    from dovetail.nlp.linking import link_all

    for name in ("bc5cdr", "ncbi-disease"):
        vocabulary = vocabulary_of(rows_of(DATA / name / "train.jsonl"))
        known = {vocabulary.iri(n).rsplit("/", 1)[-1] for n in range(vocabulary.entities)}
        for row in rows_of(DATA / name / "dev.jsonl"):
            for mention, link in enumerate(link_all(queries_of(row), vocabulary)):
                entity = row["entities"][mention]
                if not entity.get("kb_id"):
                    continue
                gold = gold_ids(entity)
                chosen = None if link.iri is None else link.iri.rsplit("/", 1)[-1]
                there = sorted(gold & known)
                if chosen in gold if there else chosen is None:
                    continue
                cause = "not in the vocabulary" if not there else "left unlinked" if chosen is None else "another entity"
                surface = surface_of(row, mention)
                told, said = f"{surface}: {'|'.join(there or sorted(gold))}", f"{surface}: {chosen or 'no entity'}"
                sure = float(link.nil if chosen is None else link.probability)
                yield Failure(name, row["id"], around(row["text"], (entity["start"], entity["end"])), told, said, sure, cause)


# ---------------------------------------------------------------------- the page

TASKS: dict[str, Callable[[Extractor], Iterator[Failure]]] = {
    "Entities": entity_failures,
    "Relations": relation_failures,
    "Coreference": coreference_failures,
    "Linking": linking_failures,
}


def worst(failures: Iterable[Failure]) -> list[Failure]:
    """The surest WORST: at first one of a text and at most PER_SET of a set, then others where those are too few."""
    kept: list[Failure] = []
    later: list[Failure] = []
    sets: Counter[str] = Counter()
    texts: set[tuple[str, str]] = set()
    for failure in sorted(failures, key=lambda f: (-f.confidence, f.set, f.text, f.said)):
        first = (failure.set, failure.row) not in texts and sets[failure.set] < PER_SET
        (kept if first else later).append(failure)
        texts.add((failure.set, failure.row))
        sets[failure.set] += first
    return sorted((kept + later)[:WORST], key=lambda f: (-f.confidence, f.name))


def notes() -> dict[str, str]:
    """The remarks of readers, by the name of the error."""
    if not NOTES.exists():
        return {}
    return dict(line.split("\t", 1) for line in NOTES.read_text("utf-8").splitlines() if "\t" in line)


def section(title: str, failures: Sequence[Failure], remarks: dict[str, str]) -> str:
    """One task of the page."""
    causes = Counter(f.cause for f in failures)
    shares = ", ".join(f"{cause} {count / len(failures):.0%}" for cause, count in causes.most_common())
    lines = [f"## {title}", "", f"{len(failures):,} wrong answers: {shares}.", ""]
    for failure in worst(failures):
        remark = f" {remarks[failure.name]}" if failure.name in remarks else ""
        said, gold = escaped(failure.said), escaped(failure.gold)
        lines.append(f"- **{said}** ({failure.confidence:.2f}), annotated: {gold}. *{failure.cause.capitalize()}.*{remark}")
        lines.append(f"  <br>`{failure.name}` {failure.set}: {escaped(failure.text)}")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown leaves alone."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in text)


HEADING = """\
# Where extraction goes wrong

The twenty surest errors of each task on development rows: one of a text, and few of a set. `python benchmarks/failures.py` writes this
page; the causes in italics follow from comparing answer and annotation, what stands after them is a reader's remark.
Not every error is one: where nothing is annotated, the annotation may have left something out.

"""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path(str(files("dovetail.data").joinpath("weights/extractor.safetensors"))))
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--out", type=Path, default=PAGE)
    arguments = parser.parse_args()
    if not DATA.is_dir():
        print(f"failures: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    torch.set_num_threads(1)
    extractor = load_extractor(arguments.weights)
    remarks = notes()
    sections = []
    for task in arguments.tasks:
        failures = list(TASKS[task](extractor))
        print(f"{task}: {len(failures):,} wrong answers", flush=True)
        sections.append(section(task, failures, remarks))
    arguments.out.write_text(HEADING + "\n".join(sections), "utf-8")


if __name__ == "__main__":
    main()
