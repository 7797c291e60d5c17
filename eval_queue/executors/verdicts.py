"""Why an evaluation ended without a result, told to the model's author, and whether trying again may help."""

import re
import signal

from eval_queue.child import Failure

from .logs import python_error

_NO_MEMORY = re.compile(r"MemoryError|bad_alloc|out of memory|not enough memory|[Cc](?:an't|annot) allocate memory")
_CRASHES = {
    signal.SIGSEGV: "a segmentation fault",
    signal.SIGBUS: "a bus error",
    signal.SIGILL: "an illegal instruction",
    signal.SIGFPE: "an arithmetic fault",
    signal.SIGABRT: "an abort",
}


def out_of_time(limit_seconds: float) -> Failure:
    """Ended by the worker at the time limit."""
    return Failure(
        permanent=True,
        reason=f"The evaluation took longer than the limit of {duration(limit_seconds)} and was ended. The tasks it "
        "finished are kept: a retry goes on from there.",
    )


def out_of_memory(limit_gib: float) -> Failure:
    """Ended at the memory limit, by the worker or by a failed allocation."""
    return Failure(
        permanent=True,
        reason=f"The evaluation ran out of memory: it needed more than the limit of {limit_gib:g} GiB. "
        "Submit a smaller model or a smaller precision.",
    )


def too_much_log(limit_bytes: int) -> Failure:
    """Ended by the worker because its log would fill the disk."""
    return Failure(
        permanent=True,
        final=True,
        reason=f"The evaluation wrote more than {limit_bytes >> 20} MiB of log and was ended.",
    )


def unexpected_exit(code: int, log_tail: str, memory_limit_gib: float) -> Failure:
    """Ended by itself or the system, without a valid result and without saying why; `code` as in subprocess."""
    error = python_error(log_tail)
    if code != -signal.SIGKILL and _NO_MEMORY.search(error or (log_tail if code < 0 else "")):
        return out_of_memory(memory_limit_gib)
    if code < 0:
        return Failure(permanent=False, reason=_killed(-code))
    if error is not None:
        return Failure(permanent=False, reason=f"The evaluation ended with an error: {error}")
    return Failure(
        permanent=False,
        reason=f"The evaluation ended with exit code {code} but without a valid result; its log says more.",
    )


def duration(seconds: float) -> str:
    """A duration in the two largest units that say something: "90 s", "45 min", "4 h", "4 h 30 min"."""
    if seconds < 120:  # reads better than minutes
        return f"{seconds:g} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


def _killed(number: int) -> str:
    if number == signal.SIGKILL:
        return (
            "The evaluation was ended by the system (SIGKILL), most likely because the machine ran out of memory. "
            "Submit a smaller model, or retry when the machine is less busy."
        )
    try:
        known = signal.Signals(number)
    except ValueError:
        return f"The evaluation was ended by signal {number}."
    if known in _CRASHES:
        return f"The evaluation crashed with {_CRASHES[known]} ({known.name}); its log shows where."
    return f"The evaluation was ended by {known.name}."
