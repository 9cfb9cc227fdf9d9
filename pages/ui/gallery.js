// Draws the cells of one page of digits as buttons over one sprite sheet. A click, Enter or Space
// sends the cell's position; the arrow keys move between cells, so that Tab passes the whole grid.

const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

function across(grid) {
  return getComputedStyle(grid).gridTemplateColumns.split(" ").length;
}

function target(grid, from, key) {
  const step = { ArrowUp: -across(grid), ArrowDown: across(grid), ...STEPS }[key];
  if (step === undefined) return null;
  const last = grid.children.length - 1;
  return grid.children[Math.max(0, Math.min(last, from + step))];
}

function cell(document, { caption, hover, verdict }, position) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = verdict;
  button.title = hover;
  button.setAttribute("aria-label", hover);
  button.style.setProperty("--position", position);
  for (const [name, text] of [["digit", ""], ["caption", caption]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text.replaceAll("→", "→\u200b"); // long names may break there
    button.append(part);
  }
  return button;
}

function press(grid, position) {
  [...grid.children].forEach((button, index) => {
    button.setAttribute("aria-pressed", String(index === position));
    button.tabIndex = index === (position ?? 0) ? 0 : -1;
  });
}

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  const drawn = JSON.stringify([data.sprite, data.cells]);
  if (grid.drawn !== drawn) {
    grid.drawn = drawn;
    grid.setAttribute("aria-label", data.label);
    grid.style.setProperty("--columns", data.columns ?? "auto-fill");
    grid.style.setProperty("--count", data.cells.length);
    const focused = [...grid.children].indexOf(grid.getRootNode().activeElement);
    grid.replaceChildren(...data.cells.map((entry, i) => cell(document, entry, i)));
    grid.children[focused]?.focus();
    for (const digit of grid.querySelectorAll(".digit")) {
      digit.style.backgroundImage = `url(${data.sprite})`;
    }
  }
  press(grid, data.picked);
  [...grid.children].forEach((button, position) => {
    button.onclick = () => {
      press(grid, position);
      setTriggerValue("picked", position);
    };
    button.onkeydown = (event) => {
      const next = target(grid, position, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
    };
  });
}
