//! The headers of an HTTP event, in whichever of its two forms they come.

use std::borrow::Cow;

use super::json::{self, Object};

/// Names in any case; a header that was sent several times is one, joined with commas as HTTP has it.
pub(super) struct Headers<'a>(Vec<(String, Cow<'a, str>)>);

impl<'a> Headers<'a> {
    /// `headers`, or `multiValueHeaders` where a load balancer sends those instead.
    pub(super) fn of(event: &Object<'a>) -> Self {
        let map = |key| event.object(key).filter(|headers| !headers.is_empty());
        let Some(headers) = map("headers").or_else(|| map("multiValueHeaders")) else { return Headers(Vec::new()) };
        let pair = |(name, value)| Some((String::from(name), one_or_many(value)?));
        Headers(headers.members().filter_map(pair).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(found.1.as_ref()).filter(|value| !value.is_empty())
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_ref()))
    }
}

fn one_or_many(value: &str) -> Option<Cow<'_, str>> {
    if let Some(text) = json::text(value) {
        return Some(text);
    }
    let values: Vec<_> = json::array(value).into_iter().filter_map(json::text).collect();
    (!values.is_empty()).then(|| values.join(",").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        for (event, value, why) in [
            (r#"{"headers":{"X-A":"1"},"multiValueHeaders":{"X-A":["2"]}}"#, Some("1"), "the plain form wins"),
            (r#"{"headers":null,"multiValueHeaders":{"x-a":["2"]}}"#, Some("2"), "lists only"),
            (r#"{"headers":{},"multiValueHeaders":{"x-a":["1","2"]}}"#, Some("1,2"), "sent twice"),
            (r#"{"headers":{"x-a":["1"]}}"#, Some("1"), "VPC Lattice"),
            (r#"{"headers":{"x-a":[]}}"#, None, "an empty list"),
            (r#"{"headers":{"x-a":{}}}"#, None, "nonsense"),
            (r#"{"headers":"x"}"#, None, "more nonsense"),
            ("{}", None, "no headers"),
        ] {
            assert_eq!(Headers::of(&Object::parse(event).unwrap()).get("X-a"), value, "{why}");
        }
    }
}
