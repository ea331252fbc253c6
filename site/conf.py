"""Sphinx configuration of the walkthrough site; `make site` builds it into build/site."""

project = "posekit"
author = "The posekit authors"
copyright = "2026, the posekit authors; prose and pictures CC BY 4.0, code BSD-3-Clause"
extensions = ["myst_nb"]
html_theme = "sphinx_book_theme"
html_title = "Markerless pose tracking"
html_theme_options = {"home_page_in_toc": True, "use_download_button": False}
myst_enable_extensions = ["dollarmath", "html_image"]
nb_execution_mode = "force"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
exclude_patterns = ["_build"]
