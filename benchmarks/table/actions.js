// Runs in every page before its own scripts. Times are milliseconds of the page's clock.
// `bench.started(first)`: from navigation to the painted first row. `bench.time(act, first)`: from an action's event to
// the painted row that must then be first.

(() => {
  const ROWS = {
    ours: '.lbt-row:not(.lbt-pinned) [role="rowheader"]',
    dataframe: '.virtual-row[data-index="0"] [data-col="0"]',
    leaderboard: "tbody.tbody tr td",
  };
  const first = (kind) => document.querySelector(ROWS[kind])?.textContent.trim() ?? "";
  const frame = () => new Promise((done) => { requestAnimationFrame(done); });
  const painted = async () => {
    await frame();
    await new Promise((done) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      channel.port2.postMessage(0);
    });
  };
  const until = async (check) => {
    while (!check()) await frame();
    await painted();
    return performance.now();
  };
  const write = (input, text) => {
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), "value");
    set.call(input, text);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const one = (selector, text = "") => {
    const found = [...document.querySelectorAll(selector)].filter((node) => node.textContent.includes(text)).at(-1);
    if (!found) throw new Error(`Nothing on the page matches ${selector} ${text}`);
    return found;
  };
  const click = (selector, text) => one(selector, text).click();
  const waitFor = async (selector, text = "") => {
    while (![...document.querySelectorAll(selector)].some((node) => node.textContent.includes(text))) await frame();
  };
  const menu = async (header, item) => {
    [...document.querySelectorAll(`[title="${header}"] .cell-menu-button`)].at(-1).click();
    await waitFor("[role=menuitem]", item);
  };

  // For every contender: what comes before (not timed) and the event itself (timed).
  const ACTIONS = {
    ours: {
      search: { act: ({ term }) => write(one(".lbt-search"), term) },
      filter: {
        before: async () => {
          click(".lbt-filters summary");
          await waitFor(".lbt-filters .lbt-check");
        },
        act: ({ kept }) => one(".lbt-filters .lbt-check", kept).querySelector("input").click(),
      },
      sort: { act: ({ task }) => click(".lbt-th", task) },
    },
    dataframe: {
      search: { act: ({ term }) => write(one(".search-input"), term) },
      filter: {
        before: async ({ kept }) => {
          await menu("type", "Filter");
          [...document.querySelectorAll("[role=menuitem]")].find((node) => node.textContent.trim() === "Filter").click();
          await waitFor(".filter-menu");
          write(one(".filter-input"), kept);
          await frame();
        },
        act: () => click(".filter-menu .check-button"),
      },
      sort: { before: ({ task }) => menu(task, "Sort descending"), act: () => click("[role=menuitem]", "Sort descending") },
    },
    leaderboard: {
      search: {
        before: async ({ term }) => {
          write(document.querySelector("[placeholder^='Separate multiple']"), term);
          await frame();
        },
        act: () => document.querySelector("[placeholder^='Separate multiple']").dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true })),
      },
      filter: { act: ({ dropped }) => [...document.querySelectorAll("label")].find((node) => node.textContent.trim() === dropped).querySelector("input").click() },
      sort: { act: ({ task }) => [...document.querySelectorAll("th")].filter((node) => node.textContent.trim() === task).at(-1).querySelector(".sort-button").click() },
    },
  };

  window.bench = {
    started: (kind, name) => until(() => first(kind) === name),
    time: async (kind, action, given, name) => {
      const { before = () => {}, act } = ACTIONS[kind][action];
      await before(given);
      await painted();
      const from = performance.now();
      act(given);
      return (await until(() => first(kind) === name)) - from;
    },
  };
})();
