"""An answer on a screen of 80 columns."""

from __future__ import annotations

from dataclasses import replace

from dovetail.app.answer_text import LISTED, answer_lines
from dovetail.reasoning.questions.answer import Answer, Conflict, GivenAnswer, Plan, PlannedQuery, ProofStep, Quote

LONG = "A sentence that goes on and on, " * 12 + "至今仍在继续。" * 12
QUOTE = Quote("corpus/a-document-with-quite-a-long-name-" + "x" * 60 + ".txt", 120, 180, LONG)
BECAUSE = ProofStep("s", "p", "o", ("Skyclad", "location of formation", "Newcastle"), (QUOTE,))
STEP = ProofStep("s", "p", "o", ("Skyclad", "country", "UK"), (QUOTE,) * 3, "1990", "1994", "places", (BECAUSE,), 0.61)
GIVEN = GivenAnswer("UK", "urn:x:uk", 0.93, (QUOTE,) * 3, (STEP,), {"plan": 0.9, "graph": 0.0}, (Conflict("France", (QUOTE,)),))
QUERY = PlannedQuery("list", "the countries of Skyclad", "SELECT ?x { <urn:x:skyclad> <urn:x:country> ?x }", 0.8)
ANSWER = Answer(
    "Which country does Skyclad come from?",
    (GIVEN, replace(GIVEN, text="Elsewhere", probability=0.2)),
    False,
    Plan("place", (), (), ()),
    0.5,
)


def shown(answer: Answer, *, explain: bool = False, sentence: str | None = None) -> list[str]:
    return "\n".join(line.plain for line in answer_lines(answer, explain=explain, sentence=sentence)).split("\n")


def test_it_fits_the_screen() -> None:
    from rich.cells import cell_len

    for explain in (False, True):
        assert max(map(cell_len, shown(ANSWER, explain=explain, sentence="The UK. " * 20))) <= 80


def test_what_is_said() -> None:
    lines = shown(replace(ANSWER, answers=(replace(GIVEN, evidence=(Quote("a.txt", 0, 9, "It is so."),)),)))
    assert lines[:5] == [
        "Which country does Skyclad come from?",
        "  UK  93%  predicted: no document states it",
        "    since 1990 until 1994",
        "    “It is so.”",
        "    a.txt, characters 0–9",
    ]
    assert lines[5] == "    but also said: France"
    assert shown(ANSWER)[-1] == "    or: Elsewhere 20%"


def test_how_it_was_reached() -> None:
    text = "\n".join(
        shown(replace(ANSWER, plan=replace(ANSWER.plan, query=QUERY, alternatives=(replace(QUERY, confidence=0.1),))), explain=True)
    )
    for words in (
        "Skyclad → country → UK",
        "since 1990 until 1994; by the rule places; predicted, 61%",
        "      Skyclad → location of formation → Newcastle",
        "asked of the graph: the countries of Skyclad (80%)",
        "in SPARQL: SELECT ?x {",
        "or else: the countries of Skyclad (10%)",
        "believed by plan 0.90",
        "0.50 seconds",
    ):
        assert words in text


def test_a_list_is_listed() -> None:
    many = tuple(replace(GIVEN, text=f"Land {n}", evidence=(), proof=(), conflicts=()) for n in range(LISTED + 3))
    lines = shown(Answer("Which?", many, False, Plan("list", (), (), (), query=QUERY), 0.1))
    assert lines[1] == "  Land 0  93%"
    assert len(lines) == 1 + LISTED + 1
    assert lines[-1] == "  and 3 more; see them with --json"


def test_what_is_not_known_is_said_with_what_is_near() -> None:
    plan = Plan("person", (), (), ("Neptun",), near={"Neptun": ("Neptune",)})
    assert shown(Answer("Who found Neptun?", (), True, plan, 0.1))[1] == "  I don't know. Not in the graph: Neptun (did you mean Neptune?)."


def test_a_document_cannot_steer_the_terminal() -> None:
    hostile = "a\x1b[2J\x1b]0;title\x07b\u202ec[bold]"
    quote = Quote(hostile, 0, 5, hostile)
    step = ProofStep("s", "p", "o", (hostile,) * 3, (quote,), rule=hostile)
    one = GivenAnswer(hostile, None, 0.9, (quote,), (step,), {}, (Conflict(hostile, (quote,)),))
    plan = Plan("place", (), (), (hostile,), query=PlannedQuery("lookup", hostile, hostile, 0.5), near={hostile: (hostile,)})
    for abstained in (False, True):
        for explain in (False, True):
            text = "\n".join(shown(Answer(hostile, (one,), abstained, plan, 0.1), explain=explain, sentence=hostile))
            assert not {"\x1b", "\x07", "\u202e"} & set(text)
            assert "[bold]" in text
