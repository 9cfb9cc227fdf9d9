// Stays beside the canvas: keeps its drawings in the tab's own storage, so that a reload finds them
// again, sends every stroke at once, takes the toolbar away that the canvas brings along, and fits
// the paper into the room that there is.

const KEPT = "digitlab-drawings";

// What one paper may take of the storage, in characters: all of them share what a tab has, of which
// browsers give five million or half as many.
const ROOM = 800_000;

// Storage may be forbidden, full or written by somebody else: a reload then starts with less.
function kept(place) {
  try {
    const drawings = JSON.parse(sessionStorage.getItem(`${KEPT}-${place}`));
    return Array.isArray(drawings) ? drawings : [];
  } catch {
    return [];
  }
}

function keep(place, drawings) {
  const text = JSON.stringify(drawings);
  try {
    if (text.length <= ROOM) return sessionStorage.setItem(`${KEPT}-${place}`, text);
  } catch {
    // No room for these: the later half, or at last nothing, which takes the place of older ones.
  }
  if (drawings.length) keep(place, drawings.slice(Math.ceil(drawings.length / 2)));
}

// What lay before the last drawing. A new stroke stands behind all that is kept, an undo ends at one
// of them; and a server that remembers no more than so many has forgotten the first.
function before(last, drawings, count) {
  const found = drawings.findIndex((drawing) => drawing?.data === last.data);
  const earlier = found < 0 ? drawings : drawings.slice(0, found);
  return earlier.slice(Math.max(0, earlier.length - (count - 1)));
}

// A canvas may come after this script.
let waiting = 0;

function mend(key) {
  cancelAnimationFrame(waiting);
  const canvas = document.querySelector(`.st-key-${key} [data-testid="stBidiComponentIsolated"]`);
  if (!canvas?.shadowRoot?.querySelector("canvas")) {
    waiting = requestAnimationFrame(() => mend(key));
  } else if (!canvas.shadowRoot.adoptedStyleSheets.length) {
    dress(canvas.shadowRoot);
    sendAtOnce(canvas);
  }
}

// The toolbar has no switch. It doubles our buttons, covers what stands above the canvas, and lies
// unseen over a corner of it, where a pen then does not draw. And where there is no room for the
// paper it would scroll sideways, which a pen cannot do: it is shown smaller, and drawn on as ever.
function dress(root) {
  const { width, height } = root.querySelector("canvas");
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    .dc-toolbar { display: none !important }
    .dc-container, .dc-container * { max-width: 100%; height: auto !important }
    .dc-container, .canvas-container { aspect-ratio: ${width} / ${height} }
  `);
  root.adoptedStyleSheets = [sheet];
}

// The canvas waits 200 ms after a stroke, and forgets it if a button or a key takes the canvas away
// meanwhile. The first button of its toolbar does not wait. The canvas hears the end of a stroke
// at the document, and so before the window does.
function sendAtOnce(canvas) {
  const ends = ["mouseup", "touchend"];
  const send = () => {
    ends.forEach((end) => removeEventListener(end, send));
    canvas.shadowRoot.querySelector(".dc-toolbar button")?.click();
    canvas.closest("main")?.blur(); // the stroke focused it, and the next key would frame it
  };
  canvas.addEventListener("pointerdown", () => ends.forEach((end) => addEventListener(end, send)));
}

export default function ({ data, setTriggerValue }) {
  mend(data.canvas);
  const drawings = kept(data.place);
  if (!data.asks) {
    keep(data.place, data.last ? [...before(data.last, drawings, data.count), data.last] : []);
  } else if (drawings.length) {
    setTriggerValue("kept", drawings);
  }
  return () => cancelAnimationFrame(waiting);
}
