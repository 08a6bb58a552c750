"""Word ranges that may be mentions, before anything is decided: what fitting, suggesting and annotating look at.

``Extractor.entities`` decides; here every range is kept that the span head does not rule out, with its vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dovetail.models.extraction import Extractor, ReadWindows


@dataclass(frozen=True, slots=True)
class Candidates:
    """n word ranges, ordered by window and place.

    ``window``, ``first``, ``last``: (n,) window of the input, first and last word in it. ``places``: characters [start, end) of
    each in its window. ``mention``: (n,) logits that it is a mention. ``vectors``: (n, dim) type vectors of length one, float32.
    """

    window: Tensor
    first: Tensor
    last: Tensor
    places: tuple[tuple[int, int], ...]
    mention: Tensor
    vectors: Tensor

    def __len__(self) -> int:
        return len(self.places)

    def at(self, rows: Tensor) -> Candidates:
        """Some of the candidates: ``rows`` (m,)."""
        places = tuple(self.places[i] for i in rows.tolist())
        return Candidates(self.window[rows], self.first[rows], self.last[rows], places, self.mention[rows], self.vectors[rows])


@torch.inference_mode()
def find_candidates(extractor: Extractor, read: ReadWindows, *, floor: float, also: Sequence[tuple[int, int, int]] = ()) -> Candidates:
    """Every word range whose chance to be a mention is at least ``floor``, and those in ``also`` (window, first and last word)."""
    asked: dict[int, list[tuple[int, int]]] = {}
    for window, first, last in also:
        asked.setdefault(window, []).append((first, last))
    net = extractor.net
    found: list[tuple[Tensor, ...]] = []
    for rows, encoded in read.batches:
        logits = net.spans(encoded)
        kept = torch.sigmoid(logits) >= floor
        for position, window in enumerate(rows):
            for first, last in asked.get(window, ()):
                if last - first < kept.shape[2]:
                    kept[position, first, last - first] = True
        kept &= logits > -1e3  # ranges that leave their sentence
        row, start, width = kept.nonzero().unbind(1)
        if len(row):
            _, vectors = net.vectors_of_spans(encoded, row, start, start + width)
            unit = nn.functional.normalize(vectors.float(), dim=-1)
            found.append((torch.tensor(rows)[row], start, start + width, logits[row, start, width], unit))
    if not found:
        none = torch.zeros(0, dtype=torch.long)
        return Candidates(none, none, none, (), torch.zeros(0), torch.zeros(0, 0))
    windows, firsts, lasts, mention, unit_vectors = (torch.cat(column) for column in zip(*found, strict=True))
    places = tuple(
        (read.windows[w].offsets[a][0], read.windows[w].offsets[b][1])
        for w, a, b in zip(windows.tolist(), firsts.tolist(), lasts.tolist(), strict=True)
    )
    return Candidates(windows, firsts, lasts, places, mention, unit_vectors)


def choose(candidates: Candidates, types: Tensor, mention: Tensor, *, least: float, floor: float) -> list[tuple[int, int, float]]:
    """The decision of ``Extractor.entities``: (candidate, label, confidence) of mentions that do not overlap, best first.

    ``types``: (n, labels) logits with the bonus; ``mention``: (n,) logits. ``floor``: mention chance below which a range is not looked at.
    """
    if not len(candidates) or not types.shape[1]:
        return []
    types, chances = types.detach(), torch.sigmoid(mention.detach())
    best = types.argmax(1)
    scores = (chances * torch.sigmoid(types[torch.arange(len(best)), best])).sqrt()
    scores = torch.where(chances > max(floor, least**2), scores, torch.zeros_like(scores))
    taken: dict[int, list[tuple[int, int]]] = {}
    chosen = []
    window, first, last = candidates.window.tolist(), candidates.first.tolist(), candidates.last.tolist()
    for i in torch.argsort(scores, descending=True, stable=True).tolist():
        score = float(scores[i])
        if score < least:
            break
        held = taken.setdefault(window[i], [])
        if not any(first[i] <= b and last[i] >= a for a, b in held):
            held.append((first[i], last[i]))
            chosen.append((i, int(best[i]), score))
    return chosen
