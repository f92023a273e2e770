"""The kinds of findings that this room makes, each in one sentence: for the documentation and for the reader."""

from __future__ import annotations

FINDINGS: dict[str, str] = {
    "tests-weakened": "A test was deleted, skipped or focused, or lost an assertion.",
    "guards-weakened": "A checker was told to look away, or a check, a hook or a threshold was removed or lowered.",
    "new-dependency": "A manifest names a package, image, action or module that it did not name before.",
    "locked-dependency": "A lock file names packages that it did not name before.",
    "unreadable": "A manifest or a configuration cannot be parsed, so what it says is not known.",
    "unicode": "A character that is invisible or turns the direction of the text, in a name or in an added line.",
    "unicode-confusable": "A name or a word mixes letters of several scripts that look alike.",
    "byte-order-mark": "The file begins with a byte order mark.",
    "encoding": "A name or an added line is not UTF-8, or has a carriage return in its middle.",
    "path": "A name that some file systems refuse or take for another one, `.git` among them.",
    "path-collision": "Two names differ only in case or Unicode form, or look the same.",
    "opaque": "A file whose content cannot be judged line by line, and why.",
    "symlink": "A symbolic link that replaces a file, or points out of the repository.",
    "submodule": "Where a submodule comes from or whether its changes are shown: a line of .gitmodules, or none.",
    "attributes": "A line of .gitattributes that hides changes from readers, or has a program rewrite files.",
}
