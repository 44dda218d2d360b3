/* What pages gain where scripts run: exact values under the pointer and the keyboard, progress that moves, forms that
   are sent once, and word of new figures. Every page works without it. */
"use strict";

const root = document.documentElement;

/* The browser's zone, for moments: the server reads it with the next page. */
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
  document.cookie = `zone=${zone};path=/;max-age=31536000;samesite=lax`;
}

/* A form is sent once, however often its button is pressed; coming back by the back button frees it. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method === "post") {
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  }
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
});

/* What is wrong is said below its field; screen readers are told to which it belongs. */
for (const fault of document.querySelectorAll(".field.wrong > .fault")) {
  const typed = fault.parentNode.querySelector("input, select, textarea");
  if (!typed || typed.hasAttribute("aria-invalid")) continue;
  typed.setAttribute("aria-invalid", "true");
  typed.setAttribute("aria-describedby", `${typed.getAttribute("aria-describedby") || ""} ${fault.id}`.trim());
}

/* One menu open at a time; Escape and a click elsewhere close it. */
const menus = () => document.querySelectorAll("details.menu[open], details.self[open], details.what[open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  hide();
  for (const menu of menus()) {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
  }
});

/* Charts: the mark nearest to the pointer says its numbers; arrow keys go from mark to mark. */
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("role", "status");
document.body.append(tip);

