"""Prose shows what the runs recorded, and nothing else."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from nbformat import v4

from mnist_lessons.publishing.writing.values import fill_values, stray_values

RECORDED = {
    "simple_dnn": {"dnn.test_accuracy": 0.9768, "images": 12345, "loss": 0.083251, "lost": None},
    "improved_cnn": {"cnn.test_accuracy": 0.9931},
    "running": None,
    "empty": {},
}


def filled(prose, lesson="simple_dnn", recorded=RECORDED):
    """The prose with its values, and what is wrong with it."""
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(prose)])
    problems = fill_values(notebook, lesson, recorded)
    return notebook.cells[0].source, problems


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("{{ dnn.test_accuracy | percent }}", "97.68%"),
        ("{{dnn.test_accuracy|percent}}", "97.68%"),
        ("{{ dnn.test_accuracy\n| percent }}", "97.68%"),
        ("{{ images | count }}", "12,345"),
        ("{{ images | number }}", "12,340"),
        ("{{ loss | number }}", "0.08325"),
        ("{{ loss }}", "0.08325"),
        ("{{ improved_cnn:cnn.test_accuracy | percent }}", "99.31%"),
        ("{{ improved_cnn : cnn.test_accuracy }}", "0.9931"),
        ("{{ running:anything | percent }}", "…"),
    ],
)
def test_a_reference_becomes_a_value(reference, shown):
    assert filled(f"It is {reference}.") == (f"It is {shown}.", [])
    assert filled(f"# {reference}") == (f"# {shown}", [])
    assert filled(f"> *{reference}*, {reference}") == (f"> *{shown}*, {shown}", [])


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        (
            "{{ dnn.test_acuracy | percent }}",
            "simple_dnn: {{ dnn.test_acuracy | percent }}: no run recorded dnn.test_acuracy; "
            "there are dnn.test_accuracy, images, loss, lost",
        ),
        (
            "{{ loss | percents }}",
            "simple_dnn: {{ loss | percents }}: no format percents; "
            "there are count, number, percent",
        ),
        ("{{ loss | }}", "simple_dnn: {{ loss | }}: no format ; there are count, number, percent"),
        (
            "{{ lost }}",
            "simple_dnn: {{ lost }}: what the run recorded as lost is not a finite number",
        ),
        ("{{ loss | count }}", "simple_dnn: {{ loss | count }}: 0.083251 is no count"),
        (
            "{{ other:loss }}",
            "simple_dnn: {{ other:loss }}: no lesson other; "
            "there are empty, improved_cnn, running, simple_dnn",
        ),
        (
            "{{ empty:loss }}",
            "simple_dnn: {{ empty:loss }}: no run recorded loss; there are none",
        ),
        ("{{ running:loss | x }}", "simple_dnn: {{ running:loss | x }}: no format x; there are"),
        ("{{ loss }", "simple_dnn: {{ loss: it does not end with }}"),
        ("{{ loss\n|", "simple_dnn: {{ loss: it does not end with }}"),
        ("{{ {loss} }}", "simple_dnn: {{: it does not end with }}"),
        ("{{}}", "simple_dnn: {{}}: no run recorded ; there are"),
    ],
)
def test_a_wrong_reference_is_told_and_stays(reference, problem):
    text, [told] = filled(f"It is {reference}.")
    assert told.startswith(problem)
    assert text == f"It is {reference}."


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "<b>", [1], {"a": 1}])
def test_what_is_not_a_finite_number_is_never_shown(value):
    text, [told] = filled("{{ a }}", recorded={"simple_dnn": {"a": value}})
    assert text == "{{ a }}"
    assert "is not a finite number" in told


def test_all_wrong_references_of_a_lesson_are_told():
    cells = [v4.new_markdown_cell("{{ a }} {{ loss }} {{ b }}"), v4.new_markdown_cell("{{ c }}")]
    notebook = v4.new_notebook(cells=cells)
    problems = fill_values(notebook, "simple_dnn", RECORDED)
    assert [problem.split(":")[1].strip() for problem in problems] == [
        *("{{ a }}", "{{ b }}", "{{ c }}")
    ]
    assert notebook.cells[0].source == "{{ a }} 0.08325 {{ b }}"


@pytest.mark.parametrize(
    "code",
    [
        "`{{ loss }}`",
        "``a ` {{ loss }}``",
        "`over\n{{ loss }} lines`",
        "```\n{{ loss }}\n```",
        '```python title="x"\n{{ loss }}\n\n{{ a }}\n```',
        "~~~~\n~~~\n{{ loss }}\n~~~~",
        "    ```\n    {{ loss }}\n    ```",
        "> ```\n> {{ loss }}\n> ```",
    ],
)
def test_code_stays_as_it_is(code):
    text = f"{code}\n\n{{{{ loss }}}}\n\n{code}\n"
    assert filled(text) == (f"{code}\n\n0.08325\n\n{code}\n", [])


@pytest.mark.parametrize("before", ["A ` sign.\n\n", r"A \` sign and ", "```\nnever closed\n\n"])
def test_a_backtick_without_its_partner_hides_no_reference(before):
    assert filled(f"{before}{{{{ loss }}}} `b`") == (f"{before}0.08325 `b`", [])


def test_a_reference_on_a_page_that_is_no_lesson_is_told():
    text = "`{{ a }}`, $\\frac{{a}}{b}$\n\n- {{ a | percent }}\n- {{ b\n"
    assert stray_values(text) == [
        (3, "{{ a | percent }}: values are known in lessons alone"),
        (4, "{{ b: values are known in lessons alone"),
    ]


def test_code_cells_are_not_looked_at():
    notebook = v4.new_notebook(cells=[v4.new_code_cell("f'{{ {loss} }} {{ loss }}'")])
    assert fill_values(notebook, "simple_dnn", RECORDED) == []
    assert notebook.cells[0].source == "f'{{ {loss} }} {{ loss }}'"


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_prose_without_a_reference_is_not_changed(text):
    assert "{{" in text or filled(text) == (text, [])


@given(st.text(alphabet="`~{} \nab|:.>\\"))
def test_no_text_is_too_odd(text):
    _, problems = filled(text)
    assert all(problem.startswith("simple_dnn: {{") for problem in problems)


@given(st.floats(0, 1))
def test_a_percentage_is_near_its_value(value):
    text, [] = filled("{{ a | percent }}", recorded={"simple_dnn": {"a": value}})
    assert float(text.removesuffix("%")) == pytest.approx(100 * value, abs=0.00501)


@given(st.integers(-(10**15), 10**15))
def test_a_count_is_exact(value):
    for same in (value, float(value)):
        text, [] = filled("{{ a | count }}", recorded={"simple_dnn": {"a": same}})
        assert int(text.replace(",", "")) == value


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_a_number_has_four_digits_and_no_exponent(value):
    text, [] = filled("{{ a }}", recorded={"simple_dnn": {"a": value}})
    assert float(text.replace(",", "")) == pytest.approx(value, rel=5.01e-4)
    assert "e" not in text.lower()
    assert len(text.replace(",", "").replace(".", "").strip("-0")) <= 4


END = 'tiny.publish("one", values={"score": 0.9768, "lost": None})'


def test_page_and_notebook_show_the_value_and_the_script_the_reference(project):
    project.write("one", prose="So {{ score | percent }}, as `{{ code }}`.", end=END)
    project.write("two", prose="There it was {{ one:score }}.")
    result = project.build()
    assert result.returncode == 0, result.stderr
    for slug, shown in (("one", "So 97.68%, as "), ("two", "There it was 0.9768.")):
        folder = project.root / "site" / "tutorials" / slug
        assert shown in BeautifulSoup(project.page(slug), "html.parser").article.get_text()
        notebook = nbformat.read(folder / f"{slug}.ipynb", as_version=4)
        assert shown in notebook.cells[0].source
        script = (folder / f"{slug}.py").read_bytes()
        assert script == (project.root / "tutorials" / f"{slug}.py").read_bytes()
        assert b"{{" in script
    assert "<code>{{ code }}</code>" in project.page("one")


def test_every_wrong_reference_fails_the_build_and_leaves_the_site(project):
    before = project.site()
    project.write("one", prose="{{ scor | percent }} and {{ lost }}", end=END)
    project.write("two", prose="{{ one:score | permille }}")
    result = project.build()
    assert result.returncode == 1
    told = result.stderr
    one, two = "tutorials/one.py, line 4", "tutorials/two.py, line 4"
    assert f"{one}: {{{{ scor | percent }}}}: no run recorded scor; there are lost, score" in told
    assert f"{one}: {{{{ lost }}}}: what the run recorded as lost is not a finite number" in told
    assert f"{two}: {{{{ one:score | permille }}}}: no format permille" in told
    assert 'File "' not in told
    assert project.site() == before
