import { announce, byId, clock, follow, keep, make, say, set, short, showPins } from "./live.js";

const slug = decodeURIComponent(location.pathname.split("/").pop());
const SEVERITIES = { info: "Info", warning: "Warning", critical: "Critical" };
let names = new Map();
let heard = null;

const name = (id) => names.get(id) || short(id);

function release({ guardian_version: version, image_digest: digest }) {
  return digest ? `${version} (${short(digest)})` : version;
}

function sentence(event) {
  switch (event.event) {
    case "charter":
      return `${name(event.operator_id)} signed the charter${event.membership_hash ? ` over membership ${short(event.membership_hash)}` : ""}`;
    case "upgrade":
      return `${name(event.operator_id)} changed from ${release(event.from)} to ${release(event.to)}`;
    case "pins":
      return event.pins.length ? `Accepted: ${event.pins.map((pin) => short(pin)).join(", ")}` : "Any image is accepted again";
    default:
      return event.event;
  }
}

const KINDS = { charter: "Charter", upgrade: "Upgrade", pins: "Images" };

function showMembers(federation) {
  const signed = federation.members.filter((member) => member.charter !== null);
  const hashes = [...new Set(signed.map((member) => member.charter.membership_hash ?? "none named"))].sort();
  const what = { 0: "", 1: ", for this membership:" }[hashes.length] ?? ", but not for the same membership:";
  say(byId("charter"), `${signed.length} of ${federation.members.length} have signed${what || "."}`);
  keep(byId("hashes"), hashes, (hash) => hash, () => make("code"), say);
  keep(byId("members"), federation.members, (member) => member.operator_id, () => {
    const item = make("li");
    item.append(make("span", "name"), make("code", "id"), make("span", "when"));
    return item;
  }, (item, member) => {
    set(item, "data-signed", member.charter !== null);
    say(item.querySelector(".name"), member.name || short(member.operator_id));
    say(item.querySelector(".id"), short(member.operator_id));
    set(item.querySelector(".id"), "title", member.operator_id);
    say(item.querySelector(".when"), member.charter ? `Signed ${clock(member.charter.received_at)}` : "Not signed yet");
  });
}

function showIncidents(incidents) {
  byId("no-incidents").hidden = incidents.length > 0;
  keep(byId("incidents"), incidents, (incident) => incident.id, () => {
    const item = make("li");
    const article = make("article");
    article.append(make("p", "severity"), make("h3"), make("p", "body"), make("p", "by"));
    item.append(article);
    return item;
  }, (item, incident) => {
    set(item, "data-severity", incident.severity);
    say(item.querySelector(".severity"), (SEVERITIES[incident.severity] ?? incident.severity) + (incident.tag ? ` · ${incident.tag}` : ""));
    say(item.querySelector("h3"), incident.title);
    say(item.querySelector(".body"), incident.body);
    item.querySelector(".body").hidden = incident.body === "";
    say(item.querySelector(".by"), `${name(incident.operator_id)}, ${clock(incident.published_at)}`);
  });
}

function showEvents(events) {
  byId("no-events").hidden = events.length > 0;
  // Newest first; an event's place from the end never changes.
  const numbered = events.map((event, index) => ({ event, key: `${event.at} ${event.event} ${event.operator_id ?? ""} ${events.length - index}` }));
  keep(byId("events"), numbered, ({ key }) => key, () => {
    const item = make("li");
    item.append(make("time"), make("span", "kind"), make("span", "what"));
    return item;
  }, (item, { event }) => {
    set(item.querySelector("time"), "datetime", new Date(event.at * 1000).toISOString());
    say(item.querySelector("time"), clock(event.at));
    say(item.querySelector(".kind"), KINDS[event.event] ?? event.event);
    say(item.querySelector(".what"), sentence(event));
  });
}

function tell({ incidents, events }) {
  const latest = [incidents[0]?.id ?? "", incidents.length, events[0]?.at ?? 0, events.length].join(" ");
  if (heard !== null && heard.latest !== latest) {
    if (incidents[0] && incidents[0].id !== heard.incident) announce(`New incident, ${incidents[0].severity}: ${incidents[0].title}.`);
    if (events[0] && (events.length !== heard.events || events[0].at !== heard.at)) announce(`${sentence(events[0])}.`);
  }
  heard = { latest, incident: incidents[0]?.id, events: events.length, at: events[0]?.at };
}

function show({ federation }) {
  names = new Map(federation.members.map((member) => [member.operator_id, member.name]));
  document.title = `${federation.name} · federation`;
  say(byId("slug"), federation.slug);
  say(byId("name"), federation.name);
  say(byId("threshold"), `${federation.threshold} of ${federation.guardians} guardians make a signature.`);
  set(byId("to-board"), "href", `/me/operator/attestation?federation=${encodeURIComponent(federation.slug)}`);
  showPins(federation.pins);
  showMembers(federation);
  showIncidents(federation.incidents);
  showEvents(federation.events);
  tell(federation);
}

follow(`/api/public/federations/${encodeURIComponent(slug)}/live`, show);
