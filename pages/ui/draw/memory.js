// Stays beside the canvas: keeps its drawings in the tab's own storage, so that a reload finds them
// again, and takes the toolbar away that the canvas brings along.

const KEPT = "digitlab-drawings";

// Storage may be forbidden, full or written by somebody else: a reload then starts with less.
function kept() {
  try {
    const drawings = JSON.parse(sessionStorage.getItem(KEPT));
    return Array.isArray(drawings) ? drawings : [];
  } catch {
    return [];
  }
}

function keep(drawings) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(drawings));
  } catch {
    if (drawings.length > 1) keep(drawings.slice(-1));
  }
}

// The toolbar has no switch. It doubles our buttons, covers what stands above the canvas, and lies
// unseen over a corner of it, where a pen then does not draw. A canvas may come after this script.
let waiting = 0;

function withoutToolbar(key) {
  cancelAnimationFrame(waiting);
  const canvas = document.querySelector(`.st-key-${key} [data-testid="stBidiComponentIsolated"]`);
  if (!canvas?.shadowRoot) {
    waiting = requestAnimationFrame(() => withoutToolbar(key));
    return;
  }
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".dc-toolbar { display: none !important }");
  canvas.shadowRoot.adoptedStyleSheets = [sheet];
}

export default function ({ data, setTriggerValue }) {
  withoutToolbar(data.canvas);
  const drawings = kept();
  if (!data.asks) {
    keep(data.count ? [...drawings.slice(0, data.count - 1), data.last] : []);
  } else if (drawings.length) {
    setTriggerValue("kept", drawings);
  }
  return () => cancelAnimationFrame(waiting);
}
