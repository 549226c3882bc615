//! The portal's pages in a real browser: live, on a phone, by keyboard, for a screen reader, and with hostile data.

use oc_guardian::devnet::portal::PortalConfig;
use oc_guardian::envelope::Action;
use serde_json::{Value, json};

use crate::support::Browser;
use crate::support::portal::{IMAGE, OTHER_IMAGE, SLUG, TestPortal};

const BOARD: &str = "/me/operator/attestation";
/// Keys of WebDriver, see its table of normalised key values.
const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';

fn federation() -> String {
    format!("/federations/{SLUG}")
}

/// Whether the operator's row has this colour, in words and for the style.
fn row(portal: &TestPortal, operator: usize, colour: &str, word: &str) -> String {
    format!(
        "document.querySelector('[data-operator=\"{}\"][data-color=\"{colour}\"] .word')?.textContent === '{word}'",
        portal.id(operator)
    )
}

fn publish(portal: &TestPortal, operator: usize, severity: &str, title: &str, body: &str) {
    let params = json!({ "body": body, "severity": severity, "title": title });
    let envelope = portal.sign(operator, &portal.action(Action::AlertPublish, params));
    let answer = portal.post("/api/operator/incidents", envelope);
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn sign_charter(portal: &TestPortal, operator: usize) {
    let params = json!({ "charter_hash": "c".repeat(64), "membership_hash": "d".repeat(64) });
    let envelope = portal.sign(operator, &portal.action(Action::CharterSign, params));
    assert_eq!(portal.post("/api/operator/charter", envelope).status, 200);
}

/// A portal where something of every kind is to be seen: red for both reasons, green, grey; incidents of every
/// severity, charters, an upgrade, other pins.
fn eventful() -> TestPortal {
    let portal = TestPortal::start();
    portal.attest(0, Some(IMAGE));
    portal.attest(1, Some(IMAGE));
    portal.pass(100);
    portal.attest(1, Some(OTHER_IMAGE));
    portal.pass(30);
    portal.attest(2, Some(IMAGE));
    publish(
        &portal,
        0,
        "info",
        "Guardian image 1.3.0 is out",
        "Verify it first:\n  oc-guardian verify ghcr.io/orangecheck/oc-guardian:latest\nThen upgrade one after another; Alder goes first, at 18:00 UTC.",
    );
    publish(&portal, 1, "warning", "Disk of Birch is 91 % full", "");
    publish(
        &portal,
        3,
        "critical",
        "Host of Douglas fir out of reach since 04:10 UTC",
        "The data centre has a power failure. No key is affected.",
    );
    for operator in [0, 1, 3] {
        sign_charter(&portal, operator);
    }
    portal
}

fn open_eventful(browser: &Browser, portal: &TestPortal, path: &str) {
    browser.open(&portal.url(path));
    browser.until("document.querySelectorAll('#operators > li, #incidents > li').length >= 3");
}

#[track_caller]
fn assert_no_complaints(browser: &Browser) {
    assert_eq!(browser.violations(), json!([]));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn colours_change_without_a_reload() {
    let Some(browser) = Browser::start() else { return };
    let portal = TestPortal::start();
    browser.open(&portal.url(BOARD));
    browser.until(&row(&portal, 0, "grey", "Grey"));
    browser.script("window.neverReloaded = true");
    portal.attest(0, Some(IMAGE));
    browser.until(&row(&portal, 0, "green", "Green"));
    assert_eq!(browser.find("h1").text(), "1 of 4 green");
    portal.pass(121);
    browser.until(&row(&portal, 0, "red", "Red"));
    portal.attest(0, Some(IMAGE));
    browser.until(&row(&portal, 0, "green", "Green"));
    portal.attest(1, Some(OTHER_IMAGE));
    browser.until(&row(&portal, 1, "red", "Red"));
    assert_eq!(browser.script("return window.neverReloaded"), json!(true));
    assert_no_complaints(&browser);
}

#[test]
fn the_federation_page_follows_what_happens() {
    let Some(browser) = Browser::start() else { return };
    let portal = TestPortal::start();
    browser.open(&portal.url(&federation()));
    browser.until("document.getElementById('charter').textContent.startsWith('0 of 4')");
    browser.script("window.neverReloaded = true");
    sign_charter(&portal, 2);
    browser.until(
        "document.getElementById('charter').textContent === '1 of 4 have signed, for this membership:'",
    );
    publish(&portal, 0, "critical", "A title", "Two\nlines");
    browser
        .until("document.querySelector('#incidents [data-severity=critical] h3')?.textContent === 'A title'");
    portal.attest(0, Some(IMAGE));
    portal.pass(1);
    portal.attest(0, Some(OTHER_IMAGE));
    browser.until("document.getElementById('events').innerText.includes('Alder changed from 1.2.3 (sha256:111111111111…)')");
    portal.portal.handle().set_pins(SLUG, vec![]).unwrap();
    browser.until("document.getElementById('events').innerText.includes('Any image is accepted again')");
    assert_eq!(browser.script("return window.neverReloaded"), json!(true));
    assert_no_complaints(&browser);
}

#[test]
fn nothing_is_wider_than_a_phone() {
    let Some(browser) = Browser::start() else { return };
    let portal = eventful();
    browser.resize(360, 780, true);
    for path in [BOARD, &federation()] {
        open_eventful(&browser, &portal, path);
        browser.script("document.querySelectorAll('details').forEach((it) => { it.open = true; })");
        let widths = browser
            .script("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]");
        assert_eq!(widths, json!([360, 360]), "{path}");
    }
}

/// The lowest contrast of any text that is shown, with the text.
const LOWEST_CONTRAST: &str = r"
const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
  .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const found = parts(getComputedStyle(at).backgroundColor);
    if (found.length === 3 || found[3] === 1) return found;
    if (found[3] !== 0) throw new Error('half transparent');
  }
  return [255, 255, 255];
};
let lowest = [99, ''];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !element.checkVisibility() || element.closest('noscript')) continue;
  const [a, b] = [light(parts(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < lowest[0]) lowest = [contrast, walker.currentNode.textContent];
}
return lowest;";

#[test]
fn text_has_contrast_in_light_and_dark() {
    let Some(browser) = Browser::start() else { return };
    let portal = eventful();
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefer("prefers-color-scheme", scheme);
        for path in [BOARD, &federation()] {
            open_eventful(&browser, &portal, path);
            // Colours fade into one another for less than that.
            std::thread::sleep(std::time::Duration::from_millis(600));
            let lowest = browser.script(LOWEST_CONTRAST);
            // WCAG 2.2, 1.4.3 (AA).
            assert!(lowest[0].as_f64().unwrap() >= 4.5, "{scheme} {path}: {lowest}");
            grounds.push(browser.script("return getComputedStyle(document.body).backgroundColor"));
        }
    }
    assert_ne!(grounds[0], grounds[2], "dark is dark");
}

