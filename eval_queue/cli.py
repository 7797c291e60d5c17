"""The command `python -m eval_queue`: evaluate, submit, look at the queue, judge.

Data goes to stdout, messages and JSON logs go to stderr. Exit codes: 0 done, 1 something did not work, 2 refused
(arguments, settings or a submission).
"""

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType

from pydantic import ValidationError

from leaderboard.errors import InvalidSubmission, LeaderboardError, UnknownSubmission
from leaderboard.records import MODEL_TYPES, PRECISIONS, STATES, QueueEntry
from leaderboard.settings import Settings, read_settings
from leaderboard.submission_reports import describe, report
from leaderboard.submissions import Draft, duplicate_message
from leaderboard.suites import evaluable_suites

from . import listing, wiring
from .executors import logs
from .judging import commands as commands_of_judge
from .queue import WorkQueue
from .schedule import Turns

DONE, BROKEN, REFUSED = 0, 1, 2
LISTED = 200
_log = logging.getLogger("eval_queue")


class JsonFormatter(logging.Formatter):
    """One JSON object a line, whatever the message holds."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname, "logger": record.name, "message": record.getMessage(),
        }  # fmt: skip
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    _log_to_stderr()
    try:
        return int(options.run(options, read_settings()))
    except ValidationError as error:
        return _say(f"A setting is wrong: {error}", REFUSED)
    except InvalidSubmission as error:
        return _refuse(error)
    except LeaderboardError as error:
        return _say(str(error), BROKEN)
    except BrokenPipeError:  # the reader of our output left, as `head` does
        sys.stderr.close()
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval_queue", description="Evaluate submitted models; without a command: go on until stopped."
    )
    how_long = parser.add_mutually_exclusive_group()
    how_long.add_argument("--once", action="store_true", help="evaluate at most one submission, then end")
    how_long.add_argument("--drain", action="store_true", help="end when nothing is pending")
    parser.set_defaults(run=_evaluate)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_submit(commands.add_parser("submit", help="hand in a model"))
    status = commands.add_parser("status", help="show the queue, or one submission")
    status.add_argument("key", nargs="?", metavar="KEY")
    status.add_argument("--state", action="append", choices=STATES, help="only these states (may be given again)")
    status.add_argument("--format", choices=("table", "json"), default="table")
    status.set_defaults(run=_status)
    retry = commands.add_parser("retry", help="put a failed submission back into the queue")
    retry.add_argument("key", metavar="KEY")
    retry.add_argument("--anyway", action="store_true", help="without checks, e.g. after an update of this program")
    retry.set_defaults(run=_retry)
    show_log = commands.add_parser("logs", help="show the last lines of an evaluation's log")
    show_log.add_argument("key", metavar="KEY")
    show_log.add_argument("--attempt", type=int, metavar="N", help="of a failed attempt, by its number in `status KEY`")
    show_log.set_defaults(run=_logs)
    commands_of_judge.add_commands(commands.add_parser("judge", help="try the configured judge, or judge answers"))
    return parser


def _add_submit(submit: argparse.ArgumentParser) -> None:
    """Values are judged by the one validation of all ways to submit, so that all problems are told at once."""
    suites = [suite.name for suite in evaluable_suites()]
    submit.add_argument("model", metavar="ORG/MODEL", help="id on the Hub, or local/<folder below LEADERBOARD_MODELS>")
    submit.add_argument("--revision", default="main", help="branch, tag or commit (default: main)")
    submit.add_argument("--precision", default=PRECISIONS[0], help=f"one of {', '.join(PRECISIONS)}")
    submit.add_argument("--suite", default=suites[0], help=f"one of {', '.join(suites)}")
    submit.add_argument("--chat-template", action="store_true", help="send prompts through the chat template")
    submit.add_argument("--model-type", default="unknown", help=f"one of {', '.join(MODEL_TYPES)}")
    submit.add_argument("--sender", default="command-line", help="who submits (default: command-line)")
    submit.add_argument("--dry-run", action="store_true", help="only say what would happen")
    submit.add_argument("--format", choices=("text", "json"), default="text", help="form of the receipt")
    submit.set_defaults(run=_submit)


def _evaluate(options: argparse.Namespace, settings: Settings) -> int:
    if not wiring.evaluator_available():
        return _say(
            f"No evaluator here: {', '.join(wiring.ENGINE)} are not all installed. "
            "Install requirements.txt, or evaluate on another machine.", BROKEN,
        )  # fmt: skip
    queue = wiring.open_queue(settings)
    worker = wiring.open_worker(settings, queue=queue, store=wiring.open_store(settings, queue))
    turns = Turns(worker, wiring.lock_file(settings))
    _stop_on_signal(turns)
    try:
        if options.once or options.drain:
            return _evaluate_some(options, settings, turns, queue)
        while not turns.stop.is_set():
            turns.take()
            turns.stop.wait(settings.poll_seconds)
        return DONE
    finally:
        turns.end()


def _evaluate_some(options: argparse.Namespace, settings: Settings, turns: Turns, queue: WorkQueue) -> int:
    if not turns.acquire():
        return _say(f"{turns.status.message} Lock: {wiring.lock_file(settings)}.", BROKEN)
    n_done = turns.take(at_most=1 if options.once else None)
    while options.drain and queue.counts()["PENDING"] and not turns.stop.wait(min(1.0, settings.poll_seconds)):
        n_done += turns.take()  # a retry waits for its time
    _log.info("evaluated %d submission(s)", n_done)
    return BROKEN if turns.status.state == "troubled" else DONE


def _stop_on_signal(turns: Turns) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        _log.info("%s: ending", signal.Signals(number).name)
        turns.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _submit(options: argparse.Namespace, settings: Settings) -> int:
    desk = wiring.open_desk(settings)
    checked = desk.check(
        Draft(
            model=options.model, revision=options.revision, precision=options.precision, suite=options.suite,
            chat_template=options.chat_template, model_type=options.model_type, sender=options.sender,
        )
    )  # fmt: skip
    as_json = options.format == "json"
    if options.dry_run:
        sys.stdout.write(json.dumps(report(checked), indent=1) + "\n" if as_json else describe(checked) + "\n")
        return REFUSED if checked.problems else DONE
    if checked.problems and as_json:
        sys.stdout.write(json.dumps(report(checked), indent=1) + "\n")
        return REFUSED
    if checked.duplicate is not None and checked.duplicate.state != "FAILED":
        sys.stderr.write(duplicate_message(checked.duplicate) + "\n")
        return _receipt(checked.duplicate, settings, options.format)
    for warning in checked.warnings:
        sys.stderr.write(f"Warning: {warning}\n")
    return _receipt(desk.accept(checked), settings, options.format)


def _receipt(entry: QueueEntry, settings: Settings, form: str = "text") -> int:
    page = wiring.page_address(settings, entry.key)
    sys.stdout.write(listing.as_json(entry) if form == "json" else listing.receipt(entry, page))
    return DONE


def _status(options: argparse.Namespace, settings: Settings) -> int:
    queue = wiring.open_queue(settings)
    if options.key is None:
        return _status_of_all(options, queue)
    entry = _require(queue, options.key)
    if options.format == "json":
        sys.stdout.write(listing.as_json(entry))
        return DONE
    sys.stdout.write(listing.details(entry, wiring.page_address(settings, entry.key)) + _scores(settings, queue, entry))
    return DONE


def _status_of_all(options: argparse.Namespace, queue: WorkQueue) -> int:
    entries = queue.entries(states=options.state, limit=LISTED)
    sys.stdout.write(listing.as_json(entries) if options.format == "json" else listing.table(entries, queue.counts()))
    return DONE


def _scores(settings: Settings, queue: WorkQueue, entry: QueueEntry) -> str:
    """The scores of a finished submission; empty for others."""
    result = wiring.read_result(settings, queue, entry) if entry.state == "FINISHED" else None
    return listing.scores(result, wiring.store_name(settings)) if result else ""


def _retry(options: argparse.Namespace, settings: Settings) -> int:
    retry = wiring.open_queue(settings).retry if options.anyway else wiring.open_desk(settings).retry
    return _receipt(retry(options.key), settings)


def _logs(options: argparse.Namespace, settings: Settings) -> int:
    queue = wiring.open_queue(settings)
    entry = _require(queue, options.key)
    if options.attempt is not None:
        return _log_of_attempt(entry, options.attempt)
    if entry.state == "FINISHED":
        sys.stderr.write(f"Submission {entry.key} is FINISHED; its log is not kept, its scores and answers are.\n")
        sys.stdout.write(_scores(settings, queue, entry))
        return DONE
    text = entry.log_tail or ""
    if entry.state == "RUNNING":
        file = wiring.runs_folder(settings) / entry.key / "log.txt"
        text = logs.tail(file, secrets=logs.secret_values(settings))
    return _show_log(entry, text)


def _log_of_attempt(entry: QueueEntry, number: int) -> int:
    found = next((attempt for attempt in entry.failures if attempt.number == number), None)
    if found is None:
        known = ", ".join(str(attempt.number) for attempt in entry.failures) or "none"
        return _say(f"No attempt {number} of submission {entry.key} is known; failed attempts are: {known}.", BROKEN)
    sys.stderr.write(f"Attempt {number}: {found.reason}\n")
    return _show_log(entry, found.log_tail or "")


def _show_log(entry: QueueEntry, text: str) -> int:
    if not text:
        return _say(f"Submission {entry.key} is {entry.state}; there is no log of it here.", BROKEN)
    sys.stdout.write(text.rstrip("\n") + "\n")
    return DONE


def _require(queue: WorkQueue, key: str) -> QueueEntry:
    entry = queue.get(key)
    if entry is None:
        raise UnknownSubmission(
            f"No submission has the key {key[:40]!r}; `python -m eval_queue status` lists the keys."
        )
    return entry


def _refuse(error: InvalidSubmission) -> int:
    sys.stderr.write(f"Not submitted, {len(error.problems)} problem(s):\n")
    for problem in error.problems:
        sys.stderr.write(f"  {problem.field + ': ' if problem.field else ''}{problem.message}\n")
    return REFUSED


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line a call: a judge is called hundreds of times
