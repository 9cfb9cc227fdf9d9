// Draws each digit at its place on every map, tinted by its class. A drag sends a box; a click
// sends a small one round the pointer. What the box holds is lit on all maps, the rest is faded.

const SIDE = 28;
const EDGE = 0.04; // of the map, so that digits at the rim are whole
const FADED = 0.15;
const CLICK = 0.02;
const LENS = 84;

function rgb(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

// The sprite with brightness as opacity, in the colour of each digit's class.
async function tinted({ sprite, across, labels, colours }) {
  const image = new Image();
  image.src = sprite;
  await image.decode();
  const sheet = new OffscreenCanvas(image.width, image.height);
  const context = sheet.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height);
  labels.forEach((label, digit) => {
    const [red, green, blue] = rgb(colours[label]);
    const left = (digit % across) * SIDE;
    const top = Math.floor(digit / across) * SIDE;
    for (let y = top; y < top + SIDE; y++) {
      for (let x = left; x < left + SIDE; x++) {
        const at = 4 * (y * image.width + x);
        pixels.data[at + 3] = pixels.data[at];
        pixels.data[at] = red;
        pixels.data[at + 1] = green;
        pixels.data[at + 2] = blue;
      }
    }
  });
  context.putImageData(pixels, 0, 0);
  return sheet;
}

function onMap(place) {
  return EDGE + place * (1 - 2 * EDGE);
}

function holds([, left, top, right, bottom], [x, y]) {
  return x >= left && x <= right && y >= top && y <= bottom;
}

function stamp(context, state, digit, x, y, side) {
  const { across } = state.data;
  const from = [(digit % across) * SIDE, Math.floor(digit / across) * SIDE, SIDE, SIDE];
  context.drawImage(state.sheet, ...from, x - side / 2, y - side / 2, side, side);
}

function draw(state) {
  state.canvases.forEach((canvas, number) => {
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (!side || !state.sheet) return;
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const { maps, lit } = state.data;
    const places = maps[number].places;
    const size = Math.max(11 * devicePixelRatio, (1.2 * side) / Math.sqrt(places.length));
    const bright = state.box
      ? maps[state.box[0]].places.map((place, i) => lit[i] && holds(state.box, place))
      : lit;
    context.clearRect(0, 0, side, side);
    for (const wanted of [false, true]) {
      context.globalAlpha = wanted ? 1 : FADED;
      places.forEach(([x, y], digit) => {
        if (bright[digit] === wanted) {
          stamp(context, state, digit, onMap(x) * side, onMap(y) * side, size);
        }
      });
    }
    if (state.box && state.box[0] === number) {
      const [left, top, right, bottom] = state.box.slice(1).map((edge) => onMap(edge) * side);
      context.strokeStyle = "#fff";
      context.setLineDash([5, 4]);
      context.strokeRect(left, top, right - left, bottom - top);
    }
    if (state.hovered?.number === number) magnify(context, state, side);
  });
}

// The digit under the pointer, large, beside it.
function magnify(context, state, side) {
  const { number, digit } = state.hovered;
  const lens = LENS * devicePixelRatio;
  const middle = state.data.maps[number].places[digit].map(
    (place) => onMap(place) * side + (place < 0.5 ? lens : -lens) * 0.75,
  );
  const corner = middle.map((value) => value - lens / 2);
  context.globalAlpha = 1;
  context.setLineDash([]);
  context.strokeStyle = "#fff";
  context.clearRect(...corner, lens, lens);
  context.strokeRect(...corner, lens, lens);
  context.imageSmoothingEnabled = false;
  stamp(context, state, digit, ...middle, lens);
  context.imageSmoothingEnabled = true;
}

function place(canvas, event) {
  const bounds = canvas.getBoundingClientRect();
  return [
    (event.clientX - bounds.left) / bounds.width,
    (event.clientY - bounds.top) / bounds.height,
  ].map((share) => (share - EDGE) / (1 - 2 * EDGE));
}

function nearest(places, [x, y]) {
  let digit = 0;
  let best = Infinity;
  places.forEach(([left, top], i) => {
    const distance = (left - x) ** 2 + (top - y) ** 2;
    if (distance < best) [digit, best] = [i, distance];
  });
  return best < CLICK ** 2 ? digit : null;
}

function between(number, [x0, y0], [x1, y1]) {
  return [number, Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
}

function listen(state, canvas, number, send) {
  let start = null;
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    start = place(canvas, event);
    state.hovered = null;
  };
  canvas.onpointermove = (event) => {
    const here = place(canvas, event);
    if (start) {
      state.box = between(number, start, here);
    } else {
      const digit = nearest(state.data.maps[number].places, here);
      state.hovered = digit === null ? null : { number, digit };
    }
    draw(state);
  };
  canvas.onpointerleave = () => {
    state.hovered = null;
    draw(state);
  };
  canvas.onpointercancel = () => {
    start = null;
    state.box = state.data.box;
    draw(state);
  };
  canvas.onpointerup = (event) => {
    if (!start) return;
    const end = place(canvas, event);
    const box = between(number, start, end);
    const isClick = box[3] - box[1] < CLICK && box[4] - box[2] < CLICK;
    const reach = [[-1, -1], [1, 1]].map(([x, y]) => [end[0] + x * CLICK, end[1] + y * CLICK]);
    state.box = isClick ? between(number, ...reach) : box;
    start = null;
    draw(state);
    send(state.box);
  };
}

function build(state, root, send) {
  const { maps, label, labels, names, colours } = state.data;
  const document = root.ownerDocument;
  const figures = maps.map(({ title }, number) => {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = title;
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${title}: ${label}`);
    figure.append(caption, canvas);
    listen(state, canvas, number, send);
    return figure;
  });
  root.querySelector(".maps").replaceChildren(...figures);
  state.canvases = figures.map((figure) => figure.querySelector("canvas"));
  const entries = [...new Set(labels)].sort().map((number) => {
    const entry = document.createElement("span");
    const colour = document.createElement("i");
    colour.style.background = colours[number];
    entry.append(colour, names[number]);
    return entry;
  });
  root.querySelector(".legend").replaceChildren(...entries);
}

const states = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const state = states.get(parentElement) ?? {};
  states.set(parentElement, state);
  const before = state.data;
  Object.assign(state, { data, box: data.box, hovered: null });
  const titles = (of) => of?.maps.map((map) => map.title).join("\n");
  const newDigits = before?.sprite !== data.sprite || `${before.labels}` !== `${data.labels}`;
  if (newDigits || titles(before) !== titles(data)) {
    build(state, parentElement, (box) => setTriggerValue("box", box));
  }
  if (newDigits) {
    state.sheet = null;
    tinted(data).then((sheet) => {
      if (state.data.sprite !== data.sprite) return; // overtaken
      state.sheet = sheet;
      draw(state);
    });
  }
  draw(state);
  const watcher = new ResizeObserver(() => draw(state));
  state.canvases.forEach((canvas) => watcher.observe(canvas));
  return () => watcher.disconnect();
}
