import { ago, announce, byId, clock, follow, keep, make, say, set, short, showPins } from "./live.js";

const WORDS = { green: "Green", red: "Red", grey: "Grey" };
const known = new Map();
let following = null;

function reason(row, now) {
  const heard = row.attested_at === null ? "" : ago(Math.max(0, now - row.attested_at));
  switch (row.cause) {
    case "fresh":
      return `heard ${heard}`;
    case "stale":
      return `last heard ${heard}`;
    case "wrong-image":
      return row.image_digest === null ? `names no image, heard ${heard}` : `image not accepted, heard ${heard}`;
    default:
      return "never heard";
  }
}

function create(row) {
  const item = make("li", "row");
  const article = make("article");
  const title = make("h3", "name");
  title.id = `name-${row.operator_id}`;
  const badge = make("p", "badge");
  badge.append(make("span", "dot"), make("span", "word"), make("span", "why"));
  badge.id = `colour-${row.operator_id}`;
  badge.querySelector(".dot").setAttribute("aria-hidden", "true");
  const details = make("details");
  const summary = make("summary");
  summary.append(make("code", "id"), make("span", "says"));
  const facts = make("dl", "facts");
  details.append(summary, facts);
  article.setAttribute("aria-labelledby", `${title.id} ${badge.id}`);
  article.append(title, badge, details);
  item.append(article);
  return item;
}

function facts(row, now) {
  const list = [["Operator id", row.operator_id]];
  if (row.attested_at === null) return list;
  list.push(
    ["Says it is", row.status],
    ["Image", row.image_digest ?? "not named"],
    ["Guardian version", row.guardian_version],
    ["Signed at", clock(row.attested_at)],
    ["Arrived", clock(row.received_at)],
    [`${WORDS[row.color]} since`, clock(row.since)],
    ["API", row.api_url],
    ["Peers", row.p2p_url],
  );
  return list;
}

function update(item, row, now) {
  const find = (name) => item.querySelector(name);
  set(item, "data-color", row.color);
  set(item, "data-operator", row.operator_id);
  say(find(".name"), row.name || short(row.operator_id));
  say(find(".word"), WORDS[row.color] ?? row.color);
  say(find(".why"), reason(row, now));
  say(find(".id"), short(row.operator_id));
  say(find(".says"), row.status === null ? "" : `${row.status} · ${row.guardian_version}${row.image_digest ? ` · ${short(row.image_digest)}` : ""}`);
  keep(find(".facts"), facts(row, now), (fact) => fact[0].replace(/^(Green|Red|Grey) /, ""), () => {
    const pair = make("div");
    pair.append(make("dt"), make("dd"));
    return pair;
  }, (pair, [name, value]) => {
    say(pair.querySelector("dt"), name);
    say(pair.querySelector("dd"), value);
  });
}

function tell(row, now) {
  const before = known.get(row.operator_id);
  const current = `${row.color} ${row.cause}`;
  known.set(row.operator_id, current);
  if (before && before !== current) {
    announce(`${row.name || short(row.operator_id)} is now ${row.color}: ${reason(row, now)}.`);
  }
}

function show(board, now) {
  const green = board.operators.filter((row) => row.color === "green").length;
  const tally = `${green} of ${board.count} green`;
  document.title = `${tally} · ${board.name}`;
  say(byId("federation"), `${board.name} · ${board.federation}`);
  say(byId("tally"), tally);
  say(byId("threshold"), `${board.threshold} of ${board.count} guardians make a signature.${green < board.threshold ? " Fewer than that are green." : ""}`);
  say(byId("stale-after"), String(board.stale_after));
  set(byId("to-federation"), "href", `/federations/${board.federation}`);
  showPins(board.pins);
  keep(byId("quorum"), board.operators, (row) => row.operator_id, () => make("li"), (mark, row) => set(mark, "data-color", row.color));
  keep(byId("operators"), board.operators, (row) => row.operator_id, create, (item, row) => update(item, row, now));
  for (const row of board.operators) tell(row, now);
}

async function start() {
  try {
    const named = new URLSearchParams(location.search).get("federation");
    const answer = await fetch("/api/federations");
    const { federations } = await answer.json();
    const chosen = federations.find(({ slug }) => slug === named) ?? (named === null ? federations[0] : null);
    if (!chosen) {
      say(byId("tally"), named === null ? "There is no federation here yet." : "There is no federation of this name here.");
      say(byId("link-text"), "Nothing to follow");
      return;
    }
    following = chosen.slug;
    follow(`/api/operator/attestation/live?federation=${encodeURIComponent(following)}`, show);
  } catch {
    say(byId("link-text"), "The portal does not answer. Trying again.");
    setTimeout(start, 2000);
  }
}

start();
