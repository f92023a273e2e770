"""C#: names used, looked up as the compiler does: own types, enclosing namespaces, then what `using` opens.

Folders say nothing about namespaces, so files are found by what they define; of equal names those count that the file's
project compiles or references.

Cannot see: which of several extension methods of one name is called, reflection, dependency injection by convention,
generated sources, names inside interpolated strings, conditional compilation, what MSBuild computes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

from vibeguard.dependents.facts import Facts, Import
from vibeguard.dependents.languages.csharp_resolution import offers as offers  # noqa: PLC0414
from vibeguard.dependents.languages.csharp_resolution import resolve as resolve  # noqa: PLC0414
from vibeguard.dependents.languages.text import (
    BLOCK_COMMENT,
    CHARACTER,
    LINE_COMMENT,
    LONG_STRING,
    STRING,
    Places,
    mask,
    masker,
    text,
)
from vibeguard.patterns import compiled

# What another file of a namespace defines can change where this file's edges lead.
BY_NAME = True

_DIRECTIVE = rb"#[ \t]*+(?:end)?(?:region|pragma|error|warning|if|elif|define|undef|nullable|line)\b[^\n]*+"
_UP_TO_QUOTE = rb"\"(?:[^\"]++|\"\")*+(?:\"|\Z)"
# Each alternative starts with a literal: only then does the engine skip to where a token can start.
_VERBATIM = rb"@\$?" + _UP_TO_QUOTE + rb"|\$@\$?" + _UP_TO_QUOTE


# Names with and without type arguments that are looked at closely; a file has a handful of them.
MAX_DOUBTFUL = 40
MAX_HEAD = 4000  # bytes of a type's head, up to its body
MAX_NESTING = 20  # of namespaces and types
_FAR = 400  # bytes between a method's name and its first parameter's `this`, at most
_OPENS = ord("{")
_USUAL_DEPTH = 4  # of blocks between two types; deeper ones take longer


@cache
def _pattern(name: str) -> re.Pattern[bytes]:
    return compiled(
        {
            "namespace": rb"namespace[ \t]++([\w.]++)",
            "using": rb"using[ \t]++(static[ \t]++)?(?:(\w++)[ \t]*+=[ \t]*+)?"
            rb"(?:global::)?([\w.]++)(?(2)(<[^;\n]*+)?)[ \t]*+;",
            "delegate": rb"delegate(?<![\w.]delegate)[ \t]++[\w<>\[\],.? \t]{1,300}?[ \t]++([A-Z]\w*+)[ \t]*+"
            rb"(<[^<>\n]{0,300}+>)?\(",
            "interpolated": rb"\$@?\"((?:[^\"\\\n]++|\\.)*+)\"",
            "hole": rb"\{([^{}\"]++)\}",
            "after": rb"(?![\w<])[ \t]*+(\()?",
            # The first parameter of an extension method, and what may be a call of one.
            "this": rb"this(?<=[(\s\]]this)[ \t]",
            "called": rb"\.([A-Z]\w*+)[ \t]*+[(<]",
            "brace": rb"[{}]",
            "body": rb"[{;]",
            # Over the distinct words of a file, a line each: names, with "<" where they have type arguments.
            "name": rb"\n([A-Z_]\w*+(?:\.[A-Z_]\w*+)*+<?)",
        }[name],
        re.M,
    )


# Methods of the framework's most used types. An extension method of such a name does the same for another type or an
# older framework; of a call only a compiler knows, and nearly all are the framework's.
FRAMEWORK = frozenset(
    "Add AddRange Aggregate All Any Append AppendLine AsEnumerable AsMemory AsQueryable AsReadOnly AsSpan AsTask "
    "Average BinarySearch Cancel Cast Chunk Clear Clone Close Combine Compare CompareTo Concat ConfigureAwait "
    "Contains ContainsKey ContainsValue ContinueWith Convert CopyTo CopyToAsync Count CountBy Create DefaultIfEmpty "
    "Delete Dequeue Dispose DisposeAsync Distinct DistinctBy ElementAt ElementAtOrDefault EndsWith Enqueue "
    "EnsureCapacity Equals Except ExceptBy ExceptWith Exists Find FindAll FindIndex FindLast First FirstOrDefault "
    "Flush FlushAsync ForEach Format GetAwaiter GetEnumerator GetHashCode GetOrAdd GetRange GetResult GetType "
    "GetValue GetValueOrDefault GroupBy GroupJoin IndexOf IndexOfAny Insert InsertRange Intersect IntersectWith "
    "Invoke IsSubsetOf Join Last LastIndexOf LastOrDefault LongCount Max MaxBy Min MinBy MoveNext OfType Open Order "
    "OrderBy OrderByDescending OrderDescending Overlaps PadLeft PadRight Parse Peek Pop Prepend Push Read ReadAsync "
    "ReadLine ReadLineAsync ReadToEnd ReadToEndAsync Remove RemoveAll RemoveAt RemoveRange Replace Reset Reverse "
    "Run Seek Select SelectMany SequenceEqual SetEquals SetValue Single SingleOrDefault Skip SkipLast SkipWhile "
    "Slice Sort Split Start StartsWith Stop Substring Sum SymmetricExceptWith Take TakeLast TakeWhile ThenBy "
    "ThenByDescending ToArray ToCharArray ToDictionary ToHashSet ToList ToLookup ToLower ToLowerInvariant ToString "
    "ToUpper ToUpperInvariant Trim TrimEnd TrimStart TryAdd TryDequeue TryGetValue TryParse TryPeek TryPop "
    "TryRemove TryUpdate Union UnionBy UnionWith Update Wait WaitAsync WhenAll WhenAny Where Write WriteAsync "
    "WriteLine WriteLineAsync Zip".split()
)
# Words after which a name is no name that is declared.
_BEFORE_TYPES = frozenset(
    b"new return public private protected internal static readonly sealed abstract virtual override async extern const "
    b"volatile unsafe partial is as in out ref params this await throw case when and or not else do yield event "
    b"implicit explicit operator where select let by equals on from join into using required scoped".split()
)
_TYPES = (b"class", b"interface", b"struct", b"enum", b"record")
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_IN_NAMES, _IN_TYPES = _LETTERS + b".", _LETTERS + b">]?"
# What can be part of a dotted name, and the bracket of its type arguments; everything else separates words.
_WORD = bytes(byte if (chr(byte).isalnum() and byte < 0x80) or byte in b"_.<" else 0x20 for byte in range(256))
_NO_BRACES = bytes(byte for byte in range(256) if byte not in b"{}")


@cache
def _type(keyword: bytes) -> re.Pattern[bytes]:
    """One pattern a keyword: the engine skips to a literal ten times as fast as to a choice of them."""
    of_record = rb"(?:[ \t]++(?:class|struct))?" if keyword == b"record" else b""
    return compiled(keyword + rb"(?<![\w.]" + keyword + rb")" + of_record + rb"[ \t]++([A-Z_]\w*+)[ \t]*+(<)?")


def scan(content: bytes) -> Facts:
    """Usings, the types it defines, the names it mentions, its first namespace.

    `defines`: below the first namespace, "Outer.Inner"; elsewhere "::Namespace.Type"; types with arguments end in "<".
    A global using is there too, as "*Namespace", for others see by it, and extension methods, as "(Namespace.Name".
    `mentions` have the same "<", and what may be a call of such a method as ".Name".
    """
    code = mask(content, masker(LINE_COMMENT, BLOCK_COMMENT, _DIRECTIVE, LONG_STRING, _VERBATIM, STRING, CHARACTER))
    namespaces = [match for match, _ in _lines_of("namespace", code)]
    package = text(namespaces[0].group(1)) if namespaces else ""
    places = Places(content)
    imports = []
    opened = []
    aliases = {}
    silent = [match.span() for match in namespaces]  # what they write names no type
    for match, before in _lines_of("using", code):
        target, alias = text(match.group(3)), match.group(2)
        prefix = "type " if match.group(1) or alias else ""
        if not prefix:
            silent.append(match.span())
        if before == b"global":
            opened.append(f"*{prefix}{target}")
        if alias is not None:
            aliases[text(alias)] = target
        target += "<" if match.group(4) else ""
        imports.append(Import(prefix + target, "import", (), places.line(match.group(3))))
    words = _words(_without(code, silent))
    interpolated = _interpolated(content) if b"$" in content else b""
    words |= _words(interpolated)
    defines = set(_defined(code, words, namespaces, package))
    named = b"\n".join([*_pattern("name").findall(b"\n" + b"\n".join(words)), b""]).decode("ascii")
    mentions = set(named.split("\n"))
    mentions -= defines
    mentions.discard("")
    # Names with type arguments: of this file, and what stands before each "<" at the end of a line.
    generic = [name[:-1] for name in defines if name[-1] == "<"]
    generic += [lines.rpartition("\n")[2] for lines in named.split("<\n")[:-1]]
    doubtful = sorted(mentions.intersection(generic))[:MAX_DOUBTFUL]
    mentions.difference_update([name for name in doubtful if not _is_type(name, code)])
    if aliases:
        mentions = set(_without_aliases(mentions, aliases))
    called = {*_pattern("called").findall(code), *_pattern("called").findall(interpolated)}
    mentions.update([f".{name}" for name in b" ".join(called).decode("ascii").split(" ") if name not in FRAMEWORK])
    if b"static" in words and b"this" in words:
        defines.update(_extensions(code, namespaces))
    defines.update(opened)
    return Facts(tuple(imports), tuple(sorted(defines)), tuple(sorted(mentions)), package)


def _extensions(code: bytes, namespaces: list[re.Match[bytes]]) -> Iterator[str]:
    """The extension methods: what stands before the bracket of a first parameter with `this`."""
    starts = [space.start() for space in namespaces]
    for match in _pattern("this").finditer(code):
        before = code[max(0, match.start() - _FAR) : match.start()].rstrip()
        while before.endswith(b"]"):  # attributes of the parameter
            before = before[: max(0, before.rfind(b"["))].rstrip()
        if not before.endswith(b"("):
            continue
        before = before[:-1].rstrip()
        if before.endswith(b">"):
            # Type parameters, which can have attributes with all kinds of brackets.
            end = len(before)
            depth = 1
            while depth and end > 0:
                end = max(before.rfind(b"<", 0, end - 1), before.rfind(b">", 0, end - 1))
                depth += 1 if before[end : end + 1] == b">" else -1
            before = before[: max(0, end)].rstrip()
        name = before[len(before.rstrip(_LETTERS)) :]
        if name:
            above = bisect_left(starts, match.start())
            yield f"({text(namespaces[above - 1].group(1)) if above else ''}.{text(name)}"


def _lines_of(name: str, code: bytes) -> Iterator[tuple[re.Match[bytes], bytes]]:
    """Matches that start a line, and "global" where it precedes them; each name is the word that they start with."""
    pattern, word = _pattern(name), name.encode()
    newline = 0
    at = code.find(word)
    while at >= 0:
        before = code[code.rfind(b"\n", newline, at) + 1 : at].strip(b" \t\xef\xbb\xbf")
        if before in (b"", b"global"):
            match = pattern.match(code, at)
            if match is not None:
                yield match, before
        # What follows on the same line does not start it.
        newline = code.find(b"\n", at)
        at = code.find(word, newline) if newline >= 0 else -1


def _without(code: bytes, spans: list[tuple[int, int]]) -> bytes:
    pieces = []
    at = 0
    for start, end in sorted(spans):
        pieces.append(code[at:start])
        at = end
    return b" ".join([*pieces, code[at:]])


def _words(code: bytes) -> set[bytes]:
    """The distinct words of code, those with type arguments with the bracket that opens them."""
    return set(code.translate(_WORD).replace(b"<", b"< ").split())


def _without_aliases(names: set[str], aliases: dict[str, str]) -> Iterator[str]:
    """The names with what their aliases stand for; an alias alone is named by its `using`."""
    for name in names:
        first, dot, rest = name.partition(".")
        if first not in aliases:
            yield name
        elif dot:
            yield f"{aliases[first]}.{rest}"


def _interpolated(content: bytes) -> bytes:
    """What interpolated strings compute, as far as no string stands in it."""
    # No hole goes beyond a quote.
    return b" ".join(_pattern("hole").findall(b'"'.join(_pattern("interpolated").findall(content))))


def _is_type(name: str, code: bytes) -> bool:
    """Whether a name that also stands with type arguments is a type without them, or only a property or constructor."""
    raw = name.encode("ascii")
    after = _pattern("after").match
    start = code.find(raw)
    while start >= 0:
        end = start + len(raw)
        if (start == 0 or code[start - 1] not in _IN_NAMES) and (match := after(code, end)) is not None:
            before = code[max(0, start - 40) : start]
            apart = before.rstrip(b" \t")
            # The word before it, where blanks alone stand between.
            word = b"" if apart == before else apart[len(apart.rstrip(_IN_TYPES)) :]
            if word == b"new" or (match.group(1) is None and (not word or word in _BEFORE_TYPES)):
                return True
        start = code.find(raw, end)
    return False


def _types(code: bytes, words: set[bytes]) -> Iterator[re.Match[bytes]]:
    """The heads of types, keyword by keyword; only those that are words of the code are looked for."""
    for keyword in _TYPES:
        if keyword in words:
            pattern = _type(keyword)
            at = code.find(keyword)
            while at >= 0:
                match = pattern.match(code, at)
                if match is not None:
                    yield match
                at = code.find(keyword, at + len(keyword))
    if b"delegate" in words:
        yield from _pattern("delegate").finditer(code)


def _defined(code: bytes, words: set[bytes], namespaces: list[re.Match[bytes]], package: str) -> Iterator[str]:
    """The types of a file with what they are nested in."""
    found = list(_types(code, words))
    if len(found) <= 1 and len(namespaces) <= 1:
        for match in found:
            yield text(match.group(1)) + ("<" if match.group(2) else "")
        return
    heads = sorted([*found, *namespaces], key=lambda match: match.start())
    # (name, whether a namespace, depth of its body) of what is open.
    around: list[tuple[str, bool, int]] = []
    depth = at = 0
    body_of = _pattern("body").search
    for head in heads:
        braces = code[at : head.start()].translate(None, _NO_BRACES)
        at = head.start()
        # The first may open a body that is waited for; after it, what opens and closes again changes nothing.
        inner = braces[1:]
        for _ in range(_USUAL_DEPTH):
            inner = inner.replace(b"{}", b"")
        for brace in braces[:1] + inner:
            depth += 1 if brace == _OPENS else -1
            while around and depth < around[-1][2]:
                around.pop()
        is_namespace = head.re.groups == 1
        body = body_of(code, head.end(), head.end() + MAX_HEAD)
        opens = body is not None and body.group() == b"{"
        name = text(head.group(1))
        if is_namespace and len(around) < MAX_NESTING:
            # One that has no braces holds until the end of the file.
            around.append((name, True, depth + 1 if opens else -1_000_000))
        if is_namespace:
            continue
        name += "<" if head.group(2) else ""
        space = ".".join([part for part, named, _ in around if named])
        full = ".".join([*[part for part, named, _ in around if not named], name])
        yield full if space == package else f"::{space}.{full}" if space else f"::{full}"
        if opens and len(around) < MAX_NESTING:
            around.append((name, False, depth + 1))
