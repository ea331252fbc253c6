"""Sphinx's configuration of the site; `make site` copies this folder to build/site-source, adds pages and builds build/site."""

import os

project = "posekit"
author = "The posekit authors"
copyright = "2026, the posekit authors; prose and pictures CC BY 4.0, code BSD-3-Clause"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "sphinx-mathjax-offline"]

html_theme = "sphinx_book_theme"
html_title = "posekit: markerless pose tracking"
html_logo = "_static/logo.svg"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_js_files = [("course.js", {"defer": "defer"})]
# Whoever puts the site on a server sets SITE_URL=https://…/ : a card for social media needs an absolute address.
html_baseurl = os.environ.get("SITE_URL", "")
html_context = {"default_mode": "auto", "site_url": html_baseurl}
html_extra_path = ["extra"]
html_show_search_summary = False  # a page from a folder may not read another one
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "home_page_in_toc": True,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_persistent": [],
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
templates_path = ["_templates"]

source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
nb_execution_mode = "off"  # site/make has run them, and kept what came out
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "html_image", "deflist", "colon_fence"]
mathjax3_config = {"options": {"enableMenu": False}}  # its entries would fetch what is not here
myst_heading_anchors = 3
copybutton_selector = "div.highlight pre"
copybutton_exclude = ".linenos, .gp, .go"

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say types with their shapes
autodoc_mock_imports = ["torch"]
napoleon_google_docstring = False
napoleon_use_rtype = False
exclude_patterns = ["_viewer.md", "extra"]
suppress_warnings = ["ref.python"]  # an argument such as `P` is also an attribute of several classes
