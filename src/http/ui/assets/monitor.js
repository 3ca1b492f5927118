// Keeps a page as the server has it. Without this script every page works, and stands still.
"use strict";

const main = document.getElementById("main");
const state = document.getElementById("live");
const pause = document.getElementById("pause");
/** How long to wait where browsers give up by themselves. */
const AGAIN_MS = 5000;

/** Makes the children of a node like those that are wanted. What stays is not replaced, so focus,
 *  what somebody has typed and what they have opened stay too. */
function children(node, wanted) {
  let at = node.firstChild;
  for (const next of [...wanted.childNodes]) {
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

/** Makes a node like the one that is wanted, which has the same name. */
function become(node, wanted) {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.data !== wanted.data) node.data = wanted.data;
    return;
  }
  if (node.isEqualNode(wanted)) return;
  // Whether somebody has opened it is theirs.
  const theirs = node.nodeName === "DETAILS" ? "open" : "";
  for (const { name } of [...node.attributes]) {
    if (name !== theirs && !wanted.hasAttribute(name)) node.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name !== theirs && node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  children(node, wanted);
}

function say(text) {
  if (state.textContent !== text) state.textContent = text;
  state.dataset.state = text === "live" ? "live" : "away";
}

/** Whether to ask for the page anew: trouble of the server passes, but not a key that is not good
 *  any more, or a page that is not there. */
async function isPassing() {
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
    const passes = source.readyState !== EventSource.CLOSED || (await isPassing());
    if (!isFollowed(source)) return;
    say(passes ? "not connected; trying again" : "Live updates stopped. Reload the page.");
    if (!passes || source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => isFollowed(source) && again(), AGAIN_MS);
  });
  return source;
}

/** Follows the page while somebody looks at it: browsers open few connections to one place, so a
 *  page in the background must not keep one. */
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
  // A page that the browser puts away and brings back has lost its connection.
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => event.persisted && choose());
  pause.hidden = false;
  choose();
}

if (state) keep();
