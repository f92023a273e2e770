"""What kind of file a path is, by the path alone.

A file has a set of kinds: `tests/test_auth.py` is code, test and auth. The rules look at whole names, extensions and
folders, never at parts of words: `author.py` is not about auth and `contest.py` is no test. What the content says
comes later (`vibeguard.content.examine`), and may add kinds but never takes one away.
"""

from __future__ import annotations

from itertools import pairwise

from vibeguard.content import languages, paths
from vibeguard.model import GITLINK, SYMLINK, FileFacts

KINDS: dict[str, str] = {
    "code": "Source code of a programming, template or style language.",
    "test": "A test, its data or its configuration, as the test runners of its language find them.",
    "docs": "Text for people: documentation, a licence, a changelog.",
    "config": "Configuration of a program in a data format.",
    "generated": "Written by a program, by the conventions of its name.",
    "vendored": "A copy of somebody else's code.",
    "lock-file": "Exact versions of dependencies, written by a package manager.",
    "manifest": "Names the packages that the project depends on.",
    "migration": "Changes the schema or the data of a database, once.",
    "ci": "Decides what runs in continuous integration and delivery.",
    "infrastructure": "Describes machines, clusters or cloud resources.",
    "container": "Describes how a container image is built or started.",
    "build": "Decides how the project is built, or runs while it is.",
    "schema": "A published shape of data or of an interface: protobuf, GraphQL, OpenAPI, database schemas.",
    "auth": "Code or configuration that decides who may do what.",
    "secrets": "Holds keys, passwords or tokens by convention.",
    "policy": "Decides what may go in: owners, this tool's policy, hooks that check a commit.",
    "binary": "Bytes that cannot be read as text, by extension or content.",
    "submodule": "A commit of another repository.",
}

_CODE = frozenset(("code",))
_YAML = frozenset(("yaml", "json", "go template", "json with comments"))


def classify(path: str, mode: str = "100644") -> FileFacts:
    """Kinds, language and the reason why the content cannot be judged, as far as path and mode tell.

    `mode` is git's, six octal digits: a submodule is nothing but a submodule, a symlink has no language.
    """
    if mode == GITLINK:
        return FileFacts(path, frozenset(("submodule",)), None, "submodule")
    *folders, name = path.split("/")
    lower = name.lower()
    language, form = languages.of_name(name)
    folders = [folder.lower() for folder in folders]
    kinds: set[str] = set(paths.NAMES.get(name, ()))
    endings = lower.split(".")[1:]
    for count in range(1, min(len(endings), 3) + 1):
        kinds.update(paths.ENDINGS.get(".".join(endings[-count:]), ()))
    extension = endings[-1] if endings else ""

    _by_language(kinds, name, language, form)
    _by_name(kinds, lower, extension, folders)
    _by_folder(kinds, lower, extension, folders, language)
    if _is_vendored(folders):
        kinds.add("vendored")
    if _is_test(name, folders, language, kinds):
        kinds.add("test")
        kinds -= {"migration", "secrets"}
    if _is_about_auth(path, language, kinds):
        kinds.add("auth")

    opaque = ""
    if extension in paths.BINARIES and mode != SYMLINK and language is None:
        kinds.add("binary")
        opaque = "binary"
    return FileFacts(path, frozenset(kinds), None if mode == SYMLINK else language, opaque)


def is_picture_or_document(path: str) -> bool:
    """Whether the extension is that of an image or of a document for people: opaque, but nothing runs it."""
    _, dot, extension = path.rsplit("/", 1)[-1].lower().rpartition(".")
    return bool(dot) and (extension in paths.PICTURES or extension in paths.DOCUMENTS)


def _by_language(kinds: set[str], name: str, language: str | None, form: str) -> None:
    if language is None:
        return
    if form == "prose" or language in paths.DOCS_MARKUP:
        if name not in paths.NOT_PROSE and not kinds & {"manifest", "lock-file", "build"}:
            kinds.add("docs")
    elif language in paths.NOT_CODE_LANGUAGES:
        kinds.update({"dockerfile": ("container",), "hcl": ("infrastructure",)}.get(language, ("build",)))
    elif form in ("code", "markup") or language in paths.DATA_CODE_LANGUAGES:
        if not kinds & {"schema", "lock-file"} or language in ("sql", "ruby"):
            kinds.add("code")
    elif language in paths.CONFIG_LANGUAGES and not kinds:
        kinds.add("config")


