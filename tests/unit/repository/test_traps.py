"""Every trap of configuration, attributes, environment, paths and content: the change is read as without it.

One base and one change; around them one trap at a time. Each is read staged and, once committed, as a range, with
every way of starting a program leading to the canary.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.canary import Canary
from tests.conftest import Repo
from tests.unit.repository.reading import Summary, between, staged, summary
from vibeguard.repository.hunks import hunks

BASE: dict[str, str | bytes] = {
    "src/app.py": "one\ntwo\nthree\n\nfour\n",
    "src/gone.py": "".join(f"line {number}\n" for number in range(20)),
    "a/b.txt": "x\n",
    "notes.md": "text\n",
}
CHANGE: dict[str, str | bytes] = {
    "src/app.py": "one\nzwei\nthree\n\nfour\nfive\n",
    "other/gone.py": "".join(f"line {number}\n" for number in range(20)),
    "b/a.txt": "x\n",
    "notes.md": "\n\ntext \n",
    "x b/empty.py": "",
}
EXPECTED: Summary = [
    ("b/a.txt", "A", 1, 0),
    ("notes.md", "M", 3, 1),
    ("other/gone.py", "A", 20, 0),
    ("src/app.py", "M", 2, 1),
    ("src/gone.py", "D", 0, 20),
    ("x b/empty.py", "A", 0, 0),
]

CONFIGURATION = {
    "none": "",
    "diff.noprefix": "[diff]\nnoprefix = true\n",
    "diff.mnemonicPrefix": "[diff]\nmnemonicPrefix = true\n",
    "diff.srcPrefix": "[diff]\nsrcPrefix = old/\ndstPrefix = new/\n",
    "color.diff": "[color]\ndiff = always\nui = always\n",
    "diff.colorMoved": "[color]\ndiff = always\n[diff]\ncolorMoved = zebra\nwsErrorHighlight = all\n",
    "diff.orderFile": "[diff]\norderFile = /nowhere\n",
    "diff.context": "[diff]\ncontext = 0\ninterHunkContext = 9\n",
    "diff.algorithm": "[diff]\nalgorithm = patience\nindentHeuristic = true\n",
    "diff.suppressBlankEmpty": "[diff]\nsuppressBlankEmpty = true\n",
    "diff.relative": "[diff]\nrelative = true\n",
    "diff.submodule": "[diff]\nsubmodule = diff\nignoreSubmodules = all\n",
    "diff.wordRegex": "[diff]\nwordRegex = .\nstatNameWidth = 3\ndirstat = lines\n",
    "core.quotePath": "[core]\nquotePath = false\n",
    "diff.renames": "[diff]\nrenames = copies\nrenameLimit = 1\n",
    "core.autocrlf": "[core]\nautocrlf = true\nsafecrlf = true\n",
    "core.precomposeUnicode": "[core]\nprecomposeUnicode = true\nignoreCase = true\n",
    "core.splitIndex": "[core]\nsplitIndex = true\nuntrackedCache = true\n",
    "index.version": "[index]\nversion = 4\nthreads = 8\nsparse = true\n",
    "feature.manyFiles": "[feature]\nmanyFiles = true\nexperimental = true\n",
    "core.checkStat": "[core]\ncheckStat = minimal\ntrustctime = false\nfileMode = false\nsymlinks = false\n",
    "core.bigFileThreshold": "[core]\nbigFileThreshold = 1\n",
    "i18n": "[i18n]\nlogOutputEncoding = UTF-16\ncommitEncoding = x-nope\n",
    "core.attributesFile": "[core]\nattributesFile = {attributes}\n",
    "diff.driver": '[diff "evil"]\nbinary = true\nalgorithm = histogram\n',
    "include.path": "[include]\npath = ../.gitconfig-of-the-repository\n",
    "core.whitespace": "[core]\nwhitespace = tab-in-indent,trailing-space,cr-at-eol\n[apply]\nwhitespace = fix\n",
    "log": "[log]\nshowRoot = false\nfollow = true\ndiffMerges = off\nmailmap = true\n[notes]\ndisplayRef = *\n",
    "core.sparseCheckout": "[core]\nsparseCheckout = true\nsparseCheckoutCone = true\n",
    "rerere": "[rerere]\nenabled = true\nautoupdate = true\n[gc]\nauto = 1\n[maintenance]\nauto = true\n",
}
ATTRIBUTES = {
    "diff=evil": "* diff=evil filter=evil merge=evil\n",
    "-diff": "* -diff\n",
    "binary": "* binary\n",
    "macro": "[attr]evil -diff -text\n* evil\n",
    "whitespace": "* text eol=crlf whitespace=-all ident\n",
    "unset": "*.py -diff\n*.md diff=markdown linguist-generated export-ignore\n",
}
ENVIRONMENT = {
    "GIT_CONFIG_PARAMETERS": {"GIT_CONFIG_PARAMETERS": "'diff.noprefix'='true' 'core.pager'='false'"},
    "GIT_CONFIG_COUNT": {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "diff.external",
        "GIT_CONFIG_VALUE_0": "{external}",
        "GIT_CONFIG_KEY_1": "core.fsmonitor",
        "GIT_CONFIG_VALUE_1": "{external}",
    },
    "GIT_DIFF_OPTS": {"GIT_DIFF_OPTS": "--unified=0"},
    "LANG": {"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"},
    "pathspecs": {"GIT_ICASE_PATHSPECS": "1", "GIT_GLOB_PATHSPECS": "1", "GIT_NOGLOB_PATHSPECS": "1"},
    "GIT_NAMESPACE": {"GIT_NAMESPACE": "evil", "GIT_REPLACE_REF_BASE": "refs/heads/", "GIT_GRAFT_FILE": "{graft}"},
    "GIT_ATTR_SOURCE": {"GIT_ATTR_SOURCE": "HEAD", "GIT_DEFAULT_HASH": "sha256", "GIT_INDEX_VERSION": "2"},
    "GIT_TRACE": {"GIT_TRACE": "1", "GIT_TRACE2": "1", "GIT_TRACE_SETUP": "1", "GIT_CURL_VERBOSE": "1"},
    "GIT_FLUSH": {"GIT_FLUSH": "0", "GIT_NO_REPLACE_OBJECTS": "", "GIT_OPTIONAL_LOCKS": "1"},
    "HOME": {"HOME": "", "XDG_CONFIG_HOME": ""},
}


def prepared(repo: Repo) -> str:
    """The base, committed, and the change, staged."""
    first = repo.commit("first", BASE)
    for name in ("src/gone.py", "a/b.txt"):
        os.unlink(repo.path / name)
    repo.accept_changes()
    repo.stage(CHANGE)
    # The move of a/b.txt is undone, so that its folder's name stays in use.
    repo.git("checkout", "-q", "HEAD", "--", "a/b.txt")
    return first


def check_both(repo: Repo, first: str, expected: Summary, arm: Callable[[], None]) -> None:
    """The staged change, then the same as a commit (made without any hook or filter), read with the trap in place."""
    tree = repo.git("write-tree")
    second = repo.git("commit-tree", tree, "-p", first, stdin=b"second\n")
    arm()
    assert summary(staged(repo)) == expected
    assert summary(between(repo, first, second)) == expected
    for file in staged(repo).files:
        lines = [line for hunk in hunks(file) for line in hunk.added]
        assert len(lines) == (file.added or 0)


@pytest.mark.parametrize("name", CONFIGURATION)
def test_no_configuration_changes_what_is_read(
    repo: Repo, name: str, armed: Callable[[Repo], None], tmp_path: Path
) -> None:
    first = prepared(repo)
    attributes = tmp_path / "attributes"
    attributes.write_text("* -diff diff=evil\n", encoding="utf-8")

    def arm() -> None:
        armed(repo)
        repo.write(".gitconfig-of-the-repository", "[diff]\nexternal = ./git\nnoprefix = true\n")
        text = (repo.path / ".git/config").read_text(encoding="utf-8")
        repo.write(".git/config", text + CONFIGURATION[name].replace("{attributes}", str(attributes)))

    check_both(repo, first, EXPECTED, arm)


@pytest.mark.parametrize("place", ["tracked", "untracked", "info"])
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_no_attribute_hides_or_converts_lines(repo: Repo, name: str, place: str, armed: Callable[[Repo], None]) -> None:
    expected = EXPECTED
    if place == "tracked":
        first = repo.commit("first", {**BASE, ".gitattributes": ATTRIBUTES[name]})
        for path, content in CHANGE.items():
            blob = repo.git("hash-object", "-w", "--no-filters", "--stdin", stdin=str(content).encode())
            repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
        repo.git("update-index", "--force-remove", "src/gone.py")
    else:
        first = prepared(repo)

    def arm() -> None:
        armed(repo)
        if place != "tracked":
            repo.write(".gitattributes" if place == "untracked" else ".git/info/attributes", ATTRIBUTES[name])

    check_both(repo, first, expected, arm)


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_no_variable_changes_what_is_read(
    repo: Repo,
    name: str,
    armed: Callable[[Repo], None],
    canary: Canary,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    first = prepared(repo)
    (tmp_path / "graft").write_text(f"{first}\n", encoding="utf-8")

    def arm() -> None:
        armed(repo)
        for variable, value in ENVIRONMENT[name].items():
            monkeypatch.setenv(variable, value.format(external=canary.program("external"), graft=tmp_path / "graft"))

    check_both(repo, first, EXPECTED, arm)


PATHS = {
    "newline": b"new\nline.py",
    "tab": b"ta\tb.py",
    "quote": b'qu"ote.py',
    "single quote": b"it's.py",
    "backslash": b"back\\slash.py",
    "carriage return": b"c\rr.py",
    "form feed": b"f\x0cf\x0b.py",
    "escape": b"\x1b[31mred.py",
    "delete": b"del\x7f.py",
    "nel": "n\u0085el.py".encode(),
    "u2028": "l\u2028s.py".encode(),
    "not utf-8": b"caf\xe9.py",
    "utf-8": "caf\u00e9.py".encode(),
    "nfd": "cafe\u0301.py".encode(),
    "bidi": "a\u202eyp.b".encode(),
    "zero width": "ad\u200bmin.py".encode(),
    "homoglyph": "\u0430dmin.py".encode(),
    "colon": b":(top)x.py",
    "colon slash": b":/x.py",
    "dash": b"--output=x",
    "exclamation": b"!x.py",
    "hash": b"#x.py",
    "tilde": b"~x.py",
    "at": b"@{u}",
    "glob": b"[a]*?.py",
    "brace": b"{a => b}.py",
    "arrow": b"a => b.py",
    "space": b" lead and trail ",
    "b folder": b"x b/y.py",
    "a prefix": b"a/a/b/b/x.py",
    "dev null": b"dev/null",
    "i folder": b"i/w/x.py",
    "diff header": b"diff --git a/x b/x",
    "long": b"/".join([b"d" * 100] * 30) + b"/" + b"f" * 200,
    "deep": b"/".join([b"d"] * 300) + b"/f",
    "case": b"READme.PY",
    "markup": b"[/foo][red]x",
    "subject": b"%s%n%x00.py",
}


@pytest.mark.parametrize("name", PATHS)
def test_every_path_is_read_byte_for_byte(repo: Repo, name: str, armed: Callable[[Repo], None]) -> None:
    path = PATHS[name]
    text = path.decode("utf-8", "surrogateescape")
    more = {f"m/{number}.txt": "1\n" for number in range(3)}
    first = repo.commit("first", {**more, "kept": "1\n"})
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"1\n2\n")
    for other in more:
        repo.git("update-index", "--cacheinfo", f"100644,{blob},{other}")
    # The index takes what a file system may not.
    repo.git("update-index", "-z", "--index-info", stdin=f"100644 {blob}\t".encode() + path + b"\0")
    expected: Summary = sorted(
        [(other, "M", 1, 0) for other in more] + [(text, "A", 2, 0)], key=lambda one: os.fsencode(one[0])
    )
    check_both(repo, first, expected, lambda: armed(repo))


CONTENTS: dict[str, tuple[bytes, bytes, int | None, int | None]] = {
    "invalid utf-8": (b"a\n", b"a\n\xff\xfe\xe9\n", 1, 0),
    "utf-16": (b"a\n", "a\nb\n".encode("utf-16"), None, None),
    "nul early": (b"a\n" * 20, b"\0\n" + b"a\n" * 20 + b"evil()\n", 2, 0),
    "nul late": (b"a\n" * 9000, b"a\n" * 9000 + b"\0\n", 1, 0),
    "binary": (b"\x89PNG\0\0\0\xff" * 30, b"\x89PNG\0\0\1\xfe" * 30, None, None),
    "only cr": (b"a\rb\r", b"a\rc\r", 1, 1),
    "crlf flip": (b"a\nb\n", b"a\r\nb\r\n", 2, 2),
    "form feed": (b"a\n", b"a\x0cb\x0bc\x1cd\x1e\n", 1, 1),
    "u2028 and nel": (b"a\n", "a\u2028b\u2029c\u0085d\n".encode(), 1, 1),
    "byte order mark": (b"a\n", b"\xef\xbb\xbfa\n", 1, 1),
    "like a diff": (b"a\n", b"a\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\n", 6, 0),
    "dashes removed": (b"-- a\n--- b\n+++ c\nx\n", b"x\n", 0, 3),
    "no newline words": (b"a\n", b"a\n\\ No newline at end of file\n", 1, 0),
    "no newline at the end": (b"a", b"a\nb", 2, 1),
    "no newline and cr": (b"a\r", b"b\r", 1, 1),
    "blank lines": (b"a\n\n\nb\n", b"a\n\n\n\nb\n\n", 2, 0),
    "ansi": (b"a\n", b"\x1b[31ma\x1b[0m\n", 1, 1),
    "long line": (b"a\n", b"x" * 3_000_000 + b"\n", 1, 1),
    "lfs pointer": (b"a\n", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", 3, 1),
    "emptied": (b"a\n", b"", 0, 1),
    "annotation": (b"a\n", b"::error::x\n@@ -1,1 +1,1 @@\n", 2, 1),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_lines_are_counted_whatever_they_hold(repo: Repo, name: str, armed: Callable[[Repo], None]) -> None:
    before, after, added, deleted = CONTENTS[name]
    first = repo.commit("first", {"f.py": before})
    repo.stage({"f.py": after})
    tree = repo.git("write-tree")
    second = repo.git("commit-tree", tree, "-p", first, stdin=b"second\n")
    armed(repo)
    for found in (staged(repo), between(repo, first, second)):
        (file,) = found.files
        assert (file.added, file.deleted) == (added, deleted)
        assert file.unread == ("binary" if b"\0" in after + before else "")
        if added is not None:
            assert [len(hunk.added) for hunk in hunks(file)] and sum(len(hunk.added) for hunk in hunks(file)) == added
            assert all("\n" not in text for hunk in hunks(file) for _, text in hunk.added)
