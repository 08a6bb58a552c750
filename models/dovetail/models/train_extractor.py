"""Train the extractor: ``python -m dovetail.models.train_extractor --data DIR --graphs DIR --out DIR``.

Joint training over the sets of extraction_data. The upper layers of the encoder learn; its word embeddings stay as published. Labels are
read by the encoder that is being trained: a table of all label vectors is renewed every few steps, and a few labels of each batch are
encoded with their gradients. A checkpoint every few minutes makes a stopped run resumable; a run with the same command and seed that is
not stopped repeats the same batches.

The losses are those of extraction_losses, and one of distillation, which keeps windows' means close to the published encoder's, so that
one pass serves retrieval as well.
"""

from __future__ import annotations

import argparse
import copy
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoModel, PreTrainedTokenizerFast

from dovetail.models.encoder import load_tokenizer, locate_published, mean_of_tokens
from dovetail.models.extraction import label_text
from dovetail.models.extraction_data import Example, Label, TrainingData
from dovetail.models.extraction_losses import Batch, Losses, TrainingHeads
from dovetail.models.extractor import ExtractorNet, WindowBatch
from dovetail.models.windows import collate, tokenize

TASKS = frozenset({"entities", "relations", "coreference"})
DISTILLATION = 16.0
RENEW_STEPS = 100
"""Steps between two readings of all labels."""

FRESH_LABELS = 16
"""Labels of each table that a step reads with their gradients."""

