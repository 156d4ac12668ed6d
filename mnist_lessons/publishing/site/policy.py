"""The content security policy of a page: its own scripts, and nothing from elsewhere."""

import re
from base64 import b64encode
from hashlib import sha256

from markupsafe import Markup

from mnist_lessons.publishing.html.templates import fragment

__all__ = ["with_policy"]

_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL)
_DATA = re.compile(r"""\btype=["']?application/(ld\+)?json""")
_CHARSET = '<meta charset="utf-8">'
# Style attributes stay allowed: the theme and Markdown's tables have them.
_POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'self'; form-action 'none'"
)


def with_policy(page: str) -> str:
    """A page that lets a browser run only the scripts that the page itself has now.

    W3C, Content Security Policy Level 3, section 6.7.2 (hashes).

    Args:
        page: HTML with `<meta charset="utf-8">` in its head.

    Raises:
        ValueError: it has no such head.
    """
    if _CHARSET not in page:
        raise ValueError(f"a page has no {_CHARSET}: its policy has no place")
    hashes = sorted({_hash(script) for script in _inline_scripts(page)})
    policy = _POLICY.format(hashes="".join(f" '{one}'" for one in hashes))
    meta = fragment("policy", Markup(policy))  # its quotes are in no danger of ending it
    return page.replace(_CHARSET, f"{_CHARSET}\n      {meta}", 1)


def _inline_scripts(page: str) -> list[str]:
    return [
        code
        for attributes, code in _SCRIPT.findall(page)
        if " src=" not in attributes and not _DATA.search(attributes)
    ]


def _hash(script: str) -> str:
    return "sha256-" + b64encode(sha256(script.encode()).digest()).decode()
