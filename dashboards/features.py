"""Every feature: what it costs, what goes with it, what it brings in."""

from costlens.web.ranking import ranking

PATH, TITLE, ORDER = "/features", "Features", 4

_page = ranking("feature")
TABLES, view, layout = _page.tables, _page.view, _page.layout
