"""How fast AWS Fargate launches tasks, and the quota of virtual CPUs that ends it.

"100 at once and 20 a second" for an account in a large Region, 500 a minute for one service (AWS Fargate launch rates).
Beyond the quota nothing is launched: here for ever, for no test stops tasks to make room.
"""

import math
import time


# "Fargate On-Demand vCPU resource count".
QUOTA = "L-3032A538"


class Turns:
    """A token bucket that refuses nobody: everyone gets the moment at which the token is there, in their order."""

    def __init__(self, burst: float, per_second: float, now: float):
        self._burst, self._per_second = burst, per_second
        self._tokens, self._at = float(burst), now

    def next(self, now: float) -> float:
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second) - 1
        self._at = now
        return now + max(0.0, -self._tokens / self._per_second)


class Launches:
    """When each new task is launched. Times are those of `time.monotonic`."""

    def __init__(self, burst: float = 100, per_second: float = 20, of_one_a_minute: float = 500, vcpus: float | None = None, used: float = 0):
        self.began, self._vcpus = time.monotonic(), vcpus
        self._all = Turns(burst, per_second, self.began)
        self._of_one, self._rate = {}, (of_one_a_minute, of_one_a_minute / 60)
        self._free = math.inf if vcpus is None else vcpus - used
        self._at: list[float] = []

    def next(self, service: str, vcpus: float, now: float) -> float:
        """When the next task of a service is launched; infinity if the quota has no room for it."""
        at = math.inf
        if vcpus <= self._free:
            self._free -= vcpus
            own = self._of_one.setdefault(service, Turns(*self._rate, self.began))
            at = max(self._all.next(now), own.next(now))
        self._at.append(at)
        return at

    def quota(self, asked: dict) -> dict | None:
        """The answer of `GetServiceQuota` for the virtual CPUs of Fargate on demand, where the quota is known."""
        if self._vcpus is None or (asked.get("ServiceCode"), asked.get("QuotaCode")) != ("fargate", QUOTA):
            return None
        return {"Quota": {"ServiceCode": "fargate", "QuotaCode": QUOTA, "Value": self._vcpus, "Unit": "None", "Adjustable": True}}

    def told(self) -> dict:
        """Tasks that are launched or will be, those beyond the quota, and when the last is, in seconds since the rates are there."""
        launched = [at for at in self._at if at < math.inf]
        last = round(max(launched) - self.began, 3) if launched else None
        return {"launched": len(launched), "beyond_quota": len(self._at) - len(launched), "last": last}
