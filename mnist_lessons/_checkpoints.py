"""The state of a training on disk, so that a killed one goes on where it was."""

import hashlib
import io
import os
import pickle
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn, optim

from mnist_lessons._fingerprint import fingerprint, structure
from mnist_lessons._origins import Unknown

__all__ = ["INTERVAL", "Checkpoint"]

INTERVAL = 5.0  # seconds of training that a kill may cost, besides the epoch in which it comes
_PATIENCE = 10.0  # seconds: whoever holds the lock writes one small file
_DIGEST = hashlib.sha256().digest_size


class Checkpoint:
    """The file of one training in a folder.

    Its name is the hash of everything that decides the training's result. There is none
    where no folder is given, or where something that may decide cannot be put into the hash.

    Args:
        folder: made when something is stored.
        model: fresh, on its device.
        optimiser: fresh, of this model.
        tensors: what the model is trained and measured on.
        config: says in its `repr` how.
        average: of the model's weights while it trains; None where there is none.
    """

    def __init__(
        self,
        folder: Path | None,
        model: nn.Module,
        optimiser: optim.Optimizer,
        tensors: Sequence[Tensor],
        config: object,
        average: nn.Module | None = None,
    ) -> None:
        self._model = model
        self._parts: dict[str, nn.Module | optim.Optimizer] = {
            "model": model,
            "optimiser": optimiser,
            **({"average": average} if average else {}),
        }
        self._file = None
        self._due = time.monotonic() + INTERVAL
        self._complained = False
        if folder is not None:
            with suppress(Unknown):
                self._key = fingerprint(model, tensors, optimiser, config)
                self._structure = structure(model)
                self._file = folder.absolute() / f"{self._key}.pt"

    def restore(self) -> list[dict[str, Any]]:
        """Bring model, optimiser and average to where the training was; return its log so far."""
        stored = self._read()
        if self._file is None or stored is None:
            return []
        with suppress(OSError):
            os.utime(self._file)  # it was of use: whoever tidies up keeps it
        for name, part in self._parts.items():
            part.load_state_dict(stored[name])
        self._model.train()  # the mode in which an epoch leaves it
        log: list[dict[str, Any]] = stored["log"]
        return log

    def save(self, log: list[dict[str, Any]], *, last: bool) -> None:
        """Store the training after an epoch, if it is time or this was the last one.

        Where that cannot be done, one line on stderr says so.
        """
        if self._file is None or not (last or time.monotonic() >= self._due):
            return
        try:
            if structure(self._model) == self._structure:
                self._store(self._file, log)
        except Unknown:
            pass  # the model has changed in a way that would be lost
        except OSError as error:
            self._complain(f"{self._file.parent}: {error.strerror or error}")
        self._due = time.monotonic() + INTERVAL

    def _store(self, file: Path, log: list[dict[str, Any]]) -> None:
        from filelock import FileLock  # here: a training that stores nothing needs no lock

        buffer = io.BytesIO()
        states = {name: part.state_dict() for name, part in self._parts.items()}
        torch.save({**states, "log": log}, buffer)
        payload = buffer.getvalue()
        file.parent.mkdir(parents=True, exist_ok=True)
        # One temporary file a folder: what a killed process leaves is overwritten by the next.
        partial = file.with_name("partial")
        with FileLock(file.with_name("lock"), timeout=_PATIENCE):
            stored = self._read()
            if stored is not None and len(stored["log"]) >= len(log):
                return  # another process is ahead
            try:
                with partial.open("wb") as stream:
                    stream.write(self._digest(payload) + payload)
                    stream.flush()
                    os.fsync(stream.fileno())
                partial.replace(file)
            except BaseException:
                with suppress(OSError):
                    partial.unlink()
                raise

    def _read(self) -> dict[str, Any] | None:
        """What is stored; None where there is nothing, or not all of it, or another's."""
        if self._file is None:
            return None
        try:
            content = self._file.read_bytes()
            digest, payload = content[:_DIGEST], content[_DIGEST:]
            if digest != self._digest(payload):
                return None
            stored: dict[str, Any] = torch.load(
                io.BytesIO(payload), map_location="cpu", weights_only=True
            )
        except (OSError, pickle.UnpicklingError):
            return None
        return stored

    def _digest(self, payload: bytes) -> bytes:
        return hashlib.sha256(self._key.encode() + payload).digest()

    def _complain(self, reason: str) -> None:
        if not self._complained:
            print(
                f"mnist_lessons: cannot store checkpoints in {reason}; training goes on without",
                file=sys.stderr,
            )
        self._complained = True
