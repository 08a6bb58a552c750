"""Markdown to plain text: the words stay, the marks go."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dovetail.nlp.readers.decode import clean, decode, one_line
from dovetail.nlp.readers.registry import File, Reading, Skipped, read_bytes, reader

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?")
_UNDERLINE_OR_RULE = re.compile(r" {0,3}(?:=+|-+|(?:[-*_][ \t]*){3,})[ \t]*")
_TABLE_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_DEFINITION = re.compile(r" {0,3}\[[^\]\n]+\]:[ \t]*\S+.*")
_QUOTE = re.compile(r"(?: {0,3}>[ \t]?)+")
_BULLET = re.compile(r"^([ \t]*)[-*+][ \t]+(?:\[[ xX]\][ \t]+)?")

# Every repetition stops at a character that would begin the next match: linear on hostile input.
_INLINE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<!--[^<>\n]*-->"), ""),
    (re.compile(r"<(https?://[^\s<>]+|[^\s<>@]+@[^\s<>@]+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z][\w-]*(?:[ \t][^<>\n]*)?/?>"), ""),
    (re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)"), r"\1"),
    (re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)"), r"\1"),  # an image in a link
    (re.compile(r"!?\[([^\[\]\n]+)\]\[[^\[\]\n]*\]"), r"\1"),
    (re.compile(r"\*\*(?=[^\s*])([^*\n]+)(?<!\s)\*\*"), r"\1"),
    (re.compile(r"(?<![*\w])\*(?=[^\s*])([^*\n]+)(?<!\s)\*(?!\*)"), r"\1"),
    (re.compile(r"\*\*(?=[^\s*])([^*\n]+)(?<!\s)\*\*"), r"\1"),
    (re.compile(r"(?<!\w)__(?=[^\s_])([^_\n]+)(?<!\s)__(?!\w)"), r"\1"),
    (re.compile(r"(?<!\w)_(?=[^\s_])([^_\n]+)(?<!\s)_(?!\w)"), r"\1"),
    (re.compile(r"~~(?=\S)([^~\n]+)~~"), r"\1"),
)
_LITERAL = re.compile(r"(?<![`\\])(`{1,3})(?!`)([^`\n]+)\1(?!`)|\\([!-/:-@\[-`{-~])")
_ASIDE = re.compile("\x00(\\d+)\x00")


@reader(".md", ".markdown")
def read_markdown(file: File) -> Iterator[Reading | Skipped]:
    """One document: its words without markup, titled by its first heading of the first level."""
    source = clean(decode(read_bytes(file, file.limits.text_bytes)))
    metadata: dict[str, str] = {}
    if front := _FRONT_MATTER.match(source):
        source = source[front.end() :]
        metadata = _front_matter(front[1])
    text, title = plain_text(source)
    title = title or metadata.pop("title", "")
    metadata.pop("title", None)
    yield Reading(text=text, title=title, metadata=metadata)


def plain_text(source: str) -> tuple[str, str]:
    """The plain text of markdown ``source``, and its first heading of the first level or nothing.

    >>> plain_text("# The *sky*\\n\\n- is [blue](https://sky.example)\\n")
    ('The sky\\n\\nis blue\\n', 'The sky')
    """
    lines: list[str] = []
    title = ""
    fence = ""
    for line in source.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            else:
                lines.append(line)
            continue
        if mark and "`" not in line[mark.end() :]:
            fence = mark[1]
            continue
        if quoted := _QUOTE.match(line):
            line = line[quoted.end() :]
        if heading := _HEADING.fullmatch(line):
            line = inline_text(re.sub(r"(?:(?<=\s)|^)#+[ \t]*$", "", heading[2] or "").rstrip())
            if heading[1] == "#":
                title = title or one_line(line)
            lines.append(line)
        elif _UNDERLINE_OR_RULE.fullmatch(line) or _DEFINITION.fullmatch(line):
            if lines and lines[-1].strip() and line.strip().startswith("="):
                title = title or one_line(lines[-1])
        elif line.count("|") and _TABLE_RULE.fullmatch(line):
            continue
        else:
            if line.lstrip().startswith("|"):
                line = line.strip().strip("|").strip()
            lines.append(inline_text(_BULLET.sub(r"\1", line, count=1)))
    return "\n".join(lines), title


def inline_text(line: str) -> str:
    """One line without emphasis, links and tags; what stands in a code span is kept as it is.

    >>> inline_text("**Bold**, a [link](u) and `*code*`")
    'Bold, a link and *code*'
    """
    kept: list[str] = []

    def set_aside(found: re.Match[str]) -> str:
        kept.append(found[3] if found[2] is None else found[2].strip())
        return f"\x00{len(kept) - 1}\x00"

    marked = _LITERAL.sub(set_aside, line)
    if any(mark in marked for mark in "*_[<~"):
        for pattern, replacement in _INLINE:
            marked = pattern.sub(replacement, marked)
    return _ASIDE.sub(lambda found: kept[int(found[1])], marked) if kept else marked


def _front_matter(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in block.split("\n"):
        key, colon, value = line.partition(":")
        key = {"lang": "language"}.get(key.strip().lower(), key.strip().lower())
        if colon and key in {"title", "author", "date", "language"}:
            fields[key] = one_line(value.strip().strip("\"'"))
    return fields
