// The queue, read like a log. Enters: data/queue.json. Everything from outside goes through textContent.

const POLL_MS = 2000;
const LABELS = { PENDING: "Waiting", RUNNING: "Running", FINISHED: "Finished", FAILED: "Failed" };

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = text;
  return node;
}

export function ago(iso, now) {
  const seconds = Math.max(0, (now - new Date(iso)) / 1000);
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(iso).toISOString().slice(0, 10);
}

export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function progressCell(progress, labels) {
  const task = labels[progress.task] ?? progress.task;
  const box = make("div", "lbq-progress");
  const known = progress.total > 0;
  const bar = document.createElement("progress");
  if (known) {
    bar.max = progress.total;
    bar.value = progress.done;
  }
  bar.setAttribute("aria-label", `Progress of ${task}`);
  const where = progress.n_tasks ? `${task} (task ${progress.task_number} of ${progress.n_tasks})` : task;
  const parts = [where];
  if (known) parts.push(`${progress.done.toLocaleString("en")} of ${progress.total.toLocaleString("en")} requests`);
  if (progress.eta_seconds !== null) parts.push(`about ${duration(progress.eta_seconds)} left`);
  box.append(bar, make("span", "lbq-note", parts.join(" · ")));
  return box;
}

function failureCell(entry, retry) {
  const box = make("div", "lbq-failure");
  box.append(make("p", "lbq-reason", entry.reason || "No reason was recorded."));
  if (entry.log_tail) {
    const fold = make("details");
    fold.dataset.key = entry.key;
    fold.append(make("summary", "", "Last lines of the log"), make("pre", "lbq-log", entry.log_tail));
    box.append(fold);
  }
  if (entry.final) {
    box.append(make("span", "lbq-note", "These files cannot work: mend the model and submit it again."));
    return box;
  }
  const button = make("button", "lbq-button", "Retry");
  button.type = "button";
  button.setAttribute("aria-label", `Retry ${entry.submission.model}`);
  button.addEventListener("click", () => retry(entry.key, button));
  const answer = make("span", "lbq-answer");
  answer.setAttribute("role", "status");
  const line = make("div", "lbq-retry");
  line.append(button, answer);
  box.append(line);
  return box;
}

function resultCell(entry) {
  const link = make("a", "", "Scores, versions and answers");
  link.href = `runs/${entry.key}`;
  return link;
}

function pendingCell(entry, now) {
  const parts = [entry.position ? `Position ${entry.position}` : "Waiting"];
  if (entry.attempts) parts.push(`attempt ${entry.attempts + 1}`);
  if (entry.not_before && new Date(entry.not_before) > now) {
    parts.push(`next try in ${duration((new Date(entry.not_before) - now) / 1000)}`);
  }
  const box = make("div");
  box.append(make("span", "lbq-note", parts.join(" · ")));
  if (entry.reason) box.append(make("p", "lbq-reason", entry.reason));
  return box;
}

function entryRow(entry, now, retry, labels) {
  const row = make("li", `lbq-entry lbq-${entry.state.toLowerCase()}`);
  row.dataset.key = entry.key;
  row.dataset.state = entry.state;
  const head = make("div", "lbq-head");
  const { submission } = entry;
  const model = make("a", "lbq-model", submission.model);
  model.href = `runs/${entry.key}`;
  head.append(make("span", "lbq-state", LABELS[entry.state] || entry.state), model);
  const what = [labels[submission.suite] ?? submission.suite, submission.precision, submission.revision.slice(0, 7)];
  if (submission.chat_template) what.push("chat template");
  const when = make("time", "lbq-note", ago(entry.updated_at, now));
  when.dateTime = entry.updated_at;
  when.title = entry.updated_at;
  head.append(make("span", "lbq-note", what.join(" · ")), make("span", "lbq-note", `by ${submission.sender}`), when);
  row.append(head);
  if (entry.state === "RUNNING" && entry.progress) row.append(progressCell(entry.progress, labels));
  else if (entry.state === "RUNNING") row.append(make("span", "lbq-note", "Starting"));
  else if (entry.state === "FAILED") row.append(failureCell(entry, retry));
  else if (entry.state === "FINISHED") row.append(resultCell(entry));
  else row.append(pendingCell(entry, now));
  return row;
}

export function mountQueue(root, { url = "data/queue.json", onFinished = () => {} } = {}) {
  const status = make("p", "lbq-status");
  status.setAttribute("role", "status");
  const list = make("ol", "lbq-list");
  list.setAttribute("aria-label", "Submissions, newest first");
  root.replaceChildren(status, list);
  root.setAttribute("aria-busy", "true");
  let etag = null;
  let timer = null;
  let finished = null;
  let stopped = false;

  async function retry(key, button) {
    button.disabled = true;
    const answer = await fetch(`data/queue/${encodeURIComponent(key)}/retry`, { method: "POST" });
    if (!answer.ok) {
      const body = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
      button.nextElementSibling.textContent = body.error;
      button.disabled = false;
      return;
    }
    await poll();
  }

  function draw(body) {
    const open = new Set([...list.querySelectorAll("details[open]")].map((fold) => fold.dataset.key));
    const focused = list.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.key : null;
    const now = new Date();
    list.replaceChildren(...body.entries.map((entry) => entryRow(entry, now, retry, body.labels ?? {})));
    for (const fold of list.querySelectorAll("details")) fold.open = open.has(fold.dataset.key);
    if (focused) list.querySelector(`li[data-key="${CSS.escape(focused)}"] button, li[data-key="${CSS.escape(focused)}"] a`)?.focus();
    const { PENDING = 0, RUNNING = 0, FINISHED = 0, FAILED = 0 } = body.counts;
    const text = body.entries.length
      ? `${RUNNING} running, ${PENDING} waiting, ${FINISHED} finished, ${FAILED} failed. ${body.evaluator.text}`
      : `Nothing was submitted yet. ${body.evaluator.text}`;
    if (status.textContent !== text) status.textContent = text;
    if (finished !== null && FINISHED > finished) onFinished();
    finished = FINISHED;
  }

  async function poll() {
    clearTimeout(timer);
    if (stopped || !root.isConnected) return;
    if (root.offsetParent !== null && !document.hidden) {
      try {
        const answer = await fetch(url, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
        if (answer.status === 304) {
          for (const time of list.querySelectorAll("time")) time.textContent = ago(time.dateTime, new Date());
        } else {
          if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
          draw(await answer.json());
          etag = answer.headers.get("ETag");
        }
      } catch (error) {
        status.textContent = `The queue cannot be read now (${error.message}); trying again.`;
        etag = null;
      }
      root.removeAttribute("aria-busy");
    }
    timer = setTimeout(poll, POLL_MS);
  }

  poll();
  return {
    refresh: poll,
    destroy() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
