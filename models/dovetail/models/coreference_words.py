"""Words that say something about reference in English: pronouns, words with a gender, prepositions, verbs by their shape."""

from __future__ import annotations

import re
from dataclasses import dataclass

WORD = re.compile(r"['’]s\b|\w+|[^\w\s]")
"""A word, a possessive ending, or one sign."""


@dataclass(frozen=True, slots=True)
class Pronoun:
    """A pronoun: the subject form of its group, its person, and its form."""

    group: str
    person: int
    form: str


def _pronouns() -> dict[str, Pronoun]:
    rows = {
        "i me my mine myself": ("i", 1), "you you your yours yourself": ("you", 2), "we us our ours ourselves": ("we", 1),
        "he him his his himself": ("he", 3), "she her her hers herself": ("she", 3), "it it its its itself": ("it", 3),
        "they them their theirs themselves": ("they", 3), "thou thee thy thine thyself": ("you", 2), "ye ye - - yourselves": ("you", 2),
    }  # fmt: skip
    forms = ("subject", "object", "possessive", "possessive", "reflexive")
    found: dict[str, Pronoun] = {}
    for words, (group, person) in rows.items():
        for word, form in zip(words.split(), forms, strict=True):
            found[word] = found.get(word) or Pronoun(group, person, form)
    found["her"] = Pronoun("she", 3, "possessive")  # what follows it decides
    for word in "who whom which whose".split():
        found[word] = Pronoun("who", 3, "relative")
    for word in "this that these those here there one".split():
        found[word] = Pronoun("this", 3, "demonstrative")
    return {word: pronoun for word, pronoun in found.items() if word != "-"}


PRONOUNS = _pronouns()

MALE = frozenset(
    "man men boy boys gentleman gentlemen lord king prince duke earl count baron father son brother husband uncle nephew grandfather "
    "grandson widower actor waiter monk priest fellow lad chap knight squire emperor papa dad sir mr john william james george "
    "charles henry thomas robert joseph edward richard david michael peter paul daniel samuel frank walter arthur albert frederick "
    "harold jack mark andrew stephen steven matthew anthony kenneth donald brian kevin jason jeff jeffrey gary larry scott eric "
    "gregory joshua patrick dennis jerry alexander nicholas christopher benjamin adam harry philip louis ernest alfred francis martin "
    "simon hugh oliver leonard ralph roger bruce alan carl ronald raymond lawrence nathan tom jim bill bob joe mike dave steve tim "
    "jose juan carlos luis pedro antonio marco giovanni pierre jean jacques hans karl ivan vladimir mohammed ahmed ali abdul omar".split()
)
FEMALE = frozenset(
    "woman women girl girls lady ladies queen princess duchess countess baroness mother daughter sister wife aunt niece grandmother "
    "granddaughter widow actress waitress nun maid maiden bride empress mama mamma mum mom mistress governess madam mrs miss ms mary "
    "elizabeth anne ann anna margaret jane sarah catherine katherine kate alice emma helen florence dorothy ruth martha emily "
    "charlotte lucy ellen grace rose edith ethel barbara susan linda patricia jennifer maria karen nancy lisa betty sandra ashley "
    "kimberly donna carol michelle amanda melissa deborah stephanie rebecca laura sharon cynthia amy angela kathleen brenda pamela "
    "nicole christine samantha janet julia julie rachel joan judith diane frances eleanor harriet isabel isabella caroline clara "
    "victoria diana virginia sophie sophia marie eva irene louise olivia jessica teresa fatima monica marilyn beth annie fanny molly "
    "peggy sally".split()
)
HONORIFIC_WORDS = {
    **dict.fromkeys("mr sir lord king prince duke earl count baron emperor father brother uncle don monsieur herr pope".split(), "m"),
    **dict.fromkeys("mrs miss ms lady queen princess duchess countess baroness empress mother sister aunt madame mlle".split(), "f"),
}

PREPOSITIONS = frozenset(
    "of in on at by with from to for into onto upon about against between among through during before after under over above below "
    "behind beside near toward towards without within across along around like as than since until off per via".split()
)
AUXILIARIES = frozenset(
    "is was are were be been has had have does did do will would shall should can could may might must said says".split()
)
LINKING_VERBS = frozenset("is was are were became becomes remained remains being".split())
FUNCTION_WORDS = frozenset(
    "the a an this that these those such and or but of in on at by with from to for as all both some any no every each its his her "
    "their my our your is was are were be not very most more other same own which who whom".split()
)
IRREGULAR_VERBS = frozenset(
    "went came saw took made gave got knew thought felt found left told became began kept held brought wrote stood heard let met ran "
    "paid sat spoke lay led read grew lost fell sent built understood drew broke spent cut rose drove bought wore chose won beat "
    "fought taught sold sang goes comes sees takes makes gives gets knows thinks finds leaves tells becomes begins keeps holds brings "
    "writes put set also then never".split()
)


def verb_like(word: str) -> bool:
    """Whether a lower-case word looks like a finite verb: an auxiliary, a common irregular form, or an ending in -ed or -es.

    >>> [verb_like(w) for w in ("was", "discovered", "went", "garden")]
    [True, True, True, False]
    """
    if word in AUXILIARIES or word in IRREGULAR_VERBS:
        return True
    return (
        len(word) > 3 and word.isalpha() and (word.endswith(("ed", "es")) or (word.endswith("s") and not word.endswith(("ss", "us", "is"))))
    )
