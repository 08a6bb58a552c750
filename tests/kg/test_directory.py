"""A graph on disk: what opening says, who may write, what a crash and a broken file leave."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import Literal, URIRef

from dovetail.kg import (
    Document,
    DocumentRecord,
    DovetailError,
    Evidence,
    GraphDamaged,
    GraphError,
    GraphLocked,
    InputError,
    KnowledgeGraph,
    Statement,
)
from dovetail.kg.directory import is_settled, read_revision

TEXT = "Oxygen is a gas."
KG_ROOT = str(Path(__file__).parents[2] / "kg")


def record(name: str, statements: int = 2, mark: str = "f") -> DocumentRecord:
    evidence = (Evidence(name, 0, len(TEXT), TEXT, 0.5, "hand@1"),)
    says = [Statement(URIRef(f"urn:x:{name}"), URIRef("urn:x:p"), Literal(f"{mark}{n}"), evidence=evidence) for n in range(statements)]
    return DocumentRecord(Document(name, name, TEXT, name), says, mark)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "g"
    with KnowledgeGraph.open(path, create=True) as graph:
        graph.put_documents([record("a"), record("b")])
    return path


def test_what_was_put_is_there_after_closing(home: Path) -> None:
    with KnowledgeGraph.open(home) as graph:
        assert graph.fingerprints() == {"a": "f", "b": "f"}
    assert (home / "manifest").read_text("utf-8") == "f  a\nf  b\n"


def test_no_graph_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no graph at .*nowhere; make one with: dovetail build SOURCE --graph"):
        KnowledgeGraph.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(InputError, match="holds no graph"):
        KnowledgeGraph.open(tmp_path)


def test_something_else_there(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    for create in (True, False):
        with pytest.raises(InputError, match=r"something else .*thesis\.docx"):
            KnowledgeGraph.open(tmp_path, create=create)
    with pytest.raises(InputError, match="is a file"):
        KnowledgeGraph.open(tmp_path / "thesis.docx", create=True)


def test_a_second_writer_is_told_and_a_reader_is_not_in_the_way(home: Path) -> None:
    with KnowledgeGraph.open(home) as writer:
        with pytest.raises(GraphLocked, match="another process is writing"):
            KnowledgeGraph.open(home)
        with KnowledgeGraph.open(home, read_only=True) as reader:
            writer.put_documents([record("c")])
            assert set(reader.fingerprints()) == {"a", "b"}  # as it was when it was opened
            with pytest.raises(GraphError, match="read-only"):
                reader.put_documents([record("d")])
        with KnowledgeGraph.open(home, read_only=True) as later:
            assert set(later.fingerprints()) == {"a", "b", "c"}
            assert later.revision == writer.revision


def test_every_acknowledged_change_shows_in_a_new_reader(tmp_path: Path) -> None:
    """Small changes go through the log and large ones in files of their own."""
    with KnowledgeGraph.open(tmp_path / "g", create=True) as writer:
        for size in (1, 900, 2, 900, 900):
            writer.put_documents([record(f"{size}{len(writer.fingerprints())}", size)])
            with KnowledgeGraph.open(tmp_path / "g", read_only=True) as reader:
                assert len(reader.store) == len(writer.store)


def read_all(path: Path, *, read_only: bool) -> None:
    with KnowledgeGraph.open(path, read_only=read_only) as graph:
        graph.fingerprints()


@pytest.mark.parametrize("damage", ["garbage", "truncated", "gone"])
@pytest.mark.parametrize("pattern", ["*.sst", "MANIFEST-*", "CURRENT"])
def test_damage_is_one_line(home: Path, pattern: str, damage: str) -> None:
    with KnowledgeGraph.open(home) as graph:
        graph.put_documents([record("big", 900)])
    # All of a kind at once: a file that was merged away may linger for a moment, and nobody misses that one.
    for broken in (home / "store").glob(pattern):
        if damage == "gone":
            broken.unlink()
        elif damage == "truncated":
            broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 3])
        else:
            broken.write_bytes(random.Random(1).randbytes(broken.stat().st_size))
    for read_only in (True, False):
        with pytest.raises(GraphDamaged, match=r"move it away and build again, or restore it from an export$") as error:
            read_all(home, read_only=read_only)
        assert "\n" not in str(error.value)


def test_damage_inside_a_file_shows_on_reading(home: Path) -> None:
    with KnowledgeGraph.open(home) as graph:
        graph.put_documents([record("big", 900)])
    for table in (home / "store").glob("*.sst"):
        content = bytearray(table.read_bytes())
        for place in range(20, len(content) // 3, 40):
            content[place] ^= 0xFF
        table.write_bytes(content)
    reads: list[Callable[[KnowledgeGraph], object]] = [
        lambda graph: list(graph.documents()),
        lambda graph: graph.query("SELECT * { ?s ?p ?o }"),
        lambda graph: graph.query("SELECT * { ?s ?p ?o }", timeout=None),
        lambda graph: graph.index(),
        lambda graph: graph.summary(),
        lambda graph: graph.statements_about(URIRef("urn:x:big")),
        lambda graph: list(graph.all_names()),
        lambda graph: graph.forget(["a"]),
    ]
    for read in reads:
        with pytest.raises(GraphDamaged), KnowledgeGraph.open(home) as graph:
            read(graph)


def test_a_revision_left_in_the_middle_of_a_change_is_never_trusted(home: Path) -> None:
    (home / "revision").write_text("changing 0123\n", "utf-8")
    with KnowledgeGraph.open(home, read_only=True) as reader:
        assert not is_settled(reader.revision)
        assert len(reader.index()) == 4
        assert not (home / "snapshot").exists()
    with KnowledgeGraph.open(home) as writer:
        assert is_settled(writer.revision)
        assert writer.revision == read_revision(home)


WRITER = """
import sys
sys.path[:0] = {path!r}
import test_directory as t
with t.KnowledgeGraph.open({home!r}) as graph:
    for turn in range(1000):
        batch = [t.record(f"{{turn % 4}}-{{n}}", {size}, mark=str(turn)) for n in range(3)]
        graph.put_documents(batch)
        print(turn, flush=True)
        if turn % 3 == 2:
            graph.forget([f"{{turn % 4}}-{{n}}" for n in range(3)])
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [5, 400])
def test_killed_at_any_moment_a_batch_is_there_or_not(home: Path, size: int) -> None:
    """Small batches and replacements are transactions, large new ones are files taken in at once."""
    rng = random.Random(size)
    code = WRITER.format(path=[KG_ROOT, str(Path(__file__).parent)], home=str(home), size=size)
    for _ in range(8):
        writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.4))
        writer.send_signal(signal.SIGKILL)
        acknowledged = writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
        with KnowledgeGraph.open(home) as graph:
            marks = graph.fingerprints()
            batches = {name.split("-")[0] for name in marks if "-" in name}
            for batch in batches:
                assert len({marks[f"{batch}-{n}"] for n in range(3)}) == 1
            if acknowledged and int(acknowledged[-1]) % 3 != 2:
                last = int(acknowledged[-1])
                assert marks.get(f"{last % 4}-0") in {str(last), None if last % 3 == 2 else str(last)}
            rebuilt = KnowledgeGraph()
            rebuilt.put_documents(record(n, 2 if "-" not in n else size, mark=m) for n, m in marks.items())
            assert sorted(map(str, graph.store)) == sorted(map(str, rebuilt.store))


def test_reading_beside_a_busy_writer_never_fails(home: Path) -> None:
    code = WRITER.format(path=[KG_ROOT, str(Path(__file__).parent)], home=str(home), size=600)
    writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        until = time.monotonic() + 2
        rounds = 0
        while time.monotonic() < until or rounds < 3:
            with KnowledgeGraph.open(home, read_only=True) as reader:
                assert {"a", "b"} <= set(reader.fingerprints())
                assert reader.query("ASK { ?s ?p ?o }").askAnswer
            rounds += 1
    finally:
        writer.kill()
        writer.wait()
        if writer.stdout is not None:
            writer.stdout.close()


def test_errors_are_of_one_family() -> None:
    assert issubclass(GraphLocked, DovetailError)
    assert (GraphDamaged.exit_status, InputError.exit_status) == (3, 2)
