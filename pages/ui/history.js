// On the way to another page Streamlit first takes the old page's parameters out of the address, as
// an entry of its own in the browser's history, and then adds the new page; then it adds an entry
// for each choice that the visitor had left there. Back would lead to the old page without what was
// chosen on it, and through pages half chosen. So a page takes the place of one emptied just before
// (a visitor who takes the last choice back is slower), and what is added to its address soon takes
// its own place.

const JUST = 500; // milliseconds
const SOON = 4000;

export default function () {
  if (history.watched) return;
  history.watched = true;
  const push = history.pushState.bind(history);
  let emptied = -JUST;
  let arrived = -SOON;
  history.pushState = (state, title, url) => {
    const address = new URL(url, location.href);
    const now = performance.now();
    const isNewPage = address.pathname !== location.pathname;
    const replaces = isNewPage
      ? now - emptied < JUST
      : address.search !== "" && now - arrived < SOON;
    if (isNewPage) {
      emptied = -JUST;
      arrived = now;
    } else if (address.search === "" && location.search !== "") {
      emptied = now;
    }
    if (replaces) history.replaceState(state, title, url);
    else push(state, title, url);
  };
}
