//! The propagation policy: the trace context goes to every host, correlation ids and baggage to trusted hosts, and
//! nothing to a URL with an authorization in the query.
//!
//! A host is trusted if the host belongs to the program's own network or is listed in `THUNDRA_PROPAGATE_HOSTS`. Names
//! below public domains of AWS are foreign, because anyone can create a bucket, an API, a load balancer or an instance.
//! Internal load balancers and VPC endpoints are trusted, because only a private network has access.

mod own_names;
#[cfg(test)]
mod tests;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use thundra_core::diagnostics;

use self::own_names::is_own_name;
use crate::host_patterns::{HostPatterns, address, plain};
use crate::settings::settings;

/// The part of our context allowed in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// No header: the request is signed, and another header would break the signature or leak with the URL.
    Nothing,
    /// The trace context.
    Trace,
    /// The trace context, correlation ids and baggage.
    Everything,
}

impl Reach {
    /// Returns the reach of a request, by host and query. Reports a foreign host on standard error, once.
    pub(crate) fn of(host: &str, query: Option<&str>) -> Self {
        let reach = Reach::allowed(host, query);
        if reach == Reach::Trace {
            report_foreign(host);
        }
        reach
    }

    fn allowed(host: &str, query: Option<&str>) -> Self {
        if query.is_some_and(is_presigned) {
            Reach::Nothing
        } else if is_trusted(host, &settings().propagate_hosts) {
            Reach::Everything
        } else {
            Reach::Trace
        }
    }

    /// Reports a host with ids received against the policy, once. A client without our hook was redirected there.
    #[cfg(feature = "reqwest")]
    pub(crate) fn report_leak(self, url: &reqwest::Url) {
        let host = url.host_str().unwrap_or("");
        if self == Reach::Everything && Reach::allowed(host, url.query()) < self {
            diagnostics::once(
                &format!("redirect {host}"),
                format_args!(
                    "a redirect sent correlation ids to {host:?}; clients from thundra_http's own builder remove the ids, unless `configure` changed the client"
                ),
            );
        }
    }
}

/// Returns `true` if the query carries an authorization.
fn is_presigned(query: &str) -> bool {
    const KEYS: [&[u8]; 5] = [b"X-Amz-Signature", b"X-Goog-Signature", b"Signature", b"sig", b"AWSAccessKeyId"];
    let key = |pair: &'_ [u8]| pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
    // Queries are short, and `str::split` expects long texts.
    query
        .as_bytes()
        .split(|byte| *byte == b'&')
        .any(|pair| pair.get(..key(pair)).is_some_and(|key| KEYS.contains(&key)))
}

/// Returns `true` for a host of our own network and for a named host.
fn is_trusted(host: &str, named: &HostPatterns) -> bool {
    let name = plain(host);
    let address = address(name);
    let own = match address {
        Some(IpAddr::V4(v4)) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        Some(IpAddr::V6(v6)) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
        None => is_own_name(name, name.len() < host.len()),
    };
    own || named.matches_name(name, address)
}

/// Reports a foreign host, once. In the common case of a reported host, the check takes no lock and no allocation.
fn report_foreign(host: &str) {
    if host.is_empty() {
        return diagnostics::once(
            "host",
            "correlation ids are not sent with requests that name no host; a tonic client made by `with_origin` names the host",
        );
    }
    // A cache of hashes of hosts. A collision replaces an entry, and `diagnostics` still reports each host once.
    static REPORTED: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];
    let mut hasher = DefaultHasher::new();
    host.hash(&mut hasher);
    let hash = hasher.finish();
    let Some(reported) = REPORTED.get(hash as usize % REPORTED.len()) else { return };
    if reported.load(Ordering::Relaxed) != hash {
        reported.store(hash, Ordering::Relaxed);
        diagnostics::once(&format!("host {host}"), advice(host, &settings().propagate_hosts));
    }
}

/// Returns the line about a foreign host, with the value of `THUNDRA_PROPAGATE_HOSTS` to add the host to the named
/// hosts.
#[cold]
fn advice(host: &str, named: &HostPatterns) -> String {
    let entry = plain(host).to_ascii_lowercase();
    if entry.parse::<HostPatterns>().is_err() {
        return format!("correlation ids are not sent to {host:?}, which is not a name for THUNDRA_PROPAGATE_HOSTS");
    }
    let value = named.entries().chain([entry.as_str()]).collect::<Vec<_>>().join(",");
    format!("correlation ids are not sent to {host:?}; to send them there set THUNDRA_PROPAGATE_HOSTS={value}")
}
