// Keeps a sitting in the tab's own storage, or gives back what lies there. Storage may be forbidden:
// then there is nothing.

const KEPT = "digitlab-sitting";

function kept() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(sitting) {
  try {
    if (sitting) sessionStorage.setItem(KEPT, sitting);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // A reload ends the sitting then.
  }
}

export default function ({ data, setTriggerValue }) {
  if (data.asks) setTriggerValue("kept", { sitting: kept() });
  else keep(data.sitting);
}
