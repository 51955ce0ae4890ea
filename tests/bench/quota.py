"""A share of a processor like the one Lambda gives with 256 MB of memory.

Lambda gives one whole core with 1,769 MB, so 256 MB are 14.5 % of one: 14 ms of every 100 ms.
"""

import os
from pathlib import Path

PERIOD_MICROSECONDS = 100_000
QUOTA_MICROSECONDS = 14_000
UNIFIED = Path("/sys/fs/cgroup")


class Quota:
    """A control group; `join` is called in a new process before it becomes the function. A context manager."""

    def __init__(self):
        self.group: Path | None = None
        self.missing = ""

    def __enter__(self):
        name = f"tidegate-bench-{os.getpid()}"
        try:
            version_1 = controller()
            if version_1:
                self.group = version_1 / name
                self.group.mkdir()
                (self.group / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
                (self.group / "cpu.cfs_quota_us").write_text(str(QUOTA_MICROSECONDS))
            else:
                (UNIFIED / "cgroup.subtree_control").write_text("+cpu")
                self.group = UNIFIED / name
                self.group.mkdir()
                (self.group / "cpu.max").write_text(f"{QUOTA_MICROSECONDS} {PERIOD_MICROSECONDS}")
        except OSError as error:
            self._remove()
            self.missing = f"no control group can be made here ({error.strerror}: {error.filename})"
        return self

    def __exit__(self, *_):
        self._remove()

    def join(self, process: int | None = None) -> None:
        """This process, or another one by its id; what it starts from now on belongs to it."""
        if self.group:
            (self.group / "cgroup.procs").write_text(str(process or os.getpid()))

    def __str__(self) -> str:
        if self.missing:
            return f"without a CPU quota: {self.missing}"
        share = QUOTA_MICROSECONDS / PERIOD_MICROSECONDS
        return f"under a CPU quota of {share:.0%} of a core, as Lambda gives with 256 MB"

    def _remove(self) -> None:
        if self.group and self.group.exists():
            try:
                self.group.rmdir()
            except OSError:
                pass  # A process is still ending in it; the group is empty and harmless.
        self.group = None


def controller() -> Path | None:
    """Where the first version's cpu controller is mounted, if it is."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options = line.split()[:4]
        if kind == "cgroup" and "cpu" in options.split(","):
            return Path(place)
    return None
