// Runs in every page before its own scripts. Times are milliseconds of the page's clock.
// `tabs.opened(board)`: when the board's first row was painted. `tabs.drawn(board)`: when its first plot was, null without one.
// `tabs.steps(board)`: what its switches offer. `tabs.step(board, name, option)`: from the choice to the painted new view;
// null where the choice is not there or is made already.

(() => {
  const frame = () => new Promise((done) => { requestAnimationFrame(done); });
  const painted = async () => {
    await frame();
    await new Promise((done) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      channel.port2.postMessage(0);
    });
    return performance.now();
  };
  const until = async (check) => {
    while (!check()) await frame();
    return painted();
  };
  const table = (board) => document.querySelector(`#${board}-table`);
  const controls = (board) => [...table(board).querySelectorAll("[data-switch]")];
  const offers = (control) => {
    if (control.tagName === "SELECT") return [...control.options].map((option) => option.value);
    return control.tagName === "BUTTON" ? [control.textContent] : ["Earlier", "Later"];
  };
  const actOf = (control, option) => {
    if (control.tagName === "SELECT") {
      if (control.value === option || ![...control.options].some((each) => each.value === option)) return null;
      return () => {
        control.value = option;
        control.dispatchEvent(new Event("change", { bubbles: true }));
      };
    }
    if (control.tagName === "BUTTON") return control.textContent === option && control.getAttribute("aria-pressed") === "false" ? () => control.click() : null;
    const arrow = control.parentElement.querySelector(`[aria-label=${option}]`);
    return arrow.disabled ? null : () => arrow.click();
  };

  window.tabs = {
    opened: (board) => until(() => table(board)?.querySelector(".lbt-row:not(.lbt-pinned)")),
    drawn: async (board) => {
      document.querySelector(`#${board}-plots`)?.scrollIntoView();
      return document.querySelector(`#${board}-plots`) ? until(() => document.querySelector(`#${board}-plots .lbp-stage svg`)) : null;
    },
    steps: (board) => controls(board).flatMap((control) => offers(control).map((option) => [control.dataset.switch, option])),
    step: async (board, name, option) => {
      const act = controls(board).filter((control) => control.dataset.switch === name).map((control) => actOf(control, option)).find(Boolean);
      if (!act) return null;
      let told = false;
      const listen = (event) => { told ||= event.detail.board === board; };
      document.addEventListener("lb-view", listen);
      const start = performance.now();
      act();
      const end = await until(() => told); // told once the rows, or the words for none, are in place
      document.removeEventListener("lb-view", listen);
      return end - start;
    },
  };
})();