#[test]
fn who_wants_no_motion_sees_none() {
    let Some(browser) = Browser::start() else { return };
    let portal = eventful();
    let moving = "return [...document.querySelectorAll('*')].filter((it) => {
      const style = getComputedStyle(it);
      return style.animationName !== 'none' || style.transitionDuration.split(', ').some((time) => time !== '0s');
    }).length";
    open_eventful(&browser, &portal, BOARD);
    browser.until("document.getElementById('link').dataset.state === 'live'");
    assert_ne!(browser.script(moving), json!(0));
    browser.prefer("prefers-reduced-motion", "reduce");
    assert_eq!(browser.script(moving), json!(0));
}

#[test]
fn the_keyboard_reaches_everything() {
    let Some(browser) = Browser::start() else { return };
    let portal = eventful();
    open_eventful(&browser, &portal, BOARD);
    let mut passed = Vec::new();
    for _ in 0..7 {
        browser.press(TAB);
        let focused = browser.focused();
        passed.push(
            focused
                .text()
                .lines()
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned(),
        );
        let outline = browser.script("return getComputedStyle(document.activeElement).outlineStyle");
        assert_eq!(outline, json!("solid"), "{passed:?}");
    }
    assert_eq!(passed[..3], ["Skip to the operators", "Board", "Federation"]);
    assert!(passed[3..].iter().all(|text| text.contains("op-")), "{passed:?}");
    // The last row opens, and stays open when new data comes.
    browser.press(ENTER);
    browser.until("document.activeElement.parentElement.open");
    portal.attest(3, Some(IMAGE));
    browser.until(&row(&portal, 3, "green", "Green"));
    browser.until("document.activeElement.parentElement.open");
    // The skip link leads where it says.
    browser.open(&portal.url(BOARD));
    browser.until("document.querySelectorAll('#operators > li').length === 4");
    browser.press(TAB);
    browser.press(ENTER);
    browser.until("document.activeElement.id === 'operators'");
}

#[test]
fn a_screen_reader_is_told_the_same() {
    let Some(browser) = Browser::start() else { return };
    let portal = TestPortal::start();
    browser.open(&portal.url(BOARD));
    browser.until(&row(&portal, 0, "grey", "Grey"));
    let part = |selector: &str| {
        let found = browser.find(selector);
        (found.role(), found.label())
    };
    let told = |role: &str, label: &str| (role.to_owned(), label.to_owned());
    assert_eq!(part("#operators"), told("list", "Operators"));
    assert_eq!(part("#operators > li"), told("listitem", ""));
    assert_eq!(
        part("#operators article"),
        told("article", "Alder Grey never heard")
    );
    assert_eq!(part("#operators h3"), told("heading", "Alder"));
    assert_eq!(part("nav"), told("navigation", "Portal"));
    assert_eq!(part("main").0, "main");
    assert_eq!(part("h1"), told("heading", "0 of 4 green"));
    assert_eq!(part("#announcer").0, "status");
    let article = browser.find("#operators article");
    // A change of colour is announced; that time passes is not.
    portal.attest(0, Some(IMAGE));
    browser
        .until("document.getElementById('announcer').textContent === 'Alder is now green: heard just now.'");
    assert_eq!(article.label(), "Alder Green heard just now");
    portal.pass(30);
    browser.until("document.querySelector('#operators .why').textContent === 'heard 30 s ago'");
    assert_eq!(
        browser.find("#announcer").property("textContent"),
        "Alder is now green: heard just now."
    );
    portal.pass(91);
    browser.until(
        "document.getElementById('announcer').textContent === 'Alder is now red: last heard 2 min ago.'",
    );
    assert_eq!(article.label(), "Alder Red last heard 2 min ago");

    browser.open(&portal.url(&federation()));
    browser.until("document.querySelectorAll('#members > li').length === 4");
    publish(&portal, 0, "warning", "Disk is full", "");
    browser
        .until("document.getElementById('announcer').textContent === 'New incident, warning: Disk is full.'");
    assert_eq!(part("#incidents"), told("list", "Incidents"));
    assert_eq!(part("#members"), told("list", "Charter"));
}

