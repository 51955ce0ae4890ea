"""The record of a demo as ONE self-contained HTML page: no network, no second file.

    python tests/demo/page.py target/demo/record.json target/demo/index.html

The chart is drawn by uPlot, which is inlined from tests/clients/node_modules with its license.
"""

import json
import re
import sys
from datetime import datetime
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
UPLOT = HERE.parent / "clients" / "node_modules" / "uplot"
SIGNS = {"scale-out": "▲", "scale-in": "▼", "hold": "○"}


def write(record: dict, path: Path) -> Path:
    path.write_text(render(record))
    return path


def render(record: dict) -> str:
    decisions = fold(record["looks"])
    chart = {
        "samples": record["samples"],
        "bounds": [{"t": look["t"], **{end: look["seen"][end] for end in ("min", "max")}} for look in record["looks"]],
        "decisions": decisions,
        "moments": record["moments"],
        "concurrency": record["concurrency"],
    }
    parts = {
        "style": (UPLOT / "dist" / "uPlot.min.css").read_text() + (HERE / "page.css").read_text(),
        "uplot_license": (UPLOT / "LICENSE").read_text().replace("*/", ""),
        "uplot": (UPLOT / "dist" / "uPlot.iife.min.js").read_text(),
        "script": (HERE / "page.js").read_text(),
        # "</" inside a script element would end it.
        "chart": json.dumps(chart).replace("</", "<\\/"),
        "summary": summary(record),
        "claims": "\n".join(map(claim_item, record["claims"])),
        "decisions": "\n".join(map(decision_row, decisions)),
        "reports": "\n".join(map(report_item, record["reports"])),
        "requests": "\n".join(map(request_row, record["requests"].items())),
        "fleet": escape(record["fleet"]),
    }
    page = (HERE / "page.html").read_text()
    for name, text in parts.items():
        page = page.replace(f"<!--{name}-->", text, 1)
    return page


def fold(looks: list[dict]) -> list[dict]:
    """The decisions, with looks that held for the same reasons one after another made one."""
    folded: list[dict] = []
    for look in looks:
        last = folded[-1] if folded else None
        if last and look["verdict"] == "hold" == last["verdict"] and not look["note"] and codes(look) == codes(last):
            last["times"] += 1
            last["until"] = look["t"]
        else:
            folded.append({**look, "times": 1, "until": look["t"]})
    return folded


def codes(look: dict) -> list[str]:
    return [look["note"], *(reason["code"] for reason in look["reasons"])]


def summary(record: dict) -> str:
    held = sum(claim["holds"] for claim in record["claims"])
    day = datetime.fromtimestamp(record["began"]).strftime("%-d %B %Y, %H:%M")
    seconds = record["samples"][-1]["t"]
    changed = sum(look["outcome"] == "applied" for look in record["looks"])
    return (
        f"{day}. In {seconds:.0f} seconds the function looked {len(record['looks'])} times, changed the desired count "
        f"{changed} times and published {len(record['reports'])} reports. "
        f"{held} of {len(record['claims'])} claims hold."
    )


def claim_item(claim: dict) -> str:
    sign, state = ("✓", "holds") if claim["holds"] else ("✗", "broken")
    return (
        f'<li class="{state}"><span class="sign" aria-label="{state}">{sign}</span>'
        f'<div>{escape(claim["claim"])}<small>{escape(claim["seen"])}</small></div></li>'
    )


def decision_row(look: dict) -> str:
    change = f"{look['from']} → {look['to']}" if look["verdict"] != "hold" else f"{look['from']}"
    when = f"{look['t']:.1f} s"
    if look["times"] > 1:
        when += f"<small>to {look['until']:.1f} s, {look['times']} looks</small>"
    note = f"<small>{escape(look['note'])}</small>" if look["note"] else ""
    reasons = "".join(f"<li>{prose(reason['text'])}</li>" for reason in look["reasons"])
    return (
        f'<tr class="{look["verdict"]}"><td>{when}</td>'
        f'<td><span class="sign">{SIGNS[look["verdict"]]}</span> {look["verdict"]}{note}</td>'
        f"<td>{change}</td><td>{number(look, 'waiting')}</td><td>{number(look, 'in_flight')}</td>"
        f"<td><ul>{reasons}</ul></td></tr>"
    )


def prose(text: str) -> str:
    """A reason, with what it quotes from the fleet file as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def number(look: dict, name: str) -> str:
    value = look["seen"].get(name)
    return "unknown" if value is None else f"{value:,}"


def report_item(report: dict) -> str:
    return (
        f'<details><summary><span class="when">{report["t"]:.1f} s</span> {escape(report["subject"])}</summary>'
        f"<pre>{escape(report['text'])}</pre></details>"
    )


def request_row(request: tuple[str, int]) -> str:
    action, count = request
    return f"<tr><td><code>{escape(action)}</code></td><td>{count:,}</td></tr>"


if __name__ == "__main__":
    source, target = sys.argv[1:]
    write(json.loads(Path(source).read_text()), Path(target))
