//! Who gets what: the trace goes to every host, ids and baggage to our own network, to AWS and to the hosts that
//! were named, and nothing to an address that carries its own authorization.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use thundra_core::{config, diagnostics};

/// How much of our context a request may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Nothing: a header of ours must not be added to what was signed.
    Nothing,
    /// The trace context.
    Trace,
    /// Correlation ids and baggage too.
    Everything,
}

impl Reach {
    /// How much a host may be told in a request with this query.
    pub(crate) fn of(host: &str, query: Option<&str>) -> Self {
        let reach = Reach::allowed(host, query);
        if reach == Reach::Trace {
            tell(host);
        }
        reach
    }

    fn allowed(host: &str, query: Option<&str>) -> Self {
        static NAMED: OnceLock<Vec<Pattern>> = OnceLock::new();
        if query.is_some_and(is_presigned) {
            Reach::Nothing
        } else if is_trusted(host, NAMED.get_or_init(|| patterns(&config().propagate_hosts))) {
            Reach::Everything
        } else {
            Reach::Trace
        }
    }

    /// Says once of a host that ids reached it, which were not for it: a client that follows redirects out of our sight
    /// was led there.
    #[cfg(feature = "reqwest")]
    pub(crate) fn led_to(self, url: &reqwest::Url) {
        let host = url.host_str().unwrap_or("");
        if self == Reach::Everything && Reach::allowed(host, url.query()) < self {
            diagnostics::once(
                &format!("redirect {host}"),
                format_args!(
                    "a redirect took correlation ids to {host:?}: clients from thundra_http's own builder keep them back, unless `configure` changed them"
                ),
            );
        }
    }
}

/// Whether the address carries its own authorization.
fn is_presigned(query: &str) -> bool {
    const KEYS: [&str; 5] = ["X-Amz-Signature", "X-Goog-Signature", "Signature", "sig", "AWSAccessKeyId"];
    query.split('&').any(|pair| KEYS.contains(&pair.split_once('=').map_or(pair, |(key, _)| key)))
}

/// Says once that a host gets no ids. The common case, a host that was named before, takes no lock and makes no text.
fn tell(host: &str) {
    if host.is_empty() {
        return diagnostics::once(
            "host",
            "correlation ids are not sent with requests whose address names no host: tonic's clients name it with `with_origin`",
        );
    }
    static TOLD: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];
    let mut hasher = DefaultHasher::new();
    host.hash(&mut hasher);
    let hash = hasher.finish();
    let Some(told) = TOLD.get(hash as usize % TOLD.len()) else { return };
    if told.load(Ordering::Relaxed) != hash {
        told.store(hash, Ordering::Relaxed);
        diagnostics::once(
            &format!("host {host}"),
            format_args!("correlation ids are not sent to {host:?}; THUNDRA_PROPAGATE_HOSTS names hosts that get them"),
        );
    }
}

/// Whether a host belongs to us: loopback and private addresses, names without a dot, `.internal`, `.local` and
/// `.localhost`, AWS, and what was named.
fn is_trusted(host: &str, named: &[Pattern]) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    let own = match address {
        Some(IpAddr::V4(v4)) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        Some(IpAddr::V6(v6)) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
        None => is_own_name(host),
    };
    own || named.iter().any(|pattern| pattern.matches(host, address))
}

fn is_own_name(host: &str) -> bool {
    const SUFFIXES: [&str; 7] =
        [".internal", ".local", ".localhost", ".amazonaws.com", ".amazonaws.com.cn", ".on.aws", ".api.aws"];
    !host.is_empty()
        && ((!host.contains('.') && !is_number(host)) || SUFFIXES.iter().any(|suffix| is_below(host, suffix)))
}

