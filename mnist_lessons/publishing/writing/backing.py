"""Sentences of a lesson with a number or a comparison that no run stands behind.

A number is backed where it is a value, `{{ ... }}`, or stands in the lesson's code, or in a claim
or an assertion of a code cell beside it. A comparison is backed where a code cell beside it claims
or asserts something, or the sentence has a value. Code, formulas, addresses, headings, questions,
years and small counts are let be.
"""

import ast
import operator
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mnist_lessons.publishing.writing.inline import Kind
from mnist_lessons.publishing.writing.prose import HIDDEN, pieces

__all__ = ["Unbacked", "unbacked"]

_VALUE = re.compile(r"\{\{[^{}]*\}\}")
_SENTENCE = re.compile(
    r"""\S .*? (?: [.!?] (?= ["')*_]* (?: \s | \Z ) )      # its end
      | (?= \n [ \t]* \n )                                  # that of a paragraph
      | (?= \n [ \t]* (?: [-*+|#>] | \d+\. | !!! | \?\?\? ) )  # another item, row or heading
      | \Z )""",
    re.VERBOSE | re.DOTALL,
)
_COUNTS = "two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|hundred|thousand|half"
_NUMBER = re.compile(
    rf"""(?<! [\w.,\#] ) (?P<digits> \d+ (?: ,\d{{3}} )* (?: \.\d+ )? )
        (?: \s? (?P<unit> %|points?\b|times\b) )? (?! \w | \.\d )
      | \b (?: {_COUNTS} ) (?: \s an? )? \s (?: points? | per\scent ) \b
      | \b (?: {_COUNTS} ) \s times (?= \s (?: as | the | more | less | \w+er ) \b )
      | \b (?: twice | half ) \s as \b""",
    re.VERBOSE,
)
_ALONE = re.compile(r"\d | (?: 19 | 20 ) \d\d | \d{4} \. \d{4,5}", re.VERBOSE)
_COMPARISON = re.compile(
    rf"""\b (?: (?! other | rather | whether ) \w+er | more | less | worse ) \b
          [^.]{{0,60}}? \b than \b (?! \s (?: an? | \d+ | {_COUNTS} ) \b )
      | \b (?: beats? | outperforms? | lowest | highest | faster | slower | worse | better ) \b""",
    re.VERBOSE | re.IGNORECASE,
)
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}


@dataclass(frozen=True)
class Unbacked:
    """A number or a comparison that no run stands behind.

    Attributes:
        cell: place of its cell among all cells of the lesson, from 0.
        line: in that cell, from 1.
        words: the number, or the words that compare.
        sentence: in which it stands.
    """

    cell: int
    line: int
    words: str
    sentence: str


def unbacked(cells: Sequence[Any]) -> Iterator[Unbacked]:
    """What no run stands behind in the prose of a lesson's cells, whose code is Python."""
    trees = [ast.parse(cell.source) if cell.cell_type == "code" else None for cell in cells]
    code = [tree for tree in trees if tree]
    literals = {value for tree in code for value in _numbers(tree)}
    for place, cell in enumerate(cells):
        if cell.cell_type != "markdown":
            continue
        before = next(filter(None, reversed(trees[:place])), None)
        after = next(filter(None, trees[place:]), None)
        claims = [*_claims(before), *_claims(after)]
        for start, sentence, masked in _sentences(cell.source):
            if not sentence.startswith("#") and not sentence.rstrip("*_ ").endswith("?"):
                for at, words in _found(masked, literals, claims):
                    line = cell.source.count("\n", 0, start + at) + 1
                    yield Unbacked(place, line, words, " ".join(sentence.split()))


def _found(
    sentence: str, literals: Collection[float], claims: Sequence[str]
) -> Iterator[tuple[int, str]]:
    """Where a sentence has a number or a comparison without anything behind it."""
    bare = _VALUE.sub(lambda value: " " * len(value[0]), sentence)
    said = " ".join(claims)
    for number in _NUMBER.finditer(bare):
        if not _is_backed(number, literals) and number[0] not in said:
            yield number.start(), " ".join(number[0].split())
    if not claims and bare == sentence:
        yield from ((one.start(), " ".join(one[0].split())) for one in _COMPARISON.finditer(bare))


def _is_backed(number: re.Match[str], literals: Collection[float]) -> bool:
    digits, unit = number["digits"], number["unit"]
    if digits is None:
        return False
    if _ALONE.fullmatch(digits) and not unit:
        return True
    value = float(digits.replace(",", ""))
    return value in literals or (unit == "%" and round(value / 100, 9) in literals)


def _sentences(source: str) -> Iterator[tuple[int, str, str]]:
    """Each sentence: where it begins, as it is written, and with blanks for what is no prose."""
    masked = source
    for piece in pieces(source):
        if piece.kind in (*HIDDEN, Kind.TAG, Kind.ADDRESS):
            blank = re.sub(r"[^\n]", " ", source[piece.start : piece.end])
            masked = masked[: piece.start] + blank + masked[piece.end :]
    for found in _SENTENCE.finditer(masked):
        yield found.start(), source[found.start() : found.end()], found[0]


def _claims(tree: ast.Module | None) -> Iterator[str]:
    """The text of each claim and assertion in the code of a cell."""
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Assert() | ast.Call(func=ast.Attribute(attr="claim")):
                yield " ".join(
                    one.value
                    for one in ast.walk(node)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )


def _numbers(tree: ast.Module) -> Iterator[float]:
    """The numbers that code names, and those that it computes from nothing else."""
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and (value := _number(node)) is not None:
            yield round(value, 9)


def _number(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            one, other = _number(left), _number(right)
            if one is not None and other is not None:
                with suppress(ArithmeticError):
                    return float(_OPERATIONS[type(op)](one, other))
    return None
