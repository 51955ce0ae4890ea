"""The token buckets in which Amazon ECS counts an account's calls (ECS developer guide, "Request throttling for the Amazon ECS API")."""

import threading
import time
from collections import Counter

# Calls of one category share a bucket: so many at once, and so many a second after them.
CATEGORIES = (
    ({"ecs:CreateService", "ecs:DeleteService", "ecs:UpdateService"}, 50, 5),
    ({"ecs:DescribeServices", "ecs:ListServices"}, 100, 20),
)


class Bucket:
    """Full at first. `clock` tells seconds."""

    def __init__(self, burst: float, per_second: float, clock=time.monotonic):
        self._burst, self._per_second, self._clock = burst, per_second, clock
        self._tokens, self._at = float(burst), clock()

    def take(self) -> bool:
        """Whether a token was there; it is gone then."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Throttle:
    """Counts what it lets through and what it refuses, by IAM action, and when it let the last one through."""

    def __init__(self, clock=time.monotonic):
        self._clock, self._began = clock, clock()
        self._buckets = {action: bucket for actions, *rate in CATEGORIES for bucket in [Bucket(*rate, clock)] for action in actions}
        self._lock = threading.Lock()
        self._refused: Counter = Counter()
        self._last: dict[str, float] = {}

    def refuses(self, action: str) -> bool:
        with self._lock:
            bucket = self._buckets.get(action)
            if bucket is None:
                return False
            if bucket.take():
                self._last[action] = self._clock() - self._began
                return False
            self._refused[action] += 1
            return True

    def told(self) -> dict:
        """`throttled`: calls by action; `last`: when the last one was let through, in seconds since the buckets are there."""
        with self._lock:
            return {"throttled": dict(self._refused), "last": dict(self._last)}
