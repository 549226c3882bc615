// Follows a document of the portal, and says whether it is still in touch. Text from outside goes onto a page through
// textContent and setAttribute only.

// The portal sends at least every 5 seconds.
const OUT_OF_TOUCH = 12_000;

export const byId = (id) => document.getElementById(id);

/** Sets text only where it differs, so that screen readers and selections are left alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function set(element, name, value) {
  if (value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** An element with a class, text, and children. */
export function make(tag, className = "", ...content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

/** Makes the children of `list` those of `items`, in their order, keeping the elements that are there already. */
export function keep(list, items, key, create, update) {
  const there = new Map([...list.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const name = key(item);
    let child = there.get(name);
    there.delete(name);
    if (!child) {
      child = create(item);
      child.dataset.key = name;
    }
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
    update(child, item);
  });
  for (const child of there.values()) child.remove();
}

export function ago(seconds) {
  if (seconds < 1) return "just now";
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}

export const clock = (seconds) =>
  new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19) + " UTC";

/** `sha256:0123456789ab…` */
export const short = (text, length = 12) => {
  const start = text.startsWith("sha256:") ? 7 : text.startsWith("op-") ? 3 : 0;
  return text.length <= start + length ? text : `${text.slice(0, start + length)}…`;
};

/** Which images are accepted. */
export function showPins(pins) {
  const text = pins.length === 0 ? "Any image is accepted: none is pinned." : pins.length === 1 ? "Accepted image" : "Accepted images";
  const place = byId("pins");
  if (place.dataset.pins === pins.join()) return;
  place.dataset.pins = pins.join();
  place.replaceChildren(text, ...pins.map((pin) => make("code", "", pin)));
}

/**
 * Calls `show(document, now)` with each document, and again every second; `now` is the portal's time. While the portal
 * is out of reach, `document.body` has the class `lost`.
 */
export function follow(address, show) {
  let last = null;
  let arrived = 0;
  let announced = "waiting";

  const draw = () => {
    const age = performance.now() - arrived;
    const state = !last ? "waiting" : age > OUT_OF_TOUCH ? "lost" : "live";
    if (last) show(last, last.at + Math.floor(age / 1000));
    const link = byId("link");
    set(link, "data-state", state);
    document.body.classList.toggle("lost", state === "lost");
    say(byId("link-text"), {
      waiting: "Connecting to the portal",
      live: "Live",
      lost: `Out of touch with the portal. What you see is from ${last ? clock(last.at) : "before"}.`,
    }[state]);
    if (state !== announced) {
      if (state === "lost") announce("Out of touch with the portal.");
      if (announced === "lost" && state === "live") announce("In touch with the portal again.");
      announced = state;
    }
  };

  const connect = () => {
    const source = new EventSource(address);
    source.onmessage = (event) => {
      last = JSON.parse(event.data);
      arrived = performance.now();
      draw();
    };
    source.onerror = () => {
      // The browser tries again by itself unless the portal answered with an error.
      if (source.readyState === EventSource.CLOSED) {
        source.close();
        setTimeout(connect, 2000);
      }
    };
  };
  connect();
  setInterval(draw, 1000);
}

/** Tells those who do not see the page. Several things said at once are said together. */
let pending = [];
export function announce(text) {
  pending.push(text);
  if (pending.length > 1) return;
  setTimeout(() => {
    byId("announcer").textContent = pending.join(" ");
    pending = [];
  }, 150);
}
