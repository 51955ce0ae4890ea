"""What must have been true, checked on the record of the demo."""

from collections import Counter
from statistics import mean

CONCURRENCY, MIN, MAX = 2, 2, 12
OUTAGE = "Redis does not answer"
EMERGENCY = "emergency max"
# What the fleet file allows.
MAXIMA = {"workers": MAX, "api": 8}


def check(record: dict, enqueued: list[str], finished: list[list]) -> list[dict]:
    """Every claim as {"claim", "holds", "seen"}, in the order of the story."""
    claims = [
        workers_rise(record),
        duplicate_changes_nothing(record),
        nothing_scales_in_during_the_outage(record),
        workers_fall_one_by_one(record),
        never_below_what_runs(record),
        within_bounds(record),
        the_alarm_acts_once_and_steps_on(record),
        one_command_raises_everything(record),
        nothing_scales_in_during_the_emergency(record),
        every_report_arrives(record),
        every_task_runs(enqueued, finished),
        priorities_are_served_first(finished),
    ]
    return [{"claim": claim, "holds": bool(holds), "seen": seen} for claim, holds, seen in claims]


def changes(record: dict, verdict: str) -> list[dict]:
    return [evaluation for evaluation in record["evaluations"] if evaluation["verdict"] == verdict and evaluation["outcome"] == "applied"]


def steps(evaluations: list[dict]) -> str:
    return ", ".join(f"{evaluation['from']} to {evaluation['to']}" for evaluation in evaluations) or "none"


def workers_rise(record):
    outs = changes(record, "scale-out")
    holds = outs and outs[-1]["to"] == MAX and all(evaluation["to"] == min(evaluation["from"] + 5, MAX) for evaluation in outs)
    holds = holds and all(evaluation["seen"]["waiting"] > 500 for evaluation in outs)
    return "More than 500 waiting adds 5 workers at a time, up to the maximum", holds, steps(outs)


def duplicate_changes_nothing(record):
    first, second = record["duplicate"]
    evaluations = [evaluation["verdict"] for evaluation in record["evaluations"] if "delivery" in evaluation["note"]]
    holds = evaluations == ["scale-out", "hold"] and first["desired"] == second["desired"] and second["updates"] == 1
    seen = f"{first['desired']} desired after the first, {second['desired']} after the second"
    return "An event delivered twice changes nothing", holds, f"{seen}; UpdateService called {second['updates']} time"


def nothing_scales_in_during_the_outage(record):
    outage = next(moment for moment in record["moments"] if moment["label"] == OUTAGE)
    before = [sample for sample in record["samples"] if sample["t"] < outage["t"]]
    during = [sample for sample in record["samples"] if outage["t"] <= sample["t"] <= outage["end"]]
    blind = [evaluation for evaluation in record["evaluations"] if evaluation["seen"].get("waiting") is None]
    # A chart draws a step between two samples: one that ends inside would look like a scale-in during the outage.
    counts = sorted({sample["desired"] for sample in before[-1:] + during})
    desired = " and ".join(map(str, counts))
    inside = [evaluation for evaluation in changes(record, "scale-in") if outage["t"] <= evaluation["t"] < outage["end"]]
    holds = len(blind) >= 2 and all(evaluation["verdict"] == "hold" for evaluation in blind) and not inside and len(counts) <= 1
    seconds = outage["end"] - outage["t"]
    seen = f"{len(blind)} evaluations without a reading in {seconds:.0f} s; desired {desired} all the time"
    return "While Redis does not answer, nothing scales in", holds, seen


def workers_fall_one_by_one(record):
    ins = changes(record, "scale-in")
    holds = ins and ins[-1]["to"] == MIN and all(evaluation["to"] == evaluation["from"] - 1 for evaluation in ins)
    return "Fewer than 50 waiting removes workers one by one, down to the minimum", holds, steps(ins)


def never_below_what_runs(record):
    ins = changes(record, "scale-in")
    holds = all(evaluation["to"] * CONCURRENCY >= evaluation["seen"]["in_flight"] for evaluation in ins)
    busiest = max(ins, key=lambda evaluation: evaluation["seen"]["in_flight"] / evaluation["to"], default=None)
    seen = "none"
    if busiest:
        seen = f"at the tightest, {busiest['seen']['in_flight']} jobs ran on {busiest['to']} workers of {CONCURRENCY}"
    waited = [evaluation for evaluation in record["evaluations"] if evaluation["verdict"] == "hold" and floor_holds(evaluation)]
    seen = f"{seen}; {len(waited)} evaluations held for them"
    return "Workers never fall below what the running jobs need", holds and waited, seen


