"""What English calls the people and things of a place: "Welsh", "Spaniards"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Place:
    """A place under its usual name; ``type`` is "country" or "location"."""

    name: str
    type: str


@cache
def demonyms() -> Mapping[str, Place]:
    """Demonym -> its place, from the packaged list.

    >>> demonyms()["Welsh"], demonyms()["Spaniards"].name
    (Place(name='Wales', type='country'), 'Spain')
    """
    found: dict[str, Place] = {}
    section = ""
    for line in files("dovetail.data").joinpath("labels/demonyms.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif not line.startswith("#"):
            name, listed = line.split(": ")
            found |= dict.fromkeys(listed.split(", "), Place(name, section))
    return found
