"""The page on which one logs in: plain HTML, without a script."""

from html import escape

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · CostLens</title>
<link rel="icon" href="/assets/logo.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/costlens.css">
<link rel="stylesheet" href="/assets/serving.css">
</head>
<body>
<main class="login">
<form method="post" action="/login">
<h1>CostLens</h1>
{said}
{fields}
<input type="hidden" name="next" value="{next}">
<input type="hidden" name="csrf" value="{csrf}">
<button type="submit">Log in</button>
</form>
</main>
</body>
</html>
"""
_NAME_AND_WORD = """<label>Name
<input name="name" autocomplete="username" autocapitalize="none" required autofocus></label>
<label>Password
<input name="password" type="password" autocomplete="current-password" required></label>"""
_ONE_WORD = """<label>Token
<input name="token" type="password" autocomplete="current-password" required autofocus></label>"""


def login_page(*, by: str, after: str, csrf: str, says: str = "") -> str:
    """Write the page; `after` is where one goes then, `says` what went wrong."""
    return _PAGE.format(
        said=f'<p class="note" role="alert">{escape(says)}</p>' if says else "",
        fields=_ONE_WORD if by == "token" else _NAME_AND_WORD,
        next=escape(after, quote=True),
        csrf=escape(csrf, quote=True),
    )


def own_link(link: str) -> str:
    """Give a link of these pages, or the first page for any other."""
    is_own = link.startswith("/") and not link.startswith(("//", "/\\", "/login", "/logout"))
    return link if is_own and link.isprintable() else "/"
