//! The portal's pages in a real browser.

use serde_json::json;

use crate::support::Browser;
use crate::support::portal::{IMAGE, OTHER_IMAGE, TestPortal};

const BOARD: &str = "/me/operator/attestation";

/// Whether the operator's row has this colour, in words and for the style.
fn row(portal: &TestPortal, operator: usize, colour: &str, word: &str) -> String {
    format!(
        "document.querySelector('[data-operator=\"{}\"][data-color=\"{colour}\"] .word')?.textContent === '{word}'",
        portal.id(operator)
    )
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
    portal.pass(121);
    browser.until(&row(&portal, 0, "red", "Red"));
    portal.attest(0, Some(IMAGE));
    browser.until(&row(&portal, 0, "green", "Green"));
    portal.attest(1, Some(OTHER_IMAGE));
    browser.until(&row(&portal, 1, "red", "Red"));
    assert_eq!(browser.script("return window.neverReloaded"), json!(true));
    assert_eq!(browser.violations(), json!([]));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
#[ignore = "writes pictures for a person to look at: OC_GUARDIAN_PICTURES=folder"]
fn pictures() {
    let folder = std::path::PathBuf::from(std::env::var_os("OC_GUARDIAN_PICTURES").unwrap());
    let browser = Browser::start().unwrap();
    let portal = TestPortal::start();
    portal.attest(0, Some(IMAGE));
    portal.attest(1, Some(IMAGE));
    portal.pass(100);
    portal.attest(1, Some(OTHER_IMAGE));
    portal.pass(30);
    portal.attest(2, Some(IMAGE));
    for (name, width, phone) in [("desk", 1100, false), ("phone", 360, true)] {
        for scheme in ["light", "dark"] {
            browser.resize(width, 1000, phone);
            browser.prefer("prefers-color-scheme", scheme);
            browser.open(&portal.url(BOARD));
            browser.until(&row(&portal, 2, "green", "Green"));
            browser.script("document.querySelector('details').open = true");
            let height = browser.script("return document.documentElement.scrollHeight");
            browser.resize(width, u32::try_from(height.as_u64().unwrap()).unwrap(), phone);
            std::fs::write(
                folder.join(format!("board-{name}-{scheme}.png")),
                browser.picture(),
            )
            .unwrap();
        }
    }
}
