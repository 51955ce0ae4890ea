"""The demo in the terminal: one line per thing that happens, as it happens."""

import sys
import threading

COLORS = {"scale-out": 32, "scale-in": 34, "report": 35, "scene": 1, "hold": 2, "sample": 2}
SIGNS = {"scale-out": "▲", "scale-in": "▼", "report": "✉", "scene": "■", "hold": "·", "sample": " "}
WIDTH = 110


class Terminal:
    def __init__(self, output=sys.stdout):
        self._output = output
        self._colored = output.isatty()
        self._lock = threading.Lock()
        self._last_hold = ""

    def line(self, text: str) -> None:
        with self._lock:
            print(text, file=self._output, flush=True)

    def tell(self, t: float, kind: str, what) -> None:
        if kind == "hold" and not self._is_news(what):
            return
        if kind == "sample":
            text = bars(what)
        else:
            text = what if isinstance(what, str) else what["sentence"]
            if not isinstance(what, str) and what.get("note"):
                text = f"{what['note']}: {text}"
        row = f"{t:6.1f} s {SIGNS[kind]} {text}"
        row = row if len(row) <= WIDTH else row[: WIDTH - 1] + "…"
        self.line(f"\033[{COLORS[kind]}m{row}\033[0m" if self._colored else row)

    def claims(self, claims: list[dict]) -> None:
        self.line("\nWhat was claimed, and what was seen:\n")
        for claim in claims:
            mark = "✓" if claim["holds"] else "✗ NOT SO:"
            self.line(f"  {mark} {claim['claim']}\n      {claim['seen']}")

    def _is_news(self, look: dict) -> bool:
        """Most looks hold for the same reason as the one before."""
        reasons = look["note"] + " ".join(reason["code"] for reason in look["reasons"])
        news = look["note"] != "" or reasons != self._last_hold
        self._last_hold = reasons
        return news


def bars(sample: dict) -> str:
    """One line of a chart: the queue in numbers, the tasks as marks."""
    waiting = "     ?" if sample["waiting"] is None else f"{sample['waiting']:6,}"
    tasks = "█" * sample["running"] + "░" * max(0, sample["desired"] - sample["running"])
    return f"{waiting} waiting   {tasks:12}  {sample['running']} running, {sample['desired']} desired"
