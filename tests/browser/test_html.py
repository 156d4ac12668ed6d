"""The HTML of the whole site is valid, but for what the theme itself writes."""

from benchmarks.browsing import html_errors


def test_the_html_is_valid(site):
    errors = html_errors(site.folder)
    assert not errors, "\n".join(errors)
