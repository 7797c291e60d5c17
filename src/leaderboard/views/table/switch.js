// Switches between views: one a level of their paths. Enters: the choices of a level. Leaves: a control that calls `choose`.

import { make } from "./dom.js";

const MOST_BUTTONS = 6;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function switchOf(options, chosen, name, choose) {
  if (options.every((option) => DAY.test(option))) return daySlider(options, chosen, name, choose);
  return options.length > MOST_BUTTONS ? select(options, chosen, name, choose) : buttons(options, chosen, name, choose);
}

// The view under the new step that is most like the one before: the steps after it stay where they can.
export function nearest(views, path, level, step) {
  const likeness = (view) => view.path.reduce((sum, own, i) => sum + (i > level && own === path[i] ? 2 ** -i : 0), 0);
  const there = views.filter((view) => view.path[level] === step);
  return there.reduce((best, view) => (likeness(view) > likeness(best) ? view : best)).value;
}

// What has the focus keeps it when its switch is drawn anew.
export function keepFocus(root, draw) {
  const name = root.contains(document.activeElement) ? document.activeElement.dataset.switch : null;
  draw();
  if (!name) return;
  const again = [...root.querySelectorAll("[data-switch]")].filter((control) => control.dataset.switch === name);
  (again.find((control) => control.getAttribute("aria-pressed") === "true") ?? again[0])?.focus();
}

function buttons(options, chosen, name, choose) {
  return make("div", { class: "lbt-level", role: "group", "aria-label": name }, ...options.map((option) => make("button", {
    type: "button", class: "lbt-segment", "data-switch": name, "aria-pressed": String(option === chosen), onclick: () => option === chosen || choose(option),
  }, option)));
}

function select(options, chosen, name, choose) {
  const control = make("select", { class: "lbt-within", "aria-label": name, "data-switch": name, onchange: () => choose(control.value) },
    ...options.map((option) => make("option", { value: option }, option)));
  control.value = chosen ?? options[0];
  return control;
}

// Days from the first to the last; the label follows the thumb, the data when it is let go.
function daySlider(options, chosen, name, choose) {
  const days = [...options].sort();
  const text = make("output", { class: "lbt-day" }, chosen ?? days.at(-1));
  const step = (by) => choose(days[Math.max(0, Math.min(days.length - 1, days.indexOf(chosen) + by))]);
  const slider = make("input", {
    type: "range", class: "lbt-days", min: 0, max: days.length - 1, step: 1, "aria-label": name, "data-switch": name,
    oninput: () => {
      text.textContent = days[Number(slider.value)];
      slider.setAttribute("aria-valuetext", text.textContent);
    },
    onchange: () => choose(days[Number(slider.value)]),
  });
  slider.value = String(Math.max(0, days.indexOf(chosen)));
  slider.setAttribute("aria-valuetext", chosen ?? "");
  const arrow = (label, by, sign) => make("button", { type: "button", class: "lbt-button", "aria-label": label, disabled: !days[days.indexOf(chosen) + by], onclick: () => step(by) }, sign);
  return make("div", { class: "lbt-level", role: "group", "aria-label": name }, arrow("Earlier", -1, "‹"), slider, arrow("Later", 1, "›"), text);
}
