"""Celery applications as users declare their queue `high`: real workers and a producer, for one version of kombu.

Orders are JSON objects on the lines of stdin, each answered with a line:

    {"work": {"declared": NAME, "broker": URL, "late": true, "prefetch": 4}}   a worker of two threads, a process of its own
    {"send": {"declared": NAME, "broker": URL, "times": 6}}                    tasks that run until their worker is killed
    {"stop": true}                                                             all workers are killed
"""

import json
import os
import signal
import sys
import threading
import time

import kombu
from celery import Celery
from kombu import Exchange, Queue, binding

MAIL = Exchange("mail", type="topic")
ONE, OTHER = Exchange("one", type="direct"), Exchange("other", type="direct")

# How it is declared, and the ways that tasks are sent, in turn.
DECLARED = {
    "by default": ({}, [{"queue": "high"}]),
    "without an exchange": ({"task_queues": [Queue("high"), Queue("low")]}, [{"queue": "high"}]),
    "with a default exchange": (
        {"task_queues": [Queue("high")], "task_default_exchange": "work", "task_default_routing_key": "work"},
        [{"queue": "high"}],
    ),
    "with an exchange": (
        {"task_queues": [Queue("high", Exchange("media"), routing_key="media.high")]},
        [{"queue": "high"}, {"exchange": "media", "routing_key": "media.high"}],
    ),
    "with two exchanges": (
        {"task_queues": [Queue("high", [binding(ONE, routing_key="a"), binding(OTHER, routing_key="b")])]},
        [{"exchange": ONE, "routing_key": "a"}, {"exchange": OTHER, "routing_key": "b"}],
    ),
    "by topic": (
        {"task_queues": [Queue("high", MAIL, routing_key="mail.*"), Queue("logs", MAIL, routing_key="log.#")]},
        # Up to kombu 5.6 the star takes dots too.
        [{"queue": "high"}, {"exchange": MAIL, "routing_key": "mail.a.b" if kombu.VERSION < (5, 7) else "mail.a"}],
    ),
    "by topics that overlap": (
        {"task_queues": [Queue("high", MAIL, routing_key="mail.*"), Queue("audit", MAIL, routing_key="#")]},
        [{"exchange": MAIL, "routing_key": "mail.send"}],
    ),
    "by fanout": ({"task_queues": [Queue("high", Exchange("reports", type="fanout"))]}, [{"queue": "high"}]),
    "with a separator": ({"broker_transport_options": {"sep": ":"}}, [{"queue": "high", "priority": 3}]),
    "with a prefix": ({"broker_transport_options": {"global_keyprefix": "{shop}:"}}, [{"queue": "high"}]),
    "with steps": (
        {"broker_transport_options": {"priority_steps": list(range(10))}},
        [{"queue": "high", "priority": priority} for priority in (1, 5, 8)],
    ),
}


def application(declared, broker, **settings):
    app = Celery("declared", broker=broker)
    app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True, **settings, **DECLARED[declared][0])

    @app.task(name="hold")
    def hold():
        """Run for longer than any test."""
        time.sleep(3600)

    return app


class Workers:
    """Forked, since importing Celery is most of a worker's start."""

    def __init__(self):
        self.alive = []
        # The other end closes with this process, however it ends.
        self.watched, self.held = os.pipe()

    def start(self, declared, broker, late, prefetch):
        child = os.fork()
        if child == 0:
            os.close(self.held)
            threading.Thread(target=lambda: (os.read(self.watched, 1), os._exit(1)), daemon=True).start()
            log = os.open(os.environ["LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            silence = os.open(os.devnull, os.O_RDONLY)
            for stream, end in enumerate([silence, log, log]):
                os.dup2(end, stream)
            app = application(declared, broker, task_acks_late=late, worker_prefetch_multiplier=prefetch)
            quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
            app.worker_main(["worker", "--pool", "threads", "--concurrency", "2", "-Q", "high", *quiet])
            os._exit(0)
        self.alive.append(child)

    def stop(self):
        for child in self.alive:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        self.alive = []


def send(declared, broker, times):
    app = application(declared, broker)
    _, ways = DECLARED[declared]
    queues = list(app.amqp.queues.values())
    for number in range(times):
        app.send_task("hold", declare=queues, **ways[number % len(ways)])


def main():
    workers = Workers()
    for line in sys.stdin:
        order = json.loads(line)
        if "work" in order:
            workers.start(**order["work"])
        elif "send" in order:
            send(**order["send"])
        else:
            workers.stop()
        print(json.dumps(kombu.__version__), flush=True)
    workers.stop()


main()
