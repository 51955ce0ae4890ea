"""The seconds that the reference simulation takes for a year, for the speed lines of `make bench-quality`.

    reference_year.py REFSIM.PY

The year of `speed.rs`, scaled by KEDA, and by the reference's drain policy with direct readings: the one nearest to `wait`.
"""

import importlib.util
import sys
import time

sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("refsim", sys.argv[1])
refsim = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refsim)
np = refsim.np

STEPS = 365 * 5760
rate = 10 + 10 * np.sin(np.arange(STEPS) / 5760 * 2 * np.pi)
arrivals = np.random.default_rng(7).poisson(rate * 15).astype(float)
for policy in (refsim.Hpa(1), refsim.Drain(8, 1.0, 60, every=15, direct=True, slack=20)):
    begun = time.perf_counter()
    refsim.simulate(arrivals, policy, 5, 50, 90, 60, 20)
    print(time.perf_counter() - begun)
