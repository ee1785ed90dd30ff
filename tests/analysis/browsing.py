"""A page in a browser, and the traces of its Figure 4."""

import time

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
    """A page, and a list of its console messages, errors and requests."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(PATIENCE)
    messages = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: messages.append(request.url))
    page.goto(address)
    return page, messages


def wait_until(page, condition):
    """Wait for an expression; the page's policy does not allow `wait_for_function`."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def shown(page, meta, *, plot="figure4"):
    """The visible traces of a plot with this `meta`, by name."""
    traces = page.evaluate(
        f"document.getElementById('{plot}')._fullData.map("
        "({ name, meta, visible, opacity, x, y }) =>"
        " ({ name, meta, visible, opacity, x: [...x], y: [...y] }))"
    )
    return {t["name"]: t for t in traces if t["meta"] == meta and t["visible"] is True}
