// The text of a fold. Enters: method/<tab>.html, made by this project with every foreign text escaped.

const TROUBLE = "This text did not arrive. Close the fold and open it to try again.";

export async function fill(fold, board) {
  const body = fold.querySelector(".lb-fold-body");
  if (body.dataset.state === "there" || body.dataset.state === "asked") return;
  body.dataset.state = "asked";
  body.textContent = "Loading…";
  const answer = await fetch(`method/${board}.html`, { cache: "no-cache" }).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  body.dataset.state = text === null ? "missing" : "there";
  if (text === null) body.textContent = TROUBLE;
  else body.innerHTML = text;
}
