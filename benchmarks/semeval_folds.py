"""SemEval-2010 task 8 by five folds of its training rows: a relation classifier made from the general extractor in a few minutes.

    python benchmarks/semeval_folds.py --out build/semeval

The general model was not trained on this set. For each fold the encoder's upper layers and the relation head are fine-tuned on four
fifths of the rows, and the last fifth is classified: annotated nominals, one of 18 directed relations or Other, each a vector that starts
as the label's own. A fold takes about four minutes of one core. Each leaves its answers in ``fold-N-MARK.json`` when it is done, where
the mark stands for weights and options, so that a run that was stopped goes on; the same command gives the same folds.

The measure is the official one (Hendrickx et al., SemEval 2010): macro-averaged F1 of the nine relations with direction, Other left out.
The rows lie in DOVETAIL_BENCH_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dovetail.models.extraction import Extractor, load_extractor
from dovetail.models.windows import TokenizedWindow, Window, collate, tokenize

DATA = Path(os.environ.get("DOVETAIL_BENCH_DATA", "../shared/data")) / "extraction" / "semeval2010t8"
FOLDS = 5
SEED = 13


@dataclass(frozen=True, slots=True)
class FoldOptions:
    """``frozen``: lowest layers of the encoder that stay as they are, besides the embeddings."""

    epochs: int = 3
    batch: int = 32
    frozen: int = 2
    encoder_rate: float = 1e-4
    head_rate: float = 1e-3
    warmup: float = 0.1


@dataclass(frozen=True, slots=True)
class Sentence:
    """A tokenized row, the words of its two nominals, and the index of its relation."""

    tokens: TokenizedWindow
    head: tuple[int, int]
    tail: tuple[int, int]
    label: int


class Classifier(nn.Module):
    """The extractor's encoder and relation head, with label vectors that learn and a linear shortcut that starts at zero."""

    def __init__(self, extractor: Extractor, labels: Tensor) -> None:
        super().__init__()
        self.net = extractor.net.float()
        self.labels = nn.Parameter(labels.float().clone())
        self.direct = nn.Linear(self.net.related[0].in_features, len(labels))  # type: ignore[arg-type]  # as above
        nn.init.zeros_(self.direct.weight)

    def forward(self, batch: Sequence[Sentence]) -> Tensor:
        """(batch, labels) logits."""
        encoded = self.net.encode(collate([s.tokens for s in batch]))
        heads, tails = torch.tensor([s.head for s in batch]), torch.tensor([s.tail for s in batch])
        features = self.net.pair_features(encoded, torch.arange(len(batch)), heads, tails)
        logits: Tensor = self.net.relation_logits(features, self.labels) + self.direct(features)
        return logits


def read(rows: Sequence[Mapping[str, Any]], keys: Sequence[str], extractor: Extractor) -> list[Sentence]:
    """The rows as the classifier takes them."""
    tokenized = tokenize([Window.of(row["text"]) for row in rows], extractor.text.tokenizer)
    sentences = []
    for row, tokens in zip(rows, tokenized, strict=True):
        relation = row["relations"][0]
        head, tail = (tokens.words_of(row["entities"][i]["start"], row["entities"][i]["end"]) for i in (relation["head"], relation["tail"]))
        assert head is not None and tail is not None, row["id"]
        sentences.append(Sentence(tokens, head, tail, keys.index(relation["label"])))
    return sentences


def batches(sentences: Sequence[Sentence], size: int, generator: random.Random) -> Iterator[list[Sentence]]:
    """One epoch, in batches of similar length."""
    order = generator.sample(sentences, len(sentences))
    for start in range(0, len(order), size * 16):
        chunk = sorted(order[start : start + size * 16], key=lambda s: len(s.tokens.ids))
        groups = [chunk[i : i + size] for i in range(0, len(chunk), size)]
        generator.shuffle(groups)
        yield from groups