def floor_holds(evaluation: dict) -> bool:
    """Whether few jobs waited, and yet the running ones needed every worker."""
    seen = evaluation["seen"]
    if seen.get("waiting") is None or seen["waiting"] >= 50:
        return False
    needed = -(-seen["in_flight"] // CONCURRENCY)
    return needed >= seen["desired"] > MIN


def within_bounds(record):
    desired = {sample["desired"] for sample in record["samples"]}
    return "The desired count never leaves its bounds", MIN <= min(desired) and max(desired) <= MAX, (
        f"{min(desired)} to {max(desired)}, allowed {MIN} to {MAX}"
    )


def the_alarm_acts_once_and_steps_on(record):
    first, twice, lasts, over = record["api"]
    steps_on = (first["from"], first["to"], lasts["from"], lasts["to"]) == (2, 4, 4, 6)
    holds = steps_on and twice["verdict"] == over["verdict"] == "hold"
    seen = "; ".join(f"{evaluation['note']}: {evaluation['from']} to {evaluation['to']}" for evaluation in record["api"])
    return "An alarm adds tasks at once, and again while it lasts", holds, seen


def one_command_raises_everything(record):
    before = next(moment for moment in record["moments"] if moment["label"] == EMERGENCY)["t"]
    sample = [sample for sample in record["samples"] if sample["t"] <= before][-1]
    sizes = {"workers": sample["desired"], "api": sample["api"]["desired"]}
    plan, engage, restore = record["commands"]
    holds = not any(command["code"] for command in record["commands"]) and plan["desired"] == sizes != MAXIMA
    holds = holds and engage["desired"] == restore["desired"] == MAXIMA
    said = all(f"{sizes[name]} → {MAXIMA[name]}" in plan["output"] for name in MAXIMA)
    steps = ", ".join(f"{name} {sizes[name]} to {engage['desired'][name]}" for name in MAXIMA)
    return "One command takes everything to its maximum; its plan says so before, and changes nothing", holds and said, steps


def nothing_scales_in_during_the_emergency(record):
    emergency = next(moment for moment in record["moments"] if moment["label"] == EMERGENCY)
    since = record["commands"][1]["t"]
    inside = [evaluation for evaluation in record["evaluations"] if since <= evaluation["t"] < emergency["end"]]
    idle = [evaluation for evaluation in inside if (evaluation["seen"]["waiting"] or 0) < 50]
    after = [evaluation for evaluation in changes(record, "scale-in") if evaluation["t"] >= emergency["end"]]
    holds = len(idle) >= 2 and all(evaluation["verdict"] == "hold" for evaluation in inside)
    holds = holds and after and after[0]["from"] == MAX
    seen = f"{len(inside)} evaluations held at {MAX} workers, {len(idle)} of them with fewer than 50 waiting; then {steps(after[:2])}"
    return "Nothing scales in until another command ends it; then the rules do", holds, seen


def every_report_arrives(record):
    published, arrived = record["reports_published"], len(record["reports"])
    texts = " ".join(report["subject"] + report["text"] for report in record["reports"])
    acted = [evaluation for evaluation in record["evaluations"] + record["api"] if evaluation["outcome"] == "applied"]
    told = [evaluation for evaluation in acted if str(evaluation["to"]) in texts]
    holds = published == arrived > 0 and len(told) == len(acted)
    return "Every report that was published reached its subscriber", holds, f"{arrived} of {published}"


def every_task_runs(enqueued, finished):
    runs = Counter(task[0] for task in finished)
    missing = set(enqueued) - runs.keys()
    twice = sum(count > 1 for count in runs.values())
    seen = f"{len(enqueued):,} enqueued, {len(missing)} lost, {twice} run twice"
    return "Every task ran, although workers came and went", not missing, seen


def priorities_are_served_first(finished):
    waits = {
        priority: mean(started - queued for _, level, queued, started, _ in finished if level == priority)
        for priority in (0, 3, 6, 9)
    }
    seen = ", ".join(f"{seconds:.1f} s at {priority}" for priority, seconds in waits.items())
    return "Urgent tasks waited less", list(waits.values()) == sorted(waits.values()), seen
