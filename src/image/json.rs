//! Strictness that serde_json leaves out: one member, one value.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};

/// Refuses a document in which any object names a member twice. Parsers disagree which of the two counts, so that one
/// program can verify what another one then uses.
///
/// Depth is bounded by serde_json's own limit of 128.
///
/// # Errors
/// Not JSON, or a doubled member, which is named.
pub(super) fn refuse_doubled_members(bytes: &[u8]) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Unique.deserialize(&mut reader)?;
    reader.end()
}

#[derive(Clone, Copy)]
struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if names.contains(&name) {
                // Its value is not looked at: what is said about the document is that the name stands there twice.
                members.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom(format_args!(
                    "member {name:?} stands there twice"
                )));
            }
            members.next_value_seed(self)?;
            names.insert(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::refuse_doubled_members;

    #[test]
    fn one_member_one_value() {
        for good in [
            r#"{"a":1,"b":{"a":[{"a":null},{"a":-1.5e3}]}}"#,
            "[]",
            "true",
            r#""a""#,
        ] {
            refuse_doubled_members(good.as_bytes()).unwrap();
        }
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"[{"b":[{"a":{"x":1,"y":2,"x":3}}]}]"#,
        ] {
            let error = refuse_doubled_members(bad.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("twice"), "{error}");
        }
        for bad in ["", "{", r#"{"a":1} x"#, "{'a':1}", &"[".repeat(100_000)] {
            refuse_doubled_members(bad.as_bytes()).unwrap_err();
        }
    }
}
