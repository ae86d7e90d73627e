"""One version and one list of requirements, wherever they are written."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RECIPE = (ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8")
ON_CONDA = {"matplotlib": "matplotlib-base"}


def test_package_citation_changelog_and_recipe_name_the_same_version():
    version = PACKAGE["project"]["version"]
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    logged = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    packed = re.search(r'^  version: "(.+)"$', RECIPE, re.MULTILINE)
    assert cited and logged and packed and cited[1] == logged[1] == packed[1] == version


def test_the_conda_recipe_asks_for_what_the_package_asks_for():
    """Extras become packages of their own: conda has none."""
    asked = [Requirement(line) for line in PACKAGE["project"]["dependencies"]]
    expected = {ON_CONDA.get(each.name, each.name): each.specifier for each in asked}
    expected |= {extra: Requirement(extra).specifier for each in asked for extra in each.extras - {"matplotlib"}}
    lines = re.findall(r"^    - (\S+)(?: (.+))?$", RECIPE.split("  run:")[1].split("\ntests:")[0], re.MULTILINE)
    listed = {name: Requirement(f"x{bounds}").specifier for name, bounds in lines if name != "python"}
    assert listed == expected
    python_min = re.search(r'^  python_min: "(.+)"$', RECIPE, re.MULTILINE)
    assert python_min and PACKAGE["project"]["requires-python"] == f">={python_min[1]}"
    assert all(f"    - {each.replace('>', ' >', 1)}\n" in RECIPE for each in PACKAGE["build-system"]["requires"])
