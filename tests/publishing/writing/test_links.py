"""A warning of a link says where the link stands."""

import pytest

BROKEN = r"""Text.

[a](none.md) and [again](none.md "T")

> ![b](<no picture.png>)

[c][name], <img src='gone.png' alt="">, [d](two.py#nowhere)

- [e](../no%20page.md), [f](nowhere/)

`[code](not.md)`, \<a href="not.md">

[name]: gone.md

[g](two.py (T)), [again](none.md)"""
TOLD = {
    "none.md": "lines 6 and 18",
    "no picture.png": "line 8",
    "gone.png": "line 10",
    "two.py#nowhere": "line 10",
    "../no%20page.md": "line 12",
    "nowhere/": "line 12",
    "gone.md": "line 16",
    "two.py (T)": "line 18",
}


@pytest.mark.parametrize("page", ["tutorials/one.py", "docs/more.mkd"])
def test_each_link_that_leads_nowhere_is_told_with_its_line(project, page):
    text = BROKEN if page.startswith("tutorials") else BROKEN.replace("two.py", "tutorials/two.py")
    if page.startswith("docs"):
        front_matter = "---\ndescription: A page.\n---\n"
        (project.root / page).write_text(f"{front_matter}{text}", encoding="utf-8")
    else:
        project.write("one", prose=text)
    failed = project.build()
    assert failed.returncode == 1
    warnings = [line for line in failed.stderr.splitlines() if line.startswith("WARNING: ")]
    told = {line.split("'")[1]: line.partition(": it contains")[0] for line in warnings}
    expected = {address: f"WARNING: {page}, {where}" for address, where in TOLD.items()}
    if page.startswith("docs"):
        expected = {key.replace("two.py", "tutorials/two.py"): v for key, v in expected.items()}
    assert told == expected
