//! Span pointers: names for objects and items, computed by the writer and by the receiver. The recipe is the recipe of
//! Datadog's agents.

use std::borrow::Cow;
use std::fmt;

/// The first half of a SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpanPointer([u8; 16]);

impl SpanPointer {
    /// Returns the pointer to a version of an object, given the entity tag with or without quotes.
    pub(crate) fn of_object(bucket: &str, key: &str, etag: &str) -> Option<Self> {
        let etag = etag.trim_matches('"');
        if bucket.is_empty() || key.is_empty() || etag.is_empty() {
            return None;
        }
        digest(&[bucket.as_bytes(), key.as_bytes(), etag.as_bytes()])
    }

    /// Returns the pointer to an item, given the names and values of the primary key in any order. `None` unless the
    /// key has one or two attributes.
    pub(crate) fn of_item(table: &str, key: &[(Cow<'_, str>, Cow<'_, [u8]>)]) -> Option<Self> {
        let (first, second) = match key {
            [only] => (only, &(Cow::Borrowed(""), Cow::Borrowed(&[][..]))),
            [a, b] if a.0.as_bytes() <= b.0.as_bytes() => (a, b),
            [a, b] => (b, a),
            _ => return None,
        };
        if table.is_empty() {
            return None;
        }
        digest(&[table.as_bytes(), first.0.as_bytes(), &first.1, second.0.as_bytes(), &second.1])
    }
}

/// Returns the digest of the parts, with a bar between two.
#[cfg(feature = "span-pointers")]
fn digest(parts: &[&[u8]]) -> Option<SpanPointer> {
    use sha2::{Digest, Sha256};

    let mut digest = Sha256::new();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            digest.update(b"|");
        }
        digest.update(part);
    }
    digest.finalize().first_chunk().copied().map(SpanPointer)
}

#[cfg(not(feature = "span-pointers"))]
fn digest(_: &[&[u8]]) -> Option<SpanPointer> {
    None
}

impl fmt::Display for SpanPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SpanPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(all(test, feature = "span-pointers"))]
mod tests {
    use std::slice;

    use super::*;

    #[test]
    fn objects_have_the_pointers_of_datadogs_agents() {
        for (key, etag, pointer) in [
            ("some-key.data", "ab12ef34", "e721375466d4116ab551213fdea08413"),
            ("some-key.data", "\"ab12ef34\"", "e721375466d4116ab551213fdea08413"),
            ("some-key.你好", "ab12ef34", "d1333a04b9928ab462b5c6cadfa401f4"),
            ("some-key.data", "ab12ef34-5", "2b90dffc37ebc7bc610152c3dc72af9f"),
        ] {
            assert_eq!(SpanPointer::of_object("some-bucket", key, etag).unwrap().to_string(), pointer);
        }
        for (bucket, key, etag) in [("", "k", "e"), ("b", "", "e"), ("b", "k", ""), ("b", "k", "\"\"")] {
            assert_eq!(SpanPointer::of_object(bucket, key, etag), None);
        }
    }

    #[test]
    fn items_have_the_pointers_of_datadogs_agents() {
        let part = |name: &'static str, value: &'static str| (Cow::Borrowed(name), Cow::Borrowed(value.as_bytes()));
        let of = |key: &[(Cow<'_, str>, Cow<'_, [u8]>)]| {
            SpanPointer::of_item("some-table", key).map(|pointer| pointer.to_string())
        };
        let (some, other) = (part("some-key", "some-value"), part("other-key", "123"));
        let both = Some("7aa1b80b0e49bd2078a5453399f4dd67".to_owned());
        assert_eq!(of(&[some.clone(), other.clone()]), both);
        assert_eq!(of(&[other.clone(), some.clone()]), both, "in any order");
        assert_eq!(
            of(slice::from_ref(&some)).as_deref(),
            Some("7f1aee721472bcb48701d45c7c7f7821"),
            "without a sort key"
        );
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[some.clone(), other.clone(), other]), None, "no key of DynamoDB");
        assert_eq!(SpanPointer::of_item("", &[some]), None);
    }
}
