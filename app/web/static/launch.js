// The page of a launch: to the sign-in of the EHR, or back from it to the intake with what the record says.
import { LaunchError, chart, finish, kept, start } from "./smart.js";

const page = document.querySelector("[data-launch]");
const { root, redirect, searches, says, iss, client, origins } = page.dataset;
const lang = (iss ? null : kept()?.lang) ?? page.dataset.lang; // the address that the sign-in comes back to has no language

function say(fault) {
  const status = page.querySelector("[data-working]");
  status.setAttribute("role", "alert");
  status.textContent = JSON.parse(says)[fault] ?? fault;
}

// Ask the service what the record says, and go to the intake; answers stand after the #, where no server sees them.
async function fill() {
  const query = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname); // the code does not stay in the address
  const session = await finish(query);
  const { record, unread } = await chart(session, JSON.parse(searches));
  const body = JSON.stringify({ patient: session.patient, server: session.iss, record });
  const headers = { "content-type": "application/json", accept: "application/json", "accept-language": lang };
  let found;
  try {
    const answer = await fetch(`${root}/chart`, { method: "POST", body, headers, credentials: "omit" });
    found = await answer.json();
  } catch {
    throw new LaunchError("offline");
  }
  if (!found.fields) {
    throw new LaunchError(found.detail);
  }
  const fields = [...found.fields, ...unread.map((kind) => ["unread", kind]), ["launched", session.id]];
  location.replace(`${root}/intake?lang=${lang}#answers=${encodeURIComponent(JSON.stringify(fields))}`);
}

try {
  if (iss) {
    const kinds = Object.keys(JSON.parse(searches));
    await start({ iss, client, redirect, origins: JSON.parse(origins), kinds, lang }, new URLSearchParams(location.search).get("launch"));
  } else {
    await fill();
  }
} catch (error) {
  say(error instanceof LaunchError ? error.message : "server");
}
