// SMART App Launch 2 for a public client: PKCE with S256, from an EHR or standalone. What a sign-in gives stays in the
// sessionStorage of this tab, and goes to the FHIR server alone. https://hl7.org/fhir/smart-app-launch/app-launch.html
const KEPT = "triage-launch";
const MOST_PAGES = 10;
// What names people, and free text: nothing here reads it, so it does not go to the service.
const NOT_SENT = ["text", "note"];
const NOT_SENT_OF_PATIENT = ["name", "telecom", "address", "photo", "contact", "identifier"];

export class LaunchError extends Error {}

// Return what this tab keeps: a sign-in under way, or its session.
export function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

const keep = (value) => sessionStorage.setItem(KEPT, JSON.stringify(value));
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = (bytes) => base64url(crypto.getRandomValues(new Uint8Array(bytes)));

async function fetched(url, options, fault) {
  try {
    // a redirect would take the token along
    const answer = await fetch(url, { redirect: "error", credentials: "omit", cache: "no-store", ...options });
    if (answer.ok) {
      return answer;
    }
  } catch {
    // the browser says no more than that it failed
  }
  throw new LaunchError(fault);
}

async function json(url, options, fault) {
  const answer = await fetched(url, options, fault);
  return answer.json().catch(() => {
    throw new LaunchError(fault);
  });
}

// Return the scopes in the syntax of the server: v2 where it says so.
export function scopesOf(configuration, kinds, launch) {
  const offered = configuration.scopes_supported ?? [];
  const second = (configuration.capabilities ?? []).includes("permission-v2") || offered.some((one) => /\.c?ru?d?s$/.test(one));
  const read = second ? "rs" : "read";
  const write = second ? "c" : "write";
  const user = offered.includes("fhirUser") ? ["openid", "fhirUser"] : [];
  return [
    launch ? "launch" : "launch/patient",
    ...user,
    ...kinds.map((kind) => `patient/${kind}.${read}`),
    `patient/QuestionnaireResponse.${write}`,
    `patient/ServiceRequest.${write}`,
  ].join(" ");
}

// Send the browser to the sign-in of a server. `origins` are those that the operator allows.
export async function start({ iss, client, redirect, origins, kinds, lang }, launch) {
  if (!crypto.subtle) {
    throw new LaunchError("insecure");
  }
  const found = await json(`${iss}/.well-known/smart-configuration`, { headers: { accept: "application/json" } }, "server");
  const { authorization_endpoint: authorize, token_endpoint: token } = found;
  for (const endpoint of [authorize, token]) {
    if (!URL.canParse(endpoint) || !origins.includes(new URL(endpoint).origin)) {
      throw new LaunchError("elsewhere");
    }
  }
  if (!(found.code_challenge_methods_supported ?? []).includes("S256")) {
    throw new LaunchError("pkce");
  }
  const state = random(24);
  const verifier = random(48);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  keep({ state, verifier, iss, token, client, redirect, lang });
  const asked = new URL(authorize);
  const parameters = {
    response_type: "code",
    client_id: client,
    redirect_uri: redirect,
    scope: scopesOf(found, kinds, launch),
    state,
    aud: iss,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
    ...(launch ? { launch } : {}),
  };
  for (const [name, value] of Object.entries(parameters)) {
    asked.searchParams.set(name, value);
  }
  location.replace(asked);
}

