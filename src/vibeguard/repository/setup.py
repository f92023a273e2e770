"""How a repository is set up, for the commands that install and explain: configuration, remotes, the hooks folder.

GitPython reads it; nothing that a verdict rests on comes from here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import git

from vibeguard.errors import REPO, VibeguardError
from vibeguard.repository.locate import Location
from vibeguard.tuples import NamedTuple


class Setup(NamedTuple):
    """What `install` and `doctor` need to know."""

    hooks_folder: str  # absolute; where git looks for hooks
    hooks_path: str | None  # core.hooksPath as it is set, None where it is not
    remotes: Mapping[str, str]  # name to URL, without credentials
    git_version: tuple[int, ...]
    settings: Mapping[str, str]  # of the section `vibeguard`


def read_setup(location: Location) -> Setup:
    """The set-up of a repository.

    Raises:
        VibeguardError: REPO when GitPython cannot open it or its configuration is damaged.
    """
    try:
        repo = git.Repo(location.top or location.git_dir)
        with repo.config_reader() as config:
            hooks_path = config.get("core", "hooksPath", fallback=None)
            settings = dict(config.items("vibeguard")) if config.has_section("vibeguard") else {}
            remotes = {
                section[len('remote "') : -1]: str(config.get(section, "url", fallback=""))
                for section in config.sections()
                if section.startswith('remote "')
            }
        version = tuple(repo.git.version_info)
    except (git.GitError, OSError, ValueError) as error:
        raise VibeguardError(
            REPO, f"the repository's configuration cannot be read: {error}", where=location.git_dir
        ) from None
    path = str(hooks_path) if hooks_path else None
    root = location.top or location.git_dir
    folder = os.path.join(root, os.path.expanduser(path)) if path else os.path.join(location.common_dir, "hooks")
    return Setup(
        os.path.abspath(folder),
        path,
        {name: without_credentials(url) for name, url in remotes.items()},
        version,
        {name: str(value) for name, value in settings.items()},
    )


def without_credentials(url: str) -> str:
    """A URL without the user and password that may stand in it."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
