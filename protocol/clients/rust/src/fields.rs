//! Reads the fields of messages; those that nobody asks for are ignored, as PROTOCOL.md wants it.

use crate::error::Violation;
use rmpv::Value;

pub(crate) struct Fields(Vec<(Value, Value)>);

impl Fields {
    /// The field `name` as `read` understands it.
    pub fn get<T>(
        &mut self,
        name: &str,
        read: impl Fn(Value) -> Result<T, Violation>,
    ) -> Result<T, Violation> {
        let found = self.0.iter_mut().find(|(key, _)| key.as_str() == Some(name));
        let value = found.map_or(Value::Nil, |(_, value)| std::mem::replace(value, Value::Nil));
        read(value).map_err(|Violation(text)| Violation(format!("{name}: {text}")))
    }
}

pub(crate) fn map(value: Value) -> Result<Fields, Violation> {
    match value {
        Value::Map(entries) => Ok(Fields(entries)),
        other => Err(mismatch("a map", &other)),
    }
}

pub(crate) fn u32(value: Value) -> Result<u32, Violation> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| mismatch("an integer from 0 to 2^32-1", &value))
}

pub(crate) fn i32(value: Value) -> Result<i32, Violation> {
    let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| mismatch("an integer from -2^31 to 2^31-1", &value))
}

pub(crate) fn boolean(value: Value) -> Result<bool, Violation> {
    value.as_bool().ok_or_else(|| mismatch("a boolean", &value))
}

pub(crate) fn string(value: Value) -> Result<String, Violation> {
    match value {
        Value::String(text) => text.into_str().ok_or_else(|| Violation::new("UTF-8", "other bytes")),
        other => Err(mismatch("a string", &other)),
    }
}

pub(crate) fn bin(value: Value) -> Result<Vec<u8>, Violation> {
    match value {
        Value::Binary(bytes) => Ok(bytes),
        other => Err(mismatch("a bin", &other)),
    }
}

/// Reads an array whose items `read` understands.
pub(crate) fn array<T>(
    read: impl Fn(Value) -> Result<T, Violation>,
) -> impl Fn(Value) -> Result<Vec<T>, Violation> {
    move |value| match value {
        Value::Array(items) => items.into_iter().map(&read).collect(),
        other => Err(mismatch("an array", &other)),
    }
}

/// Names the kind of a value, not its content: that can be an image.
fn mismatch(expected: &str, received: &Value) -> Violation {
    let kind = match received {
        Value::Nil => "nothing",
        Value::Boolean(_) => "a boolean",
        Value::Integer(_) => "an integer that does not fit here",
        Value::String(_) => "a string",
        Value::Binary(_) => "a bin",
        Value::Array(_) => "an array",
        Value::Map(_) => "a map",
        Value::F32(_) | Value::F64(_) | Value::Ext(..) => "a value that the protocol does not have",
    };
    Violation::new(expected, kind)
}
