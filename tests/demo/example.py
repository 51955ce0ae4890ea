"""A record as a good run of the demo leaves it, small enough to be read."""


def evaluation(t, verdict, start, to, waiting=0, in_flight=0, note="", code="rule-matched"):
    return {
        "t": t,
        "verdict": verdict,
        "from": start,
        "to": to,
        "outcome": "none" if verdict == "hold" else "applied",
        "trigger": "schedule",
        "note": note,
        "reasons": [{"code": code, "text": f"because of </script> {code}"}],
        "seen": {"waiting": waiting, "in_flight": in_flight, "desired": start, "running": start, "min": 2, "max": 12},
        "sentence": f"workers: {verdict} {start} to {to}",
    }


def sample(t, desired, waiting=0, in_flight=0, api=2):
    api = {"desired": api, "running": api, "pending": 0}
    return {"t": t, "waiting": waiting, "in_flight": in_flight, **api, "desired": desired, "running": desired, "api": api}


def command(t, words, workers, api, output):
    desired = {"workers": workers, "api": api}
    return {"t": t, "command": f"tidegate emergency {words}", "output": output, "code": 0, "desired": desired}


def record() -> dict:
    outs = [
        evaluation(1, "scale-out", 2, 7, 900, 4, "first delivery"),
        evaluation(1.1, "hold", 7, 7, 900, 4, "second delivery of the same event", "cooldown"),
        evaluation(6, "scale-out", 7, 12, 700, 14),
    ]
    blind = [evaluation(t, "hold", 12, 12, None, None, code="reading-missing") for t in (11, 12)]
    ins = [evaluation(20 + step, "scale-in", 12 - step, 11 - step, 3, 4) for step in range(8)]
    floor = [evaluation(28, "hold", 4, 4, 0, 8, code="work-in-flight")]
    held = [evaluation(t, "hold", 12, 12, 0, 8, code="overridden") for t in (30, 31)]
    ins += [evaluation(34 + step, "scale-in", 12 - step, 11 - step, 0, 4) for step in range(10)]
    api = [
        evaluation(14, "scale-out", 2, 4, None, None, "the alarm triggers"),
        evaluation(14.1, "hold", 4, 4, None, None, "the alarm's event once more", "credit"),
        evaluation(20, "scale-out", 4, 6, None, None, "the schedule; the alarm lasts"),
        evaluation(26, "hold", 6, 6, None, None, "the schedule; the alarm is over", "nothing-matches"),
    ]
    changes = [change for change in outs + ins + api if change["outcome"] == "applied"]
    counts = {"desired": 7, "running": 2, "pending": 5, "updates": 1}
    return {
        "began": 1795248000,
        "samples": [sample(0, 2), sample(2, 7, 800, 14), sample(7, 12), sample(11, 12, None, None), sample(27.5, 4, api=6), sample(45, 2)],
        "evaluations": outs + blind + ins + floor + held,
        "api": api,
        "reports": [{"t": c["t"], "subject": f"to {c['to']}", "text": "<b>text</b>"} for c in changes],
        "reports_published": len(changes),
        "moments": [
            {"label": "Redis does not answer", "t": 10, "end": 13},
            {"label": "emergency max", "t": 28, "end": 33},
        ],
        "commands": [
            command(28, "engage --plan", 4, 6, "workers 4 → 12\napi 6 → 8"),
            command(29, "engage --yes", 12, 8, "2 targets: 2 set </script>"),
            command(32.5, "restore --yes", 12, 8, "put back"),
        ],
        "duplicate": [counts, counts],
        "requests": {"ecs:UpdateService": 12},
        "fleet": "version: 1 # <fleet>",
        "concurrency": 2,
        "claims": [],
    }
