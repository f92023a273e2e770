"""Where a JavaScript or TypeScript specifier leads: index files, tsconfig paths, package.json, workspaces."""

from __future__ import annotations

from typing import Any

from vibeguard.dependents.languages.javascript_json import read_json
from vibeguard.dependents.languages.javascript_packages import conditions, renamed, workspaces
from vibeguard.dependents.project import Project, join, parents

_SUFFIXES = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.mts", ".d.cts")
_OTHER = (".json", ".vue", ".svelte")
# TypeScript's rule: an import that ends in the emitted suffix means the source beside it.
_SOURCES = {
    ".js": (".ts", ".tsx", ".d.ts", ".jsx"),
    ".jsx": (".tsx", ".d.ts"),
    ".mjs": (".mts", ".d.mts"),
    ".cjs": (".cts", ".d.cts"),
}
_BUILTINS = frozenset(
    "assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain "
    "events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl "
    "stream string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib".split()
)
_MAX_EXTENDS = 16


def stem(path: str) -> str:
    """The key of a specifier or a path: its last component without suffixes; "index" stands for its folder."""
    path = path.rstrip("/")
    name = path.rpartition("/")[2]
    return name.partition(".")[0] or name


def offers(path: str, _project: Project) -> set[str]:
    """A file is looked for under its own name; an index file also under its folder's."""
    found = {stem(path)}
    folder = path.rpartition("/")[0]
    if stem(path) == "index":
        found |= {stem(folder), ".", "..", ""}
    return found


