"""Everything that the documents show is run here and must print what they show.

A console block stands below a comment that says where it runs: `<!-- run: demo -->` is the demonstration repository
with the risky branch checked out, `<!-- run: staged -->` the same with one edit staged, `<!-- run: empty -->` an empty
folder. `VIBEGUARD_UPDATE_GOLDEN=1 pytest tests/functional/test_documents.py` writes what is printed now.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console

from vibeguard.check.request import Request
from vibeguard.check.use_case import judge
from vibeguard.policy.load import PolicySource, load
from vibeguard.report import Options
from vibeguard.report.terminal import show

PROJECT = Path(__file__).parents[2]
BIN = os.path.dirname(sys.executable)
DOCUMENTS = sorted([PROJECT / "README.md", *(PROJECT / "docs").glob("**/*.md")])
UPDATE = bool(os.environ.get("VIBEGUARD_UPDATE_GOLDEN"))

_FENCE = re.compile(r"(?:<!-- run: (?P<place>[a-z-]+) -->\n)?```(?P<language>[a-z]+)\n(?P<body>.*?)^```", re.M | re.S)


class Block(NamedTuple):
    document: Path
    line: int
    place: str
    language: str
    body: str


def blocks(language: str) -> Iterator[Block]:
    for document in DOCUMENTS:
        text = document.read_text()
        for match in _FENCE.finditer(text):
            if match["language"] == language:
                line = text.count("\n", 0, match.start("body"))
                yield Block(document, line, match["place"] or "", language, match["body"])


def _named(block: Block) -> str:
    return f"{block.document.relative_to(PROJECT)}:{block.line}"


@pytest.fixture
def place(tmp_path: Path) -> Callable[[str], Path]:
    def make(kind: str) -> Path:
        folder = tmp_path / "shop"
        if kind == "empty":
            folder.mkdir()
            return folder
        _run(f"vibeguard demo {folder}", tmp_path)
        if kind == "staged":
            _run("git checkout -q main && echo 'FREE = 0' >> shop/shipping.py && git add -A", folder)
        else:
            assert kind == "demo", kind
        return folder

    return make


def _run(command: str, folder: Path) -> str:
    home = folder.parent
    environment = {
        "PATH": os.pathsep.join([BIN, os.environ["PATH"]]),
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
        **{f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in _PERSON.items()},
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return done.stdout.decode("utf-8", "surrogateescape").replace(str(home), "~")


_PERSON = {"NAME": "Zoe Lindqvist", "EMAIL": "zoe@shop.example", "DATE": "2026-11-22T10:00:00Z"}


@pytest.mark.parametrize("block", list(blocks("console")), ids=_named)
def test_console_blocks_print_what_they_show(block: Block, place: Callable[[str], Path]) -> None:
    assert block.place, f"{_named(block)}: say where it runs: <!-- run: demo -->"
    folder = place(block.place)
    printed = ""
    for line in block.body.split("\n"):
        if line.startswith("$ "):
            printed += f"{line}\n{_run(line[2:], folder)}"
    if UPDATE and printed != block.body:
        text = block.document.read_text()
        block.document.write_text(text.replace(block.body, printed))
    else:
        assert printed == block.body


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if "version: 1" in block.body], ids=_named)
def test_policies_that_are_shown_load(block: Block) -> None:
    load(PolicySource(".vibeguard.yaml", block.body.encode(), None), lambda path: None)


def test_the_picture_in_the_readme_is_what_a_terminal_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "shop"
    _run(f"vibeguard demo {folder}", tmp_path)
    reports = judge(Request(folder=str(folder), stage="ci", subject="base", base="main", now=0.0, full=True))
    console = Console(record=True, width=136, highlight=False, file=io.StringIO(), force_terminal=True)
    console.print("[bold]$[/bold] vibeguard check --base main")
    show(reports, Options(), console)
    drawn = console.export_svg(title="a change that is held", unique_id="vibeguard")
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.S)  # fetches nothing from outside
    assert "http" not in drawn.replace("http://www.w3.org/", "").replace("https://www.textualize.io", "")
    picture = PROJECT / "docs" / "images" / "demo.svg"
    if UPDATE:
        picture.write_text(drawn)
    assert picture.read_text() == drawn


def test_links_between_the_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
