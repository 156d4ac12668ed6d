"""Which distributions are installed, and which build of torch; told without importing them."""

import importlib.metadata
import importlib.util
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path

from mnist_lessons.publishing.execution.used import own_files

__all__ = ["distributions", "torch_build", "version"]


def distributions(modules: Mapping[str, str | None], root: Path) -> list[str]:
    """The installed distributions to which the modules belong, this project's excluded."""
    own = {Path(name).parts[0].removesuffix(".py") for name in own_files(modules, root)}
    tops = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - own
    if not tops:  # to list all files of all distributions takes a second
        return []
    known = importlib.metadata.packages_distributions()
    return sorted({dist for top in tops for dist in known.get(top, ())})


def version(distribution: str) -> str | None:
    """The version of a distribution; None where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def torch_build() -> str | None:
    """Version and build of torch, such as `2.15.0+cu130`, read without importing it."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    build = runpy.run_path(str(Path(spec.origin).with_name("version.py")))
    return f"{build['__version__']} {build['git_version']}"
