use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::envelope::{Action, Severity, StatementType};
use crate::signer::{Kind, Operation};

fn findings(text: &str) -> Vec<String> {
    let error = Policy::parse(text).expect_err(text);
    let told = |it: &PolicyFinding| {
        let help = it
            .help
            .as_ref()
            .map_or_else(String::new, |help| format!(" [{help}]"));
        format!("{}:{}: {}{help}", it.line, it.column, it.message)
    };
    error.findings.iter().map(told).collect()
}

fn rule(lines: &str) -> String {
    format!("version = 1\n[[rule]]\n{lines}\n")
}

#[test]
fn the_default_is_good_and_means_what_it_says() {
    let policy = Policy::parse(&Policy::default_for("oc-me-v1")).unwrap();
    let reports = check(&policy);
    let told: Vec<&str> = reports.iter().map(|it| it.description.as_str()).collect();
    assert_eq!(
        told,
        [
            "attestation or guardian-key or frost-commit, for oc-me-v1: allow, at most 120/min",
            "action: alert-publish, severity info, tag upgrade, for oc-me-v1: allow, at most 4/h",
            "frost-sign: heartbeat, for oc-me-v1: allow, at most 60/min",
            "everything: ask (5 min to answer)",
        ]
    );
    assert!(reports.iter().all(|it| it.warnings.is_empty()), "{reports:?}");
    assert_eq!(reports[1].name, "rule 2 (line 13)");
}

#[test]
fn everything_wrong_is_told_at_once_with_its_place() {
    let text = "version = 1\n[[rule]]\nkind = [\"atestation\", \"action\"]\nacton = \"charter-sign\"\n\
                decision = \"maybe\"\nrate = \"10/m\"\n[[rule]]\nkind = \"*\"\naction = []\nseverity = 5\n\
                decision = \"deny\"\nrate = \"1/s\"\ntimeout = \"5m\"\n[other]\n";
    assert_eq!(
        findings(text),
        [
            "3:9: \"atestation\" is no kind [Did you mean \"attestation\"?]",
            "4:1: a rule has no \"acton\" [Did you mean \"action\"?]",
            "5:12: \"maybe\" is no decision [Known are allow, ask, deny.]",
            "6:8: \"10/m\" is no rate [Write N/s, N/min or N/h with N from 1 to 1000000.]",
            "9:10: action has 0 values [Write 1 to 16, or leave the line out.]",
            "10:12: severity is not a string or a list of strings",
            "12:8: a rule that says deny has no rate [Take it out.]",
            "13:11: a rule that says deny has no timeout [Take it out.]",
            "14:2: a policy has no \"other\" [Known are version, rule.]",
        ]
    );
}

#[test]
fn what_is_missing_is_told() {
    assert_eq!(
        findings(""),
        [
            "1:1: it has no version [Begin the file with: version = 1]",
            "1:1: it has no rule, so nothing would ever be signed [Write a fresh one with: oc-guardian policy init]",
        ]
    );
    assert_eq!(
        findings("version = 1\n[[rule]]\nrate = \"1/s\""),
        [
            "2:1: a rule has no kind [Name the kinds, or write: kind = \"*\"]",
            "2:1: a rule has no decision [Known are allow, ask, deny.]",
        ]
    );
    assert_eq!(
        findings("version = 2\nrule = 1"),
        [
            "1:11: the version is not 1, the only one that this release reads",
            "2:8: rule is not a list of tables [Begin each rule with a line: [[rule]]]",
        ]
    );
}

#[test]
fn values_have_one_spelling() {
    let rate = |text: &str| {
        let lines = format!("kind = \"*\"\ndecision = \"allow\"\nrate = \"{text}\"");
        Policy::parse(&rule(&lines)).is_ok()
    };
    assert!(rate("1/s") && rate("1000000/min") && rate("4/h"));
    for text in [
        "0/s",
        "01/s",
        "+1/s",
        "1 /s",
        "1/sec",
        "1000001/h",
        "1",
        "/s",
        "1/",
        "٣/s",
        "4294967297/s",
    ] {
        assert!(!rate(text), "{text}");
    }
    let timeout = |text: &str| {
        let lines = format!("kind = \"*\"\ndecision = \"ask\"\ntimeout = \"{text}\"");
        Policy::parse(&rule(&lines)).is_ok()
    };
    assert!(timeout("10s") && timeout("5m") && timeout("24h"));
    for text in ["9s", "25h", "5", "m", "", "5min", "-5m", "5é", "4294967295h"] {
        assert!(!timeout(text), "{text}");
    }
    for version in ["1.0", "\"1\"", "0x1", "+1", "[1]"] {
        let text =
            rule("kind = \"*\"\ndecision = \"ask\"").replace("version = 1", &format!("version = {version}"));
        assert!(Policy::parse(&text).is_err() || version == "+1", "{version}");
    }
}

