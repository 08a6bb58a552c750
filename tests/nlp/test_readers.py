"""Files in, documents out: each format, each way a file can be bad, and the walk over folders."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dovetail.kg.errors import DocumentError, InputError
from dovetail.kg.statement import Document
from dovetail.nlp.readers import READERS, File, Limits, Reading, read_documents, reader
from dovetail.nlp.readers.decode import clean
from dovetail.nlp.readers.markdown import plain_text

Skips = list[tuple[str, str]]


def read(*sources: Path, limits: Limits | None = None) -> tuple[list[Document], Skips]:
    skips: Skips = []
    documents = list(read_documents(sources, on_skip=lambda id_, error: skips.append((id_, str(error))), limits=limits))
    assert all("\n" not in message and message.startswith(id_) for id_, message in skips)
    return documents, skips


def read_one(path: Path, content: bytes | str) -> Document:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    documents, skips = read(path)
    assert skips == []
    assert len(documents) == 1
    return documents[0]


def refusal(path: Path, content: bytes | str | None = None, *, limits: Limits | None = None) -> str:
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    documents, skips = read(path, limits=limits)
    assert documents == []
    assert [id_ for id_, _ in skips] == [path.name]
    return skips[0][1]


# --- text -----------------------------------------------------------------------------------------


def test_text_is_kept_with_plain_newlines_and_no_controls(tmp_path: Path) -> None:
    document = read_one(tmp_path / "a_tale.txt", "\ufeffCafe\u0301\r\nline\x0b two\rthree")
    assert document.text == "Cafe\u0301\nline  two\nthree"
    assert (document.id, document.title, document.domain) == ("a_tale.txt", "a tale", "")
    assert document.metadata == {"format": "txt"}


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8-sig", "naïve café"),
        ("utf-16", "naïve café 北京"),
        ("cp1252", "“Müller” wohnt in Köln – und trinkt Kaffee."),
        ("cp1251", "Привет, как дела? Это русский текст, написанный давно."),
        ("cp1250", "Zażółć gęślą jaźń, proszę państwa."),
        ("shift_jis", "これは日本語のテキストです。漢字もあります。"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, text: str) -> None:
    assert read_one(tmp_path / "a.txt", text.encode(encoding)).text == text


def test_one_broken_byte_does_not_change_the_rest_of_utf8(tmp_path: Path) -> None:
    assert read_one(tmp_path / "a.txt", "Žluťoučký kůň ".encode() + b"\xff" + " úpěl".encode()).text == "Žluťoučký kůň \ufffd úpěl"


def test_20_mb_without_a_line_break(tmp_path: Path) -> None:
    text = "word and more. " * (20_000_000 // 15)
    began = time.perf_counter()
    assert read_one(tmp_path / "long.txt", text).text == text
    assert read_one(tmp_path / "long.md", text).text == text
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "binary"),
        (b"\x01\x02\x03\x04\x05 abc", "binary"),
        (b"text with a NUL \0 in it", "binary"),
    ],
)
def test_text_that_is_not(tmp_path: Path, content: bytes, what: str) -> None:
    assert what in refusal(tmp_path / "a.txt", content)


def test_size_cap(tmp_path: Path) -> None:
    assert "larger than" in refusal(tmp_path / "a.txt", b"x" * 101, limits=Limits(text_bytes=100))


@given(st.text())
def test_clean_is_idempotent_and_encodable(text: str) -> None:
    cleaned = clean(text)
    assert "\r" not in cleaned and "\0" not in cleaned
    assert clean(cleaned.removeprefix("\ufeff")) == cleaned.removeprefix("\ufeff")
    cleaned.encode()


MARKDOWN = """---
author: Ann
---
# The *big* sky

