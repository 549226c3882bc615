//! The board of a devnet in a real browser, while its guardians come and go.

use rustix::process::Signal;
use serde_json::json;

use crate::support::devnet::{Devnet, pid_of, signal};
use crate::support::{Browser, Home};

#[test]
fn grey_green_red_green_without_a_reload() {
    let Some(browser) = Browser::start() else { return };
    let home = Home::new();
    let flags = [
        "--attest-interval",
        "1s",
        "--stale-after",
        "4s",
        "--restart-after",
        "10s",
    ];
    let devnet = Devnet::start(&home, &flags);
    browser.open(devnet.text("board"));
    browser.script("window.neverReloaded = true");
    let operator = devnet.guardian_id(1);
    let is = |colour: &str| {
        format!("document.querySelector('[data-operator=\"{operator}\"][data-color=\"{colour}\"]') !== null")
    };
    devnet.until_green();
    browser.until(&is("green"));
    browser.until("document.querySelector('h1').innerText === '4 of 4 green'");
    signal(pid_of(&devnet.the_guardian(1)["guardian"]).unwrap(), Signal::KILL);
    browser.until(&is("red"));
    browser.until(&is("green"));
    // A portal that is started anew has heard nobody yet, and one of them says nothing now.
    let silent = pid_of(&devnet.the_guardian(1)["guardian"]).unwrap();
    signal(silent, Signal::STOP);
    signal(devnet.portal().unwrap(), Signal::KILL);
    browser.until(&is("grey"));
    signal(silent, Signal::CONT);
    browser.until(&is("green"));
    assert_eq!(browser.script("return window.neverReloaded"), json!(true));
    assert_eq!(browser.violations(), json!([]));
}
