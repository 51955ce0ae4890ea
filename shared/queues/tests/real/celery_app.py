"""The Celery application of the queue tests: tasks for real workers, and a producer that takes orders on stdin.

An order is a JSON object on one line, {"task", "args", "times", "options"}; the answer is the list of task ids.
"""

import json
import os
import sys
import threading
import time

from celery import Celery
from kombu import Exchange, Queue

app = Celery("tests", broker=os.environ["BROKER"])
app.conf.update(task_ignore_result=True, **json.loads(os.environ["SETTINGS"]))

if "TOPIC" in os.environ:
    queue, exchange, routing_key = os.environ["TOPIC"].split(",")
    app.conf.task_queues = [Queue(queue, Exchange(exchange, type="topic"), routing_key=routing_key)]


@app.task
def quick():
    """End at once."""


@app.task(bind=True)
def hold(self, gate):
    """Run until the file `gate` exists; a file beside it says that the task has started."""
    with open(f"{gate}.started.{self.request.id}", "w"):
        pass
    while not os.path.exists(gate):
        time.sleep(0.02)


def stop_with_the_test():
    """A test that was killed cannot stop its workers, but its end of the pipe is closed."""
    sys.stdin.read()
    os._exit(1)


def produce():
    """Send what each line orders."""
    for line in sys.stdin:
        order = json.loads(line)
        task = app.tasks[f"celery_app.{order['task']}"]
        sent = [task.apply_async(order["args"], **order["options"]) for _ in range(order["times"])]
        print(json.dumps([task.id for task in sent]), flush=True)


if "WORKER" in os.environ:
    threading.Thread(target=stop_with_the_test, daemon=True).start()