#[test]
fn out_of_touch_is_never_green() {
    let Some(browser) = Browser::start() else { return };
    let portal = TestPortal::start();
    portal.attest(0, Some(IMAGE));
    browser.open(&portal.url(BOARD));
    browser.until(&row(&portal, 0, "green", "Green"));
    let listen = portal.portal.addr();
    let again = |config: &mut PortalConfig| config.listen = listen;
    drop(portal);
    browser.until("document.body.classList.contains('lost')");
    let text = browser.find("#link").text();
    assert!(
        text.starts_with("Out of touch with the portal. What you see is from 2025-11-24 16:00:0"),
        "{text}"
    );
    let grey = browser.script("return getComputedStyle(document.querySelector('.rows')).filter");
    assert_eq!(grey, json!("grayscale(1)"));
    // And back again, by itself: the new portal has heard nobody.
    let new = TestPortal::with(again);
    browser.until(&row(&new, 0, "grey", "Grey"));
    browser.until("!document.body.classList.contains('lost')");
}

#[test]
fn outside_text_stays_text() {
    let Some(browser) = Browser::start() else { return };
    let markup = "<img src=x onerror=pwned=1><b>x</b>&amp;";
    let portal = TestPortal::with(|config| {
        config.operators[0].name = markup.into();
        config.federations[0].name = "</script><script>pwned=1</script>".into();
    });
    let script = "<script>pwned=1</script>\"'`${pwned=1}";
    publish(&portal, 0, "info", markup, script);
    let mut said = portal.attestation(0);
    said.guardian_version = "<svg/onload=pwned=1>".into();
    said.api_url = "http://javascript:alert(1)/<x>".into();
    let answer = portal.post(BOARD.replace("/me", "/api").as_str(), portal.sign(0, &said));
    assert_eq!(answer.status, 200, "{}", answer.text);

    browser.open(&portal.url(&federation()));
    browser.until("document.querySelectorAll('#incidents > li').length === 1");
    assert_eq!(browser.find("#incidents h3").property("textContent"), markup);
    assert_eq!(browser.find("#incidents .body").property("textContent"), script);
    assert_eq!(browser.find("#members .name").property("textContent"), markup);
    browser.open(&portal.url(BOARD));
    browser.until("document.querySelectorAll('#operators > li').length === 4");
    browser.script("document.querySelector('details').open = true");
    assert_eq!(browser.find("#operators .name").property("textContent"), markup);
    browser.until("document.querySelector('.facts').innerText.includes('<svg/onload=pwned=1>')");
    let made = browser.script("return document.querySelectorAll('img, svg, b, script:not([src])').length");
    assert_eq!(
        (browser.script("return typeof pwned"), made),
        (json!("undefined"), json!(0))
    );
    assert_no_complaints(&browser);
}

#[test]
fn a_board_that_is_not_there() {
    let Some(browser) = Browser::start() else { return };
    let portal = TestPortal::start();
    browser.open(&portal.url(&format!("{BOARD}?federation=%3Cb%3E")));
    browser.until("document.querySelector('h1').textContent === 'There is no federation of this name here.'");
    assert_no_complaints(&browser);
}

#[test]
#[ignore = "writes pictures for a person to look at: OC_GUARDIAN_PICTURES=folder"]
fn pictures() {
    let folder = std::path::PathBuf::from(std::env::var_os("OC_GUARDIAN_PICTURES").unwrap());
    let browser = Browser::start().unwrap();
    let portal = eventful();
    portal.portal.handle().set_pins(SLUG, vec![IMAGE.into()]).unwrap();
    for (size, width, phone) in [("desk", 1100, false), ("phone", 360, true)] {
        for scheme in ["light", "dark"] {
            browser.prefer("prefers-color-scheme", scheme);
            for (name, path) in [("board", BOARD), ("federation", &federation())] {
                browser.resize(width, 900, phone);
                open_eventful(&browser, &portal, path);
                browser.script("const it = document.querySelector('details'); if (it) it.open = true;");
                std::thread::sleep(std::time::Duration::from_millis(600));
                let height: Value = browser.script("return document.documentElement.scrollHeight");
                browser.resize(width, u32::try_from(height.as_u64().unwrap()).unwrap(), phone);
                let picture = folder.join(format!("{name}-{size}-{scheme}.png"));
                std::fs::write(picture, browser.picture()).unwrap();
            }
        }
    }
}