Some **bold _and_ light** text, [a link](http://x.org "t"), ![alt](i.png), `co*de*` and <http://y.org>.
snake_case_name 2*3*4 \\*kept\\*

> quoted
- item
1. first

```python
# not a heading
x = **y
```

| a | b |
|---|---|
| 1 | 2 |

Under
-----
[ref]: http://z.org
"""


def test_markdown(tmp_path: Path) -> None:
    document = read_one(tmp_path / "sky.md", MARKDOWN)
    assert document.title == "The big sky"
    assert document.metadata == {"author": "Ann", "format": "md"}
    assert document.text.split("\n") == [
        "The big sky",
        "",
        "Some bold and light text, a link, alt, co*de* and http://y.org.",
        "snake_case_name 2*3*4 *kept*",
        "",
        "quoted",
        "item",
        "1. first",
        "",
        "# not a heading",
        "x = **y",
        "",
        "a | b",
        "1 | 2",
        "",
        "Under",
        "",
    ]


@given(st.text(alphabet="ab*_[]()`<>!#-|~\\ \n"))
def test_any_text_is_markdown(source: str) -> None:
    plain_text(source)


def test_html(tmp_path: Path) -> None:
    body = "<p>" + "Oxygen is a chemical element that most living things need. " * 5 + "</p>"
    page = f'<html lang="en"><head><title>Oxygen</title><meta name="author" content="Ann"></head><body><nav>Menu</nav>{body}</body></html>'
    document = read_one(tmp_path / "o.html", page)
    assert document.title == "Oxygen"
    assert "Oxygen is a chemical element" in document.text and "Menu" not in document.text
    assert document.metadata == {"author": "Ann", "language": "en", "format": "html"}


def test_html_without_main_text_falls_back_to_all_of_it(tmp_path: Path) -> None:
    assert read_one(tmp_path / "o.htm", "<div>One <b>b</b>old</div>two<script>no</script><br>three").text == "One bold\n\ntwo\nthree"


def test_html_declared_charset(tmp_path: Path) -> None:
    page = '<meta charset="iso-8859-7"><title>Αθήνα</title><p>Η Αθήνα είναι πόλη.</p>'
    assert read_one(tmp_path / "a.html", page.encode("iso-8859-7")).title == "Αθήνα"


def test_html_nested_too_deep(tmp_path: Path) -> None:
    assert "nests deeper" in refusal(tmp_path / "a.html", "<div>" * 20_000 + "x")


# --- PDF ------------------------------------------------------------------------------------------


def pdf(*pages: list[str], title: str = "", trailer: str = "") -> bytes:
    """A small PDF of lines of text, written by hand."""
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", font, f"<< /Title ({title}) >>"]
    kids = []
    for lines in pages:
        stream = "BT /F1 12 Tf 14 TL 50 750 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"{page} /Contents {len(objects)} 0 R >>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R /Info 4 0 R {trailer} >>"
    return f"{out}{end}\nstartxref\n{len(out)}\n%%EOF\n".encode()


PAGES = (
    ["The fox is a re-", "markable animal, known", "to all.", "It eats well."],
    ["Page two is an Anglo-", "Saxon page."],
)


def test_pdf(tmp_path: Path) -> None:
    document = read_one(tmp_path / "fox.pdf", pdf(*PAGES, title="On foxes"))
    assert document.title == "On foxes"
    assert document.text == "The fox is a remarkable animal, known to all.\n\nIt eats well.\n\nPage two is an Anglo-Saxon page."


def test_bad_pdfs(tmp_path: Path) -> None:
    whole = pdf(*PAGES)
    assert "truncated" in refusal(tmp_path / "cut.pdf", whole[: len(whole) // 2])
    assert "empty" in refusal(tmp_path / "zero.pdf", b"")
    assert "no text" in refusal(tmp_path / "scan.pdf", pdf([]))
    assert "larger than" in refusal(tmp_path / "big.pdf", whole, limits=Limits(pdf_bytes=100))
    secret = f"/ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /O <{'41' * 32}> /U <{'42' * 32}> /P -4 >>"
    assert "encrypted" in refusal(tmp_path / "locked.pdf", pdf(*PAGES, trailer=secret))


# --- archives -------------------------------------------------------------------------------------


def write_docx(path: Path) -> None:
    import docx

    document = docx.Document()
    document.core_properties.title = "Minutes"
    document.core_properties.author = "Ann"
    document.add_paragraph("Before the table.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    document.add_paragraph("After it.")
    document.save(str(path))


def write_epub(path: Path, *, package_head: str = "", chapter: str = "<p>Chapter <i>t</i>wo.</p>") -> None:
    container = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    package = f"""<?xml version="1.0"?>{package_head}<package xmlns="http://www.idpf.org/2007/opf"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>A Book</dc:title><dc:creator>Ann</dc:creator>
      <dc:language>en</dc:language></metadata><manifest><item id="b" href="b%20b.xhtml" media-type="application/xhtml+xml"/>
      <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>
      <spine><itemref idref="a"/><itemref idref="b"/></spine></package>"""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("OEBPS/book.opf", package)
        archive.writestr("OEBPS/a.xhtml", "<!DOCTYPE html><html><head><title>x</title></head><body><h1>One</h1><p>First.</p></body>")
        archive.writestr("OEBPS/b b.xhtml", chapter)


def rezip(path: Path, name: str, content: bytes) -> None:
    """Replace or add one member of an archive."""
    with zipfile.ZipFile(path) as archive:
        members = {entry: archive.read(entry) for entry in archive.namelist()}
    members[name] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in members.items():
            archive.writestr(entry, data)


def test_docx(tmp_path: Path) -> None:
    write_docx(tmp_path / "m.docx")
    documents, skips = read(tmp_path / "m.docx")
    assert skips == []
    assert documents[0].text == "Before the table.\n\nleft | right\n\nAfter it."
    assert documents[0].title == "Minutes"
    assert documents[0].metadata["author"] == "Ann"


def test_epub(tmp_path: Path) -> None:
    write_epub(tmp_path / "b.epub")
    documents, skips = read(tmp_path / "b.epub")
    assert skips == []
    assert documents[0].text == "One\n\nFirst.\n\nChapter two."
    assert documents[0].title == "A Book"
    assert documents[0].metadata == {"author": "Ann", "language": "en", "format": "epub"}


@pytest.mark.parametrize("suffix", [".docx", ".epub"])
def test_zip_bombs(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bomb{suffix}"
    write = write_docx if suffix == ".docx" else write_epub
    member = "word/document.xml" if suffix == ".docx" else "OEBPS/a.xhtml"
    write(path)
    assert "entries" in refusal(path, limits=Limits(zip_entries=2))
    assert "unpacks to" in refusal(path, limits=Limits(unzipped_bytes=100))
    rezip(path, member, b" " * 20_000_000)
    assert "unpacks to" in refusal(path)
    # The directory says 10 bytes; what comes out of the archive is still measured.
    data = path.read_bytes().replace((20_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert refusal(path, data)


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


def test_entity_bombs(tmp_path: Path) -> None:
    write_docx(tmp_path / "a.docx")
    for encoding in ("utf-8", "utf-16"):
        rezip(tmp_path / "a.docx", "word/document.xml", f'<?xml version="1.0" encoding="{encoding}"?>{BOMB}<x>&b;</x>'.encode(encoding))
        assert "DOCTYPE" in refusal(tmp_path / "a.docx")
    write_epub(tmp_path / "a.epub", package_head=BOMB)
    assert "DOCTYPE" in refusal(tmp_path / "a.epub")
    write_epub(tmp_path / "b.epub", chapter=f"{BOMB}<p>&b;</p>")
    assert "entities" in refusal(tmp_path / "b.epub")


def test_archives_that_are_not(tmp_path: Path) -> None:
    assert "damaged, encrypted" in refusal(tmp_path / "a.docx", b"\xd0\xcf\x11\xe0 old word")
    write_docx(tmp_path / "b.docx")
    whole = (tmp_path / "b.docx").read_bytes()
    assert refusal(tmp_path / "b.docx", whole[: len(whole) // 2])
    with zipfile.ZipFile(tmp_path / "c.docx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "not a Word document" in refusal(tmp_path / "c.docx")
    with zipfile.ZipFile(tmp_path / "d.epub", "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "container.xml" in refusal(tmp_path / "d.epub")


# --- rows -----------------------------------------------------------------------------------------


def test_jsonl(tmp_path: Path) -> None:
    lines = [
        '{"id": "q1", "title": "One", "text": "First\\u0000 text.", "domain": "science", "year": 1867, "tags": ["x"]}',
        '{"text": "Second."',
        "",
        '{"text": "Third."}',
        "[1]",
        '{"text": 3}',
        '{"id": "q1", "text": "Again."}',
        '{"id": "e", "text": ""}',
        "[" * 100_000,
        '{"name": "Oslo", "size": 5}',
    ]
    (tmp_path / "rows.jsonl").write_bytes("\n".join(lines).encode() + b'\n{"text": "\xff"}\n{"text": "last \\ud800"}')
    documents, skips = read(tmp_path / "rows.jsonl")
    assert [(d.id, d.text) for d in documents] == [
        ("rows.jsonl#q1", "First  text."),
        ("rows.jsonl#4", "Third."),
        ("rows.jsonl#10", "name: Oslo\nsize: 5"),
        ("rows.jsonl#12", "last \ufffd"),
    ]
    assert documents[0].title == "One" and documents[0].domain == "science"
    assert documents[0].metadata == {"year": "1867", "format": "jsonl"}
    assert [id_.partition("#")[2] for id_, _ in skips] == ["2", "5", "6", "q1", "e", "9", "11"]


def test_csv(tmp_path: Path) -> None:
    content = 'ID,Title,Text,Domain,Author\n7,One,"Multi\nline, text",art,Ann\n,Two,Plain,,\n\n8,a,b,c,d,e\n9,Nul,a\0b,,\n10,Ok,Fine,,\n'
    (tmp_path / "t.csv").write_text(content)
    documents, skips = read(tmp_path / "t.csv")
    assert [(d.id, d.title, d.text, d.domain) for d in documents] == [
        ("t.csv#7", "One", "Multi\nline, text", "art"),
        ("t.csv#4", "Two", "Plain", ""),
        ("t.csv#10", "Ok", "Fine", ""),
    ]
    assert documents[0].metadata == {"Author": "Ann", "format": "csv"}
    assert [id_ for id_, _ in skips] == ["t.csv#6", "t.csv#7"]


def test_csv_with_broken_quoting_loses_only_that_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id,text\n1,a\n2,"never closed\n3,c\n4,"x"y\n5,"good, ""one"""\n')
    documents, skips = read(tmp_path / "t.csv")
    assert [(d.id, d.text) for d in documents] == [("t.csv#1", "a"), ("t.csv#3", "c"), ("t.csv#5", 'good, "one"')]
    assert [id_ for id_, _ in skips] == ["t.csv#3", "t.csv#5"]


def test_tables_without_text_and_other_delimiters(tmp_path: Path) -> None:
    assert read_one(tmp_path / "a.csv", "city;people\nOslo;700000\n").text == "city: Oslo\npeople: 700000"
    assert read_one(tmp_path / "b.tsv", 'id\ttext\n1\t"Hello" he said\n').text == '"Hello" he said'
    assert read_one(tmp_path / "c.csv", "id,text\n1,café\n".encode("cp1252")).text == "café"
    assert "binary" in refusal(tmp_path / "d.csv", bytes(range(256)) * 4)
    assert "empty" in refusal(tmp_path / "e.csv", b"")
    assert "empty" in refusal(tmp_path / "e.jsonl", b"")


def test_a_long_row_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "' + "x" * 200 + '"}\n{"text": "short"}\n')
    documents, skips = read(tmp_path / "a.jsonl", limits=Limits(text_bytes=100))
    assert [d.text for d in documents] == ["short"]
    assert "longer than" in skips[0][1]


