"""Runs the reference simulation over a folder of traces, for the differential test.

    reference.py REFSIM.PY TRACES OUT

Its arrivals, drawn by numpy, cannot be drawn again elsewhere: they are written to OUT/NAME.arrivals (little-endian f64),
so that both simulations serve the same jobs. Rates go to OUT/NAME.rate, scores to OUT/scores.csv.
"""

import importlib.util
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
refsim_path, traces, out = map(Path, sys.argv[1:])
spec = importlib.util.spec_from_file_location("refsim", refsim_path)
refsim = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refsim)

LOW, HIGH, STARTUP, LAG = 5, 50, 90, 60
POLICIES = {
    "steps-every-5m": lambda: refsim.Step(500, 50, 5, 2, 300),
    "steps-with-cooldowns": lambda: refsim.Step(1000, 100, 5, 2, 60, 60, 120),
    "target-tracking-backlog": lambda: refsim.TargetTracking(30, True),
    "target-tracking-cpu": lambda: refsim.TargetTracking(util=0.7),
    "keda-5": lambda: refsim.Hpa(5),
    "keda-1": lambda: refsim.Hpa(1),
}
KEYS = ("wh", "late", "worst", "p95", "p99", "tU", "tO", "sU", "sO", "ups", "acts")

with open(out / "scores.csv", "w") as scores:
    for path in sorted(traces.glob("*.csv")):
        rate, arrivals = refsim.load(path, LOW, HIGH)
        rate.astype("<f8").tofile(out / f"{path.stem}.rate")
        arrivals.astype("<f8").tofile(out / f"{path.stem}.arrivals")

        def report(policy, run, seconds):
            m = refsim.measure(arrivals, rate, LOW, HIGH, run)
            print(path.stem, policy, *(m[key] for key in KEYS), seconds, sep=",", file=scores)

        full = refsim.np.full(len(arrivals), HIGH)
        report("fixed-max", (full, full, refsim.served(arrivals, full), 0), 0)
        begun = time.perf_counter()
        planned = refsim.oracle(arrivals, rate, LOW, HIGH, STARTUP, True)
        report("oracle", planned, time.perf_counter() - begun)
        first = int(refsim.demand(rate, LOW, HIGH)[0])
        for name, make in POLICIES.items():
            begun = time.perf_counter()
            run = refsim.simulate(arrivals, make(), LOW, HIGH, STARTUP, LAG, first)
            report(name, run, time.perf_counter() - begun)
