// A part below a table with a place of its own in the address: `<prefix><name>=value`, which the table leaves alone.

const PREFIXES = ["read.", "pair."];

export const isGuest = (name) => PREFIXES.some((prefix) => name.startsWith(prefix));

export class Guest {
  constructor(prefix, { board, isFirst }) {
    Object.assign(this, { prefix, board, isFirst });
  }

  // Whether the address is that of this part's tab.
  here() {
    const tab = new URLSearchParams(location.search).get("tab");
    return tab === this.board || (this.isFirst && tab === null);
  }

  read() {
    if (!this.here()) return {};
    const own = [...new URLSearchParams(location.search)].filter(([name]) => name.startsWith(this.prefix));
    return Object.fromEntries(own.map(([name, value]) => [name.slice(this.prefix.length), value]));
  }

  write(values, isPlace) {
    if (!this.here()) return;
    const url = new URL(location.href);
    for (const name of [...url.searchParams.keys()]) if (name.startsWith(this.prefix)) url.searchParams.delete(name);
    for (const [name, value] of Object.entries(values)) url.searchParams.set(this.prefix + name, value);
    if (url.href === location.href) return;
    if (isPlace) history.pushState(history.state, "", url);
    else history.replaceState(history.state, "", url);
  }

  // Calls `act` with what the address says, after Back, Forward, or a tab that got its part of the address back.
  onRestore(root, act) {
    for (const [target, name] of [[window, "popstate"], [document, "lb-address"]]) {
      const heard = () => (root.isConnected ? this.here() && act(this.read()) : target.removeEventListener(name, heard));
      target.addEventListener(name, heard);
    }
  }
}
