"""The databases of the demo: two stories in the simulated RDS, told by `shared/simulator/examples/databases`.

moto changes a database at once, so what RDS does with time is simulated there; the policy is the very one that runs in
production. Each story gets a page of its own."""

import json
import subprocess
from datetime import datetime
from pathlib import Path

from world.processes import StartFailed
from world.world import ROOT

from . import page

PROGRAM = ROOT / "target" / "debug" / "examples" / "databases"
PAGES = ("replicas.html", "classes.html")
WINDOW_DAY, WINDOW_HOUR = "Sunday", 5
MAX = 3
ABOUT = (
    "The simulated RDS: statuses, durations, stale answers and lost ones as AWS documents them or as they are assumed "
    "(`shared/simulator/src/rds.rs` says which). The policy is the one in the release binaries; no binary runs and no SNS takes a "
    "report here: below stand its notices, in a line each."
)


def play(show) -> list[dict]:
    """Tells both stories, line by line."""
    if not PROGRAM.exists():
        raise StartFailed(f"{PROGRAM} is not built: cargo build -p tidegate-simulator --example databases")
    done = subprocess.run([PROGRAM], capture_output=True, text=True, timeout=120, check=True)
    stories = json.loads(done.stdout)
    for story in stories:
        show(0, "scene", f"{story['title']}, in the simulated RDS")
        for line in story["lines"]:
            show(line["t"] / 3600, "database", line)
    return stories


def check(stories: list[dict]) -> list[dict]:
    """Every claim as {"claim", "holds", "seen"}, in the order of the stories."""
    replicas, classes = stories
    claims = [
        replicas_follow_the_load(replicas),
        nothing_of_others_is_deleted(replicas),
        reads_are_always_answered(replicas),
        the_class_changes_once_in_its_window(classes),
        it_is_told_before_and_after(classes),
    ]
    return [{"claim": claim, "holds": bool(holds), "seen": seen} for claim, holds, seen in claims]


def calls(story: dict, name: str) -> list[str]:
    return [line["text"] for line in story["lines"] if line["kind"] == "call" and line["text"].startswith(name)]


def reports(story: dict) -> list[str]:
    return [line["text"] for line in story["lines"] if line["kind"] == "report"]


def replicas_follow_the_load(story):
    exist = next(curve["values"] for curve in story["curves"] if curve["name"] == "that exist")
    added = [text for text in reports(story) if " added, caught up" in text]
    removed = [text for text in reports(story) if " removed, after " in text]
    # What somebody else created comes on top until one of ours is removed.
    holds = len(added) >= 2 and removed and max(exist) <= MAX + len(story["facts"]["others"])
    return "Replicas are added while the busiest is above 70% CPU, and removed again", holds, f"{len(added)} added, {len(removed)} removed"


def nothing_of_others_is_deleted(story):
    deleted = calls(story, "DeleteDBInstance")
    holds = story["facts"]["others"] == ["reporting"] and all(text.startswith("DeleteDBInstance tidegate-") for text in deleted)
    return "A replica that Tidegate did not create is never deleted", holds, f"still there: {', '.join(story['facts']['others'])}"


def reads_are_always_answered(story):
    minutes = story["facts"]["minutes_without_a_record"]
    return "Once reads have a record there is always one", minutes == 0, f"{minutes} minutes without"


def the_class_changes_once_in_its_window(story):
    asked = [datetime.fromisoformat(at) for at in story["facts"]["calls"]]
    inside = [at for at in asked if at.strftime("%A") == WINDOW_DAY and at.hour == WINDOW_HOUR]
    holds = inside and len(inside) == len(asked) and story["facts"]["class"] == "db.m6g.xlarge"
    times = ", ".join(at.strftime("%A %H:%M UTC") for at in asked) or "never"
    return "The class is changed inside the maintenance window, and RDS shows it", holds, f"asked for on {times}; now {story['facts']['class']}"


def it_is_told_before_and_after(story):
    told = reports(story)
    wanted = (" planned for Sunday", "would not begin", " has begun", " is db.m6g.xlarge now")
    found = [next((number for number, text in enumerate(told) if words in text), None) for words in wanted]
    holds = None not in found and found == sorted(found)
    return "The plan is told a day ahead with what stands against it, then its start and its end", holds, f"{len(told)} reports"


def write(stories: list[dict], claims: list[dict], folder: Path) -> list[Path]:
    """A page for each story."""
    pages = []
    for story, name in zip(stories, PAGES, strict=True):
        path = folder / name
        path.write_text(page.fill(shape(story, claims)))
        pages.append(path)
    return pages


def shape(story: dict, claims: list[dict]) -> dict:
    """A story as a record of the page."""
    began = datetime.fromisoformat(story["began"]).timestamp()
    times = story["times"]
    happened = [line for line in story["lines"] if line["kind"] == "scene"]
    return {
        "brand": "Tidegate demo",
        "title": story["title"],
        "about": [ABOUT],
        "time": {"first_seconds": began, "is_date": True, "point_seconds": None, "seconds": times[-1]},
        "times": times,
        "charts": charts(story["curves"]),
        "moments": [{"label": line["text"], "t": line["t"], "end": None} for line in happened[1:]],
        "reports": [{"t": line["t"], "subject": line["text"], "text": line["text"]} for line in story["lines"] if line["kind"] == "report"],
        "claims": claims,
    }


def charts(curves: list[dict]) -> list[dict]:
    """The curves of a story by their chart, in the order in which they are named first."""
    titles = dict.fromkeys((curve["chart"], curve["unit"]) for curve in curves)
    colors = ("desired", "running", "needed")
    return [
        {
            "title": title,
            "unit": unit,
            "series": [
                page.series(curve["name"], "", color, "steps", curve["values"])
                for curve, color in zip([curve for curve in curves if curve["chart"] == title], colors)
            ],
        }
        for title, unit in titles
    ]
