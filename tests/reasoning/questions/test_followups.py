"""Questions that lean on the one before, as a table: what was spoken of, what is asked, and what it is taken to mean."""

from __future__ import annotations

import pytest

from dovetail.reasoning.questions.followups import HE, SHE, Placed, Referent, made_whole, with_names

KHAN = Referent("Genghis Khan", "person", HE)
MARIE, PIERRE = Referent("Marie Curie", "person", SHE), Referent("Pierre Curie", "person", HE)
SOMEONE = Referent("Leslie Cole", "person")
WARSAW, SONY = Referent("Warsaw", "place"), Referent("Sony", "organisation")
ALIEN, UNKNOWN, YEAR = Referent("Alien", "other"), Referent("Ctenophora"), Referent("1867", "date")


def placed(question: str, *referents: Referent) -> list[Placed]:
    return [Placed(one, question.index(one.name), question.index(one.name) + len(one.name)) for one in referents]


@pytest.mark.parametrize(
    ("spoken_of", "question", "whole"),
    [
        ([[KHAN]], "When was he born?", "When was Genghis Khan born?"),
        ([[KHAN]], "And his wife?", "And Genghis Khan's wife?"),
        ([[PIERRE, MARIE]], "When did she die?", "When did Marie Curie die?"),
        ([[SOMEONE, MARIE]], "When did she die?", "When did Marie Curie die?"),  # known to be she, before what may be
        ([[SOMEONE]], "Where was she born?", "Where was Leslie Cole born?"),
        ([[YEAR, WARSAW, MARIE]], "Did she live there?", "Did Marie Curie live in Warsaw?"),
        ([[WARSAW, MARIE]], "Who else comes from there?", "Who else comes from Warsaw?"),
        ([[YEAR], [MARIE]], "Who was her husband?", "Who was Marie Curie's husband?"),
        ([[MARIE]], "Who met her in Paris?", "Who met Marie Curie in Paris?"),
        ([[SONY]], "Who founded it and who leads it?", "Who founded Sony and who leads Sony?"),
        ([[SONY]], "Where do they make their cameras?", "Where do Sony make Sony's cameras?"),
        ([[MARIE, ALIEN]], "Who directed that film?", "Who directed Alien?"),
        ([[KHAN, WARSAW]], "Which river is that city on?", "Which river is Warsaw on?"),
        ([[KHAN, WARSAW]], "Where did this man die?", "Where did Genghis Khan die?"),
        ([[YEAR]], "What else happened in that year?", "What else happened in 1867?"),
        ([[UNKNOWN]], "Where does it live?", "Where does Ctenophora live?"),
        ([[KHAN, WARSAW]], "Is there a river in Poland?", "Is there a river in Poland?"),
        ([[SONY]], "Is it true that tea is a drink?", "Is it true that tea is a drink?"),
        ([[KHAN]], "他出生在哪里？", "Genghis Khan出生在哪里？"),
        ([[KHAN]], "其他人呢？", "其他人呢？"),
    ],
)
def test_pronouns_are_named(spoken_of: list[list[Referent]], question: str, whole: str) -> None:
    found = with_names(question, spoken_of)
    assert found.question == whole
    assert found.unresolved == ()
    assert bool(found.assumed) == (question != whole)


@pytest.mark.parametrize(
    ("own", "question", "whole"),
    [
        ([MARIE], "When did Marie Curie meet her husband?", "When did Marie Curie meet her husband?"),
        ([PIERRE], "When did Pierre Curie meet her?", "When did Pierre Curie meet Marie Curie?"),
        ([PIERRE], "Where was Pierre Curie when she died?", "Where was Pierre Curie when Marie Curie died?"),
        ([WARSAW], "Which river is Warsaw on and who founded it?", "Which river is Warsaw on and who founded Sony?"),
    ],
)
def test_a_name_of_the_question_comes_first_where_it_suits(own: list[Referent], question: str, whole: str) -> None:
    assert with_names(question, [[MARIE, SONY]], placed(question, *own)).question == whole


def test_what_means_nothing_is_said() -> None:
    assert with_names("When was he born?", []).unresolved == ("he",)
    assert with_names("When was he born?", [[WARSAW, MARIE]]).unresolved == ("he",)
    assert with_names("Who lived there?", [[KHAN], [UNKNOWN]]).unresolved == ("there",)
    film = "Who directed Her in 2013?"
    assert with_names(film, [[MARIE]], placed(film, Referent("Her", "other"))).question == film


@pytest.mark.parametrize(
    ("before", "names", "question", "own", "whole"),
    [
        ("When was Genghis Khan born?", [KHAN], "And when did Genghis Khan die?", [KHAN], "When did Genghis Khan die?"),
        ("When was Genghis Khan born?", [KHAN], "And Genghis Khan's wife?", [KHAN], "When was Genghis Khan's wife born?"),
        ("Who was Genghis Khan's father?", [KHAN], "And Genghis Khan's wife?", [KHAN], "Who was Genghis Khan's wife?"),
        ("What is tea?", [], "And Genghis Khan's wife?", [KHAN], "Who is Genghis Khan's wife?"),
        ("Where was Marie Curie born?", [MARIE], "What about Pierre Curie?", [PIERRE], "Where was Pierre Curie born?"),
        ("Did Marie Curie live in Warsaw?", [MARIE, WARSAW], "and Pierre Curie?", [PIERRE], "Did Pierre Curie live in Warsaw?"),
        ("Who won in 1994?", [], "And in 1998?", [], "Who won in 1998?"),
        ("Who led Sony?", [SONY], "and in 1998?", [], "Who led Sony in 1998?"),
        ("What is the capital of France?", [], "And the population?", [], "What is the population of France?"),
        ("Where is Warsaw?", [WARSAW], "And the population?", [], "What is the population of Warsaw?"),
    ],
)
def test_a_question_cut_short_is_made_whole(before: str, names: list[Referent], question: str, own: list[Referent], whole: str) -> None:
    assert made_whole(question, before, placed(before, *names), placed(question, *own)) == whole


@pytest.mark.parametrize(
    "question", ["Who was Genghis Khan?", "Why?", "And why not just anything at all?", "and so on and so forth", "And"]
)
def test_what_cannot_be_made_whole_is_left(question: str) -> None:
    found = made_whole(question, "Where was Marie Curie born?", placed("Where was Marie Curie born?", MARIE))
    assert found in (None, "Why not just anything at all?")
