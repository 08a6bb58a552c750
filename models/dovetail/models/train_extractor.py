"""Train the extractor: ``python -m dovetail.models.train_extractor --data DIR --out DIR``.

Joint training over the sets of extraction_data, with the embeddings and the two lowest layers of MiniLM kept as published.
A checkpoint every few minutes makes a stopped run resumable; the same command and seed repeat the same batches.

Losses: spans, binary cross-entropy over all word ranges; types and relations, binary cross-entropy with mild focal weight
(Lin et al., ICCV 2017) where the annotation knows the answer; softmax where each pair has one relation; and a distillation
loss that keeps sentence means close to the published encoder's, so that one pass serves retrieval as well.
"""

from __future__ import annotations

import argparse
import copy
import random
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel, PreTrainedTokenizerFast

from dovetail.models.encoder import load_encoder, load_tokenizer, locate_encoder
from dovetail.models.extraction_data import Example, Label, TrainingData
from dovetail.models.extractor import MAX_WIDTH, Encoded, ExtractorNet
from dovetail.models.sentences import collate, tokenize

FROZEN_LAYERS = 2
EMA = 0.996


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """``steps`` without CrossNER, then ``finish`` steps with its training rows while the rate falls to zero."""

    steps: int = 1800
    finish: int = 500
    batch: int = 32
    encoder_rate: float = 5e-5
    head_rate: float = 1e-3
    warmup: int = 80
    seed: int = 13
    checkpoint_seconds: float = 180.0

    def rate(self, step: int) -> float:
        """Share of the full rate at ``step``: warm-up, constant, linear decay to a tenth, then to zero in the last phase."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        if step < self.steps * 0.6:
            return 1.0
        if step < self.steps:
            return 1.0 - 0.7 * (step - self.steps * 0.6) / (self.steps * 0.4)
        return 0.5 * (1.0 - (step - self.steps) / self.finish) + 0.01


class LabelTable:
    """Label vectors of the published encoder, with and without the description."""

    def __init__(self, labels: list[Label]) -> None:
        encoder = load_encoder(dtype=torch.float32)
        self.full = torch.from_numpy(encoder.encode([label_text(x.name, x.description) for x in labels]))
        self.short = torch.from_numpy(encoder.encode([x.name for x in labels]))

    def sample(self, generator: torch.Generator) -> Tensor:
        """(labels, dim), each row with its description three times out of four."""
        keep = torch.rand(len(self.full), 1, generator=generator) < 0.75
        return torch.where(keep, self.full, self.short)


def label_text(name: str, description: str) -> str:
    """A label as the encoder reads it.

    >>> label_text("city", "A large town.")
    'city: A large town.'
    """
    return f"{name}: {description}" if description else name


def build_network() -> tuple[ExtractorNet, PreTrainedTokenizerFast]:
    """A network with the published encoder and untrained heads, ready to train."""
    folder = locate_encoder()
    encoder = AutoModel.from_pretrained(
        folder,
        local_files_only=True,
        add_pooling_layer=False,
        attn_implementation="eager",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    for module in [encoder.embeddings, *encoder.encoder.layer[:FROZEN_LAYERS]]:
        module.requires_grad_(False)
    return ExtractorNet(encoder), load_tokenizer(folder)


class Losses:
    """The losses of one batch; holds the tables of what excludes what."""

    def __init__(self, data: TrainingData, seed: int) -> None:
        self.sets = {s.name: s for s in data.sets}
        self.count = len(data.types)
        coarse = [label.coarse for label in data.types]
        self.excluded = torch.tensor([[bool(a and b and a != b) for b in coarse] for a in coarse])
        self.related_weight = 0.5
        self.random = random.Random(seed)

    def __call__(
        self,
        net: ExtractorNet,
        encoded: Encoded,
        batch: list[Example],
        words: list[list[tuple[int, int] | None]],
        tables: tuple[Tensor, Tensor],
    ) -> Tensor:
        """``words``: per example, first and last word of each annotated span (None where it was cut off)."""
        span_logits = net.spans(encoded)
        loss = self._spans(span_logits, batch, words) + self._types(net, encoded, span_logits, batch, words, tables[0])
        return loss + self._relations(net, encoded, batch, words, tables[1])

    def _spans(self, logits: Tensor, batch: list[Example], words: list[list[tuple[int, int] | None]]) -> Tensor:
        targets = torch.zeros_like(logits)
        weights = torch.zeros(len(batch), 1, 1)
        for row, (example, places) in enumerate(zip(batch, words, strict=True)):
            rule = self.sets[example.set]
            weights[row] = rule.span_weight if rule.all_spans else 0.0
            for (_, _, held), place in zip(example.spans, places, strict=True):
                if place is not None and held and place[1] - place[0] < MAX_WIDTH:
                    targets[row, place[0], place[1] - place[0]] = 1.0
        losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none") * weights * (logits > -1e3)
        return losses.sum() / (targets * weights).sum().clamp(min=8.0)

    def _types(
        self,
        net: ExtractorNet,
        encoded: Encoded,
        span_logits: Tensor,
        batch: list[Example],
        words: list[list[tuple[int, int] | None]],
        labels: Tensor,
    ) -> Tensor:
        rows: list[int] = []
        starts: list[int] = []
        ends: list[int] = []
        targets: list[Tensor] = []
        for row, (example, places) in enumerate(zip(batch, words, strict=True)):
            rule = self.sets[example.set]
            own = torch.zeros(self.count, dtype=torch.bool)
            own[list(rule.types)] = True
            gold: set[tuple[int, int]] = set()
            for (_, _, held), place in zip(example.spans, places, strict=True):
                if place is None or not held:
                    continue
                gold.add(place)
                target = torch.full((self.count,), -1.0)
                target[self.excluded[list(held)].any(0)] = 0.0
                if rule.types & set(held):
                    target[own] = 0.0
                target[list(held)] = 1.0
                rows.append(row), starts.append(place[0]), ends.append(place[1]), targets.append(target)  # type: ignore[func-returns-value]
            if rule.all_spans:
                target = torch.full((self.count,), -1.0)
                target[own] = 0.0
                for start, end in self._negatives(span_logits[row], gold, len(gold) + 4):
                    rows.append(row), starts.append(start), ends.append(end), targets.append(target)  # type: ignore[func-returns-value]
        if not rows:
            return span_logits.new_zeros(())
        _, vectors = net.vectors_of_spans(encoded, torch.tensor(rows), torch.tensor(starts), torch.tensor(ends))
        logits = net.type_logits(vectors, labels)
        wanted = torch.stack(targets)
        return focal(logits, wanted) / (wanted == 1).sum().clamp(min=8)

    def _negatives(self, logits: Tensor, gold: set[tuple[int, int]], count: int) -> list[tuple[int, int]]:
        """Spans that are no mention: the best-scoring ones and shifted boundaries of true ones."""
        best = logits.detach().flatten().topk(min(count + len(gold), logits.numel())).indices.tolist()
        length = int((logits[:, 0] > -1e3).sum())
        found = [(i // MAX_WIDTH, i // MAX_WIDTH + i % MAX_WIDTH) for i in best]
        for start, end in sorted(gold):
            found.append((start + self.random.choice((-1, 0, 1)), end + self.random.choice((-1, 0, 1))))
        return [(s, e) for s, e in dict.fromkeys(found) if (s, e) not in gold and 0 <= s <= e < length and e - s < MAX_WIDTH]

    def _relations(
        self, net: ExtractorNet, encoded: Encoded, batch: list[Example], words: list[list[tuple[int, int] | None]], labels: Tensor
    ) -> Tensor:
        rows: list[int] = []
        heads: list[tuple[int, int]] = []
        tails: list[tuple[int, int]] = []
        targets: list[Tensor] = []
        softmax: list[tuple[int, int, frozenset[int]]] = []
        related: list[float] = []
        for row, (example, places) in enumerate(zip(batch, words, strict=True)):
            rule = self.sets[example.set]
            if not rule.relations or (not example.relations and not rule.all_pairs):
                continue
            true: dict[tuple[int, int], list[int]] = {}
            for head, tail, label in example.relations:
                true.setdefault((head, tail), []).append(label)
            pairs = list(true)
            if rule.all_pairs or example.asked is not None:
                others = [(h, t) for h in range(len(places)) for t in range(len(places)) if h != t and (h, t) not in true]
                pairs += self.random.sample(others, min(len(others), 12))
            for head, tail in pairs:
                first, second = places[head], places[tail]
                if first is None or second is None or first == second:
                    continue
                target = torch.full((len(labels),), -1.0)
                held = true.get((head, tail), [])
                if held or rule.all_pairs:
                    target[list(rule.relations)] = 0.0
                elif example.asked is not None:
                    target[list(example.asked)] = 0.0
                target[held] = 1.0
                if rule.one_relation and held:
                    softmax.append((len(rows), held[0], rule.relations))
                rows.append(row), heads.append(first), tails.append(second), targets.append(target)  # type: ignore[func-returns-value]
                related.append(-1.0 if rule.one_relation or not (rule.all_pairs or held) else float(bool(held)))
        if not rows:
            return labels.new_zeros(())
        features = net.pair_features(encoded, torch.tensor(rows), torch.tensor(heads), torch.tensor(tails))
        logits, any_relation = net.relation_logits(encoded, torch.tensor(rows), features, labels), net.related_logits(features)
        wanted = torch.stack(targets)
        loss = focal(logits, wanted) / (wanted == 1).sum().clamp(min=8)
        for position, label, choices in softmax:
            candidates = sorted(choices)
            loss = loss + F.cross_entropy(logits[position, candidates].unsqueeze(0), torch.tensor([candidates.index(label)])) / max(
                len(softmax), 8
            )
        known = torch.tensor(related)
        if (known >= 0).any():
            loss = loss + self.related_weight * F.binary_cross_entropy_with_logits(any_relation[known >= 0], known[known >= 0])
        return loss


def focal(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy summed over known targets (1 and 0; -1 is unknown), each weighted by how wrong it is."""
    losses = F.binary_cross_entropy_with_logits(logits, targets.clamp(min=0), reduction="none")
    chance = torch.sigmoid(logits)
    wrong = torch.where(targets == 1, 1 - chance, chance)
    return (losses * wrong * (targets >= 0)).sum()


