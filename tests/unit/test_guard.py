"""The guard closes unused doors, limits bodies and sets headers."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from leaderboard.guard import CLOSED, MAX_BODY, Guard


@pytest.fixture
def client():
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    def anything(path: str) -> dict[str, str]:
        return {"path": path}

    return TestClient(Guard(app))


@pytest.mark.parametrize("door", CLOSED)
def test_closed_doors_answer_404(client, door):
    assert client.post(door, content=b"x").status_code == 404
    assert client.get(f"{door}/something").status_code == 404


def test_other_paths_pass_with_security_headers(client):
    answer = client.get("/gradio_api/info")
    assert answer.status_code == 200
    assert "frame-ancestors" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_large_and_unsized_bodies_are_refused(client):
    assert client.post("/x", content=b"a" * (MAX_BODY + 1)).status_code == 413
    assert client.post("/x", content=iter([b"a", b"b"])).status_code == 413
    assert client.post("/x", content=b"a" * MAX_BODY).status_code == 200
