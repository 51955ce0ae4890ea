"""The page on a phone, in both themes, on paper, and for those who do not see it."""

import re
import zlib

import pytest

from .conftest import DESKTOP, PHONE, record_of, settled

# The contrasts of WCAG 2.2, level AA: of text (1.4.3), and of what is drawn (1.4.11).
TEXT, DRAWN = 4.5, 3.0

# Every visible text with its contrast against what lies behind it, worst first.
CONTRASTS = """() => {
    const channels = (text) => {
        const all = text.match(/[\\d.]+/g).map(Number);
        return { rgb: all.slice(0, 3), alpha: all[3] ?? 1 };
    };
    const over = (top, below) => top.rgb.map((part, index) => part * top.alpha + below[index] * (1 - top.alpha));
    const behind = (element) => {
        if (!element) return [255, 255, 255];
        const own = channels(getComputedStyle(element).backgroundColor);
        return own.alpha === 1 ? own.rgb : over(own, behind(element.parentElement));
    };
    const light = (rgb) => {
        const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        const [r, g, b] = rgb.map((part) => linear(part / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one, other) => {
        const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const texts = [...document.body.querySelectorAll("*")].filter((element) =>
        !["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName) && element.getClientRects().length &&
        [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
    const found = texts.map((element) => {
        const paper = behind(element);
        const ink = over(channels(getComputedStyle(element).color), paper);
        return [contrast(ink, paper), `${element.tagName}.${element.className}`, element.textContent.slice(0, 40)];
    });
    const paper = behind(document.body);
    const probe = document.body.appendChild(document.createElement("i"));
    const lines = (record.charts ?? []).flatMap(({ series }) => series).map(({ name, color }) => {
        probe.style.color = `var(--${color})`;
        return [contrast(channels(getComputedStyle(probe).color).rgb, paper), name];
    });
    probe.remove();
    return { texts: found.sort((a, b) => a[0] - b[0]), lines: lines.sort((a, b) => a[0] - b[0]), paper };
}"""


@pytest.mark.parametrize("width", [375, 320])
def test_a_phone_has_nothing_to_scroll_sideways(show, file, width):
    page = show(file, **{**PHONE, "viewport": {"width": width, "height": 740}})
    page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # What is wider than the phone scrolls in a box of its own, which the keyboard reaches.
    for box in page.locator(".wide:visible").all():
        assert box.get_attribute("tabindex") == "0"


def test_a_finger_finds_the_buttons(show, file):
    page = show(file, **PHONE)
    for button in page.locator("[data-zoom], .legend button[aria-pressed], #more-decisions:visible").all():
        box = button.bounding_box()
        # WCAG 2.2, 2.5.8: 24 pixels.
        assert box["width"] >= 24 and box["height"] >= 24, button.inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read_in_both_themes(show, file, theme):
    page = show(file, **DESKTOP, color_scheme=theme)
    page.locator(".decision").first.focus()
    seen = page.evaluate(CONTRASTS)
    assert (max(seen["paper"]) < 60) == (theme == "dark"), seen["paper"]
    assert len(seen["texts"]) > 50 and seen["texts"][0][0] >= TEXT, seen["texts"][:3]
    assert len(seen["lines"]) > 3 and seen["lines"][0][0] >= DRAWN, seen["lines"][:3]


def test_the_charts_follow_the_theme(show, file):
    page = show(file, **DESKTOP)
    for place in range(page.locator("canvas:visible").count()):
        picture = f"document.querySelectorAll('canvas')[{place}].toDataURL()"
        page.emulate_media(color_scheme="light")
        settled(page)
        before = page.evaluate(picture)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(f"(before) => {picture} !== before", arg=before)


def strokes(pdf: bytes) -> set[tuple[int, ...]]:
    """The colors of all lines in a PDF: Chromium prints a canvas as lines, not as a picture."""
    drawn = b""
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S):
        try:
            drawn += zlib.decompressobj().decompress(stream)
        except zlib.error:
            continue  # a font or a picture
    colors = re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) RG", drawn)
    return {tuple(round(255 * float(part)) for part in color) for color in colors}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_printed_page_is_white_without_buttons_and_shows_its_charts(show, file, theme):
    page = show(file, **DESKTOP, color_scheme=theme)
    printed = strokes(page.pdf(format="A4"))
    page.emulate_media(media="print", color_scheme=theme)
    for series in record_of(file)["charts"][0]["series"]:
        color = page.evaluate("(name) => color(name)", series["color"])
        on_paper = tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))
        assert series["hidden"] or on_paper in printed, series["name"]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".zoom").is_hidden() and page.locator("#hint").is_hidden()
    assert page.evaluate(CONTRASTS)["texts"][0][0] >= TEXT


def test_the_page_is_in_order_for_those_who_hear_it(show, file):
    page = show(file)
    assert [page.locator(landmark).count() for landmark in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
    assert page.title() and page.locator("html").get_attribute("lang") == "en"
    for section in page.locator("section:visible").all():
        heading = page.locator("#" + section.get_attribute("aria-labelledby"))
        assert heading.inner_text()
    for canvas in page.locator("canvas:visible").all():
        assert canvas.get_attribute("role") == "img" and len(canvas.get_attribute("aria-label")) > 30
    for table in page.locator("table:visible").all():
        assert table.locator("thead th[scope=col]").count() > 1
    for button in page.locator("button:visible").all():
        assert button.inner_text() or button.get_attribute("aria-label")
