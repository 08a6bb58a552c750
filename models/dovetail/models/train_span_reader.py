"""Train the span reader: ``python -m dovetail.models.train_span_reader --data DIR --out OUT``.

    made questions (reading_examples)  STEPS batches   -> OUT/made.safetensors
    real and made ones                 FINISH batches  -> OUT/reader.safetensors, OUT/fold-0.safetensors, …

All layers of the packaged encoder learn; its word embeddings stay. The last phase is run once on all real questions, which gives
what ships, and once without each fold of them: those readers have not seen the fold's questions, so that what is trained on top
(candidates' scores, calibration) sees odds as they are for new questions. A checkpoint every few minutes makes a stopped
run resumable; a run that is not stopped repeats the same batches.
"""

from __future__ import annotations

import argparse
import copy
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dovetail.models.cloze_questions import Synonyms
from dovetail.models.encoder import TextEncoder, load_encoder
from dovetail.models.reading_examples import ReadingExample, ReadingExamples, RealQuestion, real_questions
from dovetail.models.span_reader import LAYERS, PairTokens, SpanHead, pair_tokens

FOLDS = 3
REAL = 0.75
"""Share of real questions in the last phase."""
POOL = 40
"""Batches' worth of examples that are put into batches of like length together."""


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """``tokens``: of a batch. ``steps`` of made questions, then ``finish`` of real ones mixed with made ones."""

    steps: int = 1800
    finish: int = 240
    tokens: int = 3200
    rate: float = 2e-4
    finish_rate: float = 1e-4
    warmup: int = 100
    seed: int = 13
    checkpoint_seconds: float = 180.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """A window with the tokens, counted from its first, at which answers start and end; token 0 of both where there is none."""

    pair: PairTokens
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def lesson(example: ReadingExample, encoder: TextEncoder) -> Lesson | None:
    """An example's window: the first that holds an answer whole, or the first where nothing answers. None without either."""
    for pair in pair_tokens(example.question, example.title, example.text, encoder.tokenizer):
        first = {start: i for i, (start, _) in enumerate(pair.offsets)}
        last = {end: i for i, (_, end) in enumerate(pair.offsets)}
        held = [(pair.begin + first[a], pair.begin + last[b]) for a, b in example.answers if a in first and b in last]
        if held:
            return Lesson(pair, tuple(a for a, _ in held), tuple(b for _, b in held))
        if not example.answers:
            return Lesson(pair, (0,), (0,))
    return None


def batches(examples: Iterator[ReadingExample], encoder: TextEncoder, options: ReaderOptions, *, seed: int) -> Iterator[list[Lesson]]:
    """Batches of windows of like length, in any order."""
    draw = random.Random(seed)
    while True:
        pool: list[Lesson] = []
        while sum(len(one.pair.ids) for one in pool) < POOL * options.tokens:
            one = lesson(next(examples), encoder)
            if one is not None:
                pool.append(one)
        pool.sort(key=lambda one: len(one.pair.ids))
        made: list[list[Lesson]] = [[]]
        for one in pool:
            if (len(made[-1]) + 1) * len(one.pair.ids) > options.tokens and made[-1]:
                made.append([])
            made[-1].append(one)
        draw.shuffle(made)
        yield from made


def loss_of(scores: Tensor, batch: Sequence[Lesson]) -> Tensor:
    """Minus the log of the chance of an answer's start and of its end: scores (batch, tokens, 2), -inf beyond each window."""
    chances = torch.log_softmax(scores.float(), dim=1)
    losses = []
    for row, one in enumerate(batch):
        for side, places in enumerate((one.starts, one.ends)):
            losses.append(-torch.logsumexp(chances[row, sorted(set(places)), side], 0))
    return torch.stack(losses).mean()


