"""The page in Debian's Chromium: from a disk, on a screen and a phone, light and dark, by keyboard."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.needs_chromium, pytest.mark.xdist_group("page_browser")]
# Contrast of text and its ground by WCAG 2, for every text that is shown.
CONTRAST = """
() => {
    const light = (c) => { const s = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 });
        return .2126 * s[0] + .7152 * s[1] + .0722 * s[2] };
    const parts = (c) => c.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const ground = parts(getComputedStyle(document.body).backgroundColor);
    const low = [];
    for (const node of document.querySelectorAll('p, h1, h2, a, label, summary, td, th, figcaption, code, text')) {
        if (!node.getClientRects().length) continue;
        const style = getComputedStyle(node);
        const ink = parts(node.tagName === 'text' ? style.fill : style.color);
        const [a, b] = [light(ink), light(ground)];
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < 4.5) low.push([node.tagName, node.textContent.slice(0, 20), ratio]);
    }
    return low;
}
"""  # noqa: E501


@pytest.fixture
def opened(browser, shown):
    """A page in a context of its own, with what it asked for and what it complained about."""
    contexts = []

    def open_page(**options):
        context = browser.new_context(**({"viewport": {"width": 1200, "height": 900}} | options))
        contexts.append(context)
        tab = context.new_page()
        tab.asked, tab.complaints = [], []
        tab.on("request", lambda request: tab.asked.append(request.url))
        tab.on("console", lambda message: tab.complaints.append(message.text))
        tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.goto(shown.path.as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()


def test_nothing_is_asked_for_and_nothing_goes_wrong(opened, shown):
    tab = opened()
    assert tab.asked == [shown.path.as_uri()]
    assert tab.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(opened, scheme):
    tab = opened(color_scheme=scheme)
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert tab.evaluate(CONTRAST) == []


def test_a_phone_needs_no_sideways_scrolling(opened):
    tab = opened(viewport={"width": 390, "height": 844})
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_keyboard_reaches_every_control(opened):
    tab = opened()
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    # Of radio buttons of one name the keyboard reaches one, and the others by arrows.
    expected = tab.evaluate("""() => {
        const names = new Set();
        return [...document.querySelectorAll('a[href], summary, input, [tabindex="0"]')].filter(each => {
            if (each.type !== 'radio') return true;
            const is_new = !names.has(each.name); names.add(each.name); return is_new;
        }).length }""")
    seen = tab.evaluate("() => { window.seen = new Set(); return 0 }")
    for _ in range(expected + 1):
        tab.keyboard.press("Tab")
        seen = tab.evaluate("() => window.seen.add(document.activeElement).size")
    assert seen >= expected
    assert tab.evaluate("[...window.seen].every(each => each.getClientRects().length)")


def test_the_language_changes_without_a_script(opened):
    tab = opened(java_script_enabled=False)
    title = tab.locator("h1")
    assert title.inner_text() == "Anonymous figures of the school"
    tab.locator("#fr").check()
    assert title.inner_text() == "Chiffres anonymes de l’école"
    assert tab.locator("label.stays").is_visible()


def test_one_path_is_shown_alone(opened):
    tab = opened(java_script_enabled=False)
    nps = tab.locator("#nps")

    def captions():
        return [each.inner_text() for each in nps.locator("figcaption").all() if each.is_visible()]

    assert captions() == ["all", "path-1"]
    nps.locator("details.filter summary").click()
    nps.get_by_role("radio", name="path-1").check()
    assert [each.inner_text() for each in nps.locator("figcaption").all() if each.is_visible()] == ["path-1"]
    nps.get_by_role("radio", name="everything").check()
    assert nps.locator("figcaption").first.is_visible()


def test_a_screen_reader_finds_heads_regions_and_labels(opened):
    tab = opened()
    assert tab.evaluate("document.querySelectorAll('h1').length") == 1
    assert tab.evaluate("""() => [...document.querySelectorAll('section')].every(
        each => document.getElementById(each.getAttribute('aria-labelledby')))""")
    assert tab.evaluate("""() => [...document.querySelectorAll('figure svg')].every(
        each => each.getAttribute('role') === 'img'
            && (each.ariaLabel || each.ariaLabelledByElements.length))""")
    assert tab.evaluate("[...document.querySelectorAll('input')].every(each => each.labels.length === 1)")
    assert tab.evaluate("[...document.querySelectorAll('thead th')].every(each => each.scope === 'col')")


def test_on_paper_the_charts_are_there_and_the_controls_are_not(opened):
    tab = opened()
    tab.emulate_media(media="print", color_scheme="dark")
    assert not tab.locator("nav").is_visible() and not tab.locator("fieldset.language").is_visible()
    assert tab.locator("#nps figure").first.is_visible()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("name", ["employment", "salaries"])
def test_one_year_of_one_thing_is_shown_alone_and_in_french(opened, name):
    tab = opened(java_script_enabled=False)
    tab.locator("#fr").check()
    section = tab.locator(f"#{name}")
    section.locator("details.filter summary").click()
    section.locator("details").last.locator("summary").click()

    def rows():
        shown = section.locator("table[data-of] tbody tr").all()
        return [each.locator("td").all_inner_texts()[:2] for each in shown if each.is_visible()]

    def fading():
        shown = next(each for each in section.locator("figure").all() if each.is_visible())
        return shown.locator("svg").evaluate("each => getComputedStyle(each).maskImage")

    whole = [[thing, str(year)] for thing in ("all", "diploma-1") for year in range(2021, 2025)]
    assert rows() == whole and fading() == "none"
    section.get_by_role("radio", name="2022", exact=True).check()
    assert rows() == [["all", "2022"], ["diploma-1", "2022"]] and "linear-gradient" in fading()
    section.get_by_role("radio", name="diploma-1").check()
    assert rows() == [["diploma-1", "2022"]] and "linear-gradient" in fading()
    section.get_by_role("radio", name="toutes les années").check()
    section.get_by_role("radio", name="tout", exact=True).check()
    assert rows() == whole and fading() == "none"
