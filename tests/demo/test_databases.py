"""The stories of the databases: their claims hold, and each notices when it does not."""

import copy

import pytest

from demo import databases
from demo.terminal import Terminal


@pytest.fixture(scope="module")
def told():
    """Both stories as the program tells them; `cargo test` builds it."""
    return databases.play(lambda *_: None)


def broken(stories) -> list[str]:
    return [claim["claim"] for claim in databases.check(stories) if not claim["holds"]]


def test_all_claims_hold(told):
    assert broken(told) == []


def spoil_lines(stories, wanted: str, text: str) -> None:
    """Every line that says so says something else."""
    for story in stories:
        for line in story["lines"]:
            line["text"] = line["text"].replace(wanted, text)


@pytest.mark.parametrize(
    "number, spoil",
    [
        (0, lambda stories: spoil_lines(stories, " added, caught up", " seen")),
        (0, lambda stories: stories[0]["curves"][1]["values"].append(5)),
        (1, lambda stories: stories[0]["facts"].update(others=[])),
        (1, lambda stories: spoil_lines(stories, "DeleteDBInstance tidegate-shop", "DeleteDBInstance reporting")),
        (2, lambda stories: stories[0]["facts"].update(minutes_without_a_record=1)),
        (3, lambda stories: stories[1]["facts"].update(calls=["2026-03-08T06:00:00Z"])),
        (3, lambda stories: stories[1]["facts"].update(calls=[])),
        (3, lambda stories: stories[1]["facts"].update(**{"class": "db.t4g.large"})),
        (4, lambda stories: spoil_lines(stories, "would not begin", "begins")),
        (4, lambda stories: stories[1]["lines"].reverse()),
    ],
)
def test_a_claim_that_does_not_hold_is_reported(told, number, spoil):
    stories = copy.deepcopy(told)
    claim = databases.check(stories)[number]["claim"]
    spoil(stories)
    assert claim in broken(stories)


def test_each_story_has_a_page_of_its_own(told, tmp_path):
    claims = databases.check(told)
    pages = databases.write(told, claims, tmp_path)
    assert [page.name for page in pages] == list(databases.PAGES)
    for page, story in zip(pages, told):
        text = page.read_text()
        assert story["title"] in text and claims[0]["claim"] in text


def test_the_terminal_shows_every_line(told, tmp_path):
    with open(tmp_path / "out", "w+") as output:
        terminal = Terminal(output)
        for line in told[1]["lines"]:
            terminal.show(line["t"] / 3600, "database", line)
        output.seek(0)
        shown = output.read()
    assert "→ ModifyDBInstance shop to db.m6g.xlarge" in shown and "0.0 h" in shown