def scored(model: nn.Module, head: SpanHead, batch: Sequence[Lesson]) -> Tensor:
    """(batch, tokens, 2), -inf where neither text nor the first token is."""
    longest = max(len(one.pair.ids) for one in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    mask = torch.zeros((len(batch), longest), dtype=torch.long)
    allowed = torch.zeros((len(batch), longest), dtype=torch.bool)
    for row, one in enumerate(batch):
        ids[row, : len(one.pair.ids)] = torch.tensor(one.pair.ids)
        mask[row, : len(one.pair.ids)] = 1
        allowed[row, one.pair.begin : one.pair.begin + len(one.pair.offsets)] = True
        allowed[row, 0] = True
    scores: Tensor = head(model(input_ids=ids, attention_mask=mask).last_hidden_state.float())
    return scores.masked_fill(~allowed.unsqueeze(-1), float("-inf"))


class Run:
    """A network in training, with what a checkpoint holds. It computes in bfloat16; what is learnt is summed up in float32."""

    def __init__(self, encoder: TextEncoder, head: SpanHead, *, rate: float, steps: int, warmup: int) -> None:
        self.encoder, self.head, self.step, self.steps = encoder, head, 0, steps
        model = encoder.model
        model.requires_grad_(False)
        self._computing = {name: p for name, p in model.named_parameters() if name.startswith(LAYERS)}
        self.trained = {name: p.detach().float().clone() for name, p in self._computing.items()}
        for parameter in self._computing.values():
            parameter.requires_grad_(True)
        groups = [{"params": list(self.trained.values()), "lr": rate}, {"params": list(head.parameters()), "lr": 5 * rate}]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: min((step + 1) / warmup, max(1.0 - step / steps, 0.02))
        )

    def learn(self, batch: Sequence[Lesson]) -> float:
        """One step; the loss."""
        loss = loss_of(scored(self.encoder.model, self.head, batch), batch)
        self.optimizer.zero_grad(set_to_none=True)
        for parameter in self._computing.values():
            parameter.grad = None
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        for name, parameter in self._computing.items():
            assert parameter.grad is not None
            self.trained[name].grad = parameter.grad.float()
        nn.utils.clip_grad_norm_([p for group in self.optimizer.param_groups for p in group["params"]], 1.0)
        self.optimizer.step()
        self.scheduler.step()
        self._renew()
        self.step += 1
        return loss.item()

    @torch.no_grad()
    def _renew(self) -> None:
        for name, parameter in self._computing.items():
            parameter.copy_(self.trained[name])

    def weights(self) -> dict[str, Tensor]:
        """What was trained."""
        named = {**self.trained, **{f"head.{name}": p for name, p in self.head.named_parameters()}}
        return {name: p.detach().to(torch.bfloat16).contiguous() for name, p in named.items()}

    def save(self, file: Path) -> None:
        """A checkpoint."""
        state = {"model": {name: p.detach() for name, p in self.trained.items()}, "head": self.head.state_dict(), "step": self.step}
        state |= {"optimizer": self.optimizer.state_dict(), "scheduler": self.scheduler.state_dict()}
        torch.save(state, file.with_suffix(".tmp"))
        file.with_suffix(".tmp").replace(file)

    def load(self, file: Path) -> None:
        """Goes on from a checkpoint."""
        state: dict[str, Any] = torch.load(file, weights_only=True)
        for name, value in state["model"].items():
            self.trained[name].copy_(value)
        self._renew()
        self.head.load_state_dict(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.step = state["step"]


def untrained() -> tuple[TextEncoder, SpanHead]:
    """The packaged encoder and a head that says nothing yet."""
    encoder = load_encoder(dtype=torch.bfloat16)
    encoder.model.set_attn_implementation("eager")  # type: ignore[operator]  # nn.Module types attributes as Tensor | Module
    head = SpanHead(encoder.dim)
    nn.init.normal_(head.linear.weight, std=0.02)
    nn.init.zeros_(head.linear.bias)
    for module in encoder.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return encoder, head


def pretrain(data: Path, out: Path, options: ReaderOptions) -> tuple[TextEncoder, SpanHead]:
    """The phase of made questions; goes on from ``out/checkpoint.pt``."""
    encoder, head = untrained()
    run = Run(encoder, head, rate=options.rate, steps=options.steps, warmup=options.warmup)
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        run.load(checkpoint)
    if run.step >= options.steps:
        return encoder, head
    seed = options.seed + run.step
    drawn = batches(iter(made_questions(data, encoder, seed=seed)), encoder, options, seed=seed)
    held = [one for some in real_questions(data) if some.set == "xquad" for one in some.examples[:1]]
    began = saved = time.monotonic()
    average, tokens, first = 0.0, 0, run.step
    while run.step < options.steps:
        batch = next(drawn)
        average = average * 0.98 + 0.02 * run.learn(batch)
        tokens += sum(len(one.pair.ids) for one in batch)
        if run.step % 50 == 0:
            share = 1 - 0.98 ** (run.step - first)
            speed = tokens / (time.monotonic() - began)
            print(f"step {run.step}  loss {average / share:.3f}  {speed:.0f} tokens/s", flush=True)
        if run.step % 400 == 0:
            print(f"step {run.step}  right spans in xquad's own passages: {exact(encoder, head, held):.3f}", flush=True)
        if time.monotonic() - saved > options.checkpoint_seconds:
            run.save(checkpoint)
            saved = time.monotonic()
    run.save(checkpoint)
    save_file(run.weights(), out / "made.safetensors")
    return encoder, head


def made_questions(data: Path, encoder: TextEncoder, *, seed: int) -> ReadingExamples:
    """The endless ones."""
    embeddings = encoder.model.get_input_embeddings().weight.detach()  # type: ignore[operator]  # as above
    return ReadingExamples(data, Synonyms(embeddings, encoder.tokenizer), seed=seed)


@torch.inference_mode()
def exact(encoder: TextEncoder, head: SpanHead, examples: Sequence[ReadingExample]) -> float:
    """The share of examples whose best start and end are an answer's."""
    right = 0
    for example in examples:
        one = lesson(example, encoder)
        if one is not None:
            scores = scored(encoder.model, head, [one])[0, 1:]
            later = torch.ones(len(scores), len(scores), dtype=torch.bool).triu()
            table = (scores[:, 0, None] + scores[None, :, 1]).masked_fill(~later, float("-inf"))
            start, end = divmod(int(table.argmax()), len(scores))
            right += (start + 1, end + 1) in set(zip(one.starts, one.ends, strict=True))
    return right / len(examples)


def mixed(real: Sequence[RealQuestion], made: Iterator[ReadingExample], *, seed: int) -> Iterator[ReadingExample]:
    """Real questions, each set as often as its number's root, half of them asked of a passage with the answer; and made ones."""
    draw = random.Random(seed)
    asked = [(one, len([1 for other in real if other.set == one.set]) ** -0.5) for one in real]
    while True:
        if draw.random() > REAL:
            yield next(made)
            continue
        examples = draw.choices([one for one, _ in asked], [weight for _, weight in asked])[0].examples
        telling = [one for one in examples if one.answers]
        found = draw.choice(telling if draw.random() < 0.55 else examples)
        yield replace(found, title=found.title if draw.random() < 0.9 else "")


def finish(
    start: tuple[TextEncoder, SpanHead], real: Sequence[RealQuestion], made: Iterator[ReadingExample], options: ReaderOptions, out: Path
) -> Run:
    """The phase of real questions from a copy of ``start``; writes the weights to ``out``."""
    encoder = TextEncoder(copy.deepcopy(start[0].model), start[0].tokenizer)
    run = Run(encoder, copy.deepcopy(start[1]), rate=options.finish_rate, steps=options.finish, warmup=20)
    average = 0.0
    drawn = batches(mixed(real, made, seed=options.seed), encoder, options, seed=options.seed)
    while run.step < options.finish:
        average = average * 0.95 + 0.05 * run.learn(next(drawn))
        if run.step % 50 == 0:
            print(f"{out.stem} step {run.step}  loss {average:.3f}", flush=True)
    save_file(run.weights(), out)
    return run


def train(data: Path, out: Path, options: ReaderOptions) -> None:
    """Both phases; what is there already is not made again."""
    torch.manual_seed(options.seed)
    out.mkdir(parents=True, exist_ok=True)
    start = pretrain(data, out, options)
    real = real_questions(data)
    made = iter(made_questions(data, start[0], seed=options.seed - 1))
    for fold in (None, *range(FOLDS)):
        file = out / ("reader.safetensors" if fold is None else f"fold-{fold}.safetensors")
        if file.exists():
            continue
        run = finish(start, [one for one in real if fold is None or one.row % FOLDS != fold], made, options, file)
        held = [one.examples[0] for one in real if one.set == "xquad" and one.row % FOLDS == fold]
        if held:
            print(f"fold {fold}  right spans in unseen questions' own passages: {exact(run.encoder, run.head, held):.3f}", flush=True)


def main() -> None:
    """The command line."""
    defaults = ReaderOptions()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with extraction/ and questions/")
    parser.add_argument("--out", type=Path, required=True, help="where the weights and checkpoints go")
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--finish", type=int, default=defaults.finish)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.data, arguments.out, replace(defaults, steps=arguments.steps, finish=arguments.finish, seed=arguments.seed))


if __name__ == "__main__":
    main()