// Return the reference of the user who signed in. The token came from the server itself, so its signature is not checked.
function userOf(idToken) {
  try {
    const claims = JSON.parse(atob(idToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    return /(Practitioner|PractitionerRole|Patient|RelatedPerson)\/[A-Za-z0-9.-]{1,64}$/.exec(claims.fhirUser ?? claims.profile)?.[0];
  } catch {
    return undefined;
  }
}

// Return the session that a sign-in gives; `query` is what it came back with.
export async function finish(query) {
  const begun = kept();
  if (!begun?.verifier || query.get("state") !== begun.state) {
    throw new LaunchError("start");
  }
  sessionStorage.removeItem(KEPT);
  if (!query.get("code")) {
    throw new LaunchError("signin");
  }
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code: query.get("code"),
    redirect_uri: begun.redirect,
    client_id: begun.client,
    code_verifier: begun.verifier,
  });
  const given = await json(begun.token, { method: "POST", body, headers: { accept: "application/json" } }, "signin");
  if (typeof given.access_token !== "string" || `${given.token_type}`.toLowerCase() !== "bearer") {
    throw new LaunchError("signin");
  }
  if (!/^[A-Za-z0-9.-]{1,64}$/.test(given.patient ?? "")) {
    throw new LaunchError("patient");
  }
  const until = Date.now() + 1000 * (Number(given.expires_in) || 300);
  const session = { id: random(16), iss: begun.iss, token: given.access_token, until, patient: given.patient, encounter: given.encounter, user: userOf(given.id_token) };
  keep(session);
  return session;
}

const headersOf = (session) => ({ accept: "application/fhir+json", authorization: `Bearer ${session.token}` });
const read = (session, url) => json(url, { headers: headersOf(session) }, "server");

function without(resource) {
  const hidden = resource.resourceType === "Patient" ? [...NOT_SENT, ...NOT_SENT_OF_PATIENT] : NOT_SENT;
  const sent = Object.fromEntries(Object.entries(resource).filter(([name]) => !hidden.includes(name)));
  for (const about of ["subject", "patient"]) {
    if (sent[about]?.reference) {
      sent[about] = { reference: sent[about].reference }; // its display is a name
    }
  }
  return sent;
}

// Return the entries of a search, and whether there are more. The next page counts where it is on the same server.
async function pages(session, first) {
  const found = [];
  let url = new URL(first);
  for (let page = 0; url && page < MOST_PAGES; page += 1) {
    if (url.origin !== new URL(session.iss).origin) {
      return { found, more: true };
    }
    const bundle = await read(session, url.href);
    found.push(...(bundle.entry ?? []).filter((entry) => entry.resource && entry.search?.mode !== "outcome"));
    const next = (bundle.link ?? []).find((link) => link.relation === "next")?.url;
    url = next ? new URL(next, `${session.iss}/`) : null;
  }
  return { found, more: url !== null };
}

// Return the record of the patient of the launch as one Bundle, and the types that could not be read, or not to the end.
export async function chart(session, searches) {
  const entry = [];
  const unread = [];
  await Promise.all(
    Object.entries(searches).map(async ([kind, search]) => {
      const url = `${session.iss}/${search.replaceAll("{patient}", session.patient)}`;
      try {
        const { found, more } = kind === "Patient" ? { found: [{ resource: await read(session, url) }] } : await pages(session, url);
        entry.push(...found.map(({ fullUrl, resource }) => ({ ...(fullUrl ? { fullUrl } : {}), resource: without(resource) })));
        if (more) {
          unread.push(kind);
        }
      } catch {
        unread.push(kind);
      }
    }),
  );
  const patients = entry.map((one) => one.resource).filter((one) => one.resourceType === "Patient");
  if (unread.includes("Patient")) {
    throw new LaunchError("patient");
  }
  if (patients.length !== 1 || patients[0].id !== session.patient) {
    throw new LaunchError("wrong");
  }
  return { record: { resourceType: "Bundle", type: "collection", entry }, unread };
}

// Store a resource about the patient of the launch.
export function create(session, resource) {
  const about = { subject: { reference: `Patient/${session.patient}` } };
  if (session.encounter) {
    about.encounter = { reference: `Encounter/${session.encounter}` };
  }
  const time = resource.resourceType === "QuestionnaireResponse" ? "authored" : "authoredOn";
  const who = resource.resourceType === "QuestionnaireResponse" ? "author" : "requester";
  const by = session.user ? { [who]: { reference: session.user } } : {};
  const body = JSON.stringify({ ...resource, ...about, ...by, [time]: new Date().toISOString() });
  const headers = { ...headersOf(session), "content-type": "application/fhir+json" };
  return fetched(`${session.iss}/${resource.resourceType}`, { method: "POST", body, headers }, "failed");
}
