use super::super::decide::tests::Bench;
use super::*;
use serde_json::json;

fn alert(title: &str, severity: &str) -> Request {
    let mut bench = Bench::new("version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"ask\"");
    bench.action(
        "alert-publish",
        json!({"severity": severity, "title": title, "body": "b\u{1b}[2J\u{202e}"}),
        0,
    )
}

#[test]
fn a_summary_cannot_draw_on_a_terminal() {
    let text = summary(&alert(&format!("a\u{202e}b{}", "é".repeat(100)), "info"));
    assert!(
        text.starts_with("alert-publish for oc-me-v1: info \"a\\u{202e}béé"),
        "{text}"
    );
    assert!(text.ends_with("\"…") && text.chars().count() < 120, "{text}");
}

#[test]
fn what_is_unusual_is_pointed_out() {
    let bench = Bench::new("version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"ask\"");
    let told = describe(&alert("t", "critical"), &bench.facts(), &bench.history);
    assert_eq!(told.effect, "publishes a notice under your name");
    assert!(
        told.fields
            .contains(&("body".into(), "b\u{1b}[2J\u{202e}".into()))
    );
    let all = told.unusual.join("; ");
    for part in ["critical", "cannot be seen"] {
        assert!(all.contains(part), "{all}");
    }
    let mut facts = bench.facts();
    facts.federation = Some("other");
    facts.now_ms += 100_000;
    let all = describe(&alert("t", "info"), &facts, &bench.history)
        .unusual
        .join("; ");
    for part in ["your config bundle is for other", "made 1 min 40 s ago"] {
        assert!(all.contains(part), "{all}");
    }
}

#[test]
fn spans_for_people() {
    assert_eq!(
        [span(0), span(59), span(60), span(3661), span(90_061)],
        ["0 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h"]
    );
}
