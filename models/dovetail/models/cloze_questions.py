"""Questions made of statements: the answer is taken out, a question word put in, words dropped, swapped and replaced.

    "Curie was born in Warsaw in 1867." -> ClozeWriter -> "where was Curie born in 1867?"

Sources: Lewis et al., Unsupervised question answering by cloze translation (ACL 2019); Fabbri et al., Template-based question
generation from retrieved sentences (ACL 2020).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from dovetail.models.reading_texts import SMALL

QUESTION_WORDS: Mapping[str, tuple[str, ...]] = {
    "person": ("who", "who", "who", "which person", "what person", "what is the name of the person", "whom"),
    "place": ("where", "where", "where", "what place", "in what city", "which country", "what city", "in which place"),
    "organisation": ("what", "which organization", "what company", "which group", "who", "what institution", "which"),
    "date": ("when", "when", "when", "what year", "in what year", "on what date", "in which year"),
    "number": ("how many", "how many", "how much", "what number of", "what"),
    "thing": ("what", "what", "what", "which", "what kind of", "what type of", "what is"),
}
PREPOSITION = re.compile(r"\b(?:in|on|at|from|to|of|by|for|with|as|into|during|since)(?:\s+(?:the|a|an))?\s*$", re.IGNORECASE)
AUXILIARY = re.compile(r"\b(?:is|was|are|were|has|had|have|can|could|will|would|did|does)\b", re.IGNORECASE)
BREAK = re.compile(r"\s*[,;:()\[\]\"“”–—]\s*|\s+(?=(?:and|but|which|who|where|while|because|when|although)\b)")
PAST = re.compile(r"\b([a-z]{3,}?)(ied|ed)\b")
IRREGULAR = {
    "won": "win", "became": "become", "began": "begin", "led": "lead", "wrote": "write", "took": "take", "made": "make", "went": "go",
    "gave": "give", "held": "hold", "found": "find", "came": "come", "lost": "lose", "left": "leave", "built": "build", "said": "say",
    "had": "have", "got": "get", "met": "meet", "sold": "sell", "ran": "run", "grew": "grow", "fell": "fall", "saw": "see",
}  # fmt: skip
SOFT = ("at", "v", "c", "s", "g", "iz", "ir", "ur", "uid")
"""Verbs that end so, before "ed", have lost an "e"."""
NEIGHBOURS = 4
NEAR = 0.5
"""Cosine of word embeddings from which a word may stand for another."""


class Synonyms:
    """Words near each other in an encoder's word embeddings: rough synonyms, inflections, and some opposites."""

    def __init__(self, embeddings: Tensor, tokenizer: PreTrainedTokenizerFast) -> None:
        words = {word: i for word, i in tokenizer.get_vocab().items() if word.isalpha() and word.isascii() and len(word) > 3}
        self._words = sorted(words, key=lambda word: words[word])[:12000]
        self._vectors = torch.nn.functional.normalize(embeddings[[words[word] for word in self._words]].float(), dim=-1)
        self._place = {word: i for i, word in enumerate(self._words)}
        self._near: dict[str, list[str]] = {}

    def of(self, word: str) -> Sequence[str]:
        """The nearest words, if any are near."""
        if word not in self._near:
            at = self._place.get(word)
            if at is None:
                return ()
            values, places = (self._vectors @ self._vectors[at]).topk(NEIGHBOURS + 1)
            pairs = zip(values.tolist(), places.tolist(), strict=True)
            self._near[word] = [self._words[i] for value, i in pairs if i != at and value > NEAR]
        return self._near[word]


