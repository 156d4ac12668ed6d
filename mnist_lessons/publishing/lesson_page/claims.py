"""The claims of a run among its outputs: sentences of the page, with the program behind them."""

from collections.abc import Mapping
from typing import Any

from mnist_lessons.publishing.html.templates import fragment
from mnist_lessons.publishing.runs.admission import noted
from mnist_lessons.publishing.runs.card import Card

__all__ = ["claim_output"]


def claim_output(card: Card, output: Mapping[str, Any]) -> str | None:
    """HTML for an output that is a claim of the run; None where it is to be shown as it is."""
    if (sentence := noted(output, "claim")) is None:
        return None
    text = output["data"]["text/plain"]
    known = (claim for claim in card.claims if (claim.sentence, claim.text) == (sentence, text))
    claim = next(known, None)
    if claim is None:
        return None
    return fragment("claim", claim.sentence, claim.text.removeprefix(claim.sentence).strip())
