"""What is uploaded: our zip, and the peer's as its author would make it."""

import hashlib
import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parents[1]
WORK = ROOT / "target" / "bench"


class Peer:
    """The boto3 Lambda: its package, with what Lambda's own runtime provides beside it."""

    def __init__(self):
        pins = versions("boto3", "botocore", "redis")
        self.package = folder("package", [pins["redis"]])
        self.boto3 = folder("boto3", [pins["boto3"], pins["botocore"]])
        self.runtime = folder("runtime", (BENCH / "requirements.txt").read_text().splitlines())
        shutil.copy(BENCH / "boto3_lambda.py", self.package)

    def zip_bytes(self) -> int:
        return zipped(self.package)

    def zip_bytes_with_boto3(self) -> int:
        return zipped(self.package, self.boto3)

    def python_path(self) -> str:
        return ":".join(str(path) for path in (self.package, self.runtime, self.boto3))


def binary_zip_bytes(binary: Path) -> int:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.write(binary, "bootstrap")
    return archive.tell()


def zipped(*folders: Path) -> int:
    """The size of a zip of these folders, without what Python compiles and pip notes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for top in folders:
            for path in sorted(top.rglob("*")):
                left_out = {"__pycache__", "bin"} & set(path.parts[len(top.parts) :])
                if path.is_file() and not left_out and ".dist-info" not in str(path):
                    target.write(path, path.relative_to(top))
    return archive.tell()


def versions(*names: str) -> dict:
    """The lines of the project's own pins for these packages."""
    pins = (ROOT / "tests" / "tools" / "requirements.txt").read_text().splitlines()
    found = {line.partition("==")[0]: line for line in pins if line.partition("==")[0] in names}
    missing = set(names) - set(found)
    if missing:
        raise SystemExit(f"bench: tests/tools/requirements.txt does not pin {', '.join(sorted(missing))}")
    return found


def folder(name: str, requirements: list[str]) -> Path:
    """A folder with these packages in it, installed once."""
    place, stamp = WORK / name, WORK / f"{name}.stamp"
    digest = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()
    if place.exists() and stamp.exists() and stamp.read_text() == digest:
        return place
    shutil.rmtree(place, ignore_errors=True)
    wanted = [line for line in requirements if line and not line.startswith("#")]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(place)]
    result = subprocess.run([*pip, *wanted], capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"bench: cannot install {' '.join(wanted)}:\n{result.stderr}")
    stamp.write_text(digest)
    return place
