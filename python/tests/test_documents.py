"""The pages' links lead somewhere."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    links = re.findall(r"\]\(([^)#\s]+)", text)
    missing = [
        link
        for link in links
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert not missing, f"{page.name} links to what is not there"


def test_readme_names_what_is_there():
    """Folders and files in backticks, the rooms of the map above all."""
    text = (ROOT / "README.md").read_text()
    paths = re.findall(r"`((?:lib|include|docs|test|tools|scripts)/[\w./-]+)`", text)
    assert paths
    assert not [path for path in paths if not (ROOT / path).exists()]
