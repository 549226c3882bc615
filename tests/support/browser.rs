//! A headless Chromium, driven through chromedriver: the W3C WebDriver protocol, as far as the tests need it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{needs, starts};

/// How long a page may take for what it is waited for. Two cores, shared with other tests, can be slow.
const PATIENCE: Duration = Duration::from_secs(20);
/// The key under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Collects what the content security policy stopped, before any script of the page runs.
const COLLECT: &str = "window.violations = [];
addEventListener('securitypolicyviolation', (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));";

/// One browser with one window.
pub struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    _profile: TempDir,
}

/// A part of the page.
pub struct Element<'a> {
    browser: &'a Browser,
    id: String,
}

impl Browser {
    /// `None` where there is no chromedriver; see [`needs`].
    #[track_caller]
    pub fn start() -> Option<Self> {
        needs("BROWSER", "chromedriver with Chromium", || {
            starts("chromedriver", "--version")
        })
        .then(Self::launch)
    }

    fn launch() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, rest) = line.split_once("started successfully on port ")?;
                rest.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect("chromedriver says on which port it listens");
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)));
        let mut browser = Self {
            driver,
            session: format!("http://127.0.0.1:{port}/session"),
            agent: config.build().into(),
            _profile: TempDir::new().unwrap(),
        };
        let profile = format!("--user-data-dir={}", browser._profile.path().display());
        // As root, and in containers, Chromium's own sandbox cannot be had; what it shows here is our own.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--window-size=1280,1000",
            &profile,
        ];
        let options = json!({ "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } });
        let made = browser.post("", &json!({ "capabilities": options }));
        let id = made["sessionId"].as_str().unwrap();
        browser.session = format!("{}/{id}", browser.session);
        browser.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            &json!({ "source": COLLECT }),
        );
        browser
    }

    /// Opens an address.
    pub fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// What a script returns.
    pub fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What a command of Chromium's developer tools returns.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post(
            "/goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        )
    }

    /// Makes the window one of a phone, or of a desk.
    pub fn resize(&self, width: u32, height: u32, phone: bool) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone }),
        );
    }

    /// Says what the reader prefers, as in `prefers-color-scheme: dark`.
    pub fn prefer(&self, feature: &str, value: &str) {
        let features = json!([{ "name": feature, "value": value }]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// The first element that a CSS selector finds.
    #[track_caller]
    pub fn find(&self, selector: &str) -> Element<'_> {
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }));
        self.element(&found, selector)
    }

    /// The element that has the keyboard.
    pub fn focused(&self) -> Element<'_> {
        self.element(&self.get("/element/active"), "the focused element")
    }

    #[track_caller]
    fn element(&self, found: &Value, what: &str) -> Element<'_> {
        let id = found[ELEMENT]
            .as_str()
            .unwrap_or_else(|| panic!("{what}: {found}"))
            .to_owned();
        Element { browser: self, id }
    }

    /// Presses and releases a key; see <https://www.w3.org/TR/webdriver2/#keyboard-actions>.
    pub fn press(&self, key: char) {
        let actions = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let keyboard = json!([{ "type": "key", "id": "keyboard", "actions": actions }]);
        self.post("/actions", &json!({ "actions": keyboard }));
    }

    /// Waits until a script returns `true`.
    #[track_caller]
    pub fn until(&self, script: &str) {
        let start = Instant::now();
        while self.script(&format!("return {script}")) != json!(true) {
            if start.elapsed() > PATIENCE {
                let page = self.script("return document.body.innerText");
                panic!("never true: {script}\n{}", page.as_str().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A picture of the window as PNG.
    pub fn picture(&self) -> Vec<u8> {
        use base64::Engine as _;
        let picture = self.get("/screenshot");
        base64::engine::general_purpose::STANDARD
            .decode(picture.as_str().unwrap())
            .unwrap()
    }

    /// What the content security policy stopped on this page.
    pub fn violations(&self) -> Value {
        self.script("return window.violations")
    }

    /// Warnings and errors of the browser since it was asked last, of which scripts and resources are the source.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().unwrap().iter();
        entries
            .filter(|entry| matches!(entry["level"].as_str(), Some("WARNING" | "SEVERE")))
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.agent.get(format!("{}{path}", self.session)).call();
        value(path, answer.unwrap())
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.agent.post(format!("{}{path}", self.session));
        value(path, request.send_json(body).unwrap())
    }
}

#[track_caller]
fn value(path: &str, mut answer: http::Response<ureq::Body>) -> Value {
    let document: Value = answer.body_mut().read_json().unwrap();
    assert_eq!(answer.status(), 200, "{path}: {document}");
    document["value"].clone()
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends Chromium; the driver alone would leave it behind.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Element<'_> {
    /// What is to be read, as it is shown.
    pub fn text(&self) -> String {
        self.ask("text")
    }

    /// The role that assistive technology is told.
    pub fn role(&self) -> String {
        self.ask("computedrole")
    }

    /// The name that assistive technology is told.
    pub fn label(&self) -> String {
        self.ask("computedlabel")
    }

    /// A property of the element.
    pub fn property(&self, name: &str) -> Value {
        self.browser.get(&format!("/element/{}/property/{name}", self.id))
    }

    fn ask(&self, what: &str) -> String {
        let answer = self.browser.get(&format!("/element/{}/{what}", self.id));
        answer.as_str().unwrap().to_owned()
    }
}
