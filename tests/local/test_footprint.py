"""The size of what a cold start loads: each function's zip, packed the way the deployment packs it."""

import io
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARIES = sorted((ROOT / "target" / "lambda").glob("*/bootstrap"))
ZIP_BYTES_MAX = 4 * 1024 * 1024


def test_every_function_has_a_release_binary():
    names = {binary.parent.name for binary in BINARIES}
    wanted = {folder.parent.name for folder in (ROOT / "functions").glob("*/Cargo.toml")}
    assert wanted <= names, f"run tests/tools/build: no release binary of {sorted(wanted - names)}"


@pytest.mark.parametrize("binary", BINARIES, ids=lambda binary: binary.parent.name)
def test_a_zip_stays_below_4_mib(binary):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(binary, "bootstrap")
    size = len(packed.getvalue())
    assert size < ZIP_BYTES_MAX, f"{binary.parent.name}: {size:,} bytes zipped, allowed: {ZIP_BYTES_MAX:,}"
