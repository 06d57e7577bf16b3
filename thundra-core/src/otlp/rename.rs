//! Other keys for encoded attributes.

use std::borrow::Cow;

use super::read::{each_attribute, fields};
use super::write::{Buffer, Out};
use super::{tag, write};

/// Puts a prefix before the keys that `is_renamed` selects, in a run of attributes.
pub(crate) fn with_prefix(run: &mut Buffer, tag: u8, prefix: &str, is_renamed: impl Fn(&str) -> bool) {
    keys(run, 0, tag, |key| is_renamed(key).then(|| format!("{prefix}{key}").into()));
}

/// Gives the attributes from `start` on the keys that `name` returns. Attributes without another key stay.
#[cold]
pub(crate) fn keys(run: &mut Buffer, start: usize, tag: u8, name: impl Fn(&str) -> Option<Cow<'static, str>>) {
    each_attribute(&run.split_off(start), |key, encoded| {
        let Some(renamed) = name(key) else { return run.put(encoded) };
        let pair = fields(encoded).find_map(|field| field.bytes()).unwrap_or_default();
        let value = fields(pair).find(|field| field.number == 2).and_then(|field| field.bytes());
        write::nested(run, tag, |out| {
            write::bytes(out, tag::KEY, renamed.as_bytes());
            write::bytes(out, tag::VALUE, value.unwrap_or_default());
        });
    });
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use prost::Message;

    use super::*;
    use crate::Value;

    #[test]
    fn a_renamed_attribute_keeps_its_value_and_its_place() {
        let values: [Value; 4] = ["text".into(), 7.into(), 0.5.into(), vec!["a".to_owned(), "é".repeat(200)].into()];
        for value in values {
            let encode = |keys: [&str; 3]| {
                let mut run = Buffer::default();
                keys.iter().for_each(|key| write::attribute(&mut run, tag::RESOURCE_ATTRIBUTE, key, &value));
                run
            };
            let mut run = encode(["a", "target", "b"]);
            with_prefix(&mut run, tag::RESOURCE_ATTRIBUTE, "fields.", |key| key == "target");
            let expected = encode(["a", "fields.target", "b"]);
            assert_eq!(Resource::decode(&*run).unwrap(), Resource::decode(&*expected).unwrap(), "{value:?}");
        }
    }
}