class _Config:
    """What a tsconfig says about specifiers: `base` is None where baseUrl is not set."""

    def __init__(self, base: str | None, paths: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        self.base = base
        self.paths = paths


_NO_CONFIG = _Config(None, ())


class Resolver:
    """Finds modules in one tree."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.files = project.files
        self.configs: dict[str, _Config] = {}
        self.parsed: dict[str, dict[str, Any]] = {}
        self.memo: dict[str, dict[str, tuple[str | None, set[str]]]] = {}  # by folder, then by specifier
        self.aliases: dict[str, dict[str, tuple[str, str]]] = {}
        self.packages = self._packages()

    def known(self, folder: str) -> dict[str, tuple[str | None, set[str]]]:
        """What was found from a folder, by specifier."""
        return self.memo.setdefault(folder, {})

    def find(self, specifier: str, folder: str) -> tuple[str | None, set[str]]:
        """The file a specifier means; "" when it should be in the repository and is not; None when it is outside.

        With it the keys that decide this.
        """
        keys = {stem(specifier)}
        found = self._find(specifier, folder, keys)
        self.known(folder)[specifier] = found, keys
        return found, keys

    def _find(self, specifier: str, folder: str, keys: set[str]) -> str | None:
        specifier = specifier.partition("?")[0]
        if specifier.startswith((".", "/")) and not specifier.startswith("/"):
            path = join(folder, specifier)
            if path is None:
                return ""
            keys.add(stem(path))
            return self._module(path, specifier.endswith("/") or specifier in (".", "..")) or ""
        if not specifier or specifier.startswith(("node:", "http:", "https:", "data:", "virtual:", "bun:", "npm:")):
            return None
        config = self._config(folder)
        mapped = self._mapped(specifier, config, keys)
        if mapped is not None:
            return mapped
        if specifier.startswith("#"):
            return self._imports(specifier, folder, keys)
        if specifier.startswith("/"):
            return None
        package, rest = _split(specifier)
        home = self._home(package, folder)
        if home is not None:
            return self._entry(home, rest, keys) or ""
        if config.base is not None and package not in _BUILTINS:
            path = join(config.base, specifier)
            found = self._module(path, folder_only=False) if path is not None else None
            if found:
                return found
        return None

    # -- files

    def _module(self, path: str, folder_only: bool = False) -> str | None:  # noqa: FBT001, FBT002
        files = self.files
        if not folder_only:
            dot = path.rfind(".")
            suffix = path[dot:] if dot > path.rfind("/") else ""
            if path in files:
                # `x.js` beside `x.ts` is the emitted file; TypeScript means the source.
                return path
            for source in _SOURCES.get(suffix, ()):
                if path[:dot] + source in files:
                    return path[:dot] + source
            for suffix in _SUFFIXES:
                if path + suffix in files:
                    return path + suffix
            for suffix in _OTHER:
                if path + suffix in files:
                    return path + suffix
        inside = path + "/package.json" if path else "package.json"
        if inside in files:
            manifest = self._json(inside)
            for field in ("source", "types", "typings", "module", "main"):
                entry = manifest.get(field)
                if isinstance(entry, str):
                    target = join(path, entry)
                    found = self._file(target) if target is not None else None
                    if found:
                        return found
        for suffix in _SUFFIXES + _OTHER:
            index = f"{path}/index{suffix}" if path else f"index{suffix}"
            if index in files:
                return index
        return None

    def _file(self, path: str) -> str | None:
        """A file named by a manifest: itself, its source, or with a suffix."""
        if path in self.files:
            return path
        dot = path.rfind(".")
        if dot > path.rfind("/"):
            for source in _SOURCES.get(path[dot:], ()):
                if path[:dot] + source in self.files:
                    return path[:dot] + source
        for suffix in _SUFFIXES:
            if path + suffix in self.files:
                return path + suffix
            index = f"{path}/index{suffix}" if path else f"index{suffix}"
            if index in self.files:
                return index
        return None

    # -- tsconfig

    def _config(self, folder: str) -> _Config:
        known = self.configs.get(folder)
        if known is None:
            known = _NO_CONFIG
            for name in ("tsconfig.json", "jsconfig.json"):
                path = f"{folder}/{name}" if folder else name
                if path in self.files:
                    known = self._read_config(path)
                    break
            else:
                if folder:
                    known = self._config(folder.rpartition("/")[0])
            self.configs[folder] = known
        return known

    def _read_config(self, path: str) -> _Config:
        base: str | None = None
        paths: tuple[tuple[str, tuple[str, ...]], ...] | None = None
        queue = [path]
        seen: set[str] = set()
        while queue and len(seen) < _MAX_EXTENDS:
            path = queue.pop(0)
            if path in seen:
                continue
            seen.add(path)
            folder = path.rpartition("/")[0]
            found = self._json(path)
            options = found.get("compilerOptions")
            options = options if isinstance(options, dict) else {}
            if base is None and isinstance(options.get("baseUrl"), str):
                base = join(folder, options["baseUrl"])
            if paths is None and isinstance(options.get("paths"), dict):
                at = join(folder, options["baseUrl"]) if isinstance(options.get("baseUrl"), str) else base
                paths = _paths(options["paths"], folder if at is None else at)
            extends = found.get("extends")
            above = [extends] if isinstance(extends, str) else extends if isinstance(extends, list) else []
            # Later entries of a list win, and all of them yield to the file itself.
            queue[:0] = [
                target for item in reversed(above) if isinstance(item, str) and (target := self._extended(item, folder))
            ]
            if not seen - {path} and not options.get("paths") and isinstance(found.get("references"), list):
                # A solution file holds no options of its own: its first project with paths speaks for the folder.
                for reference in found["references"]:
                    if isinstance(reference, dict) and isinstance(reference.get("path"), str):
                        target = join(folder, reference["path"])
                        if target is not None and target not in self.files:
                            target = f"{target}/tsconfig.json" if target else "tsconfig.json"
                        if target is not None and target in self.files and target.rpartition("/")[0] == folder:
                            queue.append(target)
        return _Config(base, paths or ())

    def _extended(self, extends: str, folder: str) -> str | None:
        if extends.startswith("."):
            path = join(folder, extends)
        else:
            package, rest = _split(extends)
            home = self.packages.get(package)
            path = join(home, rest or "tsconfig.json") if home is not None else None
        if path is None:
            return None
        for candidate in (path, path + ".json", path + "/tsconfig.json"):
            if candidate in self.files:
                return candidate
        return None

    def _mapped(self, specifier: str, config: _Config, keys: set[str]) -> str | None:
        """By `paths`: exact patterns first, then the longest prefix, as TypeScript does."""
        best: tuple[int, tuple[str, ...], str] | None = None
        for pattern, targets in config.paths:
            prefix, star, suffix = pattern.partition("*")
            if not star:
                if pattern == specifier:
                    best = (1 << 20, targets, "")
                    break
            elif specifier.startswith(prefix) and specifier.endswith(suffix) and len(specifier) >= len(prefix + suffix):
                if best is None or len(prefix) > best[0]:
                    best = (len(prefix), targets, specifier[len(prefix) : len(specifier) - len(suffix)])
        if best is None:
            return None
        for target in best[1]:
            path = join("", target.replace("*", best[2], 1))
            if path is not None:
                keys.add(stem(path))
                found = self._module(path)
                if found:
                    return found
        return None

    # -- packages

    def _json(self, path: str) -> dict[str, Any]:
        found = self.parsed.get(path)
        if found is None:
            found = self.parsed[path] = read_json(self.project, path)
        return found

    def _packages(self) -> dict[str, str]:
        """Folders of the packages of this repository by name.

        Of several that claim a name the one that a workspace lists has it; where that does not decide, none has.
        """
        found: dict[str, list[str]] = {}
        for path in self.project.named("package.json"):
            if "node_modules/" in path:
                continue
            name = self._json(path).get("name")
            if isinstance(name, str) and name:
                found.setdefault(name, []).append(path.rpartition("/")[0])
        disputed = any(len(homes) > 1 for homes in found.values())
        listed = workspaces(self.project, self._json) if disputed else lambda _home: False
        kept = {}
        for name, homes in found.items():
            mine = [home for home in homes if listed(home)] if len(homes) > 1 else homes
            if len(mine) == 1:
                kept[name] = mine[0]
        return kept

    def _home(self, package: str, folder: str) -> str | None:
        """The folder of a package as the importer's package.json means it: by path, by another name, by its own."""
        aliases = self.aliases.get(folder)
        if aliases is None:
            above = (f"{home}/package.json" if home else "package.json" for home in (folder, *parents(folder)))
            nearest = next((path for path in above if path in self.files), None)
            aliases = renamed(nearest.rpartition("/")[0], self._json(nearest)) if nearest is not None else {}
            self.aliases[folder] = aliases
        how, meant = aliases.get(package, ("name", package))
        if how == "path":
            inside = f"{meant}/package.json" if meant else "package.json"
            return meant if inside in self.files else None
        return self.packages.get(meant)

    def _entry(self, home: str, rest: str, keys: set[str]) -> str | None:
        manifest = self._json(f"{home}/package.json" if home else "package.json")
        exports = manifest.get("exports")
        wanted = "./" + rest if rest else "."
        if exports is not None:
            for target in conditions(exports, wanted):
                path = join(home, target)
                if path is None:
                    continue
                keys.add(stem(path))
                found = self._file(path) or self._source(home, path)
                if found:
                    return found
        if rest:
            path = join(home, rest)
            if path is None:
                return None
            keys.add(stem(path))
            return self._module(path) or self._source(home, path) or self._file(join(home, "src/" + rest) or "")
        for field in ("source", "types", "typings", "module", "main"):
            entry = manifest.get(field)
            if isinstance(entry, str):
                path = join(home, entry)
                if path is not None:
                    keys.add(stem(path))
                    found = self._file(path) or self._source(home, path)
                    if found:
                        return found
        keys.add("index")
        for folder in (home, f"{home}/src" if home else "src"):
            for suffix in _SUFFIXES:
                index = f"{folder}/index{suffix}" if folder else f"index{suffix}"
                if index in self.files:
                    return index
        return None

    def _source(self, home: str, path: str) -> str | None:
        """What is built is rarely in git: `dist/x.js` of a workspace package means its `src/x.ts`."""
        inside = path[len(home) + 1 :] if home else path
        first, _, rest = inside.partition("/")
        if first not in ("dist", "lib", "build", "out", "es", "esm", "cjs") or not rest:
            return None
        while rest.startswith(("es/", "esm/", "cjs/", "types/", "src/")):
            rest = rest.partition("/")[2]
        name = rest
        for suffix in (".d.ts", ".d.mts", ".d.cts", ".mjs", ".cjs", ".js", ".jsx"):
            if rest.endswith(suffix):
                name = rest[: -len(suffix)]
                break
        return self._file((f"{home}/src/" if home else "src/") + name) or self._file(
            (f"{home}/" if home else "") + name
        )

    def _imports(self, specifier: str, folder: str, keys: set[str]) -> str | None:
        for home in (folder, *parents(folder)):
            path = f"{home}/package.json" if home else "package.json"
            if path in self.files:
                mapping = self._json(path).get("imports")
                if isinstance(mapping, dict):
                    for target in conditions(mapping, specifier):
                        where = join(home, target) if target.startswith(".") else None
                        if where is not None:
                            keys.add(stem(where))
                            found = self._file(where) or self._source(home, where)
                            if found:
                                return found
                    return ""
        return ""


def _split(specifier: str) -> tuple[str, str]:
    """Package name and the path inside it."""
    parts = specifier.split("/")
    count = 2 if specifier.startswith("@") else 1
    return "/".join(parts[:count]), "/".join(parts[count:])


def _paths(mapping: dict[str, Any], base: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for pattern, targets in mapping.items():
        if isinstance(targets, list):
            kept = tuple(
                path for target in targets if isinstance(target, str) and (path := join(base, target)) is not None
            )
            found.append((pattern, kept))
    return tuple(found)


def resolver(project: Project) -> Resolver:
    """The project's resolver, made once."""
    kept: Resolver | None = project.kept.get("javascript")
    if kept is None:
        kept = project.kept["javascript"] = Resolver(project)
    return kept
