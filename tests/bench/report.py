"""One run as a table and as JSON, from the same numbers."""

import json
from statistics import median


def rows(samples: dict, zips: dict, sizes: tuple) -> list[dict]:
    """Each quantity with our samples and the peer's, in the order in which it is shown."""
    found = [
        row("zip", "MB", [zips["queue-depth"] / 1e6], [zips["boto3"] / 1e6]),
        row("zip, boto3 packed too", "MB", [zips["queue-depth"] / 1e6], [zips["boto3-packed"] / 1e6]),
    ]

    def both(what: str, unit: str, pick, size: int | None = None):
        chosen = sizes if size is None else (size,)
        pairs = [[value for n in chosen for value in pick(samples[who, n])] for who in ("queue-depth", "boto3")]
        found.append(row(what, unit, *pairs))

    both("start to first request for an event", "ms", lambda it: [1000 * seconds for seconds in it.start])
    for size in sizes:
        both(f"peak memory, {services(size)}", "MB", lambda it: [kib * 1024 / 1e6 for kib in it.memory_kib], size)
    for kind, name in (("first", "first evaluation"), ("quiet", "evaluation"), ("busy", "all to change")):
        for size in sizes:
            both(f"{name}, {services(size)}", "ms", lambda it: [1000 * x.seconds for x in getattr(it, kind)], size)
    for size in sizes:
        both(f"evaluations until all changed, {services(size)}", "", lambda it: [x.evaluations for x in it.busy], size)
    for kind, name in (("quiet", "processor of an evaluation"), ("busy", "processor, all to change")):
        for size in sizes:
            both(f"{name}, {services(size)}", "ms", lambda it: [1000 * x.cpu_seconds for x in getattr(it, kind)], size)
    for kind, name in (("quiet", "AWS calls of an evaluation"), ("busy", "AWS calls, all to change")):
        for size in sizes:
            both(f"{name}, {services(size)}", "", lambda it: [sum(x.calls.values()) for x in getattr(it, kind)], size)
    return found


def row(what: str, unit: str, ours: list, theirs: list) -> dict:
    ratio = median(theirs) / median(ours) if median(ours) else None
    return {"what": what, "unit": unit, "queue_depth": spread(ours), "boto3": spread(theirs), "ratio": ratio}


def spread(values: list) -> dict:
    return {"median": median(values), "min": min(values), "max": max(values)}


def services(count: int) -> str:
    return f"{count} service" if count == 1 else f"{count} services"


def as_json(samples: dict, zips: dict, quota: str, repetitions: int, sizes: tuple) -> str:
    calls = {
        who: {
            kind: {str(size): getattr(samples[who, size], kind)[-1].calls for size in sizes} for kind in ("quiet", "busy")
        }
        for who in ("queue-depth", "boto3")
    }
    whole = {"quota": quota, "repetitions": repetitions, "rows": rows(samples, zips, sizes), "calls": calls}
    return json.dumps(whole, indent=2)


def as_table(samples: dict, zips: dict, quota: str, repetitions: int, sizes: tuple) -> str:
    lines = [("", "queue-depth", "boto3 Lambda", "ratio")]
    for it in rows(samples, zips, sizes):
        name = f"{it['what']} [{it['unit']}]" if it["unit"] else it["what"]
        ratio = "" if it["ratio"] is None else f"{number(it['ratio'])}x"
        lines.append((name, told(it["queue_depth"]), told(it["boto3"]), ratio))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    table = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
    head = f"queue-depth and the boto3 Lambda of the RoleFerry guide, {quota};\n"
    head += f"{repetitions} repetition{'s' * (repetitions > 1)}, median (min-max); a ratio above 1 is in favor of queue-depth.\n"
    return "\n".join([head, *table, "", *notes()])


def notes() -> list[str]:
    return [
        "An evaluation reads every queue and every service and finds nothing to do; `all to change` adds 5 tasks to each service.",
        "queue-depth changes so many services in one evaluation as ECS allows at once without throttling; the peer does not care.",
        "Lambda's Python runtime brings boto3 along, so the peer's zip need not hold it; the second row is for those who pin it.",
        "Both wait for the same local AWS, which is most of an evaluation's time; the processor rows are each function's own part.",
    ]


def told(values: dict) -> str:
    low, high = number(values["min"]), number(values["max"])
    return number(values["median"]) if low == high else f"{number(values['median'])} ({low}-{high})"


def number(value: float) -> str:
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
