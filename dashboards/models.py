"""Every model: what it costs, what goes with it, what it brings in."""

from costlens.web.ranking import ranking

PATH, TITLE, ORDER = "/models", "Models", 3

_page = ranking("model")
TABLES, view, layout = _page.tables, _page.view, _page.layout
