"""What happens in the demo, in order. The claims about it are checked afterwards, on the record."""

import threading
import time

from .claims import EMERGENCY, OUTAGE
from .stage import API, Stage, alarm_event, schedule_event

BURST, EMAIL_SECONDS = 1500, 0.25
TRICKLE_PER_SECOND = 12
LONG_JOBS, LONG_SECONDS = 8, 20
OUTAGE_EVALUATIONS = 2
# Two minutes of the schedule.
EMERGENCY_SECONDS = 8
# A little more than the API's cooldown.
API_COOLDOWN_SECONDS = 5.5


def play(stage: Stage) -> list[str]:
    """Plays the story and returns the ids of all tasks that were enqueued."""
    show = stage.show
    show(stage.now(), "scene", "Two workers are running, and the queue is empty")
    stage.wait_until(stage.a_worker_listens, 15, "a worker listens")
    stage.trigger(schedule_event())

    show(stage.now(), "scene", f"{BURST:,} emails are enqueued, in four priorities")
    enqueued = stage.enqueue(BURST, EMAIL_SECONDS)
    trickle = Trickle(stage)
    duplicate(stage)
    stage.start_schedule()
    stage.wait_until(lambda: stage.counts()["running"] == 12, 30, "12 workers are running")
    show(stage.now(), "scene", "At the maximum; the queue drains")
    stage.wait_until(lambda: stage.counts()["desired"] < 12, 45, "the queue has drained and workers are removed")

    outage(stage)
    slow_api(stage)
    emergency(stage)
    stage.wait_until(lambda: stage.counts()["desired"] <= 8, 40, "workers go on being removed")

    show(stage.now(), "scene", f"{LONG_JOBS} long jobs of {LONG_SECONDS} s start")
    enqueued += stage.enqueue(LONG_JOBS, LONG_SECONDS, priorities=(0,))
    enqueued += trickle.stop()
    stage.wait_until(lambda: stage.counts()["desired"] == 2, 60, "2 workers are left")
    stage.wait_until(lambda: len(stage.finished()) >= len(enqueued), 30, "every task has run")
    show(stage.now(), "scene", "Everything has run, and two workers are left")
    time.sleep(1)
    return enqueued


def duplicate(stage: Stage) -> None:
    """EventBridge delivers at least once: the event that adds workers comes twice."""
    began, event = stage.now(), schedule_event()
    stage.show(began, "scene", "The schedule triggers, and its event is delivered twice")
    seen = []
    for note in ("first delivery", "second delivery of the same event"):
        stage.trigger(event, note)
        seen.append({**stage.counts(), "updates": stage.requests().get("ecs:UpdateService", 0)})
    stage.record["duplicate"] = seen


def outage(stage: Stage) -> None:
    """Redis accepts connections and answers nothing until the function has evaluated in vain."""
    # No evaluation may have read Redis before it stops, or read it when it is back, and act in between.
    with stage.between_looks():
        stage.see_what_changed()
        began = stage.now()
        stage.show(began, "scene", "Redis stops answering")
        evaluations = len(stage.record["evaluations"])
        stage.redis.pause()
    try:
        stage.wait_until(lambda: len(stage.record["evaluations"]) >= evaluations + OUTAGE_EVALUATIONS, 30, "the function has evaluated")
    finally:
        with stage.between_looks():
            stage.redis.resume()
            stage.moment(OUTAGE, began, stage.now())
    stage.show(stage.now(), "scene", "Redis answers again")


def slow_api(stage: Stage) -> None:
    """An alarm goes off: it triggers once, and the schedule steps on while its breach lasts."""
    stage.show(stage.now(), "scene", "The API is slow: its CloudWatch alarm goes off, and its event is delivered twice")
    stage.set_alarm("ALARM")
    event = alarm_event()
    stage.trigger_load(event, "the alarm triggers")
    stage.trigger_load(event, "the alarm's event once more")
    time.sleep(API_COOLDOWN_SECONDS)
    stage.trigger_load(schedule_event(), "the schedule; the alarm lasts")
    stage.set_alarm("OK")
    time.sleep(API_COOLDOWN_SECONDS)
    stage.trigger_load(schedule_event(), "the schedule; the alarm is over")
    stage.wait_until(lambda: stage.counts(API)["running"] == 6, 10, "six tasks of the API are running")


def emergency(stage: Stage) -> None:
    """An operator takes everything to its maximum, whatever the rules say, and ends it again."""
    # While a command runs queue-depth does not: what is published then is the emergency's.
    with stage.between_looks():
        stage.see_what_changed()
        began = stage.now()
        stage.show(began, "scene", "Traffic is expected: an operator asks what an emergency would do, and begins it")
        stage.tidegate("emergency", "engage", "--plan")
        stage.tidegate("emergency", "engage", "--yes", "--why", "launch at noon")
    stage.wait_until(lambda: stage.counts()["running"] == 12 and stage.counts(API)["running"] == 8, 10, "everything runs at its maximum")
    time.sleep(max(0, began + EMERGENCY_SECONDS - stage.now()))
    with stage.between_looks():
        stage.tidegate("emergency", "restore", "--yes", "--why", "traffic is normal")
        stage.moment(EMERGENCY, began, stage.now())
    stage.show(stage.now(), "scene", "The emergency is over: the rules scale in, one worker at a time")


class Trickle:
    """A few emails a second, as on any day."""

    def __init__(self, stage: Stage):
        self._stage = stage
        self._ids: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> list[str]:
        self._ended.set()
        self._thread.join(10)
        return self._ids

    def _run(self) -> None:
        while not self._ended.wait(1 / TRICKLE_PER_SECOND):
            self._ids += self._stage.enqueue(1, EMAIL_SECONDS)
