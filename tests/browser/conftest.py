"""A page in a real browser that may ask nobody for anything and may not complain, JupyterLab to open in it, and a camera."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from PIL import Image

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
HERE = {None, "", "localhost", "127.0.0.1"}  # file:, data: and about: have no host
NEWS = "@jupyterlab/apputils-extension:announcements"  # asks whether to fetch news
PATIENCE = 60_000  # milliseconds for anything to happen, on a slow machine
COLOURS = 256  # of a picture's palette: enough for text on tints, and a third of the bytes


@pytest.fixture(scope="session")
def browser():
    """Chromium as the system has it, else the one that `playwright install chromium` fetched."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the browser extra")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as engine:
        found = engine.chromium.launch(executable_path=next(filter(None, map(shutil.which, CHROMIUM)), None))
        yield found
        found.close()


@contextmanager
def watched(browser, *, passing=(), **options):
    """A fresh page (playwright's `Page`, made with these options of `new_context`).

    What has one of the words `passing` in it is no complaint: a line of the console, an error, an address (not asked all the same).

    Raises
    ------
    AssertionError
        At the end, where the page, or one that it opens, asked another host for something, wrote an error to the console, or
        threw one that nobody caught.
    """
    complaints = []

    def complain(text):
        if not any(word in text for word in passing):
            complaints.append(text)

    def answer(route):
        if urlsplit(route.request.url).hostname in HERE:
            return route.continue_()
        complain(f"asked for {route.request.url}")
        return route.abort()

    def hear(line):
        if line.type == "error":
            complain(f"console: {line.text}")

    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    context.route("**/*", answer)
    context.on("console", hear)
    context.on("weberror", lambda error: complain(f"error: {error.error}"))
    yield context.new_page()
    context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page_options() -> dict:
    """Options of a test's page, to be parametrized: `@pytest.mark.parametrize("page_options", [{"java_script_enabled": False}])`."""
    return {}


@pytest.fixture
def page(browser, page_options):
    """A fresh page, watched."""
    with watched(browser, **page_options) as page:
        yield page


@pytest.fixture
def screen(request):
    """Keeps what is seen of a page, or of a part of it, as a picture for README and site: `screen(page, "class")`."""
    folder = request.config.rootpath / request.config.getoption("--screens")

    def screen(seen, name, **options):
        folder.mkdir(parents=True, exist_ok=True)
        picture = folder / f"{name}.png"
        seen.screenshot(path=picture, **options)
        Image.open(picture).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)

    return screen


@pytest.fixture
def jupyter(tmp_path):
    """Starts JupyterLab in a folder, with settings of its own; `jupyter(folder)` gives its address and its token."""
    servers = []

    def jupyter(folder, settings=None, disabled=()):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        token = secrets.token_hex()
        words = [
            f"--ServerApp.root_dir={folder}",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={token}",
            "--no-browser",
            *(["--allow-root"] if os.geteuid() == 0 else []),
        ]
        page = {"disabledExtensions": dict.fromkeys((NEWS, *disabled), True)}
        for name, said in {"labconfig/page_config.json": page, **(settings or {})}.items():
            file = tmp_path / "config" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(said), "utf-8")
        own = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
        with (tmp_path / "log").open("w") as said:
            command = [sys.executable, "-m", "jupyterlab", *words]
            server = subprocess.Popen(command, cwd=folder, env=os.environ | own, stderr=said)
        servers.append(server)
        while server.poll() is None:
            with suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.2)
        return f"http://127.0.0.1:{port}", token

    yield jupyter
    for server in servers:
        server.terminate()
        server.wait()
