"""Everything that can go wrong, as one tree.

The type says whether trying again can help; the text says what happened, and `hint` what to do about it. Both are
meant for a person, and hold no secret: whoever raises an error keeps tokens and message texts out of it.

    ModConsoleError
    ├── UsageError          the call's words are wrong                     exit 64
    ├── InputError          a file or a value we were given is wrong       exit 2
    ├── NotFound            no such source, message, ask, act              exit 2
    ├── Conflict            it changed since you looked                    exit 2
    ├── StoreError          the database cannot be used                    exit 2
    └── PlatformError       a platform said no, or nothing
        ├── SignInError     the sign-in is wrong or has expired            final until a person acts
        ├── Refused         the platform will not do this                  final
        ├── Gone            it no longer exists there                      final
        ├── RateLimited     later; `retry_after` says when                 retryable
        ├── Unreachable     no answer, and surely nothing was done         retryable
        │   └── NotDone     an act was looked at, and is not done          retryable
        └── OutcomeUnknown  no answer, and it may have been done           look before trying again
"""

from __future__ import annotations


class ModConsoleError(Exception):
    """Base of all errors that are shown to a person instead of a traceback.

    `retryable` tells callers whether the same call may succeed later without anybody changing anything.
    """

    retryable = False
    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip() if self.hint else self.message


class UsageError(ModConsoleError):
    """The words of a call are wrong (exit code 64, as sysexits.h has it for a command line usage error)."""

    exit_code = 64


class InputError(ModConsoleError):
    """A file or a value that we were given is wrong; the message names file, line, key and what was expected."""


class NotFound(ModConsoleError):
    """What was named does not exist in this database."""


class Conflict(ModConsoleError):
    """The thing changed since the caller looked; look again before acting."""


class StoreError(ModConsoleError):
    """The database cannot be opened, read or written."""


class PlatformError(ModConsoleError):
    """A platform answered with an error, or not at all."""


class SignInError(PlatformError):
    """The sign-in is missing, wrong or expired. Final for this source until a person signs in again."""


class Refused(PlatformError):
    """The platform understood and will not do it. `code` is the platform's own word for the reason."""

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class Duplicate(Refused):
    """The platform says that it already has this very message: a sign that an earlier try arrived."""


class Gone(PlatformError):
    """The thing acted on no longer exists on the platform."""


class RateLimited(PlatformError):
    """The platform wants us to slow down. `retry_after` is in seconds."""

    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after: float = 60.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class Unreachable(PlatformError):
    """The platform could not be reached, or failed before doing anything. Safe to try again."""

    retryable = True


class NotDone(Unreachable):
    """An act whose answer was lost was looked at afterwards: it is not done. Doing it again does no harm."""


class OutcomeUnknown(PlatformError):
    """The request was sent and the answer never came: it may or may not have been carried out.

    Never to be repeated blindly: look for the result on the platform first.
    """
