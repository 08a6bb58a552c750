"""A question as what a plan needs: its kind, its number of steps, and for each step a vector to compare with relations.

    tokens of a question, its names masked ─ frozen text encoder ─ states of three layers ─┬─ two layers over tokens and slots ─ heads
    label of a relation                    ─ the same encoder    ─ states, averaged        ─┴─ one vector for each direction

A slot attends to the words that speak of its step, so a step's vector is made of what those words mean, and a relation that no training
question has named is found by its label. Source: slots as learned queries over a text follow DETR (Carion et al., ECCV 2020); steps as
instruction vectors for a graph follow NSM (He et al., WSDM 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import normalize, softplus

from dovetail.models.encoder import TextEncoder, read_weights

KINDS = ("lookup", "list", "count", "boolean", "choice", "order", "superlative", "difference", "connection")
"""What is asked for: values, all values, how many, whether a fact holds, which of two comes first, whether one comes before another, what
is most, how far two values are apart, how two things hang together."""
MOST_HOPS = 3
SLOTS = ("hop 1", "hop 2", "hop 3", "type", "dimension", "second dimension", "whole")
NAME = "[MASK]"
"""What stands for a name in a question."""
OTHER, TOPIC, NAMED = 0, 1, 2
"""A token is a plain word, of the name that the steps start from, or of another name."""
LAYERS_READ = (0, 3, 6)
LABELS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Reading:
    """What the network makes of a batch of questions.

    ``kind`` (batch, kinds) and ``hops`` (batch, MOST_HOPS + 1) are logits; ``steps`` (batch, MOST_HOPS, dim), ``type``, ``dimension`` and
    ``second`` (batch, dim) have length 1; ``smallest`` (batch,) is the logit that the least value is asked for rather than the greatest.
    """

    kind: Tensor
    hops: Tensor
    steps: Tensor
    type: Tensor
    dimension: Tensor
    second: Tensor
    smallest: Tensor


class QuestionNetwork(nn.Module):
    """Reads token states of questions and label states of relations into one space."""

    def __init__(self, dim: int = 384, *, layers: int = 2, heads: int = 6) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.tensor([0.0, 0.0, 1.0]))
        self.flags = nn.Embedding(3, dim)
        self.slots = nn.Parameter(torch.randn(len(SLOTS), dim) * 0.02)
        self.enter = nn.Linear(len(LAYERS_READ) * dim, dim)
        layer = nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout=0.1, activation="gelu", batch_first=True, norm_first=True)
        self.over = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(dim), enable_nested_tensor=False)
        self.ask, self.offer = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.step = _Residual(dim)
        self.forth, self.back, self.noun = _Residual(dim), _Residual(dim), _Residual(dim)
        self.kind = nn.Linear(dim, len(KINDS))
        self.hops = nn.Linear(dim, MOST_HOPS + 1)
        self.smallest = nn.Linear(dim, 1)
        self.sharpness = nn.Parameter(torch.tensor(15.0))
        nn.init.normal_(self.flags.weight, std=0.02)

    def forward(self, states: Tensor, mask: Tensor, flags: Tensor) -> Reading:
        """``states`` (batch, tokens, layers, dim), ``mask`` and ``flags`` (batch, tokens)."""
        batch, tokens = mask.shape
        x = self.enter(states.flatten(2)) + self.flags(flags)
        x = torch.cat([x, self.slots.expand(batch, -1, -1)], 1)
        seen = torch.cat([mask, mask.new_ones(batch, len(SLOTS))], 1)
        x = self.over(x, src_key_padding_mask=~seen)
        words, slots = x[:, :tokens], x[:, tokens:]
        attention = (self.ask(slots) @ self.offer(words).transpose(1, 2)) / words.shape[-1] ** 0.5
        readable = mask & (flags == OTHER)
        attention = attention.masked_fill(~readable[:, None], -1e4).softmax(-1)
        meant = normalize(self.step(attention @ self._mixed(states), slots), dim=-1)
        whole = slots[:, -1]
        return Reading(
            kind=self.kind(whole),
            hops=self.hops(whole),
            steps=meant[:, :MOST_HOPS],
            type=meant[:, MOST_HOPS],
            dimension=meant[:, MOST_HOPS + 1],
            second=meant[:, MOST_HOPS + 2],
            smallest=self.smallest(slots[:, MOST_HOPS + 1]).squeeze(-1),
        )

    def relations(self, labels: Tensor) -> Tensor:
        """The vectors of labels, as ``label_states`` gives them, as steps along a relation and against it: (labels, 2, dim)."""
        mixed = self._mixed(labels)
        return normalize(torch.stack([self.forth(mixed, mixed), self.back(mixed, mixed)], 1), dim=-1)

    def nouns(self, labels: Tensor) -> Tensor:
        """The vectors of labels as types of things: (labels, dim)."""
        mixed = self._mixed(labels)
        return normalize(self.noun(mixed, mixed), dim=-1)

    def _mixed(self, states: Tensor) -> Tensor:
        """The layers of states (..., layers, dim) as one: (..., dim)."""
        return (states * softplus(self.mix)[:, None]).sum(-2)


class _Residual(nn.Module):
    """``x`` moved by what ``context`` says: at first not at all."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(2 * dim, dim), nn.Linear(dim, dim)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        scale = x.norm(dim=-1, keepdim=True).clamp(min=1e-6)
        moved: Tensor = x / scale + self.outer(nn.functional.gelu(self.inner(torch.cat([x / scale, context], -1))))
        return moved


