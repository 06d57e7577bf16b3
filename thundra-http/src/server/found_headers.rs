//! The headers that describe a request and its caller, found in one walk: each search would hash a name.

use std::borrow::Cow;
use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};

use crate::semantics::forwarded;

/// The number of names with a [place].
const NAMES: usize = 7;
/// The place of the first header written by proxies.
const FORWARDED: usize = 2;

/// Returns the place of a name; `None` for a header that says nothing about the request.
#[inline]
fn place(name: &str) -> Option<usize> {
    Some(match name {
        "host" => 0,
        "user-agent" => 1,
        "forwarded" => FORWARDED,
        "x-forwarded-for" => 3,
        "x-forwarded-host" => 4,
        "x-forwarded-port" => 5,
        "x-forwarded-proto" => 6,
        _ => return None,
    })
}

/// The first header of each name.
#[derive(Clone, Copy, Default)]
pub(super) struct FoundHeaders<'a>([Option<&'a HeaderValue>; NAMES]);

impl<'a> FoundHeaders<'a> {
    pub(super) fn among(headers: &'a HeaderMap) -> Self {
        let mut found = FoundHeaders::default();
        for (name, value) in headers {
            if let Some(first) = place(name.as_str()).and_then(|at| found.0.get_mut(at)) {
                first.get_or_insert(value);
            }
        }
        found
    }

    /// Returns a header.
    #[inline]
    pub(super) fn get(&self, name: &str) -> Option<&'a HeaderValue> {
        self.0.get(place(name)?).copied()?
    }

    /// Returns what proxies say about the caller's request.
    pub(super) fn forwarded(self) -> Forwarded<'a> {
        // Many requests came over no proxy.
        if self.0.iter().skip(FORWARDED).all(Option::is_none) {
            return Forwarded::default();
        }
        let header = move |name: &str| self.get(name)?.to_str().ok();
        Forwarded {
            scheme: forwarded::scheme(&header),
            host: forwarded::host(&header),
            port: forwarded::port(&header),
            client: forwarded::client(&header),
        }
    }
}

/// What proxies say about the caller's request.
#[derive(Default)]
pub(super) struct Forwarded<'a> {
    pub(super) scheme: Option<&'static str>,
    pub(super) host: Option<Cow<'a, str>>,
    pub(super) port: Option<u16>,
    pub(super) client: Option<IpAddr>,
}
