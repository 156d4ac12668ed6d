"""HTML from the templates beside this module: Jinja2, with every value escaped."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["fragment", "render"]


def render(name: str, /, **values: object) -> str:
    """The HTML of a template, filled with values.

    Args:
        name: of the template's file, with its ending.
        values: escaped where they are no `Markup`; one that the template misses is an error.
    """
    return _templates().get_template(name).render(values)


def fragment(name: str, /, *values: object) -> str:
    """The HTML of a macro in `fragments.html`: a tag or two that stand in another text."""
    macro = getattr(_templates().get_template("fragments.html").module, name)
    return str(macro(*values))


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # the files are part of the package, as its code is
    )
