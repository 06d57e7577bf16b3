//! Dimension sets: the attributes of a point used as dimensions, and the number of sets in a process.
//!
//! CloudWatch bills each metric in each dimension set, so an attribute with many values is expensive. The first sets of
//! a process keep their dimensions. Points of further sets have the service as their only dimension, and their
//! attributes become metadata.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use thundra_core::Value;

use super::SERVICE;
use super::text::{dimension_value, is_dimension_name};

/// The most dimensions of a set, the service among them.
const MAX_DIMENSIONS: usize = 30;

/// The dimensions of a point, apart from the service.
pub(super) type Set<'a> = Vec<(&'a str, String)>;

/// Returns the valid dimension names of CloudWatch without repetitions, and the refused names.
pub(super) fn sort_out(names: &[Cow<'static, str>]) -> (Vec<Cow<'static, str>>, Vec<Cow<'static, str>>) {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    let mut own = 0;
    for name in names {
        if taken.contains(name) {
            continue;
        }
        let is_own = name != SERVICE;
        if name != super::AWS && is_dimension_name(name) && own + usize::from(is_own) < MAX_DIMENSIONS {
            own += usize::from(is_own);
            taken.push(name.clone());
        } else {
            refused.push(name.clone());
        }
    }
    (taken, refused)
}

/// Returns the dimensions of a point: the attributes with the given names, in the order of the names, if the values are
/// not blank.
pub(super) fn of<'a>(names: &'a [Cow<'static, str>], attributes: &[(&str, Value)]) -> Set<'a> {
    let dimension = |name: &'a Cow<'static, str>| {
        let (_, value) = attributes.iter().find(|(key, _)| key == name)?;
        Some((&**name, dimension_value(&value.to_string())?))
    };
    names.iter().filter_map(dimension).collect()
}

/// The dimension sets of a process.
#[derive(Debug)]
pub(super) struct Sets {
    seen: Mutex<HashSet<String>>,
}

impl Sets {
    pub(super) fn new() -> Self {
        Sets { seen: Mutex::default() }
    }

    /// Returns `true` if a set may be used: a set without dimensions, a known set, or a new set within the limit `max`.
    pub(super) fn admit(&self, set: &Set<'_>, max: usize) -> bool {
        if set.is_empty() {
            return true;
        }
        // Neither names nor values have control characters.
        let text: String = set.iter().flat_map(|(key, value)| [key, "\0", value.as_str(), "\0"]).collect();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(&text) {
            return true;
        }
        seen.len() < max && seen.insert(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_cloudwatch_takes_are_dimensions() {
        let names = |names: &[&'static str]| names.iter().map(|name| Cow::Borrowed(*name)).collect::<Vec<_>>();
        let (taken, refused) = sort_out(&names(&["a", "", "b", "a", ":c", "service", "é", "_aws"]));
        assert_eq!((taken, refused), (names(&["a", "b", "service"]), names(&["", ":c", "é", "_aws"])));
        let many: Vec<Cow<'static, str>> = (0..40).map(|number| format!("d{number}").into()).collect();
        let (taken, refused) = sort_out(&many);
        assert_eq!((taken.len(), refused.len()), (29, 11), "the service is the thirtieth");
    }

    #[test]
    fn dimensions_are_the_named_attributes_with_a_value() {
        let names = ["a", "b", "c", "d", "e"].map(Cow::Borrowed);
        let attributes = [("d", 7_u8.into()), ("b", " ".into()), ("a", "x".into()), ("f", "y".into())];
        assert_eq!(of(&names, &attributes), [("a", "x".to_owned()), ("d", "7".to_owned())]);
    }

    #[test]
    fn the_first_sets_are_admitted_for_good() {
        let sets = Sets::new();
        let set = |value: &str| vec![("tenant", value.to_owned())];
        assert_eq!([set("a"), set("b"), set("c"), set("a")].map(|set| sets.admit(&set, 2)), [true, true, false, true]);
        assert!(sets.admit(&vec![], 2), "without dimensions of its own");
        assert!(!Sets::new().admit(&set("a"), 0));
        assert!(Sets::new().admit(&set("a"), usize::MAX));
    }
}
