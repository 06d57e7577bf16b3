//! Contexts in items of DynamoDB: an attribute with a map of typed values.

use std::borrow::Cow;

use thundra_core::propagation::PAYLOAD_CONTEXT;

use super::json::{self, Object};

/// Returns the texts and numbers of the context in the new image of a change.
///
/// The old image is not read. The context in the old image comes from the program that wrote the item, perhaps long
/// ago, and not from the program that removed the item.
pub(crate) fn context<'a>(change: &Object<'a>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    // An item may have more attributes than an object keeps members.
    let image = change.raw("NewImage").map(json::members).unwrap_or_default();
    let context = image.into_iter().find(|(name, _)| name == PAYLOAD_CONTEXT);
    context.and_then(|(_, typed)| Object::parse(typed)?.object("M")).map(pairs).unwrap_or_default()
}

/// Returns the texts and numbers of a map: `{"key": {"S": "text"}, "other": {"N": "1"}}`.
fn pairs(map: Object<'_>) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let value = |typed| {
        let typed = Object::parse(typed)?;
        typed.text("S").or_else(|| typed.text("N"))
    };
    map.into_members().filter_map(|(key, typed)| Some((key, value(typed)?))).collect()
}