# --- the walk -------------------------------------------------------------------------------------


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"text of {name}")
    return root


def test_folders_are_read_in_order_with_domains(tmp_path: Path) -> None:
    root = tree(tmp_path / "corpus", "b.txt", "science/deep/x.txt", "art/y_z.txt", ".hidden", ".git/config.txt", "a.xyz", "README")
    documents, skips = read(root)
    assert [(d.id, d.domain) for d in documents] == [
        ("corpus/art/y_z.txt", "art"),
        ("corpus/b.txt", ""),
        ("corpus/science/deep/x.txt", "science"),
    ]
    assert [id_ for id_, _ in skips] == ["corpus/README", "corpus/a.xyz"]
    assert "no reader for .xyz" in skips[1][1]


def test_the_current_folder_is_called_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree(tmp_path / "corpus", "a.txt"))
    assert [d.id for d in read(Path("."))[0]] == ["corpus/a.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep one of the two names")
def test_ids_are_nfc_and_clashes_are_told(tmp_path: Path) -> None:
    documents, skips = read(tree(tmp_path / "c", "caf\u00e9.txt", "cafe\u0301.txt"))
    assert [d.id for d in documents] == ["c/caf\u00e9.txt"]
    assert "normal form" in skips[0][1]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_not_unicode(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("text")
    assert read(tmp_path)[0][0].id.endswith("/caf\ufffd.txt")


def test_sources_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "absent")
    one, two = tree(tmp_path / "one/corpus", "a.txt"), tree(tmp_path / "two/corpus", "b.txt")
    with pytest.raises(InputError, match="same id") as raised:
        read(one, two)
    assert str(one) in str(raised.value) and str(two) in str(raised.value)