#[test]
fn syntax_is_told_with_its_place() {
    let told = findings("version = 1\n[[rule]]\nkind = \"*\ndecision = ");
    assert!(told[0].starts_with("3:"), "{told:?}");
    let told = findings("version = 1\nversion = 1\n");
    assert!(told[0].starts_with("2:1:"), "{told:?}");
    assert!(Policy::parse(&"[".repeat(60_000)).is_err());
    assert!(Policy::parse(&" ".repeat(MAX_POLICY + 1)).is_err());
    let many = format!(
        "version = 1\n{}",
        "[[rule]]\nkind = \"*\"\ndecision = \"ask\"\n".repeat(65)
    );
    assert!(findings(&many)[0].contains("65 rules"));
}

#[test]
fn a_rule_that_can_never_decide_is_told() {
    let warnings = |rules: &[&str]| {
        let text = rules.iter().fold("version = 1\n".to_owned(), |text, rule| {
            format!("{text}[[rule]]\n{}\n", rule.replace("; ", "\n"))
        });
        let reports = check(&Policy::parse(&text).unwrap());
        reports.last().unwrap().warnings.join("; ")
    };
    let any = "kind = \"*\"; decision = \"ask\"";
    assert_eq!(
        warnings(&[any, "kind = \"attestation\"; decision = \"ask\""]),
        "it can never decide: rule 1 (line 2) takes all that it matches"
    );
    // All actions together leave nothing; all but one do.
    let all: Vec<String> = Action::ALL
        .iter()
        .map(|it| {
            format!(
                "kind = \"action\"; action = \"{}\"; decision = \"ask\"",
                it.as_str()
            )
        })
        .collect();
    let mut rules: Vec<&str> = all.iter().map(String::as_str).collect();
    rules.push("kind = \"action\"; decision = \"ask\"");
    assert!(warnings(&rules).contains("rule 9 (line 34)"));
    assert_eq!(warnings(&rules[1..]), "");
    // All severities, but not all tags.
    let severities = "kind = \"action\"; action = \"alert-publish\"; severity = [\"info\", \"warning\", \"critical\"]; \
                      decision = \"ask\"";
    let alerts = "kind = \"action\"; action = \"alert-publish\"; decision = \"ask\"";
    assert!(warnings(&[severities, alerts]).contains("never decide"));
    let tagged = "kind = \"action\"; action = \"alert-publish\"; tag = [\"a\", \"b\"]; decision = \"ask\"";
    assert_eq!(warnings(&[tagged, alerts]), "");
    assert!(warnings(&[tagged, "kind = \"*\"; tag = \"b\"; decision = \"ask\""]).contains("never decide"));
    let federation = "kind = \"*\"; federation = \"a\"; decision = \"ask\"";
    assert_eq!(warnings(&[federation, any]), "");
    assert!(warnings(&[any, federation]).contains("never decide"));
    // A deny counts wherever it stands.
    assert_eq!(
        warnings(&[any, "kind = \"attestation\"; decision = \"deny\""]),
        ""
    );
    assert!(
        warnings(&["kind = \"attestation\"; severity = \"info\"; decision = \"ask\""])
            .contains("it can never match")
    );
    assert!(
        warnings(&["kind = \"action\"; action = \"heartbeat\"; decision = \"ask\""]).contains("never match")
    );
    assert_eq!(
        warnings(&["kind = \"action\"; action = \"charter-sign\"; decision = \"allow\"; rate = \"1/h\""]),
        "a person is always asked for charter-sign, whatever a rule allows"
    );
    assert!(warnings(&["kind = \"attestation\"; decision = \"allow\""]).contains("without a rate"));
}

/// A rule as the model sees it: its conditions as text.
#[derive(Clone, Debug)]
struct Model {
    kinds: Vec<&'static str>,
    operations: Vec<&'static str>,
    severities: Vec<&'static str>,
    tags: Vec<&'static str>,
    federations: Vec<&'static str>,
    decision: &'static str,
}

impl Model {
    fn write(&self, text: &mut String) {
        text.push_str("[[rule]]\n");
        let mut list = |name: &str, values: &[&str]| {
            if !values.is_empty() {
                let _ = writeln!(text, "{name} = {values:?}");
            }
        };
        list("action", &self.operations);
        list("severity", &self.severities);
        list("tag", &self.tags);
        list("federation", &self.federations);
        if self.kinds.is_empty() {
            text.push_str("kind = \"*\"\n");
        } else {
            list("kind", &self.kinds);
        }
        let _ = writeln!(text, "decision = \"{}\"", self.decision);
    }

    fn matches(&self, subject: &Subject) -> bool {
        fn allows(list: &[&str], value: Option<&str>) -> bool {
            list.is_empty() || value.is_some_and(|value| list.contains(&value))
        }
        allows(&self.kinds, Some(subject.kind.as_str()))
            && allows(&self.operations, subject.operation.map(Operation::as_str))
            && allows(&self.severities, subject.severity.map(Severity::as_str))
            && allows(&self.tags, subject.tag)
            && allows(&self.federations, subject.federation)
    }
}

