"""One browser for all tests, and one file for each of the two writers of the page."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from demo import claims, example
from demo import page as demo_page
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
TIDEGATE = ROOT / "target" / "debug" / "tidegate"
FLEET = ROOT / "fleets" / "hyperverge.yaml"
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 375, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="session")
def browser():
    program = shutil.which("chromium")
    assert program, "chromium is not installed: tests/tools/setup installs it"
    # Chromium's own sandbox needs a user who is not root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


def simulate(folder: Path, *words: str) -> Path:
    """The page of a hill of six hours, with dates."""
    assert TIDEGATE.exists(), "run cargo build -p tidegate, or the step before this one: tests/tools/test rust"
    rows = [f"{1_700_000_000 + 60 * minute},{10 + max(0, 90 - abs(minute - 180))}" for minute in range(360)]
    (folder / "hill.csv").write_text("\n".join(["timestamp,value", *rows]))
    out = folder / "page.html"
    command = [TIDEGATE, "simulate", "--fleet", FLEET, "--service", "worker", "--trace", folder / "hill.csv"]
    subprocess.run([*command, "--html", out, *words], check=True, capture_output=True, timeout=60)
    return out


def record_of(file: Path) -> dict:
    return json.loads(re.search(r'id="record">(.*?)</script>', file.read_text(), re.S)[1])


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    return simulate(tmp_path_factory.mktemp("simulated"), "--rivals")


@pytest.fixture(scope="session")
def demonstrated(tmp_path_factory):
    record = example.record()
    finished = [[name, priority, 0, priority + 1, priority + 2] for name, priority in zip("abcd", (0, 3, 6, 9))]
    record["claims"] = claims.check(record, list("abcd"), finished)
    return demo_page.write(record, tmp_path_factory.mktemp("demonstrated") / "index.html")


@pytest.fixture(params=["simulated", "demonstrated"])
def file(request):
    """Each of the two pages in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def show(browser):
    """Opens a file; at the end, nothing may have been asked, refused or broken."""
    contexts, problems = [], []

    def show(file: Path, **options):
        context = browser.new_context(**(options or DESKTOP))
        contexts.append(context)
        page = context.new_page()
        own = file.as_uri()
        page.on("request", lambda request: request.url == own or problems.append(f"asked for {request.url}"))
        page.on("console", lambda message: problems.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.goto(own)
        settled(page)
        return page

    yield show
    for context in contexts:
        context.close()
    assert problems == []


def settled(page) -> None:
    """Waits until what was asked for is drawn: two frames, since the charts draw in the next one."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
