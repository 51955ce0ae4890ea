"""The demo's application: a Celery app as many have it, with tasks that only sleep."""

import json
import os
import time

import redis
from celery import Celery

QUEUE = "emails"
DONE = "demo:done"

app = Celery("demo", broker=os.environ["DEMO_REDIS_URL"])
app.conf.update(
    task_default_queue=QUEUE,
    task_ignore_result=True,
    # Late acknowledgement and no prefetching keep a task in Redis until it is finished, so that
    # what runs can be seen there, and a worker that is stopped takes nothing with it.
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={"priority_steps": [0, 3, 6, 9], "queue_order_strategy": "priority"},
    broker_connection_retry_on_startup=True,
)

_log = redis.Redis.from_url(app.conf.broker_url)


@app.task(bind=True)
def send(self, seconds: float, queued_at: float) -> None:
    """Takes `seconds`, and writes down that it ran."""
    started_at = time.time()
    time.sleep(seconds)
    priority = self.request.delivery_info.get("priority") or 0
    _log.rpush(DONE, json.dumps([self.request.id, priority, queued_at, started_at, time.time()]))