def _by_name(kinds: set[str], lower: str, extension: str, folders: list[str]) -> None:
    """Names that are known by their beginning or by where they stand."""
    stem = lower.rsplit(".", 1)[0]
    text = extension in ("txt", "in", "pip")
    required = lower.startswith(("requirements", "constraints")) or stem.endswith("requirements")
    if text and (required or folders[-1:] == ["requirements"]):
        kinds.discard("docs")
        kinds.add("manifest")
    elif lower.startswith(".env.") and extension not in ("example", "sample", "template", "dist", "defaults"):
        kinds.discard("config")
        kinds.add("secrets")
    elif lower.startswith(("dockerfile.", "containerfile.")):
        kinds.add("container")
        kinds.discard("code")
    elif lower.startswith(("docker-compose.", "compose.")) and extension in ("yml", "yaml"):
        kinds.discard("config")
        kinds.add("container")
    elif lower.startswith(("jenkinsfile", "azure-pipelines", ".gitlab-ci")):
        kinds.discard("config")
        kinds.add("ci")
    elif stem.endswith((".config", "rc")) and extension in ("js", "ts", "mjs", "cjs", "mts", "cts"):
        kinds.add("config")
        if lower.startswith(
            ("webpack.", "rollup.", "vite.", "esbuild.", "babel.", "next.", "metro.", "tsup.", "nuxt.")
        ):
            kinds.add("build")
    elif lower.startswith(("openapi.", "swagger.", "asyncapi.", "openapi-", "swagger-")) and extension in (
        "yaml",
        "yml",
        "json",
    ):
        kinds.discard("config")
        kinds.add("schema")
    elif lower.startswith(("readme.", "license.", "licence.", "changelog.", "license-", "copying.")) and not (
        kinds & {"code", "config"}
    ):
        kinds.add("docs")
    if stem.endswith(paths.GENERATED_STEMS) or lower.startswith("zz_generated."):
        kinds.add("generated")
    if extension == "sql" and _is_flyway(lower):
        kinds.add("migration")


def _is_flyway(lower: str) -> bool:
    """`V2__add_users.sql`, `U2.1__…`, `R__views.sql`."""
    head, mark, _ = lower.partition("__")
    return bool(mark) and (head == "r" or (head[:1] in ("v", "u") and head[1:2].isdigit()))


def _by_folder(kinds: set[str], lower: str, extension: str, folders: list[str], language: str | None) -> None:
    inside = set(folders)
    top = folders[0] if folders else ""
    is_yaml = language in _YAML or extension in ("yaml", "yml", "tpl", "j2", "jsonnet", "libsonnet")
    # delivery
    if (
        (top == ".github" and len(folders) > 1 and folders[1] in ("workflows", "actions"))
        or (top == ".gitlab" and len(folders) > 1 and folders[1].startswith("ci"))
        or not inside.isdisjoint(paths.CI_FOLDERS)
        or (lower in ("action.yml", "action.yaml") and len(folders) <= 1)
    ) and "docs" not in kinds:
        kinds.discard("config")
        kinds.add("ci")
    if ".devcontainer" in inside:
        kinds.discard("config")
        kinds.add("container")
    if is_yaml and not inside.isdisjoint(paths.INFRASTRUCTURE_FOLDERS) and not kinds & {"ci", "schema", "manifest"}:
        kinds.discard("config")
        kinds.add("infrastructure")
    # what may go in
    if top in (".vibeguard", ".husky", ".githooks") and "docs" not in kinds:
        kinds.discard("config")
        kinds.add("policy")
    # data bases
    if (
        language in paths.MIGRATION_LANGUAGES
        and lower != "__init__.py"
        and _is_migration(lower, extension, folders, kinds)
    ):
        kinds.discard("config")
        kinds.add("migration")
    # written by programs
    if not inside.isdisjoint(paths.GENERATED_FOLDERS):
        kinds.add("generated")
    # text for people
    if top in paths.DOCS_FOLDERS and not kinds & {"manifest", "lock-file", "ci", "policy", "container"}:
        kinds.discard("config")
        kinds.add("docs")
    if "secrets" in inside and "code" not in kinds and "docs" not in kinds:
        kinds.add("secrets")