def fine_tune(classifier: Classifier, sentences: Sequence[Sentence], options: FoldOptions, *, seed: int) -> None:
    """Train in place; the rates rise over the first tenth of the steps and fall to zero."""
    encoder = classifier.net.encoder
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    encoder.set_attn_implementation("eager")  # type: ignore[operator]  # of transformers; twice as fast backwards as its default
    classifier.requires_grad_(False)
    layers = list(encoder.encoder.layer)[options.frozen :]  # type: ignore[union-attr, arg-type]  # nn.Module types attributes as Tensor | Module
    learning = (classifier.net.pair_vector, classifier.net.relations, classifier.direct)
    groups = [
        ([p for layer in layers for p in layer.parameters()], options.encoder_rate),
        ([classifier.labels, *(p for module in learning for p in module.parameters())], options.head_rate),
    ]
    for parameters, _ in groups:
        for parameter in parameters:
            parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW([{"params": p, "lr": rate} for p, rate in groups], weight_decay=0.01)
    steps = options.epochs * -(-len(sentences) // options.batch)
    rise = max(int(steps * options.warmup), 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: min((n + 1) / rise, max(steps - n, 0) / (steps - rise)))
    generator = random.Random(seed)
    classifier.train()
    for _ in range(options.epochs):
        for batch in batches(sentences, options.batch, generator):
            with torch.autocast("cpu", torch.bfloat16):
                logits = classifier(batch)
            loss = F.cross_entropy(logits.float(), torch.tensor([s.label for s in batch]), label_smoothing=0.05)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            nn.utils.clip_grad_norm_([p for parameters, _ in groups for p in parameters], 1.0)
            optimizer.step()
            schedule.step()


@torch.inference_mode()
def classify(classifier: Classifier, sentences: Sequence[Sentence]) -> list[int]:
    """The best label of each sentence."""
    classifier.eval()
    answers: list[int] = []
    for start in range(0, len(sentences), 64):
        with torch.autocast("cpu", torch.bfloat16):
            answers += classifier(sentences[start : start + 64]).argmax(1).tolist()
    return answers


def macro_f1(gold: Sequence[str], found: Sequence[str]) -> float:
    """The official score: of each relation, answers in the right direction over answers and over rows in either; Other is no relation.

    >>> macro_f1(["A(e1,e2)", "A(e1,e2)", "Other"], ["A(e1,e2)", "A(e2,e1)", "Other"])
    0.5
    """
    names = sorted({label.partition("(")[0] for label in gold} - {"Other"})
    true = Counter(g.partition("(")[0] for g, f in zip(gold, found, strict=True) if g == f)
    sizes = Counter(label.partition("(")[0] for label in (*gold, *found))
    return sum(2 * true[name] / sizes[name] for name in names) / len(names)


def run_fold(fold: int, weights: Path, options: FoldOptions) -> dict[str, Any]:
    """Train on four fifths and classify the last: the fold's rows, with what is annotated and what was answered."""
    torch.manual_seed(SEED + fold)
    began, clock = time.process_time(), time.monotonic()
    rows = [json.loads(line) for line in (DATA / "train.jsonl").read_text("utf-8").splitlines()]
    order = random.Random(SEED).sample(range(len(rows)), len(rows))
    relations = json.loads((DATA / "relations.json").read_text("utf-8"))
    keys = list(relations)
    extractor = load_extractor(weights)
    classifier = Classifier(extractor, extractor.labels([(r["name"], r["description"]) for r in relations.values()]).vectors)
    sentences = read(rows, keys, extractor)
    held = order[fold::FOLDS]
    fine_tune(classifier, [sentences[i] for i in order if i not in set(held)], options, seed=SEED + fold)
    answers = classify(classifier, [sentences[i] for i in held])
    gold = [keys[sentences[i].label] for i in held]
    found = [keys[answer] for answer in answers]
    return {
        "fold": fold,
        "macro_f1": round(macro_f1(gold, found), 4),
        "cpu_seconds": round(time.process_time() - began, 1),
        "seconds": round(time.monotonic() - clock, 1),
        "answers": [{"id": rows[i]["id"], "gold": g, "found": f} for i, g, f in zip(held, gold, found, strict=True)],
    }


def main() -> None:
    """Print each fold, and their mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path(str(files("dovetail.data").joinpath("weights/extractor.safetensors"))))
    parser.add_argument("--out", type=Path, default=Path("build/semeval"), help="where each fold leaves its answers")
    parser.add_argument("--folds", type=int, nargs="+", choices=range(FOLDS), default=list(range(FOLDS)))
    parser.add_argument("--epochs", type=int, default=FoldOptions().epochs)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if not DATA.is_dir():
        print(f"semeval_folds: skipped, no data in {DATA}: set DOVETAIL_BENCH_DATA")
        return
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    options = FoldOptions(epochs=arguments.epochs)
    mark = hashlib.sha256(arguments.weights.read_bytes() + repr(options).encode()).hexdigest()[:8]
    scores = []
    for fold in arguments.folds:
        file = arguments.out / f"fold-{fold}-{mark}.json"
        if not file.exists():
            done = run_fold(fold, arguments.weights, options)
            file.write_text(json.dumps(done, indent=1) + "\n", "utf-8")
        done = json.loads(file.read_text("utf-8"))
        print(f"fold {fold}: macro-F1 {done['macro_f1']:.3f}, {done['cpu_seconds']:.0f} s of the processor", flush=True)
        scores.append(done)
    values = [done["macro_f1"] for done in scores]
    spread = stdev(values) if len(values) > 1 else 0.0
    print(f"semeval2010t8, {len(values)} folds: macro-F1 {mean(values):.3f} (standard deviation {spread:.3f})")
    if arguments.json:
        seconds = sum(done["seconds"] for done in scores)
        result = {"set": "semeval2010t8/folds", "macro_f1": round(mean(values), 4), "folds": values, "seconds": round(seconds, 1)}
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
