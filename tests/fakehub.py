"""A Hub for tests: enough of its HTTP interface for the real huggingface_hub client, with faults on demand.

`FakeHub` serves models and datasets with full commit history from memory. `hub.fault("commit", status=500)` makes
the next matching request fail before or after it took effect; `hub.down()` refuses connections altogether.
Route names for faults are those of `ROUTES`. Xet is not spoken: clients must run with it disabled.
"""

import base64
import hashlib
import json
import re
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

LFS_SUFFIXES = (".safetensors", ".bin", ".parquet", ".lfs")
PAGE = 1000
COMMITS_PAGE = 50
REPO = r"/api/(?P<kind>models|datasets|spaces)/(?P<repo>[^/]+/[^/]+)"
FILES = r"/(?:(?P<kind>datasets|spaces)/)?(?P<repo>[^/]+/[^/]+)"
ROUTES = tuple(
    (name, method, re.compile(pattern))
    for name, method, pattern in (
        ("whoami", "GET", r"/api/whoami-v2"),
        ("create", "POST", r"/api/repos/create"),
        ("delete", "DELETE", r"/api/repos/delete"),
        ("validate_yaml", "POST", r"/api/validate-yaml"),
        ("info", "GET", REPO + r"(?:/revision/(?P<revision>[^/]+))?"),
        ("tree", "GET", REPO + r"/tree/(?P<revision>[^/]+)(?:/(?P<path>.+))?"),
        ("refs", "GET", REPO + r"/refs"),
        ("commits", "GET", REPO + r"/commits/(?P<revision>[^/]+)"),
        ("paths_info", "POST", REPO + r"/paths-info/(?P<revision>[^/]+)"),
        ("preupload", "POST", REPO + r"/preupload/(?P<revision>[^/]+)"),
        ("commit", "POST", REPO + r"/commit/(?P<revision>[^/]+)"),
        ("lfs_batch", "POST", FILES + r"\.git/info/lfs/objects/batch"),
        ("lfs_put", "PUT", r"/lfs/(?P<oid>[0-9a-f]{64})"),
        ("resolve", "HEAD|GET", FILES + r"/resolve/(?P<revision>[^/]+)/(?P<path>.+)"),
    )
)


@dataclass
class Commit:
    sha: str
    title: str
    date: datetime
    files: dict[str, bytes]
    proposed: bool = False  # by a pull request: to be had by its sha, but not part of main


@dataclass
class Repo:
    kind: str
    id: str
    commits: list[Commit]
    private: bool = False
    gated: str | bool = False
    disabled: bool = False
    moved_to: str | None = None
    branches: dict[str, str] = field(default_factory=dict)  # besides main: name to sha

    @property
    def main(self) -> list[Commit]:
        return [commit for commit in self.commits if not commit.proposed]

    def at(self, revision: str | None) -> Commit | None:
        if revision in (None, "main"):
            return self.main[-1]
        sha = self.branches.get(revision or "", revision)
        return next((commit for commit in self.commits if commit.sha == sha), None)


@dataclass
class Fault:
    """`status` answers with it, `hang` sleeps that long and then drops the connection, neither drops it at once."""

    route: str
    times: int = 1
    status: int | None = None
    hang: float = 0.0
    after: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    def __init__(self, status: int, code: str = "", message: str = "", body: Mapping[str, Any] | None = None) -> None:
        self.status, self.code, self.message, self.body = status, code, message, body


class Dropped(Exception):
    pass


def route_of(command: str, path: str) -> tuple[str, dict[str, str]]:
    """Name of the route of a request and the parts of its path."""
    for name, method, pattern in ROUTES:
        match = pattern.fullmatch(path)
        if match and command in method.split("|"):
            return name, {k: urllib.parse.unquote(v) for k, v in match.groupdict().items() if v is not None}
    raise Refused(404, message=f"no route {command} {path}")


def is_lfs(path: str) -> bool:
    return path.endswith(LFS_SUFFIXES)


def blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class FakeHub:
    """The server and everything it stores; a context manager that starts and stops it."""

    def __init__(self, *, token: str = "hf_testtoken000000000000") -> None:
        self.token = token
        self.repos: dict[tuple[str, str], Repo] = {}
        self.lfs: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.tampered: dict[str, bytes] = {}  # path to what is delivered instead of what is listed
        self.requests: list[tuple[str, str]] = []
        self.authorizations: list[str | None] = []
        self.lock = threading.RLock()
        self.is_down = threading.Event()
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "FakeHub":
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        self.is_down.clear()
        hub = self

        class Bound(Handler):
            fake = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Bound)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def down(self) -> None:
        """Refuse new connections and drop those that are open."""
        self.is_down.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def put(self, kind: str, repo: str, files: Mapping[str, bytes | None], title: str = "commit") -> str:
        """Commit files (None deletes) to a repository, made when missing; its new 40-hex sha."""
        with self.lock:
            if (kind, repo.lower()) not in self.repos:
                first = Commit(hashlib.sha1(f"{kind}{repo}".encode()).hexdigest(), "initial", datetime.now(UTC), {})
                self.repos[kind, repo.lower()] = Repo(kind, repo, [first])
            found = self.repos[kind, repo.lower()]
            merged = {**found.commits[-1].files, **files}
            content = {path: data for path, data in merged.items() if data is not None}
            seed = f"{found.commits[-1].sha}{title}{len(found.commits)}{sorted(content)}"
            sha = hashlib.sha1(seed.encode()).hexdigest()
            found.commits.append(Commit(sha, title, datetime.now(UTC), content))
            return sha

    def branch(self, kind: str, repo: str, name: str, files: Mapping[str, bytes | None]) -> str:
        """Commit files to a branch of a repository that is there, beside main; the new sha."""
        sha = self.put(kind, repo, files, title=name)
        found = self.repo(kind, repo)
        found.commits[-1].proposed = True
        found.branches[name] = sha
        return sha

    def repo(self, kind: str, repo: str) -> Repo:
        return self.repos[kind, repo.lower()]

    def rename(self, kind: str, old: str, new: str) -> None:
        with self.lock:
            repo = self.repos[kind, old.lower()]
            self.repos[kind, new.lower()] = Repo(kind, new, repo.commits)
            self.repos[kind, old.lower()] = Repo(kind, old, repo.commits, moved_to=new)

    def fault(self, route: str, **how: Any) -> None:
        with self.lock:
            self.faults.append(Fault(route, **how))

    def take_fault(self, route: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.route in (route, "*") and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def count(self, route: str) -> int:
        return sum(name == route for name, _ in self.requests)


class Handler(BaseHTTPRequestHandler):
    fake: FakeHub
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: written piecemeal, each waits 40 ms for the client's acknowledgement

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self.answer()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def answer(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query))
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or self.chunks()
        try:
            self.dispatch(url.path)
        except Refused as refusal:
            self.refuse(refusal)
        except (Dropped, ConnectionError):
            self.close_connection = True

    def chunks(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return b""
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def dispatch(self, path: str) -> None:
        if self.fake.is_down.is_set():
            raise Dropped
        name, found = route_of(self.command, path)
        with self.fake.lock:
            self.fake.requests.append((name, path))
            self.fake.authorizations.append(self.headers.get("Authorization"))
        fault = self.fake.take_fault(name)
        if fault and not fault.after:
            self.fail(fault)
        with self.fake.lock:
            reply = getattr(self, f"on_{name}")(**found)
        if fault:
            self.fail(fault)
        self.reply(*reply)

    def fail(self, fault: Fault) -> None:
        if fault.status is not None:
            raise Refused(fault.status, message=f"injected {fault.status}", body={"headers": dict(fault.headers)})
        time.sleep(fault.hang)
        raise Dropped

    def refuse(self, refusal: Refused) -> None:
        headers = {"X-Error-Code": refusal.code, "X-Error-Message": refusal.message}
        body = dict(refusal.body or {})
        headers |= body.pop("headers", {})
        self.reply(refusal.status, {"error": refusal.message, **body}, {k: v for k, v in headers.items() if v})

    def reply(self, status: int, body: Any = b"", headers: Mapping[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for key, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    # -- access ---------------------------------------------------------------------------------------------------
    @property
    def signed_in(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {self.fake.token}"

    def find(self, kind: str | None, repo: str, *, files: bool = False, write: bool = False) -> Repo:
        found = self.fake.repos.get((kind or "models", repo.lower()))
        if found is None or (found.private and not self.signed_in):
            raise Refused(404 if self.signed_in else 401, "RepoNotFound", "Repository not found")
        if found.moved_to:
            location = self.path.replace(repo, found.moved_to, 1)
            raise Refused(307, message="moved", body={"headers": {"Location": location}})
        if found.disabled:
            raise Refused(403, "", "Access to this resource is disabled.")
        if files and found.gated and not self.signed_in:
            raise Refused(401, "GatedRepo", f"Access to model {repo} is restricted.")
        if write and not self.signed_in:
            raise Refused(401, "", "Invalid credentials in Authorization header")
        return found

    def commit_of(self, repo: Repo, revision: str | None) -> Commit:
        commit = repo.at(revision)
        if commit is None:
            raise Refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    # -- routes ---------------------------------------------------------------------------------------------------
    def on_whoami(self) -> tuple[Any, ...]:
        if not self.signed_in:
            raise Refused(401, message="Invalid credentials in Authorization header")
        return 200, {"name": "tester", "type": "user", "orgs": [{"name": "org"}]}

    def on_create(self) -> tuple[Any, ...]:
        if not self.signed_in:
            raise Refused(401, message="Invalid credentials in Authorization header")
        wanted = json.loads(self.content)
        kind, repo = f"{wanted.get('type', 'model')}s", f"{wanted.get('organization') or 'tester'}/{wanted['name']}"
        url = f"{self.fake.endpoint}/{'' if kind == 'models' else kind + '/'}{repo}"
        if (kind, repo.lower()) in self.fake.repos:
            raise Refused(409, message="You already created this repo", body={"url": url})
        self.fake.put(kind, repo, {".gitattributes": b""}, "initial commit")
        self.fake.repo(kind, repo).private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        return 200, {"url": url}

    def on_delete(self) -> tuple[Any, ...]:
        wanted = json.loads(self.content)
        repo = f"{wanted.get('organization') or 'tester'}/{wanted['name']}"
        del self.fake.repos[f"{wanted.get('type', 'model')}s", repo.lower()]
        return 200, {}

    def on_validate_yaml(self) -> tuple[Any, ...]:
        return 200, {"errors": [], "warnings": []}

    def on_info(self, kind: str, repo: str, revision: str | None = None) -> tuple[Any, ...]:
        found = self.find(kind, repo)
        commit = self.commit_of(found, revision)
        info: dict[str, Any] = {
            "id": found.id, "sha": commit.sha, "private": found.private, "gated": found.gated,
            "disabled": found.disabled, "lastModified": commit.date.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "cardData": front_matter(commit.files.get("README.md", b"")), "tags": [],
            "siblings": [sibling(path, data) for path, data in sorted(commit.files.items())],
        }  # fmt: skip
        if "config.json" in commit.files and not found.gated:
            info["config"] = json.loads(commit.files["config.json"])
        if kind == "models" and (parameters := safetensors_parameters(commit.files)):
            info["safetensors"] = {"parameters": parameters, "total": sum(parameters.values())}
        return 200, info

    def on_tree(self, kind: str, repo: str, revision: str, path: str = "") -> tuple[Any, ...]:
        commit = self.commit_of(self.find(kind, repo), revision)
        inside = f"{path.rstrip('/')}/" if path else ""
        names = sorted(name for name in commit.files if name.startswith(inside))
        if path and not names:
            raise Refused(404, "EntryNotFound", f"{path} does not exist on {revision}")
        start = int(self.query.get("cursor", 0))
        headers = {}
        if start + PAGE < len(names):
            cursor = urllib.parse.urlencode({**self.query, "cursor": start + PAGE})
            headers["Link"] = f'<{self.fake.endpoint}{self.path.split("?")[0]}?{cursor}>; rel="next"'
        return 200, [entry(name, commit.files[name]) for name in names[start : start + PAGE]], headers

    def on_refs(self, kind: str, repo: str) -> tuple[Any, ...]:
        head = self.find(kind, repo).commits[-1].sha
        return 200, {"branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": head}], "tags": []}

    def on_commits(self, kind: str, repo: str, revision: str) -> tuple[Any, ...]:
        found = self.find(kind, repo)
        self.commit_of(found, revision)
        newest = [
            {"id": c.sha, "title": c.title, "message": "", "date": c.date.isoformat(), "authors": [{"user": "tester"}]}
            for c in reversed(found.commits)
            if c in found.main
        ]
        start = int(self.query.get("p", 0)) * COMMITS_PAGE
        headers = {}
        if start + COMMITS_PAGE < len(newest):
            following = f"{self.fake.endpoint}{self.path.split('?')[0]}?p={start // COMMITS_PAGE + 1}"
            headers["Link"] = f'<{following}>; rel="next"'
        return 200, newest[start : start + COMMITS_PAGE], headers

    def on_paths_info(self, kind: str, repo: str, revision: str) -> tuple[Any, ...]:
        commit = self.commit_of(self.find(kind, repo), revision)
        wanted = urllib.parse.parse_qs(self.content.decode()).get("paths") or json.loads(self.content)["paths"]
        return 200, [entry(name, commit.files[name]) for name in wanted if name in commit.files]

    def on_preupload(self, kind: str, repo: str, revision: str) -> tuple[Any, ...]:
        commit = self.commit_of(self.find(kind, repo, write=True), revision)
        files = []
        for wanted in json.loads(self.content)["files"]:
            path = wanted["path"]
            oid = entry(path, commit.files[path])["oid"] if path in commit.files else None
            mode = "lfs" if is_lfs(path) else "regular"
            files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return 200, {"files": files}

    def on_commit(self, kind: str, repo: str, revision: str) -> tuple[Any, ...]:
        found = self.find(kind, repo, write=True)
        head = self.commit_of(found, revision)
        lines = [json.loads(line) for line in self.content.splitlines() if line.strip()]
        header = lines[0]["value"]
        if header.get("parentCommit") not in (None, head.sha):
            raise Refused(412, message="A commit has happened since. Please refresh and try again.")
        sha = self.fake.put(kind, found.id, self.changes(lines[1:], head), header["summary"])
        return 200, {"success": True, "commitOid": sha, "commitUrl": f"{self.fake.endpoint}/{repo}/commit/{sha}"}

    def changes(self, lines: list[dict[str, Any]], head: Commit) -> dict[str, bytes | None]:
        changed: dict[str, bytes | None] = {}
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                changed[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                changed[value["path"]] = self.fake.lfs[value["oid"]]
            elif line["key"] == "deletedFile":
                if value["path"] not in head.files:
                    raise Refused(400, message=f"{value['path']} does not exist")
                changed[value["path"]] = None
        return changed

    def on_lfs_batch(self, repo: str, kind: str | None = None) -> tuple[Any, ...]:
        self.find(kind, repo, write=True)
        objects = []
        for wanted in json.loads(self.content)["objects"]:
            upload = {"upload": {"href": f"{self.fake.endpoint}/lfs/{wanted['oid']}", "header": {}}}
            objects.append({**wanted, **({} if wanted["oid"] in self.fake.lfs else {"actions": upload})})
        return 200, {"transfer": "basic", "objects": objects}, {"Content-Type": "application/vnd.git-lfs+json"}

    def on_lfs_put(self, oid: str) -> tuple[Any, ...]:
        if hashlib.sha256(self.content).hexdigest() != oid:
            raise Refused(400, message="checksum does not match")
        self.fake.lfs[oid] = self.content
        return (200,)

    def on_resolve(self, repo: str, revision: str, path: str, kind: str | None = None) -> tuple[Any, ...]:
        commit = self.commit_of(self.find(kind, repo, files=True), revision)
        if path not in commit.files:
            raise Refused(404, "EntryNotFound", "Entry not found", {"headers": {"X-Repo-Commit": commit.sha}})
        data = self.fake.tampered.get(path, commit.files[path])
        headers = {"X-Repo-Commit": commit.sha, "ETag": f'"{blob_id(data)}"', "Accept-Ranges": "bytes"}
        if is_lfs(path):
            etag = f'"{hashlib.sha256(data).hexdigest()}"'
            headers |= {"ETag": etag, "X-Linked-Etag": etag, "X-Linked-Size": str(len(data))}
        if wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            first, last = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
            return 206, data[first : last + 1], headers
        return 200, data, headers


def entry(path: str, data: bytes) -> dict[str, Any]:
    """A file as the tree lists it; large files show the id of their pointer and their own sha256."""
    listed: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": blob_id(data)}
    if is_lfs(path):
        sha = hashlib.sha256(data).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha}\nsize {len(data)}\n".encode()
        listed |= {"oid": blob_id(pointer), "lfs": {"oid": sha, "size": len(data), "pointerSize": len(pointer)}}
    return listed


def sibling(path: str, data: bytes) -> dict[str, Any]:
    listed = entry(path, data)
    lfs = listed.get("lfs")
    found = {"rfilename": path, "size": len(data), "blobId": listed["oid"]}
    return found | ({"lfs": {**lfs, "sha256": lfs["oid"]}} if lfs else {})


def front_matter(readme: bytes) -> dict[str, str] | None:
    """The `key: value` lines between the first two `---` lines of a model card."""
    match = re.match(rb"---\n(.*?)\n---", readme, re.DOTALL)
    if not match:
        return None
    pairs = (line.split(":", 1) for line in match[1].decode().splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def safetensors_parameters(files: Mapping[str, bytes]) -> dict[str, int]:
    """Parameters by data type over all safetensors files, as the Hub counts them."""
    counted: dict[str, int] = {}
    for path, data in files.items():
        if not path.endswith(".safetensors") or len(data) < 8:
            continue
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        for tensor in (value for key, value in header.items() if key != "__metadata__"):
            n = 1
            for side in tensor["shape"]:
                n *= side
            counted[tensor["dtype"]] = counted.get(tensor["dtype"], 0) + n
    return counted


@contextmanager
def fake_hub(kind: Literal["models", "datasets"] = "datasets", *repos: str) -> Iterator[FakeHub]:
    """A running hub holding those repositories, each with one empty commit."""
    with FakeHub() as hub:
        for repo in repos:
            hub.put(kind, repo, {})
        yield hub
