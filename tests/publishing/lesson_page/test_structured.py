"""What search engines read of a lesson: JSON that says what it is, and can do nothing else."""

import json

from nbformat.v4 import new_markdown_cell, new_notebook

from mnist_lessons.publishing.lesson_page.structured import Published, structured_data

HOSTILE = '</script><script>alert("1")</script> & <!-- \u2028'
LEARN = """# A `simple` *network*

About it.

## What you will learn

- how to **look** at the data
  before anything else,
- what a [loss](loss.md) is;
- when to stop.

- Another list.
"""


def data_of(text, about="About.", needs=(), published=Published("Lessons"), **metadata):
    notebook = new_notebook(cells=[new_markdown_cell(text, metadata=metadata)])
    return json.loads(structured_data(notebook, about, needs, published))


def test_it_says_what_one_chooses_a_lesson_by():
    published = Published("Lessons", "en", "https://l", "https://s/", "https://s/a/", "https://s/p")
    data = data_of(LEARN + "w " * 600, needs=["One", "Two"], published=published, level="beginner")
    assert data == {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "name": "A simple network",
        "description": "About.",
        "url": "https://s/a/",
        "image": "https://s/p",
        "learningResourceType": "lesson",
        "educationalLevel": "beginner",
        "timeRequired": "PT3M",
        "teaches": [
            "how to look at the data before anything else",
            "what a loss is",
            "when to stop",
        ],
        "competencyRequired": ["One", "Two"],
        "inLanguage": "en",
        "license": "https://l",
        "isAccessibleForFree": True,
        "isPartOf": {"@type": "WebSite", "name": "Lessons", "url": "https://s/"},
    }


def test_what_is_not_known_is_left_out():
    data = data_of("# Title\n\nText.")
    assert data["competencyRequired"] == ["Python"]
    assert data["isPartOf"] == {"@type": "WebSite", "name": "Lessons"}
    left_out = {"url", "image", "educationalLevel", "teaches", "inLanguage", "license"}
    assert left_out.isdisjoint(data)


def test_no_text_ends_the_element_that_holds_it():
    notebook = new_notebook(cells=[new_markdown_cell(f"# {HOSTILE}")])
    text = structured_data(notebook, HOSTILE, [HOSTILE], Published(HOSTILE))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["description"] == HOSTILE
    assert text.isascii()