fn some_of(all: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![
        2 => Just(Vec::new()),
        3 => proptest::sample::subsequence(all, 1..=all.len().min(3)),
    ]
}

fn model() -> impl Strategy<Value = Model> {
    (
        some_of(&[
            "attestation",
            "action",
            "guardian-key",
            "frost-commit",
            "frost-sign",
            "ceremony",
        ]),
        some_of(&[
            "alert-publish",
            "charter-sign",
            "federation-join",
            "heartbeat",
            "resolution",
        ]),
        some_of(&["info", "warning", "critical"]),
        some_of(&["upgrade", "other"]),
        some_of(&["a", "b"]),
        prop_oneof![Just("allow"), Just("ask"), Just("deny")],
    )
        .prop_map(
            |(kinds, operations, severities, tags, federations, decision)| Model {
                kinds,
                operations,
                severities,
                tags,
                federations,
                decision,
            },
        )
}

fn every_subject() -> Vec<Subject<'static>> {
    let mut subjects = Vec::new();
    for kind in Kind::ALL {
        let operations = match kind {
            Kind::Action => Action::ALL.map(|it| Some(Operation::Action(it))).to_vec(),
            Kind::FrostSign => StatementType::ALL
                .map(|it| Some(Operation::Statement(it)))
                .to_vec(),
            _ => vec![None],
        };
        for operation in operations {
            let alert = operation == Some(Operation::Action(Action::AlertPublish));
            let severities = if alert {
                Severity::ALL.map(Some).to_vec()
            } else {
                vec![None]
            };
            let tags = if alert {
                vec![None, Some("upgrade"), Some("third")]
            } else {
                vec![None]
            };
            for severity in severities {
                for tag in &tags {
                    for federation in [None, Some("a"), Some("c")] {
                        subjects.push(Subject {
                            kind,
                            operation,
                            severity,
                            tag: *tag,
                            federation,
                        });
                    }
                }
            }
        }
    }
    subjects
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn deny_beats_everything_else_the_first_match_decides(models in proptest::collection::vec(model(), 1..8)) {
        let mut text = "version = 1\n".to_owned();
        for model in &models {
            model.write(&mut text);
        }
        let policy = Policy::parse(&text).unwrap();
        for subject in every_subject() {
            let matching: Vec<&str> = models
                .iter()
                .filter(|model| model.matches(&subject))
                .map(|model| model.decision)
                .collect();
            let expected = if matching.contains(&"deny") { Some("deny") } else { matching.first().copied() };
            let found = match policy.verdict(&subject) {
                Verdict::Rule(rule) => Some(rule.decision.as_str()),
                Verdict::NoMatch => None,
            };
            prop_assert_eq!(found, expected, "{:?}", subject);
        }
    }

    #[test]
    fn a_rule_that_is_said_never_to_decide_never_does(models in proptest::collection::vec(model(), 1..8)) {
        let mut text = "version = 1\n".to_owned();
        for model in &models {
            model.write(&mut text);
        }
        let policy = Policy::parse(&text).unwrap();
        let reports = check(&policy);
        for subject in every_subject() {
            if let Verdict::Rule(rule) = policy.verdict(&subject) {
                let report = reports.iter().find(|it| *it.name == *rule.name).unwrap();
                prop_assert!(!report.warnings.iter().any(|it| it.contains("never")), "{:?} {:?}", report, subject);
            }
        }
    }

    #[test]
    fn whatever_the_text_nothing_panics(text in "[a-z\\[\\]=\" \n#.,{}0-9é]{0,200}") {
        if let Err(error) = Policy::parse(&text) {
            prop_assert!(!error.findings.is_empty());
        }
    }
}

#[test]
fn a_rule_is_counted_by_what_it_matches() {
    let key = |text: &str| {
        Policy::parse(&format!("version = 1\n{text}"))
            .unwrap()
            .rules()
            .last()
            .unwrap()
            .key
            .clone()
    };
    let rule = "[[rule]]\nkind = [\"attestation\", \"action\"]\ntag = [\"a\", \"b\"]\ndecision = \"allow\"\nrate = \"4/h\"\n";
    let same = [
        format!("[[rule]]\nkind = \"guardian-key\"\ndecision = \"deny\"\n\n\n{rule}"),
        rule.replace("4/h", "5/min"),
        rule.replace("\"attestation\", \"action\"", "\"action\", \"attestation\""),
        rule.replace("allow", "ask"),
    ];
    for other in &same {
        assert_eq!(key(other), key(rule), "{other}");
    }
    for other in [
        rule.replace("\"a\", ", ""),
        rule.replace("[\"attestation\", \"action\"]", "\"*\""),
        rule.replace("tag = [\"a\", \"b\"]\n", ""),
        rule.replace("tag", "federation"),
    ] {
        assert_ne!(key(&other), key(rule), "{other}");
    }
}
