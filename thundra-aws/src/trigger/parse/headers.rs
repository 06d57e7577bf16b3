//! The headers of a request, in both forms of events.

use std::borrow::Cow;

use super::carrier::Carrier;
use super::json::{self, Object};

/// Headers in the order of the event, with names in any case. A header sent several times has an entry for each line,
/// as in a request.
pub(crate) struct Headers<'a>(Vec<(String, Cow<'a, str>)>);

impl<'a> Headers<'a> {
    /// Reads every line of the headers in `multiValueHeaders`, and the further names in `headers`. A REST API sends
    /// both, a load balancer one of the two, AppSync's authorizers get `requestHeaders`, a mapping template makes
    /// `header`, and every other service sends `headers` alone.
    pub(crate) fn of(event: &Object<'a>) -> Self {
        let mut headers = Headers(Vec::new());
        for form in ["multiValueHeaders", "headers", "requestHeaders", "header"] {
            let known = headers.0.len();
            for (name, value) in
                event.object(form).iter().flat_map(Object::members).map(|line| (line.key(), line.raw()))
            {
                let earlier = headers.0.get(..known).unwrap_or_default();
                if !earlier.iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(&name)) {
                    lines(value, |line| headers.0.push((name.clone().into_owned(), line)));
                }
            }
        }
        headers
    }

    /// Returns the first non-empty line of a header.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.find(|(_, value)| !value.is_empty()).map(|(_, value)| value.as_ref())
    }

    /// Returns every line with the name of the header.
    #[cfg(test)]
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_ref()))
    }
}

impl Carrier for Headers<'_> {
    fn each(&self, is_wanted: &dyn Fn(&str) -> bool, pair: &mut dyn FnMut(&str, &str)) {
        self.0.each(is_wanted, pair);
    }
}

/// Members of a request, apart from the headers.
const REQUEST: [&str; 15] = [
    "body",
    "method",
    "httpMethod",
    "requestContext",
    "path",
    "pathParameters",
    "rawPath",
    "url",
    "uri",
    "query",
    "querystring",
    "queryStringParameters",
    "params",
    "identity",
    "stageVariables",
];

/// Returns `true` for an event with the members of a request.
pub(crate) fn is_request(event: &Object<'_>) -> bool {
    event.has("headers") && REQUEST.iter().any(|member| event.has(member))
}

/// Takes the lines of a header. The value is a string or a list of strings, or of objects with a `value` (CloudFront).
fn lines<'a>(value: &'a str, mut line: impl FnMut(Cow<'a, str>)) {
    let element = |element| json::text(element).or_else(|| Object::parse(element)?.text("value"));
    match json::text(value) {
        Some(text) => line(text),
        None => json::array(value).into_iter().filter_map(element).for_each(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_a_header_is_read() {
        for (event, values, why) in [
            (r#"{"headers":{"X-A":"2"},"multiValueHeaders":{"X-A":["1","2"]}}"#, &["1", "2"][..], "a REST API"),
            (r#"{"multiValueHeaders":{"x-a":["1","2"]},"headers":{"X-A":"2"}}"#, &["1", "2"], "in the other order"),
            (r#"{"headers":{"X-A":"1"},"multiValueHeaders":{"X-B":["2"]}}"#, &["1"], "in one form alone"),
            (r#"{"headers":{"X-A":"1"},"multiValueHeaders":{"x-a":[]}}"#, &["1"], "an empty list beside it"),
            (r#"{"headers":{"X-A":"1"},"multiValueHeaders":null}"#, &["1"], "no lists"),
            (r#"{"headers":null,"multiValueHeaders":{"x-a":["2"]}}"#, &["2"], "lists only"),
            (r#"{"headers":{},"multiValueHeaders":{"x-a":["1","2"]}}"#, &["1", "2"], "a load balancer"),
            (r#"{"multiValueHeaders":{"x-a":["1"],"X-A":["2"]}}"#, &["1", "2"], "a name in two cases"),
            (r#"{"headers":{"x-a":"1,2"}}"#, &["1,2"], "joined by an HTTP API"),
            (r#"{"headers":{"x-a":["1","2"]}}"#, &["1", "2"], "VPC Lattice"),
            (r#"{"headers":{"x-a":[{"key":"X-A","value":"1"},{"value":"2"}]}}"#, &["1", "2"], "CloudFront"),
            (r#"{"requestHeaders":{"X-A":"1"}}"#, &["1"], "an authorizer of AppSync"),
            (r#"{"headers":{"x-a":[]}}"#, &[], "an empty list"),
            (r#"{"headers":{"x-a":[{"key":"X-A"},7]}}"#, &[], "a list of nonsense"),
            (r#"{"headers":{"x-a":{}}}"#, &[], "nonsense"),
            (r#"{"headers":"x"}"#, &[], "more nonsense"),
            ("{}", &[], "no headers"),
        ] {
            let headers = Headers::of(&Object::parse(event).unwrap());
            let lines = headers.pairs().filter(|(name, _)| name.eq_ignore_ascii_case("x-a"));
            assert_eq!(lines.map(|(_, value)| value).collect::<Vec<_>>(), values, "{why}");
            assert_eq!(headers.get("X-a"), values.first().copied(), "{why}");
        }
    }
}
