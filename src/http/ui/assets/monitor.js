// Keeps a page up to date. Without this script every page works, but is not live.
"use strict";

const main = document.getElementById("main");
const state = document.getElementById("live");
const pause = document.getElementById("pause");
/** How long to wait before reconnecting after the browser has given up. */
const AGAIN_MS = 5000;

/** Updates the children of a node to those of another. Nodes that stay are not replaced, so focus,
 *  typed text and opened details stay too. */
function children(node, target) {
  let at = node.firstChild;
  for (const next of [...target.childNodes]) {
    const named = next.id ? [...node.children].find((child) => child.id === next.id) : undefined;
    if (named) {
      if (named === at) at = at.nextSibling;
      else node.insertBefore(named, at);
      become(named, next);
    } else if (at && !at.id && !next.id && at.nodeName === next.nodeName) {
      const here = at;
      at = at.nextSibling;
      become(here, next);
    } else {
      node.insertBefore(next, at);
    }
  }
  while (at) {
    const left = at;
    at = at.nextSibling;
    left.remove();
  }
}

/** Updates a node to another one with the same name. */
function become(node, target) {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.data !== target.data) node.data = target.data;
    return;
  }
  if (node.isEqualNode(target)) return;
  // The viewer opens and closes details, not the server.
  const kept = node.nodeName === "DETAILS" ? "open" : "";
  for (const { name } of [...node.attributes]) {
    if (name !== kept && !target.hasAttribute(name)) node.removeAttribute(name);
  }
  for (const { name, value } of target.attributes) {
    if (name !== kept && node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  children(node, target);
}

function say(text) {
  if (state.textContent !== text) state.textContent = text;
  state.dataset.state = text === "live" ? "live" : "away";
}

/** Whether to reconnect: errors of the server are temporary, but an invalid key or a page that does
 *  not exist is not. */
async function isTemporary() {
  try {
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    return answer.ok || answer.status === 429 || answer.status >= 500;
  } catch {
    return true;
  }
}

function follow(isFollowed, again) {
  const source = new EventSource(location.href);
  source.addEventListener("page", (event) => {
    const page = new DOMParser().parseFromString(event.data, "text/html");
    children(main, page.body);
    say("live");
  });
  source.addEventListener("problem", (event) => say(`not live: ${event.data}`));
  source.addEventListener("error", async () => {
    const retries = source.readyState !== EventSource.CLOSED || (await isTemporary());
    if (!isFollowed(source)) return;
    say(retries ? "not connected; trying again" : "Live updates stopped. Reload the page.");
    if (!retries || source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => isFollowed(source) && again(), AGAIN_MS);
  });
  return source;
}

/** Follows the page while it is visible: browsers open few connections to one host, so a page in
 *  the background must not keep one. */
function keep() {
  let source;
  const choose = () => {
    const paused = pause.getAttribute("aria-pressed") === "true";
    source?.close();
    source = paused || document.hidden ? undefined : follow(isFollowed, choose);
    if (paused) say("paused");
  };
  const isFollowed = (one) => one === source;
  pause.addEventListener("click", () => {
    const paused = pause.getAttribute("aria-pressed") === "true";
    pause.setAttribute("aria-pressed", String(!paused));
    choose();
  });
  document.addEventListener("visibilitychange", choose);
  // A page that the browser restores from its cache has lost its connection.
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => event.persisted && choose());
  pause.hidden = false;
  choose();
}

if (state) keep();
