// On the way to another page Streamlit first takes the old page's parameters out of the address, as
// an entry of its own in the browser's history, and then adds the new page; then it adds an entry
// for each choice that the visitor had left there. Back would lead to the old page without what was
// chosen on it, and through pages half chosen. So a page takes the place of one emptied just before
// (a visitor who takes the last choice back is slower). And of all that is added to its address
// only the first after a touch or a key is an entry of its own: one click, one step back.
//
// A new page begins at its top; Streamlit would leave it scrolled as far as the old one was. And
// what a button leads to on the same page is brought into sight, once: the element of that key, or
// the top where there is none.

const JUST = 500; // milliseconds

function toTop() {
  document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
}

function bringIntoSight({ key, wished }) {
  if (history.wished === wished) return;
  history.wished = wished;
  const element = document.querySelector(`.st-key-${key}`);
  if (element) element.scrollIntoView({ block: "center" });
  else toTop();
}

export default function ({ data }) {
  if (data) bringIntoSight(data);
  if (history.watched) return;
  history.watched = true;
  const push = history.pushState.bind(history);
  let emptied = -JUST;
  let acted = false;
  for (const kind of ["pointerdown", "click", "keydown"]) {
    addEventListener(kind, () => (acted = true), { capture: true, passive: true });
  }
  history.pushState = (state, title, url) => {
    const address = new URL(url, location.href);
    const now = performance.now();
    const isNewPage = address.pathname !== location.pathname;
    const replaces = isNewPage ? now - emptied < JUST : address.search !== "" && !acted;
    if (isNewPage) emptied = -JUST;
    else if (address.search === "" && location.search !== "") emptied = now;
    acted = false;
    if (replaces) history.replaceState(state, title, url);
    else push(state, title, url);
    if (isNewPage) toTop();
  };
}
