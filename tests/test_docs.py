"""The README, the settings and the requirements say the same."""

import re
import tomllib

from leaderboard.settings import ROOT, Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")


def requirements(name):
    lines = (ROOT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def settings_table():
    rows = ["| variable | default | what it does |", "|---|---|---|"]
    for field in Settings.model_fields.values():
        default = "" if field.default is None else str(field.default).replace(f"{ROOT}/", "")
        rows.append(f"| `{field.alias}` | {f'`{default}`' if default else ''} | {field.description} |")
    return "\n".join(rows)


def test_the_readme_lists_every_setting_as_the_code_has_it():
    between = README.split("<!-- settings -->")[1].split("<!-- /settings -->")[0].strip()
    assert between == settings_table()


def test_every_make_target_of_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"make ([a-z-]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_path_of_the_readme_exists():
    for path in re.findall(r"`((?:src|eval_queue|tests|benchmarks|docs)/[\w./]*)`", README):
        assert (ROOT / path).exists(), path


def test_the_front_matter_runs_the_app_with_the_pinned_gradio():
    front = README.split("---")[1]
    assert "sdk: gradio" in front
    assert "app_file: app.py" in front
    assert f"sdk_version: {requirements('requirements.txt')['gradio']}" in front


def test_the_light_requirements_are_a_part_of_the_complete_ones_without_an_engine():
    full, light = requirements("requirements.txt"), requirements("requirements-light.txt")
    assert light.items() < full.items()
    assert {"torch", "transformers", "lm-eval"} & light.keys() == set()


def test_the_project_reads_its_dependencies_from_requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.txt"]}


def test_no_registry_host_is_named_in_a_tracked_file():
    import subprocess

    host = "pypi" + ".org"
    found = subprocess.run(
        ["git", "grep", "-l", "-e", host, "-e", "npmjs" + ".org"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.stdout == ""