def train(root: Path, out: Path, options: TrainingOptions) -> None:
    """Train, leaving ``zero-shot.safetensors`` (before CrossNER was seen) and ``extractor.safetensors`` in ``out``."""
    torch.manual_seed(options.seed)
    out.mkdir(parents=True, exist_ok=True)
    net, tokenizer = build_network()
    teacher = copy.deepcopy(net.encoder).eval().to(torch.bfloat16)
    data = TrainingData(root)
    more = TrainingData(root, with_crossner=True)
    assert data.types == more.types and data.relations == more.relations, "both phases must share one table of labels"
    types, relations = LabelTable(data.types), LabelTable(data.relations)
    trainable = [p for p in net.parameters() if p.requires_grad]
    inside = {id(p) for p in net.encoder.parameters()}
    groups = [
        {"params": [p for p in trainable if id(p) in inside], "lr": options.encoder_rate},
        {"params": [p for p in trainable if id(p) not in inside], "lr": options.head_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, options.rate)
    averaged = {name: p.detach().clone() for name, p in net.named_parameters() if p.requires_grad}
    losses = Losses(more, options.seed)
    start = 0
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        averaged, start = state["averaged"], state["step"]
    generator = torch.Generator().manual_seed(options.seed + start)
    first, second = data.batches(options.batch, seed=options.seed + start), more.batches(options.batch, seed=options.seed + 1)
    net.train()
    saved = began = time.monotonic()
    seen = 0
    for step in range(start, options.steps + options.finish):
        if step == options.steps:
            save(averaged, out / "zero-shot.safetensors")
        batch = next(first if step < options.steps else second)
        sentences = tokenize([e.text for e in batch], tokenizer, max_tokens=96)
        kept = [(e, s) for e, s in zip(batch, sentences, strict=True) if s.offsets]
        batch, sentences = [e for e, _ in kept], [s for _, s in kept]
        words = [[s.words_of(a, b) for a, b, _ in e.spans] for e, s in kept]
        inputs = collate(sentences)
        with torch.autocast("cpu", torch.bfloat16):
            encoded = net.encode(inputs)
            loss = losses(net, encoded, batch, words, (types.sample(generator), relations.sample(generator)))
            if step % 4 == 0:
                with torch.no_grad():
                    hidden = teacher(input_ids=inputs.input_ids, attention_mask=inputs.attention).last_hidden_state
                    mask = inputs.attention.unsqueeze(-1)
                    goal = (hidden.float() * mask).sum(1) / mask.sum(1)
                loss = loss + 8.0 * (1 - F.cosine_similarity(encoded.sentence.float(), goal)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_(trainable, 1.0)
        optimizer.step()
        scheduler.step()
        with torch.no_grad():
            for name, parameter in net.named_parameters():
                if name in averaged:
                    averaged[name].lerp_(parameter, 1 - min(EMA, (step + 1) / (step + 10)))
        seen += len(batch)
        if step % 50 == 0:
            print(f"step {step} loss {loss.item():.3f} sentences/s {seen / (time.monotonic() - began):.0f}", flush=True)
        if time.monotonic() - saved > options.checkpoint_seconds:
            saved = time.monotonic()
            torch.save(
                {
                    "net": net.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "scheduler": scheduler.state_dict(),
                    "averaged": averaged,
                    "step": step + 1,
                },
                checkpoint,
            )
    save(averaged, out / "extractor.safetensors")


def save(parameters: dict[str, Tensor], path: Path) -> None:
    """Write parameters as bfloat16 safetensors; what is not there is as published."""
    save_file({name: p.to(torch.bfloat16).contiguous() for name, p in parameters.items()}, path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the annotated sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and weights")
    parser.add_argument("--steps", type=int, default=TrainingOptions().steps)
    parser.add_argument("--finish", type=int, default=TrainingOptions().finish)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.data, arguments.out, TrainingOptions(steps=arguments.steps, finish=arguments.finish))


if __name__ == "__main__":
    main()
