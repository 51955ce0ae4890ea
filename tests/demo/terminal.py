"""The demo in the terminal: one line per thing that happens, as it happens."""

import re
import shutil
import sys
import textwrap
import threading

COLORS = {"scale-out": 32, "scale-in": 34, "report": 35, "scene": 1, "command": 36, "hold": 2, "sample": 2, "database": 0}
SIGNS = {"scale-out": "▲", "scale-in": "▼", "report": "✉", "scene": "■", "command": "$", "hold": "·", "sample": " ", "database": " "}
# Below the text of a row; below what a report says after "seen", "why" and so on.
INDENT, DEEPER = " " * 11, " " * 19


class Terminal:
    def __init__(self, output=sys.stdout):
        self._output = output
        self._colored = output.isatty()
        self._lock = threading.Lock()
        self._width = min(shutil.get_terminal_size((110, 24)).columns, 120)
        self._last_hold = ""
        self._shown: set[str] = set()

    def line(self, text: str) -> None:
        with self._lock:
            print(text, file=self._output, flush=True)

    def show(self, t: float, kind: str, what) -> None:
        if kind == "hold" and not self._is_shown(what):
            return
        shown = {"sample": bars, "scene": str, "command": typed, "report": self._report, "database": database}
        first, *rest = shown.get(kind, sentence)(what).splitlines()
        unit = "h" if kind == "database" else "s"
        rows = [self._wrap(f"{t:6.1f} {unit} {SIGNS[kind]} {first}", INDENT)]
        rows += [self._wrap(INDENT + line, DEEPER) for line in rest]
        row = "\n".join(rows)
        self.line(f"\033[{COLORS[kind]}m{row}\033[0m" if self._colored else row)

    def claims(self, claims: list[dict]) -> None:
        self.line("\nWhat was claimed, and what was seen:\n")
        for claim in claims:
            mark = "✓" if claim["holds"] else "✗ NOT SO:"
            self.line(f"  {mark} {claim['claim']}\n      {claim['seen']}")

    def _wrap(self, line: str, indent: str) -> str:
        return textwrap.fill(line, self._width, subsequent_indent=indent, break_on_hyphens=False)

    def _report(self, report: dict) -> str:
        """The subject; the whole report when it is the first of its kind."""
        kind = re.sub(r"[\d,]+", "", report["subject"])
        if kind in self._shown:
            return report["subject"]
        self._shown.add(kind)
        # The first line of the text is the subject's.
        return "\n".join([report["subject"], *report["text"].splitlines()[1:]])

    def _is_shown(self, evaluation: dict) -> bool:
        """Most evaluations hold for the same reason as the one before."""
        reasons = evaluation["note"] + " ".join(reason["code"] for reason in evaluation["reasons"])
        shown = evaluation["note"] != "" or reasons != self._last_hold
        self._last_hold = reasons
        return shown


def sentence(evaluation: dict) -> str:
    return f"{evaluation['note']}: {evaluation['sentence']}" if evaluation["note"] else evaluation["sentence"]


def typed(command: dict) -> str:
    """A command, and what it answered."""
    return "\n".join([command["command"], *command["output"].splitlines()])


def bars(sample: dict) -> str:
    """One line of a chart: the queue in numbers, the tasks as marks."""
    waiting = "     ?" if sample["waiting"] is None else f"{sample['waiting']:6,}"
    tasks = "█" * sample["running"] + "░" * max(0, sample["desired"] - sample["running"])
    return f"{waiting} waiting   {tasks:12}  {sample['running']} running, {sample['desired']} desired"


def database(line: dict) -> str:
    """What happens to a database, what is asked of RDS for it, and what is told."""
    return {"scene": "■ ", "call": "→ ", "report": "✉ "}[line["kind"]] + line["text"]
