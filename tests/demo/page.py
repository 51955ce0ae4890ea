"""The record of a demo as the page that `tidegate simulate --html` writes: the same files, filled here from Python.

    python tests/demo/page.py target/demo/record.json target/demo/index.html

cli/src/page/record.rs says what a record is; the demo's has sections of its own.
"""

import json
import re
import sys
from datetime import datetime, timezone
from pathlib import Path

PARTS = Path(__file__).resolve().parents[2] / "cli" / "src" / "page"
ABOUT = (
    "A real Redis, real Celery workers and the release binaries in AWS's Lambda Runtime Interface Emulator, on one "
    "machine; moto stands in for AWS. A “minute” of the schedule lasts four seconds here."
)


def write(record: dict, path: Path) -> Path:
    path.write_text(fill(shape(record)))
    return path


def fill(record: dict) -> str:
    """The page of a record: its parts where `page.html` names them, as `cli/src/page.rs` does it."""
    page = re.sub(r"<!--include (\S+)-->", lambda part: (PARTS / part[1]).read_text(), (PARTS / "page.html").read_text())
    # "<" could end the element that holds the record, or begin a comment in it.
    return page.replace("<!--record-->", json.dumps(record).replace("<", "\\u003c"))


def shape(record: dict) -> dict:
    """What happened in the demo, as a record of the page."""
    samples = record["samples"]
    return {
        "brand": "Tidegate demo",
        "title": "A queue fills, workers follow; an alarm goes off, an API grows; one command raises everything",
        "about": [summary(record), ABOUT],
        "time": {"first_seconds": 0, "is_date": False, "point_seconds": None, "seconds": samples[-1]["t"]},
        "times": [sample["t"] for sample in samples],
        "charts": charts(record),
        "decisions": decisions(record),
        **{name: record[name] for name in ("moments", "claims", "commands", "reports", "requests", "fleet")},
    }


def summary(record: dict) -> str:
    held = sum(claim["holds"] for claim in record["claims"])
    day = datetime.fromtimestamp(record["began"], timezone.utc).strftime("%-d %B %Y, %H:%M UTC")
    seconds = record["samples"][-1]["t"]
    evaluations = record["evaluations"] + record["api"]
    changed = sum(evaluation["outcome"] == "applied" for evaluation in evaluations)
    return (
        f"{day}. In {seconds:.0f} s queue-depth and service-load evaluated {len(evaluations)} times and changed a desired "
        f"count {changed} times; emergency-max did what was typed. {len(record['reports'])} reports arrived. "
        f"{held} of {len(record['claims'])} claims hold."
    )


def charts(record: dict) -> list[dict]:
    samples = record["samples"]

    def needed(sample: dict) -> int | None:
        return None if sample["in_flight"] is None else -(-sample["in_flight"] // record["concurrency"])

    def bound(end: str) -> list[int]:
        """The bounds in force at a moment are those of the last evaluation before it."""
        evaluations = record["evaluations"]
        return [([evaluation for evaluation in evaluations if evaluation["t"] <= sample["t"]] or evaluations)[-1]["seen"][end] for sample in samples]

    tasks = [
        series("bounds", "the lowest and the highest number of tasks", "bounds", "dashed", bound("min")),
        series("bounds", "", "bounds", "dashed", bound("max")),
        series("running", "tasks that serve", "running", "wide", [sample["running"] for sample in samples]),
        series("desired", "tasks that were asked for", "desired", "steps", [sample["desired"] for sample in samples]),
        series("needed", "for the jobs in flight", "needed", "steps", list(map(needed, samples))),
    ]
    waiting = series("waiting", "jobs that no worker has taken", "waiting", "area", [it["waiting"] for it in samples])
    api = [
        series(name, about, name, style, [sample["api"][name] for sample in samples])
        for name, about, style in (
            ("running", "tasks that serve", "wide"),
            ("desired", "tasks that were asked for", "steps"),
        )
    ]
    return [
        {"title": "Tasks of the workers", "unit": "tasks", "series": tasks},
        {"title": "Jobs waiting", "unit": "jobs", "series": [waiting]},
        {"title": "Tasks of the API", "unit": "tasks", "series": api},
    ]


def series(name: str, about: str, color: str, style: str, values: list) -> dict:
    return {
        "name": name,
        "about": about,
        "color": color,
        "style": style,
        "hidden": False,
        "low": values,
        "high": None,
    }


def fold(evaluations: list[dict]) -> list[dict]:
    """The decisions, with evaluations that held for the same reasons one after another made one."""
    folded: list[dict] = []
    for evaluation in evaluations:
        last = folded[-1] if folded else None
        if last and evaluation["verdict"] == "hold" == last["verdict"] and not evaluation["note"] and codes(evaluation) == codes(last):
            last["evaluations"] += 1
            last["until"] = evaluation["t"]
        else:
            folded.append({**evaluation, "evaluations": 1, "until": evaluation["t"]})
    return folded


def codes(evaluation: dict) -> list[str]:
    return [evaluation["note"], *(reason["code"] for reason in evaluation["reasons"])]


def decisions(record: dict) -> list[dict]:
    """Those about the workers, and in the table those about the API."""
    workers = [decision(evaluation) for evaluation in fold(record["evaluations"])]
    api = [{**decision(evaluation), "note": f"api: {evaluation['note']}", "elsewhere": True} for evaluation in fold(record["api"])]
    return sorted(workers + api, key=lambda row: row["t"])


def decision(evaluation: dict) -> dict:
    return {
        **{name: evaluation[name] for name in ("t", "until", "evaluations", "verdict", "from", "to", "trigger", "note")},
        "changes": int(evaluation["verdict"] != "hold"),
        "reasons": [reason["text"] for reason in evaluation["reasons"]],
        **{name: evaluation["seen"].get(name) for name in ("waiting", "in_flight")},
    }


if __name__ == "__main__":
    source, target = sys.argv[1:]
    write(json.loads(Path(source).read_text()), Path(target))
