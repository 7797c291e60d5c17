"""Start the leaderboard: read the settings, wire the parts, serve. `python app.py`."""

import logging
import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

import uvicorn
from pydantic import ValidationError

from eval_queue import schedule, wiring
from leaderboard.boards.library import Library
from leaderboard.data_source import open_source, utc_now
from leaderboard.errors import LeaderboardError
from leaderboard.guard import Guard
from leaderboard.ratings import compiling
from leaderboard.service import create_service
from leaderboard.settings import Settings, read_settings
from leaderboard.views import page


def create(settings: Settings, stack: ExitStack) -> tuple[Library, Guard]:
    """The boards and the application; what it starts ends with the stack."""
    source = open_source(settings)
    source.refresh()
    stack.enter_context(schedule.repeat(source.refresh, settings.refresh_seconds))
    library = Library(source.snapshot, wiring.store_folder(settings), utc_now)
    desk = wiring.open_desk(settings)
    running = wiring.start_evaluator(settings, desk)
    evaluator = wiring.evaluator_text(settings, stack.enter_context(running) if running else None)
    service = create_service(library, desk.queue, desk.retry, evaluator, page.assets(), page.LARGE)
    service.include_router(page.routes(library, desk.queue))
    return library, Guard(page.mount(service, page.build(library, desk, source.snapshot, utc_now)))


def main() -> None:
    """Serve until stopped, or say why that is not possible."""
    try:
        serve(read_settings())
    except (LeaderboardError, ValidationError) as error:
        sys.exit(f"The leaderboard cannot start: {error}")


def serve(settings: Settings) -> None:
    """Serve with these settings until stopped; a running evaluation is given back to the queue."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    with ExitStack() as stack:
        library, app = create(settings, stack)
        compiling.warm_in_background(after_seconds=3, then=library.warm)
        logging.getLogger("leaderboard").info("Serving on http://%s:%s", settings.address, settings.port)
        uvicorn.run(app, host=settings.address, port=settings.port, log_level="warning", server_header=False,
                    timeout_graceful_shutdown=10)  # fmt: skip


if __name__ == "__main__":
    main()
