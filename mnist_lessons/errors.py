"""Errors that a user can mend: one line, and an exit status for scripts."""

__all__ = [
    "BuildFailure",
    "ClaimError",
    "DataError",
    "LessonError",
    "NonFiniteLoss",
    "SettingError",
]


class LessonError(Exception):
    """Base of the errors that a lesson or a build shows as one line.

    `exit_status` is what a script ends with when nobody catches the error.
    """

    exit_status = 1


class SettingError(LessonError, ValueError):
    """A setting is unknown or outside its range (exit status 2)."""

    exit_status = 2


class BuildFailure(LessonError):
    """The site cannot be built; nothing has been replaced."""


class ClaimError(LessonError, AssertionError):
    """A full run on the full MNIST does not bear out what the lesson claims of it."""


class DataError(LessonError, RuntimeError):
    """The image files are missing, are not MNIST's, or cannot be stored."""


class NonFiniteLoss(LessonError, ArithmeticError):
    """The training loss became NaN or infinite."""