class ClozeWriter:
    """Makes questions of statements, each call another one."""

    def __init__(self, synonyms: Synonyms | None, *, seed: int) -> None:
        self._synonyms = synonyms
        self._random = random.Random(seed)

    def write(self, sentence: str, start: int, end: int, kind: str) -> str | None:
        """A question that ``sentence[start:end]`` answers; None where too little is left to ask with."""
        draw = self._random
        before, after = self._clause(sentence, start, end)
        if not after.strip(" .") and draw.random() < 0.15 and kind in ("person", "place", "organisation"):
            after = sentence[end:]
        word = self._question_word(sentence[start:end], kind)
        stripped = PREPOSITION.sub("", before)
        if word.startswith(("where", "when", "in ", "on ")) or draw.random() < 0.4:
            before = stripped
        question = self._ordered(word, self._noisy(before), self._noisy(after), open_=not stripped.strip() or len(before.split()) < 2)
        content = [w for w in re.findall(r"\w+", f"{before} {after}".lower()) if w not in SMALL]
        return question if len(content) >= 2 else None

    def _clause(self, sentence: str, start: int, end: int) -> tuple[str, str]:
        """The words before and after the answer: of its own clause, one clause around it, or the whole sentence."""
        draw = self._random.random()
        before, after = sentence[:start], sentence[end:]
        around = 1 if draw < 0.45 else 2 if draw < 0.8 else 9
        left = [0, *(m.end() for m in BREAK.finditer(before))]
        right = [*(m.start() for m in BREAK.finditer(after)), len(after)]
        kept_left, kept_right = before[left[max(0, len(left) - around)] :], after[: right[min(around, len(right)) - 1]]
        if len((kept_left + kept_right).split()) < 4:
            kept_left, kept_right = before[left[max(0, len(left) - 3)] :], after[: right[min(2, len(right)) - 1]]
        left_words, right_words = kept_left.split(), kept_right.split()
        if len(left_words) + len(right_words) > 22:
            kept_left, kept_right = " ".join(left_words[-12:]), " ".join(right_words[:10])
        subject = sentence.split(",")[0]
        if self._random.random() < 0.3 and len(subject.split()) < 7 and len(subject) < start and subject not in kept_left:
            kept_left = f"{subject} {kept_left}"
        return kept_left, kept_right

    def _question_word(self, answer: str, kind: str) -> str:
        word = self._random.choice(QUESTION_WORDS[kind])
        if kind == "date" and not re.fullmatch(r"\d{4}", answer) and "year" in word:
            return "when"
        return word

    def _ordered(self, word: str, before: str, after: str, *, open_: bool) -> str:
        draw = self._random.random()
        if open_ and draw < 0.85:
            return _clean(f"{word} {after} {before}")
        if draw < 0.2:
            return _clean(f"{before} {word} {after}")
        auxiliary = AUXILIARY.search(before)
        if auxiliary and draw < 0.8:
            rest = before[: auxiliary.start()] + before[auxiliary.end() :]
            return _clean(f"{word} {auxiliary.group()} {rest} {after}")
        past = PAST.search(before) or re.search(rf"\b({'|'.join(IRREGULAR)})\b", before)
        if past and draw < 0.9:
            return _clean(f"{word} did {before[: past.start()]}{_present(past.group())}{before[past.end() :]} {after}")
        return _clean(f"{word} {before} {after}" if draw < 0.95 else f"{before} {after} {word}")

    def _noisy(self, text: str) -> str:
        draw = self._random
        words = []
        for word in text.split():
            plain = word.lower()
            roll = draw.random()
            if roll < (0.12 if plain in SMALL else 0.07):
                continue
            near = self._synonyms.of(word) if self._synonyms and roll > 0.82 and word == plain else ()
            words.append(draw.choice(near) if near else word)
        for i in range(len(words) - 1):
            if draw.random() < 0.03:
                words[i], words[i + 1] = words[i + 1], words[i]
        return " ".join(words)


def _present(verb: str) -> str:
    """``verb`` without its past ending, roughly."""
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if verb.endswith("ied"):
        return verb[:-3] + "y"
    stem = verb.removesuffix("ed")
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "ls":
        return stem[:-1]
    return (
        stem + "e" if stem.endswith(("at", "v", "c", "s", "g", "uc", "iz", "ir", "ur", "uid", "eas")) and not stem.endswith("ss") else stem
    )


def _clean(question: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"\s*[.?!,;]+\s*$", "", question)).strip(" ,;:.") + "?"
