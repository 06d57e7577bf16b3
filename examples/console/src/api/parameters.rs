//! The parameters of a URL.

use std::convert::Infallible;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use thundra_core::percent_decode;

use super::Failure;

/// The names and values, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Parameters::of(parts.uri.query().unwrap_or_default()))
    }
}

impl Parameters {
    /// Reads a query.
    pub(crate) fn of(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Parameters(decoded.collect())
    }

    /// Returns the parameters without those of a name, which means something else to a filter.
    pub(crate) fn without(&self, name: &str) -> Self {
        Parameters(self.0.iter().filter(|(known, _)| known != name).cloned().collect())
    }

    /// Returns every value of a name; empty ones are as if absent.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Returns the first value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Returns a number in a range.
    pub(crate) fn number<T: FromStr + PartialOrd + Display + Copy>(
        &self,
        name: &str,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.parse().ok().filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let (least, greatest) = range.into_inner();
                Err(Failure::Parameter(format!("{name}: a number from {least} to {greatest}, not {text:?}")))
            }
        }
    }

    /// Returns a time or a duration in microseconds as nanoseconds.
    pub(crate) fn nanos(&self, name: &str) -> Result<Option<i64>, Failure> {
        let micros = self.number(name, 0.0..=9e15)?;
        Ok(micros.map(|micros: f64| (micros * 1e3) as i64))
    }

    /// Returns one of a list of words.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Failure> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                Err(Failure::Parameter(format!("{name}: one of {}, not {text:?}", words.join(", "))))
            }
        }
    }
}

/// The variable part of a path. One in another form fails as a parameter does.
pub(crate) struct Part<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Part<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(part)) => Ok(Part(part)),
            Err(rejection) => Err(Failure::Parameter(rejection.body_text())),
        }
    }
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode(&spaced).unwrap_or(spaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_wrong_ones_named() {
        let parameters = Parameters::of("where=a%3Db%26c&where=d!%3De+f&limit=x&from=1.5&sort=start&empty=&flag");
        assert_eq!(parameters.all("where").collect::<Vec<_>>(), ["a=b&c", "d!=e f"]);
        assert_eq!((parameters.get("empty"), parameters.get("flag")), (None, None));
        assert!(matches!(parameters.nanos("from"), Ok(Some(1500))));
        let problem = |result: Result<Option<i64>, Failure>| match result {
            Err(Failure::Parameter(problem)) => problem,
            other => panic!("{other:?}"),
        };
        assert_eq!(problem(parameters.number("limit", 1..=500)), "limit: a number from 1 to 500, not \"x\"");
        assert_eq!(problem(parameters.word("sort", &[("a", 1), ("b", 2)])), "sort: one of a, b, not \"start\"");
    }
}
