"""What ships for CI services, run as the service would run it, with recorded events."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Ran, Repo
from tests.functional.test_ci import Lab, lab
from vibeguard import __version__

__all__ = ["lab"]
ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
GITLAB: dict[str, Any] = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))


def step(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in ACTION["runs"]["steps"] if item["id"] == name)
    return found


def run_script(
    script: str, folder: Path, env: dict[str, str], shell: tuple[str, ...] = ("-e", "-o", "pipefail")
) -> Ran:
    """As the runner does: bash, on a file."""
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", *shell, "-c", script],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A RUNNER_TEMP in which the install step has been."""
    temp = tmp_path / "runner"
    (temp / "vibeguard").mkdir(parents=True)
    (temp / "vibeguard" / "bin").symlink_to(Path(sys.executable).parent)
    return temp


def inputs(lab: Lab, temp: Path, **more: str) -> dict[str, str]:
    env = {"RUNNER_TEMP": str(temp), "VIBEGUARD_TOKEN": "", "INPUT_REVIEWS": "", "INPUT_FACTS": "", "INPUT_SARIF": ""}
    return {**lab.event("pull_request", "pull_request"), **env, **more}


def test_the_actions_script_judges_a_recorded_pull_request(lab: Lab, installed: Path) -> None:
    sarif = installed / "out.sarif"
    ran = run_script(step("judge")["run"], lab.clone.path, inputs(lab, installed, INPUT_SARIF=str(sarif)))
    assert ran.code == 3, ran.err
    assert "::error title=vibeguard%3A four-eyes" in ran.out
    assert sarif.exists()
    assert "verdict=needs" in (lab.folder / "output").read_text()


def test_the_actions_script_passes_reviews_and_refuses_what_is_hostile(lab: Lab, installed: Path) -> None:
    reviews = installed / "re views.json"
    reviews.write_text('[{"who": "amy", "state": "approved", "commit": "' + lab.head + '"}]')
    env = inputs(lab, installed, INPUT_REVIEWS=str(reviews))
    assert run_script(step("judge")["run"], lab.clone.path, env).code == 0
    hostile = inputs(lab, installed, INPUT_REVIEWS='"; touch canary; "')
    assert run_script(step("judge")["run"], lab.clone.path, hostile).code == 2
    assert not (lab.clone.path / "canary").exists()


def test_nothing_of_an_event_or_an_input_is_pasted_into_a_script() -> None:
    for item in ACTION["runs"]["steps"]:
        assert "${{" not in item["run"]
    for line in GITLAB["vibeguard"]["script"]:
        assert "eval" not in line


def test_actions_are_pinned_to_commits_and_the_template_to_this_version() -> None:
    for used in re.findall(r"uses: (\S+)", (ROOT / "action.yml").read_text("utf-8")):
        assert re.fullmatch(r"[\w./-]+@([0-9a-f]{40}|COMMIT)", used), used
    assert GITLAB["variables"]["VIBEGUARD_VERSION"] == __version__


def test_every_output_that_is_promised_is_written(lab: Lab, installed: Path) -> None:
    run_script(step("judge")["run"], lab.clone.path, inputs(lab, installed))
    written = {line.partition("=")[0] for line in (lab.folder / "output").read_text().splitlines()}
    assert written == set(ACTION["outputs"])


def test_gitlabs_script_judges_a_merge_request(
    lab: Lab,
    make_repo: Callable[..., Repo],
    tmp_path: Path,
) -> None:
    job = make_repo("job")
    job.git("remote", "add", "origin", str(lab.hub.path))
    job.git("fetch", "-q", "origin", "topic")
    job.git("checkout", "-q", "--detach", "FETCH_HEAD")
    program = Path(sys.executable).parent / "vibeguard"
    script = "\n".join(GITLAB["vibeguard"]["script"]).replace("/tmp/vibeguard/bin/vibeguard", str(program))
    env = {
        "GITLAB_CI": "true",
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_COMMIT_SHA": lab.head,
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    }
    ran = run_script(script, job.path, env)
    job.accept_changes()
    assert ran.code == 3, ran.err
    assert "no token in VIBEGUARD_TOKEN or GITLAB_TOKEN" in ran.out
    for name in GITLAB["vibeguard"]["artifacts"]["reports"].values():
        assert (job.path / name).exists()
