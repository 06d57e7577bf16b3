//! Contexts in items of DynamoDB: an attribute with a map of typed values.

use std::borrow::Cow;

use thundra_core::propagation::PAYLOAD_CONTEXT;

use super::carrier::Carrier;
use super::json::Object;

/// The texts and numbers of the context in an image.
#[derive(Debug)]
pub(crate) enum ImageContext<'a> {
    /// A map of typed values: `{"key": {"S": "text"}, "other": {"N": "1"}}`.
    Map(Object<'a>),
    /// The texts and numbers, by key.
    #[cfg_attr(not(feature = "dynamodb"), allow(dead_code))]
    Texts(Vec<(Cow<'a, str>, Cow<'a, str>)>),
}

impl<'a> ImageContext<'a> {
    /// Returns the context in the new image of a change.
    ///
    /// The old image is not read. The context in the old image comes from the program that wrote the item, perhaps long
    /// ago, and not from the program that removed the item.
    pub(crate) fn of_change(change: &Object<'a>) -> Self {
        let map = || change.object("NewImage")?.any_member(PAYLOAD_CONTEXT)?.object()?.object("M");
        ImageContext::Map(map().unwrap_or_default())
    }
}

impl Default for ImageContext<'_> {
    fn default() -> Self {
        ImageContext::Map(Object::default())
    }
}

impl Carrier for ImageContext<'_> {
    fn each(&self, is_wanted: &dyn Fn(&str) -> bool, pair: &mut dyn FnMut(&str, &str)) {
        let map = match self {
            ImageContext::Map(map) => map,
            ImageContext::Texts(texts) => return texts.each(is_wanted, pair),
        };
        for member in map.members() {
            let (key, typed) = (member.key(), member.object());
            let value = typed.filter(|_| is_wanted(&key)).and_then(|typed| typed.text("S").or_else(|| typed.text("N")));
            if let Some(value) = value {
                pair(&key, &value);
            }
        }
    }
}