function show(mark) {
  const box = mark.getBoundingClientRect();
  tip.textContent = mark.dataset.title;
  tip.hidden = false;
  const own = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left + box.width / 2 - own.width / 2), innerWidth - own.width - 8);
  const above = box.top - own.height - 8;
  tip.style.setProperty("inset-inline-start", "auto");
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(above > 4 ? above : box.bottom + 8) + scrollY}px`;
}
function hide() { tip.hidden = true; }

for (const chart of document.querySelectorAll("svg.chart")) {
  const marks = [...chart.querySelectorAll("title")].slice(1).map((title) => {
    const mark = title.parentNode;
    mark.dataset.title = title.textContent;
    title.remove();
    return mark;
  });
  if (!marks.length) continue;
  let at = -1;
  chart.setAttribute("tabindex", "0");
  chart.addEventListener("pointermove", (event) => {
    let best = null, least = 28;
    for (const mark of marks) {
      const box = mark.getBoundingClientRect();
      const far = Math.hypot(event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2);
      if (far < least) { least = far; best = mark; }
    }
    if (best) { at = marks.indexOf(best); show(best); } else hide();
  });
  chart.addEventListener("pointerleave", hide);
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    at = Math.min(Math.max(0, at === -1 && step === 1 ? 0 : at + step), marks.length - 1);
    show(marks[at]);
  });
}

/* What the service tells while one looks: jobs that go on, and new figures, which never move under the reader. */
let typed = false;
document.addEventListener("input", () => { typed = true; });

/* A job that ended changes its page, which is loaded anew: but not where somebody has begun to write in it, nor where
   the page answers a form, which the browser would ask to send again. There the job's end is said, and leads on. */
function over(place, step) {
  if (!typed && !document.body.dataset.answers) { location.reload(); return; }
  const link = document.createElement("a");
  link.href = document.body.dataset.answers || location.href;
  link.textContent = step;
  place.querySelector("[data-step]").replaceChildren(link);
}

if (document.querySelector(".self") && "EventSource" in window) {
  const shown = document.body.dataset.run;
  let stream = null;
  /* Only where somebody looks: a browser has few lines to a server, and hidden pages shall leave them to the others. */
  const listen = () => {
    if (document.hidden) { stream?.close(); stream = null; return; }
    if (stream) return;
    stream = new EventSource("/live");
    stream.addEventListener("run", (event) => {
      const notice = document.getElementById("live");
      if (notice && shown && event.data !== shown) {
        // What is put into a place that says what changes is read out; a place that was hidden is not, everywhere.
        notice.replaceChildren(document.getElementById("live-text").content.cloneNode(true));
      }
    });
    stream.addEventListener("job", (event) => {
      const job = JSON.parse(event.data);
      for (const place of document.querySelectorAll(`[data-job="${CSS.escape(job.id)}"]`)) {
        place.querySelector("progress").value = job.progress;
        place.querySelector("[data-step]").textContent = job.step;
        if (job.ended) over(place, job.step);
      }
    });
  };
  listen();
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => { stream?.close(); stream = null; });
  addEventListener("pageshow", listen);
}

/* The wall goes from panel to panel; every key that is pressed gives whoever pressed it the time of a panel more. */
const { next, seconds } = document.body.dataset;
if (next) {
  let going = 0;
  const wait = () => { clearTimeout(going); going = setTimeout(() => location.assign(next), 1000 * seconds); };
  document.addEventListener("keydown", wait);
  wait();
}

/* Files: sent in parts with progress; one that broke off goes on where it was when the same file is chosen again. */
const upload = document.querySelector("form[data-upload]");
if (upload && "fetch" in window) {
  const PART = 4 << 20, place = upload.querySelector("[data-sending]"), said = place.querySelector("[data-step]");
  const headers = { "X-CSRF-Token": upload.elements.csrf.value, Accept: "application/json" };
  const ask = async (method, path, body, more = {}) => {
    const answer = await fetch(path, { method, body, headers: { ...headers, ...more } });
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return told;
    throw Object.assign(new Error(), { code: told.code || "", retry: answer.status === 429 || answer.status >= 500 });
  };
  const json = { "Content-Type": "application/json" };
  const wait = (seconds) => new Promise((go) => { setTimeout(go, 1000 * seconds); });

  const send = async (file) => {
    const source = upload.elements.source.value.trim() || file.name.split(".")[0];
    const key = `upload ${file.name} ${file.size} ${file.lastModified}`;
    let one = null;
    const begun = localStorage.getItem(key);
    if (begun) one = await ask("GET", `/api/v1/imports/${begun}`).catch(() => null);
    if (!one || one.state !== "uploading") {
      one = await ask("POST", "/api/v1/imports", JSON.stringify({ name: file.name, size: file.size, source }), json);
      localStorage.setItem(key, one.id);
    }
    const path = `/api/v1/imports/${one.id}`;
    for (let tries = 0; one.state === "uploading" && one.received < file.size;) {
      place.querySelector("progress").value = one.received / file.size;
      said.textContent = `${said.dataset.arriving} ${Math.floor((100 * one.received) / file.size)}%`;
      const part = file.slice(one.received, one.received + PART);
      const more = { "Upload-Offset": one.received, "Content-Type": "application/offset+octet-stream" };
      try {
        one = await ask("PATCH", path, part, more);
        tries = 0;
      } catch (error) {
        if (error.code && error.code !== "FC9452" && !error.retry) throw error;
        tries += 1;
        if (tries > 8) throw error;
        said.textContent = said.dataset.again;
        await wait(Math.min(2 ** tries / 2, 20));
        one = await ask("GET", path).catch(() => one);
      }
    }
    localStorage.removeItem(key);
    if (one.state === "uploaded") await ask("POST", `${path}/preview`, "{}", json);
    location.assign(`/imports/${one.id}`);
  };

  upload.addEventListener("submit", (event) => {
    const file = upload.elements.file.files[0];
    if (!file?.size) return;  // what cannot be sent in parts is sent as a whole, and the answer says why not
    event.preventDefault();
    if (upload.dataset.busy) return;
    upload.dataset.busy = "yes";
    place.hidden = false;
    const button = upload.querySelector("button");
    button.setAttribute("aria-disabled", "true");
    send(file).catch(() => {
      said.textContent = said.dataset.failed;
      delete upload.dataset.busy;
      delete upload.dataset.sent;
      button.removeAttribute("aria-disabled");
    });
  });
}

/* On paper nothing can be opened: tables behind drawings are opened before printing, and closed after it. */
const folded = () => document.querySelectorAll("main details:not(.what):not([open])");
addEventListener("beforeprint", () => {
  for (const one of folded()) { one.dataset.printed = "yes"; one.open = true; }
});
addEventListener("afterprint", () => {
  for (const one of document.querySelectorAll("details[data-printed]")) { delete one.dataset.printed; one.open = false; }
});
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
