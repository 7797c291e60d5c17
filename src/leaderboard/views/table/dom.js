// Small helpers to build elements. Text goes in as text, never as markup.

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (["value", "checked", "disabled", "hidden", "min", "max", "step", "type"].includes(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// On a page without Gradio, which does this itself: `?__theme=dark` or `light` overrides what the system prefers.
export function followTheme() {
  const wanted = new URLSearchParams(location.search).get("__theme");
  if (document.querySelector("gradio-app") || !["dark", "light"].includes(wanted)) return;
  document.documentElement.classList.remove("dark", "light");
  document.documentElement.classList.add(wanted);
}

export function count(n) {
  return n.toLocaleString("en");
}

// A button that opens a panel below it; Escape, a click elsewhere and, on a phone, Done close it.
export function popover(label, className, fillPanel) {
  const panel = make("div", { class: "lbt-panel" });
  const summary = make("summary", { class: "lbt-button" }, label);
  const box = make("details", { class: `lbt-popover ${className}` }, summary, panel);
  const done = make("button", { type: "button", class: "lbt-button lbt-done", onclick: () => { box.open = false; } }, "Done");
  const fill = () => {
    fillPanel(panel);
    panel.append(done);
  };
  const outside = (event) => {
    if (!box.contains(event.target)) box.open = false;
  };
  box.addEventListener("toggle", () => {
    if (box.open) {
      fill();
      document.addEventListener("pointerdown", outside);
    } else document.removeEventListener("pointerdown", outside);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.open) return;
    event.stopPropagation();
    box.open = false;
    summary.focus();
  });
  return { box, summary, panel, update: () => box.open && fill() };
}
