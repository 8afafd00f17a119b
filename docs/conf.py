"""Sphinx settings. Built with ``-n -W``: a reference that leads nowhere fails the build."""

import re
from pathlib import Path

_INIT = (Path(__file__).parent.parent / "src" / "cryptotrace" / "__init__.py").read_text(encoding="utf-8")

project = "cryptotrace"
author = "the cryptotrace contributors"
copyright = author
release = version = re.search(r'__version__ = "(.+)"', _INIT)[1]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
language = "en"
html_theme = "alabaster"
html_theme_options = {"description": "From a claimed output or transfer to a report", "page_width": "1100px"}
html_show_sourcelink = False

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "show-inheritance": True}
add_module_names = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False

# Only names of the library itself must lead somewhere; there is no network in the build to look others up.
nitpick_ignore_regex = [("py:.*", r"(?!cryptotrace\.).*")]
# What a row is, for the type checker only.
nitpick_ignore = [("py:obj", "cryptotrace.case.view._Row"), ("py:obj", "cryptotrace.case.view._Listed")]
