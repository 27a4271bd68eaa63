"""Every product: what it costs, what goes with it, what it brings in."""

from costlens.web.ranking import ranking

PATH, TITLE, ORDER = "/products", "Products", 2

_page = ranking("product")
TABLES, view, layout = _page.tables, _page.view, _page.layout
