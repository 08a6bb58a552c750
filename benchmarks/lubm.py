"""A university graph of any size, after the Lehigh University Benchmark, as N-Triples.

    python benchmarks/lubm.py --triples 1000000 -o lubm.nt

The vocabulary is univ-bench's; the ontology comes first, written from the tables below, then departments, as
many as fit, with the benchmark's proportions of staff, students, courses and publications. The same size and
seed give the same bytes.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

ONTOLOGY = "http://swat.cse.lehigh.edu/onto/univ-bench.owl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"

SUBCLASSES = {
    "AdministrativeStaff": "ClericalStaff SystemsStaff",
    "Article": "ConferencePaper JournalArticle TechnicalReport",
    "Course": "GraduateCourse",
    "Employee": "AdministrativeStaff Faculty",
    "Faculty": "Lecturer PostDoc Professor",
    "Organization": "College Department Institute Program ResearchGroup University",
    "Person": "GraduateStudent",
    "Professor": "AssistantProfessor AssociateProfessor Chair Dean FullProfessor VisitingProfessor",
    "Publication": "Article Book Manual Software Specification UnofficialPublication",
    "Student": "ResearchAssistant UndergraduateStudent",
    "Work": "Course Research",
}
"""Each class with those directly below it."""

DEFINITIONS = {
    "Chair": ("headOf", "Department"),
    "Dean": ("headOf", "College"),
    "Director": ("headOf", "Program"),
    "Employee": ("worksFor", "Organization"),
    "Student": ("takesCourse", "Course"),
    "TeachingAssistant": ("teachingAssistantOf", "Course"),
}
"""A class and what makes a person one: some value of a property in a class."""

RESTRICTED = {"GraduateStudent": ("takesCourse", "GraduateCourse"), "ResearchAssistant": ("worksFor", "ResearchGroup")}
"""A class all of whose members have some value of a property in a class."""

SUBPROPERTIES = {
    "degreeFrom": "doctoralDegreeFrom mastersDegreeFrom undergraduateDegreeFrom",
    "memberOf": "worksFor",
    "worksFor": "headOf",
}
INVERSES = {"degreeFrom": "hasAlumnus", "memberOf": "member"}
TRANSITIVE = ("subOrganizationOf",)

PROPERTIES = """
advisor Person Professor                        affiliateOf Organization Person
affiliatedOrganizationOf Organization Organization                     degreeFrom Person University
doctoralDegreeFrom Person University            emailAddress Person -
hasAlumnus University Person                    headOf - -
listedCourse Schedule Course                    mastersDegreeFrom Person University
member Organization Person                      memberOf - -
name - -                                        officeNumber - -
orgPublication Organization Publication         publicationAuthor Publication Person
publicationDate Publication -                   publicationResearch Publication Research
researchInterest - -                            researchProject ResearchGroup Research
softwareDocumentation Software Publication      softwareVersion Software -
subOrganizationOf Organization Organization     takesCourse - -
teacherOf Faculty Course                        teachingAssistantOf TeachingAssistant Course
telephone Person -                              tenured Professor -
title Person -                                  undergraduateDegreeFrom Person University
worksFor - -
""".split()
"""Name, domain and range, one after another; ``-`` for none."""

TEXTS = ("age", "emailAddress", "name", "officeNumber", "researchInterest", "telephone", "title")
UNIVERSITIES = 1000
"""Those that a degree may be from, whether or not their departments are here."""

RANKS = {
    "FullProfessor": ((7, 10), (15, 20)),
    "AssociateProfessor": ((10, 14), (10, 18)),
    "AssistantProfessor": ((8, 11), (5, 10)),
    "Lecturer": ((5, 7), (0, 5)),
}
"""How many of them a department has, from and to, and how many publications each."""

TYPE = f"<{RDF}type>"


def property_table() -> list[tuple[str, str, str]]:
    """Every property with its domain and range."""
    return list(zip(PROPERTIES[::3], PROPERTIES[1::3], PROPERTIES[2::3], strict=True))


def classes() -> list[str]:
    """Every named class, sorted."""
    return sorted({*SUBCLASSES, *" ".join(SUBCLASSES.values()).split(), *DEFINITIONS, "Schedule"})


def ontology() -> Iterator[str]:
    """The axioms as lines of N-Triples."""

    def triple(subject: str, predicate: str, value: str) -> str:
        return f"{term(subject)} {term(predicate)} {term(value)} .\n"

    def restriction(node: str, path: str, filler: str) -> Iterator[str]:
        yield triple(node, "rdf:type", "owl:Restriction")
        yield triple(node, "owl:onProperty", path)
        yield triple(node, "owl:someValuesFrom", filler)

    for name in classes():
        yield triple(name, "rdf:type", "owl:Class")
    for above, below in SUBCLASSES.items():
        yield from (triple(name, "rdfs:subClassOf", above) for name in below.split())
    for name, (path, filler) in RESTRICTED.items():
        yield triple(name, "rdfs:subClassOf", f"_:some{name}")
        yield from restriction(f"_:some{name}", path, filler)
    for name, (path, filler) in DEFINITIONS.items():
        node, first, second, some = (f"_:{part}{name}" for part in ("both", "first", "second", "some"))
        yield triple(name, "owl:equivalentClass", node)
        yield triple(node, "rdf:type", "owl:Class")
        yield triple(node, "owl:intersectionOf", first)
        yield from (triple(first, "rdf:first", "Person"), triple(first, "rdf:rest", second))
        yield from (triple(second, "rdf:first", some), triple(second, "rdf:rest", "rdf:nil"))
        yield from restriction(some, path, filler)
    for name, domain, span in property_table():
        yield triple(name, "rdf:type", "owl:DatatypeProperty" if name in TEXTS else "owl:ObjectProperty")
        if domain != "-":
            yield triple(name, "rdfs:domain", domain)
        if span != "-":
            yield triple(name, "rdfs:range", span)
    for above, below in SUBPROPERTIES.items():
        yield from (triple(name, "rdfs:subPropertyOf", above) for name in below.split())
    for one, other in INVERSES.items():
        yield triple(one, "owl:inverseOf", other)
    for name in TRANSITIVE:
        yield triple(name, "rdf:type", "owl:TransitiveProperty")


def term(name: str) -> str:
    """``owl:Class``, ``_:node`` or a bare name of the ontology, as N-Triples writes it."""
    prefix, _, local = name.rpartition(":")
    return name if prefix == "_" else f"<{ {'rdf': RDF, 'rdfs': RDFS, 'owl': OWL, '': ONTOLOGY}[prefix]}{local}>"


def data(seed: int) -> Iterator[str]:
    """Universities without end, department by department, as lines of N-Triples."""
    rng = random.Random(seed)
    university = 0
    while True:
        home = f"http://www.University{university}.edu"
        yield f"<{home}> {TYPE} {term('University')} .\n"
        yield f'<{home}> {term("name")} "University{university}" .\n'
        for number in range(rng.randint(15, 25)):
            yield from department(rng, f"http://www.Department{number}.University{university}.edu", home)
        university += 1


def department(rng: random.Random, home: str, university: str) -> Iterator[str]:
    """One department with everybody in it."""
    links = {name: term(name) for name, _, _ in property_table()}
    courses: list[str] = []
    graduate_courses: list[str] = []
    professors: list[str] = []
    papers: dict[str, list[str]] = {}

    def triple(subject: str, link: str, value: str) -> str:
        return f"<{subject}> {links[link]} <{value}> .\n"

    def thing(kind: str, number: int | str) -> Iterator[str]:
        yield f"<{home}/{kind}{number}> {TYPE} {term(kind)} .\n"
        yield f'<{home}/{kind}{number}> {links["name"]} "{kind}{number}" .\n'

    def person(kind: str, number: int) -> Iterator[str]:
        yield from thing(kind, number)
        node = f"{home}/{kind}{number}"
        yield f'<{node}> {links["emailAddress"]} "{kind}{number}@{home[11:]}" .\n'
        yield f'<{node}> {links["telephone"]} "xxx-xxx-xxxx" .\n'

    def degree(node: str, kind: str) -> str:
        return triple(node, kind, f"http://www.University{rng.randrange(UNIVERSITIES)}.edu")

    yield f"<{home}> {TYPE} {term('Department')} .\n"
    yield f'<{home}> {links["name"]} "{home[11:].partition(".")[0]}" .\n'
    yield triple(home, "subOrganizationOf", university)

    for kind, (heads, works) in RANKS.items():
        for number in range(rng.randint(*heads)):
            node = f"{home}/{kind}{number}"
            yield from person(kind, number)
            yield triple(node, "worksFor", home)
            for name in ("undergraduateDegreeFrom", "mastersDegreeFrom", "doctoralDegreeFrom"):
                yield degree(node, name)
            if kind == "FullProfessor" and number == 0:
                yield triple(node, "headOf", home)
            if kind != "Lecturer":
                professors.append(node)
                yield f'<{node}> {links["researchInterest"]} "Research{rng.randrange(30)}" .\n'
            for name, found in (("Course", courses), ("GraduateCourse", graduate_courses)):
                for _ in range(rng.randint(1, 2)):
                    yield from thing(name, len(found))
                    found.append(f"{home}/{name}{len(found)}")
                    yield triple(node, "teacherOf", found[-1])
            papers[node] = [f"{node}/Publication{n}" for n in range(rng.randint(*works))]

    staff = len(papers)
    for number in range(staff * rng.randint(8, 14)):
        node = f"{home}/UndergraduateStudent{number}"
        yield from person("UndergraduateStudent", number)
        yield triple(node, "memberOf", home)
        for course in rng.sample(courses, rng.randint(2, 4)):
            yield triple(node, "takesCourse", course)
        if rng.randrange(5) == 0:
            yield triple(node, "advisor", rng.choice(professors))

    authors: dict[str, list[str]] = {}
    assisted = iter(rng.sample(courses, len(courses)))
    groups = rng.randint(10, 20)
    for number in range(staff * rng.randint(3, 4)):
        node, guide = f"{home}/GraduateStudent{number}", rng.choice(professors)
        yield from person("GraduateStudent", number)
        yield triple(node, "memberOf", home)
        yield degree(node, "undergraduateDegreeFrom")
        for course in rng.sample(graduate_courses, rng.randint(1, 3)):
            yield triple(node, "takesCourse", course)
        yield triple(node, "advisor", guide)
        role = rng.randrange(12)
        if role < 3 and (course := next(assisted, "")):
            yield triple(node, "teachingAssistantOf", course)
        elif role < 6:
            yield f"<{node}> {TYPE} {term('ResearchAssistant')} .\n"
            yield triple(node, "worksFor", f"{home}/ResearchGroup{rng.randrange(groups)}")
        for paper in rng.sample(papers[guide], rng.randint(0, min(5, len(papers[guide])))):
            authors.setdefault(paper, []).append(node)

    for writer, written in papers.items():
        for number, paper in enumerate(written):
            yield f"<{paper}> {TYPE} {term('Publication')} .\n"
            yield f'<{paper}> {links["name"]} "Publication{number}" .\n'
            for node in (writer, *authors.get(paper, ())):
                yield triple(paper, "publicationAuthor", node)
    for number in range(groups):
        yield f"<{home}/ResearchGroup{number}> {TYPE} {term('ResearchGroup')} .\n"
        yield triple(f"{home}/ResearchGroup{number}", "subOrganizationOf", home)


def write(path: Path, *, triples: int, seed: int = 0) -> None:
    """Write the ontology and data, ``triples`` lines in all."""

    def lines() -> Iterator[str]:
        yield from ontology()
        yield from data(seed)

    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(islice(lines(), triples))


def main() -> None:
    """Write one file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    write(options.output, triples=options.triples, seed=options.seed)


if __name__ == "__main__":
    main()
