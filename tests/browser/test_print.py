"""On paper no line of code is cut off: notebooks by the template that comes with the course."""

import pytest
from nbconvert import HTMLExporter

from autograder.course import labs

pytestmark = pytest.mark.browser

A4 = {"width": 718, "height": 1047}  # CSS pixels between margins of a centimetre
CUT = "[...document.querySelectorAll('pre')].filter(e => e.getBoundingClientRect().width && e.scrollWidth > e.clientWidth + 1).length"


@pytest.fixture
def cut_off(browser, tmp_path):
    """How many blocks of a notebook have lines that are wider than the paper."""

    def cut_off(notebook, template):
        text, _ = HTMLExporter(template_name=template).from_filename(str(notebook))
        (tmp_path / "notebook.html").write_text(text, "utf-8")
        context = browser.new_context(viewport=A4, offline=True)
        page = context.new_page()
        page.emulate_media(media="print")
        page.goto((tmp_path / "notebook.html").as_uri(), wait_until="domcontentloaded")
        count = page.evaluate(CUT)
        context.close()
        return count

    return cut_off


def test_no_line_of_a_notebook_is_cut_off(root, cut_off):
    for lab in labs(root):
        assert cut_off(lab.notebook, "posekit") == 0, lab.name
        assert lab.name == "lab0" or cut_off(lab.notebook, "lab") > 0  # the usual template does
