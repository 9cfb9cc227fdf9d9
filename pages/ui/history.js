// On the way to another page Streamlit first takes the old page's parameters out of the address, as
// an entry of its own in the browser's history, and then adds the new page; then it adds an entry
// for each choice that the visitor had left there. Back would lead to the old page without what was
// chosen on it, and through pages half chosen. So a page takes the place of an emptied one, and
// what is added to its address at once takes its own place.

const SOON = 4000; // milliseconds

export default function () {
  if (history.watched) return;
  history.watched = true;
  const push = history.pushState.bind(history);
  let emptied = -SOON;
  let arrived = -SOON;
  history.pushState = (state, title, url) => {
    const address = new URL(url, location.href);
    const now = performance.now();
    const isNewPage = address.pathname !== location.pathname;
    const replaces = isNewPage
      ? now - emptied < SOON
      : address.search !== "" && now - arrived < SOON;
    if (isNewPage) {
      emptied = -SOON;
      arrived = now;
    } else if (address.search === "" && location.search !== "") {
      emptied = now;
    }
    if (replaces) history.replaceState(state, title, url);
    else push(state, title, url);
  };
}
