"""The index of the search as two files: its settings, which all pages load, and the texts."""

import json
from pathlib import Path

__all__ = ["split_index"]

_WORKER = "javascripts/search.js"


def split_index(site: Path) -> None:
    """Move the texts of a site's index into a file that only a search loads.

    The theme loads `search/search_index.json` with the first page. A site whose search would look
    for the texts there is left alone.

    Args:
        site: the folder of a built site.
    """
    index = site / "search" / "search_index.json"
    if not (index.is_file() and (site / _WORKER).is_file()):
        return
    whole = json.loads(index.read_text(encoding="utf-8"))
    texts = json.dumps(whole["docs"], separators=(",", ":"))
    index.with_name("texts.json").write_text(texts, encoding="utf-8")
    settings = json.dumps({**whole, "docs": []}, separators=(",", ":"))
    index.write_text(settings, encoding="utf-8")
