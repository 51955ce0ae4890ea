"""`python -m demo`: plays the demo, checks its claims, and writes its pages."""

import json
import sys
import time
from pathlib import Path

from world.processes import StartFailed
from world.world import ROOT

from . import claims, databases, page
from .stage import FLEET, DemoFailed, Stage
from .story import play
from .terminal import Terminal

FOLDER = ROOT / "target" / "demo"


def main() -> int:
    terminal = Terminal()
    began = time.time()
    for old in FOLDER.glob("*.log"):
        old.unlink()
    FOLDER.mkdir(parents=True, exist_ok=True)
    terminal.line("A real Redis, real Celery workers and the release binary; moto is AWS.\n")
    try:
        with Stage(FOLDER, terminal.show) as stage:
            enqueued = play(stage)
            finished, record = stage.finished(), stage.record
            stage.wait_until(
                lambda: len(record["reports"]) >= record["reports_published"], 10, "all reports have arrived"
            )
            record["requests"] = stage.requests()
        stories = databases.play(terminal.show)
    except (StartFailed, DemoFailed) as problem:
        terminal.line(f"\nThe demo failed: {problem}\nLogs: {FOLDER}")
        return 1
    except KeyboardInterrupt:
        terminal.line("\nStopped.")
        return 130
    record |= {"began": began, "fleet": FLEET.read_text(), "concurrency": claims.CONCURRENCY}
    record["claims"] = claims.check(record, enqueued, finished)
    (FOLDER / "record.json").write_text(json.dumps(record))
    about_databases = databases.check(stories)
    written = [page.write(record, FOLDER / "index.html"), *databases.write(stories, about_databases, FOLDER)]
    both = record["claims"] + about_databases
    terminal.claims(both)
    terminal.line(f"\nThe pages of what happened: {', '.join(map(shown, written))}")
    broken = [claim for claim in both if not claim["holds"]]
    if broken:
        terminal.line(f"The demo failed: {len(broken)} of {len(both)} claims do not hold.")
    return 1 if broken else 0


def shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


sys.exit(main())