def _is_migration(lower: str, extension: str, folders: list[str], kinds: set[str]) -> bool:
    """A file below a folder of migrations that is numbered, or plain SQL, or stands where a tool keeps them.

    Alembic, Django, Rails, Flyway, Prisma, Laravel, EF Core, Ecto, Diesel, Knex; code *about* migrations is none.
    """
    if "docs" in kinds or "ci" in kinds:
        return False
    if any(pair in paths.MIGRATION_PLACES for pair in pairwise(folders)):
        return True
    if set(folders).isdisjoint(paths.MIGRATION_FOLDERS):
        return False
    numbered = lower[:1].isdigit() or (lower[:1] in "vurm" and lower[1:2].isdigit())
    return numbered or extension == "sql"


def _is_vendored(folders: list[str]) -> bool:
    for place, folder in enumerate(folders):
        if folder in paths.VENDOR_FOLDERS:
            return True
        if folder == "vendor" and (
            place == 0
            or folders[place - 1] in paths.VENDOR_PARENTS
            or (place + 1 < len(folders) and "." in folders[place + 1])  # Go: vendor/github.com/…
        ):
            return True
        if folder == ".yarn" and place + 1 < len(folders) and folders[place + 1] in ("releases", "plugins", "sdks"):
            return True
    return False


def _is_test(name: str, folders: list[str], language: str | None, kinds: set[str]) -> bool:
    if "policy" in kinds:  # the tests of a policy do not test the code
        return False
    if name in paths.TEST_FILES or "test" in kinds:
        return True
    if language is not None:
        rule = paths.TEST_NAMES.get(language)
        stem = name.rsplit(".", 1)[0]
        if rule is not None and (
            (rule[1] and stem.endswith(rule[1]) and stem not in rule[1]) or _begins_as_test(stem, rule[0])
        ):
            return True
    for place, folder in enumerate(folders):
        if (
            folder in paths.TEST_FOLDERS
            or folder.endswith((".tests", ".test", ".unittests", ".integrationtests"))
            or (folder in paths.SPEC_FOLDERS and language in paths.SPEC_LANGUAGES)
        ):
            # A README among tests explains them; a text among their data is compared with.
            return "docs" not in kinds or not paths.DATA_OF_TESTS.isdisjoint(folders[place:])
    return False


def _begins_as_test(stem: str, beginnings: tuple[str, ...]) -> bool:
    """`test_x`, and `TestX` but not `Testament`: after a beginning without a mark comes a capital letter."""
    for beginning in beginnings:
        if stem.startswith(beginning):
            rest = stem[len(beginning) :]
            if rest and (not beginning[-1].isalpha() or rest[0].isupper()):
                return True
    return False


def _is_about_auth(path: str, language: str | None, kinds: set[str]) -> bool:
    lower = path.lower()
    if not any(stem in lower for stem in paths.AUTH_STEMS):
        return False
    if not kinds & {"code", "config", "infrastructure", "schema", "policy"} or kinds & {
        "docs",
        "vendored",
        "generated",
    }:
        return False
    return language not in paths.STYLE_LANGUAGES and not paths.AUTH_WORDS.isdisjoint(words(path))


def words(path: str) -> set[str]:
    """The words of a path in lower case: cut at what is no letter or digit, and where the case changes.

    `src/OAuthClient.java` gives src, o, auth, oauthclient, client, java: each run also counts as a whole.
    """
    found: set[str] = set()
    run = start = 0
    for place in range(len(path) + 1):
        here = path[place] if place < len(path) else "/"
        if not here.isalnum():
            if place > run:
                found.add(path[run:place].lower())
                found.add(path[start:place].lower())
            run = start = place + 1
        elif (
            place > start
            and here.isupper()
            and (not path[place - 1].isupper() or path[place + 1 : place + 2].islower())
        ):
            found.add(path[start:place].lower())
            start = place
    return found
