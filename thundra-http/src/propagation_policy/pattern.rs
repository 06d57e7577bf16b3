//! The entries of `THUNDRA_PROPAGATE_HOSTS`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thundra_core::diagnostics;

use super::host::{address, is_below, is_name, plain};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `*`
    Any,
    /// `example.com`
    Name(String),
    /// The suffix `.example.com` of `*.example.com`.
    Below(String),
    /// `203.0.113.7`
    Address(IpAddr),
    /// `203.0.113.0/24`
    V4 { network: u32, mask: u32 },
    /// `2001:db8::/32`
    V6 { network: u128, mask: u128 },
}

/// Reads the entries. Reports each malformed entry once.
pub(super) fn patterns(entries: &[String]) -> Vec<Pattern> {
    let pattern = |entry: &String| {
        let read = Pattern::parse(entry);
        if read.is_none() {
            let problem = format!(
                "THUNDRA_PROPAGATE_HOSTS={entry:?} is not used: it takes a list of names, *.example.com, networks such as 203.0.113.0/24, or *"
            );
            diagnostics::once(&problem, &problem);
        }
        read
    };
    entries.iter().filter_map(pattern).collect()
}

/// Reports each malformed entry once.
pub(crate) fn check(entries: &[String]) {
    patterns(entries);
}

impl Pattern {
    /// Reads an entry. `None` for a malformed one.
    pub(super) fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Pattern::Any);
        }
        if let Some((network, bits)) = entry.split_once('/') {
            return match (network.parse().ok()?, bits.parse().ok()?) {
                (IpAddr::V4(network), bits @ 0..=32) => {
                    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                    Some(Pattern::V4 { network: Ipv4Addr::to_bits(network) & mask, mask })
                }
                (IpAddr::V6(network), bits @ 0..=128) => {
                    let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                    Some(Pattern::V6 { network: Ipv6Addr::to_bits(network) & mask, mask })
                }
                _ => None,
            };
        }
        if let Some(address) = address(plain(entry)) {
            return Some(Pattern::Address(address));
        }
        match entry.strip_prefix('*') {
            Some(below) => is_name(below.strip_prefix('.')?).then(|| Pattern::Below(below.to_owned())),
            None => is_name(entry).then(|| Pattern::Name(entry.trim_end_matches('.').to_owned())),
        }
    }

    /// Returns `true` if the entry names a host, given without the parts of its spelling and, for an address, as one.
    pub(super) fn matches(&self, host: &str, address: Option<IpAddr>) -> bool {
        match (self, address) {
            (Pattern::Any, _) => true,
            (Pattern::Name(name), None) => host.eq_ignore_ascii_case(name),
            (Pattern::Below(suffix), None) => is_below(host, suffix),
            (Pattern::Address(known), Some(address)) => *known == address,
            (Pattern::V4 { network, mask }, Some(IpAddr::V4(address))) => address.to_bits() & mask == *network,
            (Pattern::V6 { network, mask }, Some(IpAddr::V6(address))) => address.to_bits() & mask == *network,
            _ => false,
        }
    }
}
