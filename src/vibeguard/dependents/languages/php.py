"""PHP: `use`, names of the own namespace, qualified names, functions, include and require with constant paths.

Classes are found by composer's autoload rules (psr-4, psr-0, classmap), as the program itself would find them;
functions in the files that composer always loads. Where a repository has no such rules at all, a class or function
leads to the only file that defines it.

Cannot see: containers that build classes from strings, facades, names in docblocks that no `use` repeats, `define`d
constants, computed includes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from vibeguard.dependents.facts import Facts, Import
from vibeguard.dependents.languages.php_project import offers as offers  # noqa: PLC0414
from vibeguard.dependents.languages.php_project import resolve as resolve  # noqa: PLC0414
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    LINE_COMMENT,
    Lines,
    Places,
    heredocs,
    mask,
    mask_comments,
    may_search_heredocs,
    text,
    without,
    without_comments,
)
from vibeguard.model import EdgeKind
from vibeguard.patterns import compiled
from vibeguard.tuples import NamedTuple

# A function leads to the file that defines it, and so does a class of a classmap.
BY_NAME = True

_HASH = rb"#(?!\[)[^\n]*+"
_DOUBLE = rb"\"(?:[^\"\\]++|\\(?s:.?))*+(?:\"|\Z)"
_SINGLE = rb"'(?:[^'\\]++|\\(?s:.?))*+(?:'|\Z)"
# Most strings: the first quote that follows ends them. Such strings one after the other, as in lists, are one token,
# with all between them that is no word: of files that hold data little is left.
_PLAIN = rb"'[^']*+(?<!\\)'"
_PLAINS = _PLAIN + rb"(?:[\s,.=>\[\]\d]*+" + _PLAIN + rb")*+"
# A heredoc as one token: fast, but one that nothing closes is looked for to the end of the file.
_WHOLE_HEREDOC = rb"<<<[ \t]*+([\"']?)(\w++)\1\r?\n(?s:.*?)\n[ \t]*+\2\b"
_HEREDOC = rb"<<<[ \t]*+([\"']?)(?P<tag>\w++)\1\r?\n"
_OUTSIDE = rb"\?>(?:[^<]++|<(?!\?(?:php|=)))*+(?:<\?(?:php|=)|\Z)"
_TOKENS = (LINE_COMMENT, BLOCK_COMMENT, _HASH, _DOUBLE, _PLAINS, _SINGLE, _OUTSIDE)


@cache
def _masker() -> re.Pattern[bytes]:
    return compiled(b"|".join((_WHOLE_HEREDOC, *_TOKENS)))


@cache
def _with_heredocs() -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    return compiled(b"|".join((_HEREDOC, *_TOKENS))), compiled(rb"^[ \t]*+(\w++)", re.M)


@cache
def _type(keyword: bytes) -> re.Pattern[bytes]:
    """One pattern a keyword: the engine skips to a literal ten times as fast as to a choice of them."""
    return compiled(keyword + rb"[ \t]++(?!extends\b|implements\b)(\w++)(?=[\s:{])")


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            "namespace": rb"namespace(?:[ \t]++([\w\\]++)\s*+([;{])|\s*+(\{))",
            # What a bracket ends is no import; it is read all the same, so that it is read once.
            "use": rb"\nuse[ \t]++(?:([^;()=]++);|[^;()=]++)",
            "inner use": rb"\n[ \t]*+use[ \t]++(?:([^;()=]++);|[^;()=]++)",
            "function": rb"\nfunction[ \t]++&?(\w++)[ \t]*+\(",
            "inner function": rb"\n[ \t]*+function[ \t]++&?(\w++)[ \t]*+\(",
            "constant": rb"\nconst[ \t]++(\w++)[ \t]*+=",
            # Over the words of a file, see `_words`: classes, names with a namespace, functions and what is before
            # "::". Members and variables start with "$".
            "named": rb"\n([A-Z][\w\\]*+|\\[\w\\]++|[a-z_]\w*+(?:\\[\w\\]*+|(?=\()))",
            "made": rb"new[ \t]++(\\?[a-z_]\w*+)",
            "extended": rb"extends[ \t]++(\\?[a-z_]\w*+)",
            "case": rb"case[ \t]++(\\?[A-Z][\w\\]*+)(?=::)",
            "include": rb"\b(?:include|require)(?:_once)?\b[ \t(]*+"
            rb"(?:((?:\\?dirname\([ \t]*+)*+)(__DIR__|__FILE__)([\d, \t)]*+)\.[ \t]*+)?([\"'])([^\"'\n$]++)\4",
        }[name],
        re.M,
    )


# What can be part of a name or tells what the name is; everything else separates words.
_WORD = bytes(byte if (chr(byte).isalnum() and byte < 0x80) or byte in b"_\\$:>-(" else 0x20 for byte in range(256))
_OF_NAME = bytes(byte if (chr(byte).isalnum() and byte < 0x80) or byte in b"_\\$(" else 0x0A for byte in range(256))
_PARTS = (b"$", b">", b":", b"\\", b"_")
_TYPES = (b"class", b"interface", b"trait", b"enum")
_SEVERAL = frozenset(" ,{")  # what a `use` of more than a name has
_WORDS = frozenset("TRUE FALSE NULL PHP_EOL E_ALL PHP_INT_MAX DIRECTORY_SEPARATOR".split())
# Keywords before a bracket, and the functions of PHP itself that programs call most: none of them is looked for.
_BUILTIN = frozenset(
    "self static parent if elseif while for foreach switch match isset empty array list exit die catch function fn "
    "return echo print unset use and or xor declare eval include include_once require require_once __halt_compiler "
    "count sprintf in_array is_null is_string is_array is_int is_bool is_object is_callable is_numeric is_resource "
    "is_a is_subclass_of array_map array_filter array_merge array_keys array_values array_key_exists array_shift "
    "array_unshift array_push array_pop array_slice array_splice array_unique array_search array_flip array_diff "
    "array_reverse array_combine array_column array_fill array_intersect array_key_first array_key_last array_sum "
    "array_walk array_reduce implode explode str_replace str_repeat str_contains str_starts_with str_ends_with "
    "str_pad strlen strpos strrpos stripos strtolower strtoupper substr substr_count trim ltrim rtrim ucfirst "
    "lcfirst ucwords preg_match preg_match_all preg_replace preg_replace_callback preg_quote preg_split json_encode "
    "json_decode serialize unserialize get_class get_object_vars method_exists property_exists class_exists "
    "interface_exists function_exists defined define constant call_user_func call_user_func_array func_get_args "
    "file_get_contents file_put_contents file_exists is_file is_dir mkdir unlink fopen fclose fwrite dirname basename "
    "realpath max min floor ceil round abs intval floatval time microtime date strtotime sort usort ksort uasort "
    "range current key next reset end compact extract spl_object_hash spl_object_id md5 sha1 hash base64_encode "
    "var_export gettype iterator_to_array ob_start ob_get_clean mb_strlen mb_substr mb_strtolower number_format "
    "trigger_error set_error_handler".split()
)


MAX_BLOCKS = 200  # namespaces of a file; what follows counts to the last


class _Block(NamedTuple):
    """The code of one namespace."""

    namespace: str
    start: int
    end: int
    braced: bool


def scan(content: bytes) -> Facts:
    """Uses, the classes and functions that are named and defined, the namespace, literal includes.

    A name of another namespace than the file's first is kept in full, with a leading backslash.
    """
    found: list[Import] = []
    defines: set[str] = set()
    mentions: set[str] = set()
    places = Places(content)
    source = b"\n" + _without_preface(content)
    # Looking backwards for them takes half of the time that counting them takes.
    whole = source.rfind(b"<<<") < 0 or may_search_heredocs(source)
    code = mask(source, _masker()) if whole else without(source, heredocs(source, *_with_heredocs()))
    blocks = _blocks(code)
    first = blocks[0].namespace
    for block in blocks:
        uses, aliases, bare = _uses_of(code, block)
        words = _words(bare)
        own = _defined(bare, words)
        named = _named(bare, words) - own
        heads = {name.partition("\\")[0] for name in named if "\\" in name}
        for what, name, alias, written in uses:
            if what == "use":
                # A namespace that is opened is no class that is used.
                if alias in heads and alias not in named:
                    continue
                kind: EdgeKind = "import" if alias in named else "type-only"
            else:
                kind = "import"
            found.append(Import(f"{what} {name}", kind, (name.rpartition("\\")[2],), places.line(written)))
        for name in named:
            head, inner, rest = name.partition("\\")
            if head in aliases:
                if inner:
                    mentions.add(f"\\{aliases[head]}\\{rest}")
            elif head == "namespace":
                mentions.add(f"\\{block.namespace}\\{rest}".replace("\\\\", "\\"))
            elif head == "" or block.namespace == first:
                mentions.add(name)
            else:
                mentions.add(f"\\{block.namespace}\\{name}" if block.namespace else f"\\{name}")
        for name in own:
            defines.add(name if block.namespace == first else f"\\{block.namespace}\\{name}".replace("\\\\", "\\"))
    if b"include" in code or b"require" in code:
        found += _includes(content, whole=whole)
    return Facts(tuple(found), tuple(sorted(defines)), tuple(sorted(mentions)), first)


def _without_preface(content: bytes) -> bytes:
    """The content with what stands before the first `<?php` blanked; a template of another kind as it is."""
    start = content.find(b"<?")
    return content if start <= 0 else b" " * start + content[start:]


def _heads(word: bytes, pattern: re.Pattern[bytes], code: bytes) -> Iterator[re.Match[bytes]]:
    """Where the word that a pattern starts with is a keyword, and no variable, member or part of a name."""
    at = code.find(word)
    while at >= 0:
        match = pattern.match(code, at)
        if match is not None:
            before = code[at - 1 : at]
            if before not in _PARTS and not before.isalnum():
                yield match
        at = code.find(word, match.end() if match is not None else at + len(word))


def _types(code: bytes, words: bytes) -> list[re.Match[bytes]]:
    """The heads of classes, interfaces, traits and enumerations."""
    return [match for keyword in _TYPES if keyword in words for match in _heads(keyword, _type(keyword), code)]


def _defined(code: bytes, words: bytes) -> set[str]:
    """What others can name: types, functions and constants; an indented function only before the first type."""
    types = _types(code, words)
    found = {match.group(1) for match in types}
    if b"const" in words:
        found.update(_pattern("constant").findall(code))
    if b"function" in words:
        found.update(_pattern("function").findall(code))
        first = min([match.start() for match in types], default=len(code))
        found.update(_pattern("inner function").findall(code, 0, first))
    return _texts(found)


def _words(code: bytes) -> bytes:
    """The words of code, a line each: names with the bracket that follows them, variables and members with a "$".

    Most words stand there many times: looked at once, they cost a third of looking at all the code.
    """
    # What these keywords precede is a definition, or the value of a case.
    marked = code.replace(b"function ", b"function$").replace(b"const ", b"const$").replace(b"case ", b"case$")
    words = b"\n".join([b"", *set(marked.translate(_WORD).replace(b"(", b"( ").split())])
    return words.replace(b"->", b"$").replace(b"::", b"(\n$").translate(_OF_NAME)


def _named(code: bytes, words: bytes) -> set[str]:
    """The classes, functions and constants that are named, as they are written."""
    found = set(_pattern("named").findall(words))
    # All code is looked at only where one of its words asks for it.
    if b"new" in words:
        found.update(_pattern("made").findall(code))
    if b"extends" in words:
        found.update(_pattern("extended").findall(code))
    if b"case" in words:
        found.update(_pattern("case").findall(code))
    return {name for name in _texts(found) - _BUILTIN - _WORDS if name.removeprefix("\\") not in _BUILTIN}


def _texts(names: set[bytes]) -> set[str]:
    return set(text(b"\n".join(names)).split("\n")) if names else set()


def _blocks(code: bytes) -> list[_Block]:
    """The namespaces of a file, at least one."""
    heads = list(islice(_heads(b"namespace", _pattern("namespace"), code), MAX_BLOCKS))
    if not heads:
        return [_Block("", 0, len(code), braced=False)]
    ends = [head.start() for head in heads[1:]] + [len(code)]
    return [
        _Block(text(head.group(1) or b""), head.end(), end, head.group(2) != b";")
        for head, end in zip(heads, ends, strict=True)
    ]


def _uses_of(code: bytes, block: _Block) -> tuple[list[tuple[str, str, str, bytes]], dict[str, str], bytes]:
    """(what, qualified name, alias, its bytes) of every `use`; what each alias stands for; the code without them."""
    uses: list[tuple[str, str, str, bytes]] = []
    aliases: dict[str, str] = {}
    pieces = []
    at, end = block.start, block.end
    if block.braced:
        # An indented `use` imports only before the first class, for inside of one it takes a trait.
        inside = code[at:end]
        first = min([match.start() + at for match in _types(inside, inside)], default=end)
        found = list(_pattern("inner use").finditer(code, at, first))
    else:
        found = list(_pattern("use").finditer(code, at, end))
    for match in found:
        if match.group(1) is None:
            continue
        written = match.group().lstrip()
        for what, name, alias in _uses(text(match.group(1))):
            uses.append((what, name, alias, written))
            aliases.setdefault(alias, name)
        pieces.append(code[at : match.start()])
        at = match.end()
    pieces.append(code[at:end])
    return uses, aliases, b" ".join(pieces)


def _uses(clause: str) -> Iterator[tuple[str, str, str]]:
    """(what is used, qualified name, name in this file) of one `use`, group uses opened."""
    clause = " ".join(clause.split())
    # Most are a single name.
    if _SEVERAL.isdisjoint(clause) and clause not in ("", "function", "const"):
        name = clause.lstrip("\\")
        yield "use", name, name.rpartition("\\")[2]
        return
    what, clause = _kind(clause, "use")
    head, brace, rest = clause.partition("{")
    for part in rest.rstrip("} ").split(",") if brace else clause.split(","):
        one, written = _kind(part.strip(), what)
        name, _, alias = written.partition(" as ")
        name = name.strip()
        if name:
            name = ((head.strip() if brace else "") + name).lstrip("\\")
            yield one, name, alias.strip() or name.rpartition("\\")[2]


def _kind(clause: str, default: str) -> tuple[str, str]:
    word, _, rest = clause.partition(" ")
    return (word, rest) if word in ("function", "const") else (default, clause)


def _includes(content: bytes, *, whole: bool) -> Iterator[Import]:
    """Includes whose path is a string, alone or after the file's own folder; `..` for every `dirname` around it.

    Args:
        whole: whether a pattern may look for the end of a heredoc.
    """
    if whole:
        kept = mask_comments(content, _masker())
    else:
        kept = without_comments(content, heredocs(content, *_with_heredocs()))
    lines = Lines(kept)
    for match in _pattern("include").finditer(kept):
        calls, start, levels, _, path = (text(group) if group else "" for group in match.groups())
        up = calls.count("dirname") + sum(int(number) - 1 for number in re.findall(r"\d{1,2}", levels))
        if start == "__FILE__":
            up -= 1
        if up >= 0:
            yield Import(
                "file " + "../" * up + path.lstrip("/") if start else "file " + path,
                "import",
                (),
                lines.at(match.start()),
            )
