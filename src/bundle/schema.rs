use serde_json::{Map, Value, json};

use super::field::{Field, Name};

/// The JSON Schema (draft 2020-12) of a bundle.
///
/// Everything that it refuses, [`check()`](super::check()) refuses; the check sees more: whether id and key belong
/// together, whether a secret is in the file.
pub fn schema() -> Value {
    let properties: Map<String, Value> = Name::all()
        .map(|name| (name.as_str().to_owned(), property(name.field())))
        .collect();
    let required: Vec<&str> = Name::all()
        .filter(|name| name.field().required)
        .map(Name::as_str)
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "oc-guardian config bundle",
        "description": "Configuration of a guardian, mounted read-only into its container. Nothing secret belongs in it.",
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
        "if": {
            "properties": { Name::SignerUrl.as_str(): { "pattern": "^http:" } },
            "required": [Name::SignerUrl.as_str()],
        },
        "then": { "required": [Name::SignerTokenFile.as_str()] },
        "else": { "properties": { Name::SignerTokenFile.as_str(): false } },
    })
}

fn property(field: &Field) -> Value {
    let mut rules = Map::new();
    rules.insert("type".into(), "string".into());
    rules.insert("description".into(), field.description.into());
    let choices = field.kind.choices();
    if !choices.is_empty() {
        rules.insert("enum".into(), choices.into());
    }
    if let Some(pattern) = field.kind.pattern() {
        rules.insert("pattern".into(), pattern.into());
    }
    if let Some(limit) = field.kind.max_chars() {
        rules.insert("maxLength".into(), limit.into());
    }
    if let Some(default) = field.default {
        rules.insert("default".into(), default.into());
    }
    Value::Object(rules)
}
