//! Attribute values.

use std::borrow::Cow;

/// Attributes with their keys.
pub(crate) type Attributes = Vec<(Cow<'static, str>, Value)>;

/// No attributes, as an argument of [`SpanExt::add_link`](crate::SpanExt::add_link).
pub const NO_ATTRIBUTES: [(&str, Value); 0] = [];

/// The value of an attribute. The collector receives the value with its type.
///
/// # Examples
///
/// ```
/// use thundra_core::Value;
///
/// assert_eq!(Value::from(7_u8), Value::I64(7));
/// assert_eq!(Value::from("visa"), Value::Str("visa".into()));
/// assert_eq!(Value::from(u64::MAX), Value::Str("18446744073709551615".into()), "OTLP has no unsigned integer");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Text.
    Str(Cow<'static, str>),
    /// A signed integer.
    I64(i64),
    /// A floating-point number.
    F64(f64),
    /// A boolean.
    Bool(bool),
    /// A list of text.
    Array(Vec<String>),
}

impl Value {
    /// Returns the text of a [`Value::Str`].
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Str(v) => v.fmt(f),
            Value::I64(v) => v.fmt(f),
            Value::F64(v) => v.fmt(f),
            Value::Bool(v) => v.fmt(f),
            Value::Array(v) => write!(f, "[{}]", v.join(",")),
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Value::$variant(value.into())
            }
        }
    )*};
}
from!(&'static str => Str, String => Str, Cow<'static, str> => Str, bool => Bool, f64 => F64, f32 => F64,
      i64 => I64, i32 => I64, i16 => I64, u32 => I64, u16 => I64, u8 => I64, Vec<String> => Array);

impl From<u64> for Value {
    /// Converts a number over `i64::MAX` to text, since OTLP has no unsigned integer.
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Value::Str(value.to_string().into()), Value::I64)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Value::from(value as u64)
    }
}
