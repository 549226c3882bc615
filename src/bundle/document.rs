use std::borrow::Cow;
use std::ops::Range;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;

use super::field::Name;
use super::finding::{Code, Finding};

/// The top-level object, with positions.
pub(super) struct Document<'a> {
    /// From brace to brace.
    pub(super) span: Range<usize>,
    pub(super) members: Vec<Member<'a>>,
}

pub(super) struct Member<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) key_span: Range<usize>,
    pub(super) value: Value<'a>,
    pub(super) value_span: Range<usize>,
}

/// A value, as far as a bundle cares.
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    /// Something else, with the name of its type.
    Other(&'static str),
}

impl<'a> Document<'a> {
    pub(super) fn of(value: ast::Value<'a>) -> Result<Self, Box<Finding>> {
        let span = value.start()..value.end();
        let object = match value {
            ast::Value::Object(object) => object,
            other => {
                let found = type_name(&other);
                return Err(Finding::error(
                    Code::NotAnObject,
                    span,
                    format!("a config bundle is one JSON object, and this is {found}"),
                )
                .found(found)
                .allowed("{ … }")
                .into());
            }
        };
        let members = object.properties.into_iter().map(Member::of).collect();
        Ok(Self { span, members })
    }

    /// The known field in whose name or value these bytes are.
    pub(super) fn field_at(&self, span: &Range<usize>) -> Option<Name> {
        self.members
            .iter()
            .find(|member| member.key_span.start <= span.start && span.end <= member.value_span.end)
            .and_then(|member| Name::find(&member.key))
    }
}

impl<'a> Member<'a> {
    fn of(property: ast::ObjectProp<'a>) -> Self {
        let key_span = property.name.start()..property.name.end();
        let value_span = property.value.start()..property.value.end();
        Self {
            key: match property.name {
                ast::ObjectPropName::String(name) => name.value,
                ast::ObjectPropName::Word(name) => Cow::Borrowed(name.value),
            },
            key_span,
            value: match property.value {
                ast::Value::StringLit(text) => Value::Text(text.value),
                other => Value::Other(type_name(&other)),
            },
            value_span,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Other(_) => None,
        }
    }
}

fn type_name(value: &ast::Value) -> &'static str {
    match value {
        ast::Value::StringLit(_) => "a string",
        ast::Value::NumberLit(_) => "a number",
        ast::Value::BooleanLit(_) => "true or false",
        ast::Value::Object(_) => "an object",
        ast::Value::Array(_) => "an array",
        ast::Value::NullKeyword(_) => "null",
    }
}