EMA = 0.998


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """``steps`` without CrossNER, then ``finish`` steps with its training rows while the rate falls to zero.

    ``characters``: size of a batch with padding. ``tasks``: which losses. ``adversarial``: weight of the reversed domain gradient.
    ``frozen``: layers of the encoder, from below, that stay as they are besides the embeddings.
    """

    steps: int = 3000
    finish: int = 5400
    characters: int = 5000
    encoder_rate: float = 1e-4
    head_rate: float = 1e-3
    warmup: int = 100
    seed: int = 13
    checkpoint_seconds: float = 180.0
    tasks: frozenset[str] = TASKS
    adversarial: float = 0.0
    frozen: int = 2

    def rate(self, step: int) -> float:
        """Share of the full rate at ``step``: warm-up, constant, linear decay to a tenth, then to zero in the last phase."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        if step < self.steps * 0.5:
            return 1.0
        if step < self.steps:
            return 1.0 - 0.9 * (step - self.steps * 0.5) / (self.steps * 0.5)
        return 0.5 * (1.0 - (step - self.steps) / max(self.finish, 1)) + 0.01


class LabelTable:
    """Vectors of labels under an encoder that learns. Each reading draws a wording: name and description, or either alone."""

    def __init__(self, labels: list[Label], tokenizer: PreTrainedTokenizerFast, *, seed: int) -> None:
        self.labels = labels
        self.tokenizer = tokenizer
        self.random = random.Random(seed)
        self.vectors = torch.zeros(0)

    def renew(self, encoder: nn.Module) -> None:
        """Read every label, without gradients."""
        with torch.no_grad():
            self.vectors = torch.cat([self._read(encoder, range(i, min(i + 64, len(self.labels)))) for i in range(0, len(self.labels), 64)])

    def sample(self, encoder: nn.Module, wanted: Iterable[int]) -> Tensor:
        """(labels, dim), those of up to FRESH_LABELS ``wanted`` ones with gradients."""
        chosen = sorted(wanted)
        if len(chosen) > FRESH_LABELS:
            chosen = sorted(self.random.sample(chosen, FRESH_LABELS))
        if not chosen:
            return self.vectors
        fresh = self._read(encoder, chosen)
        self.vectors[chosen] = fresh.detach()
        return self.vectors.index_copy(0, torch.tensor(chosen), fresh)

    def _read(self, encoder: nn.Module, chosen: Iterable[int]) -> Tensor:
        texts = [self._wording(self.labels[i]) for i in chosen]
        batch = self.tokenizer(texts, padding=True, truncation=True, max_length=64, return_tensors="pt")
        hidden = encoder(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
        return F.normalize(mean_of_tokens(hidden.float(), batch["attention_mask"]), dim=-1)

    def _wording(self, label: Label) -> str:
        draw = self.random.random()
        if draw < 0.25 or not label.description:
            return label.name
        return label.description if draw < 0.35 else label_text(label.name, label.description)


def build_network(encoder: str | None = None, *, frozen: int = 0) -> tuple[ExtractorNet, PreTrainedTokenizerFast]:
    """A network with a published encoder (all-MiniLM-L6-v2 unless ``encoder`` names a folder) and untrained heads, ready to train."""
    folder = locate_published(encoder)
    model = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager")
    if hasattr(model, "pooler"):
        model.pooler = None  # means are read, not the first token
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    layers = [m for name, m in model.named_modules() if name.rsplit(".", 1)[-1].isdigit() and name.count(".") == 2]
    for module in [model.get_input_embeddings(), *layers[:frozen]]:
        module.requires_grad_(False)
    return ExtractorNet(model, dim=model.config.hidden_size), load_tokenizer(folder)


@dataclass(slots=True)
class _Run:
    """What a checkpoint holds."""

    net: ExtractorNet
    heads: TrainingHeads
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LambdaLR
    averaged: dict[str, Tensor]
    step: int = 0

    def save(self, file: Path) -> None:
        state = {name: getattr(self, name).state_dict() for name in ("net", "heads", "optimizer", "scheduler")}
        torch.save({**state, "averaged": self.averaged, "step": self.step}, file.with_suffix(".tmp"))
        file.with_suffix(".tmp").replace(file)

    def load(self, file: Path) -> None:
        state: dict[str, Any] = torch.load(file, weights_only=True)
        for name in ("net", "heads", "optimizer", "scheduler"):
            getattr(self, name).load_state_dict(state[name])
        self.averaged, self.step = state["averaged"], state["step"]


def _start(net: ExtractorNet, heads: TrainingHeads, options: TrainingOptions) -> _Run:
    inside = {id(p) for p in net.encoder.parameters()}
    parameters = [p for p in (*net.parameters(), *heads.parameters()) if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if id(p) in inside], "lr": options.encoder_rate},
        {"params": [p for p in parameters if id(p) not in inside], "lr": options.head_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    averaged = {name: p.detach().clone() for name, p in net.named_parameters() if p.requires_grad}
    return _Run(net, heads, optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, options.rate), averaged)


def train(data: TrainingData, out: Path, options: TrainingOptions, *, encoder: str | None = None) -> None:
    """Train, leaving ``zero-shot.safetensors`` (before CrossNER was seen) and ``extractor.safetensors`` in ``out``."""
    torch.manual_seed(options.seed)
    out.mkdir(parents=True, exist_ok=True)
    net, tokenizer = build_network(encoder, frozen=options.frozen)
    teacher = copy.deepcopy(net.encoder).eval().to(torch.bfloat16)
    run = _start(net, TrainingHeads(int(net.encoder.config.hidden_size), len(data.sets)), options)  # type: ignore[union-attr, arg-type]
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        run.load(checkpoint)
    seed = options.seed + run.step
    tables = LabelTable(data.types, tokenizer, seed=seed), LabelTable(data.relations, tokenizer, seed=seed)
    losses = Losses(data, seed=seed, tasks=options.tasks, adversarial=options.adversarial)
    first, second = (data.batches(options.characters, seed=seed, crossner=crossner) for crossner in (False, True))
    net.train()
    saved = began = time.monotonic()
    windows = 0
    report: dict[str, float] = {}
    start = run.step
    for step in range(start, options.steps + options.finish):
        if step == options.steps:
            save(run, out / "zero-shot.safetensors")
        if (step - start) % RENEW_STEPS == 0:
            with torch.autocast("cpu", torch.bfloat16):
                for table in tables:
                    table.renew(net.encoder)
        batch = _prepare(next(first if step < options.steps else second), tokenizer)
        with torch.autocast("cpu", torch.bfloat16):
            values = _losses(run, losses, batch, tables, teacher if step % 4 == 0 else None)
        run.optimizer.zero_grad(set_to_none=True)
        total = sum(values.values(), torch.zeros(()))
        if total.requires_grad:  # with some tasks left out, a batch may have nothing to learn
            total.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_([p for group in run.optimizer.param_groups for p in group["params"]], 1.0)
        run.optimizer.step()
        run.scheduler.step()
        with torch.no_grad():
            for name, parameter in net.named_parameters():
                if name in run.averaged:
                    run.averaged[name].lerp_(parameter, 1 - min(EMA, (step + 1) / (step + 10)))
        windows += len(batch.batch.examples)
        for name, value in values.items():
            report[name] = 0.98 * report.get(name, value.item()) + 0.02 * value.item()
        if step % 50 == 0:
            speed = windows / (time.monotonic() - began)
            print(f"step {step}  {speed:.0f} windows/s  " + "  ".join(f"{k} {v:.3f}" for k, v in report.items()), flush=True)
        if time.monotonic() - saved > options.checkpoint_seconds:
            run.step = step + 1
            run.save(checkpoint)
            saved = time.monotonic()
    save(run, out / "extractor.safetensors")


@dataclass(frozen=True, slots=True)
class _Tokenized:
    """A batch with what the network reads of it."""

    batch: Batch
    inputs: WindowBatch


def _prepare(examples: list[Example], tokenizer: PreTrainedTokenizerFast) -> _Tokenized:
    kept = [(e, t) for e, t in zip(examples, tokenize([e.window for e in examples], tokenizer), strict=True) if t.offsets]
    words = [[t.words_of(a, b) for a, b, _ in e.spans] for e, t in kept]
    return _Tokenized(Batch([e for e, _ in kept], words), collate([t for _, t in kept]))


def _losses(
    run: _Run, losses: Losses, read: _Tokenized, tables: tuple[LabelTable, LabelTable], teacher: nn.Module | None
) -> dict[str, Tensor]:
    """The losses of a batch; with a ``teacher``, that of distillation too."""
    encoded = run.net.encode(read.inputs)
    types = {t for e in read.batch.examples for t in (*(t for span in e.spans for t in span[2]), *losses.sets[e.set].types)}
    relations = {r for e in read.batch.examples for held in e.relations.values() for r in held}
    vectors = tables[0].sample(run.net.encoder, types), tables[1].sample(run.net.encoder, relations)
    values = losses(run.net, run.heads, encoded, read.batch, vectors)
    if teacher is not None:
        with torch.no_grad():
            hidden = teacher(input_ids=read.inputs.input_ids, attention_mask=read.inputs.attention).last_hidden_state
            goal = mean_of_tokens(hidden.float(), read.inputs.attention)
        values["distillation"] = DISTILLATION * (1 - F.cosine_similarity(encoded.mean.float(), goal)).mean()
    return values


def save(run: _Run, file: Path) -> None:
    """The network with its averaged weights, in bfloat16."""
    state = {name: p.detach() for name, p in run.net.named_parameters()} | run.averaged
    save_file({name: value.to(torch.bfloat16).contiguous() for name, value in state.items()}, file)


def main() -> None:
    """The command line."""
    defaults = TrainingOptions()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the annotated sets")
    parser.add_argument("--graphs", type=Path, help="folder with fb15k-237 and codex-m, for types of known names")
    parser.add_argument("--out", type=Path, required=True, help="where the weights and checkpoints go")
    parser.add_argument("--encoder", help="folder of another published encoder to start from")
    parser.add_argument("--tasks", nargs="+", choices=sorted(TASKS), default=sorted(TASKS))
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--finish", type=int, default=defaults.finish)
    parser.add_argument("--adversarial", type=float, default=defaults.adversarial, help="weight of the domain-adversarial gradient")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    options = replace(
        defaults,
        steps=arguments.steps,
        finish=arguments.finish,
        seed=arguments.seed,
        tasks=frozenset(arguments.tasks),
        adversarial=arguments.adversarial,
    )
    train(TrainingData(arguments.data, graphs=arguments.graphs), arguments.out, options, encoder=arguments.encoder)


if __name__ == "__main__":
    main()
