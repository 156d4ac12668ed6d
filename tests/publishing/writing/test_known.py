"""What was found out about a content is not found out again, and is never out of date."""

import pytest

from mnist_lessons.publishing.writing.known import Known


@pytest.fixture
def asked():
    """The contents that had to be looked at."""
    return []


@pytest.fixture
def ask(tmp_path, asked):
    """Asks a process of its own about a content."""

    def answer(content, question="its length"):
        known = Known()
        known.keep_in(tmp_path / ".cache" / "known.json")

        def find():
            asked.append(content)
            return [str(len(content))]

        found = [known.answer(question, content, find), known.answer(question, content, find)]
        known.save()
        assert found[0] == found[1]
        return found[0]

    return answer


def test_a_content_is_looked_at_once_and_again_when_it_is_another(ask, asked):
    assert ask(b"one") == ask(b"one") == ["3"]
    assert asked == [b"one"]
    assert ask(b"three") == ["5"]
    assert ask(b"one", "something else") == ["3"]
    assert ask(b"three") == ["5"]
    assert asked == [b"one", b"three", b"one"]
    assert ask(b"one") == ["3"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"a": 1}', '{"its length": []}', "\xff", "[" * 100_000]
)
def test_a_file_that_cannot_be_read_counts_as_empty(ask, asked, tmp_path, content):
    ask(b"one")
    (tmp_path / ".cache" / "known.json").write_text(content, encoding="latin-1")
    assert ask(b"one") == ["3"]
    assert asked == [b"one", b"one"]
    assert ask(b"one") == ["3"]
    assert asked == [b"one", b"one"]


def test_where_nothing_can_be_written_all_is_found_again(ask, asked, tmp_path):
    (tmp_path / ".cache").write_text("no folder")
    assert ask(b"one") == ask(b"one") == ["3"]
    assert asked == [b"one", b"one"]