@dataclass(frozen=True, slots=True)
class States:
    """Token states of texts: ``states`` (texts, tokens, layers, dim), ``mask`` (texts, tokens); ``flags`` as in OTHER, TOPIC, NAMED."""

    states: Tensor
    mask: Tensor
    flags: Tensor


@torch.inference_mode()
def token_states(encoder: TextEncoder, texts: Sequence[str], topics: Sequence[int] | None = None) -> States:
    """The states of ``texts`` at LAYERS_READ of the frozen encoder; ``topics`` says which NAME of each text is the topic, -1 for none."""
    batch = encoder.tokenizer(
        list(texts), padding=True, pad_to_multiple_of=8, truncation=True, max_length=encoder.max_tokens, return_tensors="pt"
    )
    hidden = encoder.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], output_hidden_states=True).hidden_states
    layers = [min(layer, len(hidden) - 1) for layer in LAYERS_READ]
    states = torch.stack([normalize(hidden[layer].float(), dim=-1) for layer in layers], 2)
    named = batch["input_ids"] == encoder.tokenizer.mask_token_id
    flags = torch.where(named, NAMED, OTHER)
    for row, topic in enumerate(topics or ()):
        places = named[row].nonzero().flatten()
        if 0 <= topic < len(places):
            flags[row, places[topic]] = TOPIC
    ends = torch.isin(batch["input_ids"], torch.tensor([encoder.tokenizer.cls_token_id, encoder.tokenizer.sep_token_id]))
    return States(states, batch["attention_mask"].bool() & ~ends, flags)


def label_states(encoder: TextEncoder, labels: Sequence[str]) -> Tensor:
    """The mean states of labels: (labels, layers, dim)."""
    parts = [torch.zeros(0, len(LAYERS_READ), encoder.dim)]
    for start in range(0, len(labels), LABELS_AT_ONCE):
        made = token_states(encoder, labels[start : start + LABELS_AT_ONCE])
        weights = made.mask[..., None, None].float()
        parts.append((made.states * weights).sum(1) / weights.sum(1).clamp(min=1))
    return torch.cat(parts)


def save_question_network(network: QuestionNetwork, path: Path) -> None:
    """Writes the weights in bfloat16."""
    save_file({name: tensor.to(torch.bfloat16).contiguous() for name, tensor in network.state_dict().items()}, path)


def load_question_network(path: Path) -> QuestionNetwork:
    """The network in a file. Raises ModelError."""
    network = QuestionNetwork()
    network.load_state_dict({name: tensor.float() for name, tensor in read_weights(path).items()})
    return network.eval()
