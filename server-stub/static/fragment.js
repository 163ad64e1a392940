// Reads the token that the third party put into the fragment, and posts it, so that it never is part of a request's URL.
(() => {
  "use strict";
  const fragment = new URLSearchParams(location.hash.slice(1));
  const state = new URLSearchParams(location.search).get("state") ?? "";
  // Out of the address bar and of the history before anything else.
  history.replaceState(null, "", location.pathname);

  const token = fragment.get("token");
  const error = fragment.get("error");
  const body = token ? { state, token } : { state, error: error || "no_token" };

  const show = (id) => {
    for (const part of document.querySelectorAll("main > div")) part.hidden = part.id !== id;
  };
  show("working");
  fetch(location.pathname, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    credentials: "same-origin",
    redirect: "error",
  })
    .then((answer) => answer.json())
    .then((answer) => {
      if (typeof answer.redirect !== "string") throw new Error("no redirect");
      location.replace(answer.redirect);
    })
    .catch(() => show("failed"));
})();
