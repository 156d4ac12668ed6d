"""Everything that made a run, as its card says it: what `execution.reasons` compares with today."""

from typing import Annotated, Literal, get_args, get_type_hints

from msgspec import Meta, Struct

from mnist_lessons.settings import Profile

__all__ = ["DEVICES", "Device", "MadeFrom", "unsaid"]

Device = Literal["cuda", "mps", "cpu"]
# The kinds of device, the best first.
DEVICES: tuple[Device, ...] = get_args(Device)
_Texts = dict[str, str]
_Known = dict[str, str | None]  # None: it was not there


class MadeFrom(Struct, frozen=True, kw_only=True):
    """Everything that made a run: see `execution.reasons`.

    A run of a former version says nothing, None, of what was recorded later: the description of
    a field completes "the stored run does not say".
    """

    code: Annotated[list[str] | None, Meta(description="what its code was")] = None
    files: Annotated[_Texts | None, Meta(description="which files it imported")] = None
    reads: Annotated[_Known | None, Meta(description="which files it read")] = None
    variables: Annotated[_Known | None, Meta(description="which environment variables it read")] = (
        None
    )
    python: Annotated[str | None, Meta(description="which Python ran it")] = None
    packages: Annotated[_Texts | None, Meta(description="which packages it imported")] = None
    torch_build: Annotated[str | None, Meta(description="which build of torch it had")] = None
    data: Annotated[str | None, Meta(description="which data it had")] = None
    profile: Annotated[Profile | None, Meta(description="its profile")] = None
    device: Annotated[Device | None, Meta(description="its kind of device")] = None
    best_device: Annotated[str | None, Meta(description="the best device of its machine")] = None
    threads: Annotated[str | None, Meta(description="its number of threads")] = None
    settings: Annotated[
        _Texts | None, Meta(description="which variables that change arithmetic were set")
    ] = None
    missing_data: list[str] = []
    writes: list[str] = []


def unsaid(made_from: MadeFrom) -> list[str]:
    """What a run of a former version does not say of what it was made from."""
    return [
        f"the stored run does not say {words}"
        for name, words in _WORDS.items()
        if getattr(made_from, name) is None
    ]


_WORDS = {
    name: meta.description
    for name, hint in get_type_hints(MadeFrom, include_extras=True).items()
    for meta in getattr(hint, "__metadata__", ())
}