@pytest.mark.skipif(sys.platform == "win32", reason="making links and pipes needs POSIX")
def test_links_are_not_followed(tmp_path: Path) -> None:
    root = tree(tmp_path / "corpus", "a.txt")
    tree(tmp_path / "secret", "s.txt")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "out.txt").symlink_to(tmp_path / "secret/s.txt")
    (root / "up").symlink_to(root)
    (root / "loop").symlink_to(root / "loop")
    os.mkfifo(root / "pipe.txt")
    documents, skips = read(root)
    assert [d.id for d in documents] == ["corpus/a.txt"]
    told = dict(skips)
    assert "out of the corpus" in told["corpus/out"] and "out of the corpus" in told["corpus/out.txt"]
    assert "inside the corpus" in told["corpus/up"]
    assert "nowhere or to itself" in told["corpus/loop"]
    assert "not a regular file" in told["corpus/pipe.txt"]


_READ_AS_NOBODY = """
import os, sys
from pathlib import Path
from dovetail.nlp.readers import read_documents
root = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
for document in read_documents([root], on_skip=lambda id_, error: print("skipped", id_, error)):
    print("read", document.id)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_what_may_not_be_opened_is_passed_over() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        os.chmod(folder, 0o755)
        root = tree(Path(folder) / "corpus", "closed/a.txt", "locked.txt", "open.txt")
        (root / "closed").chmod(0)
        (root / "locked.txt").chmod(0)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", _READ_AS_NOBODY, str(root)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)
        (root / "closed").chmod(0o755)
    if "Permission" in done.stderr and "dovetail" in done.stderr.splitlines()[-1]:
        pytest.skip("the library itself is closed to other users here")
    assert done.stderr == ""
    out = done.stdout.splitlines()
    assert [line.split()[1] for line in out] == ["corpus/closed", "corpus/locked.txt", "corpus/open.txt"]
    assert [line.split()[0] for line in out] == ["skipped", "skipped", "read"]
    assert "permissions" in out[0] and "permissions" in out[1]


def test_reading_is_lazy_and_on_skip_may_stop_it(tmp_path: Path) -> None:
    root = tree(tmp_path / "c", "a.txt", "b.xyz", "c.txt")

    def stop(id_: str, error: DocumentError) -> None:
        raise error

    documents = read_documents([root], on_skip=stop)
    assert next(documents).id == "c/a.txt"
    with pytest.raises(DocumentError, match=r"c/b\.xyz"):
        next(documents)


def test_a_third_party_reader_and_its_failure(tmp_path: Path) -> None:
    @reader(".shout")
    def read_shout(file: File) -> Iterator[Reading]:
        yield Reading(text=file.path.read_text().upper(), row="1")
        raise RecursionError("too\ndeep")

    try:
        (tmp_path / "a.shout").write_text("hey")
        documents, skips = read(tmp_path / "a.shout")
    finally:
        del READERS[".shout"]
    assert [(d.id, d.text) for d in documents] == [("a.shout#1", "HEY")]
    assert "RecursionError: too deep" in skips[0][1]


def test_importing_the_readers_is_light() -> None:
    heavy = {"charset_normalizer", "docx", "lxml", "pypdfium2", "selectolax", "trafilatura"}
    check = f"import sys, dovetail.nlp.readers; print(sorted({heavy} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", check], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
