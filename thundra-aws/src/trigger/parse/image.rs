//! Contexts in items of DynamoDB: an attribute with a map of typed values.

use std::borrow::Cow;

use thundra_core::propagation::PAYLOAD_CONTEXT;

use super::json::Object;

/// Returns the texts and numbers of the context in the new image of a change.
///
/// The old image is not read. The context in the old image comes from the program that wrote the item, perhaps long
/// ago, and not from the program that removed the item.
pub(crate) fn context<'a>(change: &Object<'a>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let texts = || Some(pairs(&change.object("NewImage")?.any_member(PAYLOAD_CONTEXT)?.object()?.object("M")?));
    texts().unwrap_or_default()
}

/// Returns the texts and numbers of a map: `{"key": {"S": "text"}, "other": {"N": "1"}}`.
fn pairs<'a>(map: &Object<'a>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let value = |typed: Object<'a>| typed.text("S").or_else(|| typed.text("N"));
    map.members().filter_map(|member| Some((member.key(), value(member.object()?)?))).collect()
}
