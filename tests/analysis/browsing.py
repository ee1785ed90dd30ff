"""A page in a browser, and what its Figure 4 holds."""

import time

import pytest

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000  # milliseconds; a busy machine is slow to read five megabytes


def open_page(browser, address, *, width=1200):
    """A page, and what it said that it should not have said: errors and requests."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(PATIENCE)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.goto(address)
    return page, said


def wait_until(page, condition):
    """Until an expression holds; the page's policy forbids the browser to poll for text."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def traces(page, meta, name=None):
    """The traces of Figure 4 of one kind, as Plotly has them."""
    found = page.evaluate("document.getElementById('figure4').data")
    return [t for t in found if t.get("meta") == meta and name in (None, t["name"])]


def per_cent(points):
    return [pytest.approx(100 * point.mean.value, abs=1e-3) for point in points]
