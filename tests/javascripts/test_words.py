"""What pages say with JavaScript they say as Python does."""

import pytest

from mnist_lessons._words import a, percent

EDGES = [0, 5e-324, 0.0004, 0.0005, 0.005, 0.995, 0.9949999, 0.9995, 0.9996, 1 - 2**-53, 1]
TIES = [number / 2_000 for number in range(2_001)]
OTHERS = [number / 9_973 for number in range(9_974)]


@pytest.mark.parametrize("places", [0, 1, 2])
def test_a_percentage_is_told_as_in_python(places, in_node):
    shares = EDGES + TIES + OTHERS
    told = in_node(
        """import { percent } from "./words.js";
        export default ([shares, places]) => shares.map((share) => percent(share, places));""",
        [shares, places],
    )
    assert told == [percent(share, places) for share in shares]


def test_one_place_is_told_if_none_is_asked_for(in_node):
    module = 'import { percent } from "./words.js"; export default (share) => percent(share);'
    assert in_node(module, 0.5) == percent(0.5) == "50.0%"


def test_a_digit_has_the_article_that_it_has_in_python(in_node):
    digits = list(range(10))
    module = 'import { a } from "./words.js"; export default (digits) => digits.map(a);'
    assert in_node(module, digits) == [a(digit) for digit in digits]