/// Whether a name is an address in other clothes: resolvers take `134744072` and `0x8080808` for 8.8.8.8.
fn is_number(host: &str) -> bool {
    let hex = host.strip_prefix("0x").or_else(|| host.strip_prefix("0X"));
    hex.map_or_else(|| host.bytes().all(|b| b.is_ascii_digit()), |hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a name ends with this suffix, and has something before it.
fn is_below(host: &str, suffix: &str) -> bool {
    let split = host.len().checked_sub(suffix.len()).filter(|at| *at > 0);
    split.and_then(|at| host.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

/// One entry of `THUNDRA_PROPAGATE_HOSTS`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Any,
    Name(String),
    /// What follows the `*` of `*.example.com`.
    Below(String),
    Address(IpAddr),
    V4 {
        network: u32,
        mask: u32,
    },
    V6 {
        network: u128,
        mask: u128,
    },
}

/// The entries that could be read; the others are reported, once each.
fn patterns(entries: &[String]) -> Vec<Pattern> {
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

/// Reports the entries of `THUNDRA_PROPAGATE_HOSTS` that cannot be read.
pub(crate) fn check(entries: &[String]) {
    patterns(entries);
}

impl Pattern {
    fn parse(entry: &str) -> Option<Self> {
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
        if let Ok(address) = entry.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Some(Pattern::Address(address.to_canonical()));
        }
        match entry.strip_prefix('*') {
            Some(below) => is_name(below.strip_prefix('.')?).then(|| Pattern::Below(below.to_owned())),
            None => is_name(entry).then(|| Pattern::Name(entry.trim_end_matches('.').to_owned())),
        }
    }

    fn matches(&self, host: &str, address: Option<IpAddr>) -> bool {
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

fn is_name(name: &str) -> bool {
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    name.strip_suffix('.').unwrap_or(name).split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(entries: &[&str]) -> Vec<Pattern> {
        entries.iter().filter_map(|entry| Pattern::parse(entry)).collect()
    }

    #[test]
    fn ids_stay_among_our_own() {
        let named = named(&["partner.example", "*.Shop.example", "203.0.113.0/24", "2001:db8::/32", "198.51.100.7"]);
        for (host, expected, why) in [
            ("127.0.0.1", true, "loopback"),
            ("[::1]", true, "loopback, as a URL spells it"),
            ("10.2.3.4", true, "a private network"),
            ("172.31.255.255", true, "the last address of a private network"),
            ("172.32.0.0", false, "the first address behind it"),
            ("fd00::1", true, "a private network"),
            ("::ffff:192.168.1.1", true, "a private network in other clothes"),
            ("pricing", true, "a name without a dot"),
            ("db.internal", true, "a private zone"),
            ("printer.local", true, "a local name"),
            ("SNS.eu-west-1.AmazonAWS.com", true, "AWS"),
            ("x.lambda-url.eu-west-1.on.aws", true, "a function URL"),
            ("amazonaws.com.evil.example", false, "AWS only in part"),
            ("evilamazonaws.com", false, "AWS only in part"),
            (".internal", false, "nothing before the zone"),
            ("api.stripe.com", false, "a stranger"),
            ("8.8.8.8", false, "a stranger's address"),
            ("134744072", false, "the same as one number"),
            ("134744072.", false, "the same, as a name may be spelled"),
            ("0x8080808", false, "the same as a number of another base"),
            ("0X8080808", false, "the same, in upper case"),
            ("01002004010", false, "the same as a number of a third base"),
            ("0xorders", true, "a name that begins like a number"),
            ("7pricing", true, "a name that begins with a digit"),
            ("partner.example", true, "named"),
            ("Partner.Example.", true, "named, as a name may be spelled"),
            ("x.partner.example", false, "below a name is not the name"),
            ("a.shop.example", true, "a wildcard"),
            ("shop.example", false, "the wildcard's own domain"),
            ("evilshop.example", false, "a name that only ends alike"),
            ("203.0.113.9", true, "a named network"),
            ("203.0.114.9", false, "beside the network"),
            ("2001:db8::1", true, "a named network"),
            ("2001:db9::1", false, "beside the network"),
            ("198.51.100.7", true, "a named address"),
            ("198.51.100.8", false, "beside the address"),
            ("é.example", false, "a name that is no ASCII is cut nowhere"),
            ("", false, "nothing"),
        ] {
            assert_eq!(is_trusted(host, &named), expected, "{host}: {why}");
        }
        assert!(is_trusted("anyone.example", &[Pattern::Any]));
        assert!(is_trusted("8.8.8.8", &[Pattern::V4 { network: 0, mask: 0 }]));
    }

    #[test]
    fn entries_of_another_form_are_not_taken() {
        for (entry, taken, why) in [
            ("*", true, "everyone"),
            ("partner.example", true, "a name"),
            ("*.partner.example", true, "a wildcard"),
            ("10.0.0.0/8", true, "a network"),
            ("0.0.0.0/0", true, "the widest network"),
            ("2001:db8::/128", true, "the narrowest network"),
            ("::1", true, "an address"),
            ("https://partner.example", false, "an address of the web"),
            ("partner.example:8080", false, "a port"),
            ("partner.example/path", false, "a path"),
            ("partner.*", false, "a wildcard at the end"),
            ("*partner.example", false, "a wildcard in a label"),
            ("10.0.0.0/33", false, "more bits than there are"),
            ("10.0.0/8", false, "half an address"),
            ("a..example", false, "an empty label"),
        ] {
            assert_eq!(Pattern::parse(entry).is_some(), taken, "{entry}: {why}");
        }
    }

    #[test]
    fn presigned_queries_are_recognised() {
        for (query, presigned) in [
            ("X-Amz-Algorithm=a&X-Amz-Signature=b", true),
            ("sv=1&sig=b", true),
            ("AWSAccessKeyId", true),
            ("signature=lowercase-is-someone-elses", false),
            ("", false),
        ] {
            assert_eq!(is_presigned(query), presigned, "{query}");
        }
    }
}
