"""Start the leaderboard: read the settings, wire the parts, serve. `python app.py`."""

import logging
import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from apscheduler.schedulers.background import BackgroundScheduler

from eval_queue import schedule, wiring
from leaderboard.boards.library import Library
from leaderboard.data_source import open_source, utc_now
from leaderboard.guard import Guard
from leaderboard.service import create_service
from leaderboard.settings import Settings, read_settings
from leaderboard.views import page
from leaderboard.views.run_page import run_routes


def create(settings: Settings, stack: ExitStack) -> Guard:
    """The application; what it starts ends with the stack."""
    source = open_source(settings)
    source.refresh()
    refresher = BackgroundScheduler(timezone="UTC")
    refresher.add_job(
        source.refresh, "interval", seconds=settings.refresh_seconds, coalesce=True, misfire_grace_time=None
    )
    refresher.start()
    stack.callback(refresher.shutdown, wait=False)
    library = Library(source.snapshot, wiring.store_folder(settings), utc_now)
    desk = wiring.open_desk(settings)
    evaluator = wiring.evaluator_text(settings, _start_evaluator(settings, desk, stack))
    service = create_service(library, desk.queue, evaluator, page.assets())
    service.include_router(run_routes(library, desk.queue, utc_now))
    return Guard(page.mount(service, page.build(library, desk, evaluator, source.snapshot, utc_now)))


def _start_evaluator(settings: Settings, desk: wiring.Desk, stack: ExitStack) -> schedule.Schedule | None:
    wanted = settings.evaluator == "on" or (settings.evaluator == "auto" and wiring.evaluator_available())
    if not wanted:
        return None
    worker = wiring.open_worker(settings, queue=desk.queue, store=desk.store, catalogue=desk.catalogue)
    return stack.enter_context(
        schedule.start(worker, lock_file=wiring.lock_file(settings), poll_seconds=settings.poll_seconds)
    )


def main() -> None:
    """Serve until stopped; a running evaluation is given back to the queue."""
    import uvicorn

    settings = read_settings()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with ExitStack() as stack:
        app = create(settings, stack)
        logging.getLogger("leaderboard").info("Serving on http://%s:%s", settings.address, settings.port)
        uvicorn.run(app, host=settings.address, port=settings.port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
