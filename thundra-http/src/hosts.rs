//! Who gets correlation ids and baggage: our own network, AWS, and the hosts that were named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a host belongs to us: loopback and private addresses, names without a dot, `.internal`,
/// `.local` and `.localhost`, AWS, and what `THUNDRA_PROPAGATE_HOSTS` names: names, `*.example.com`,
/// networks such as `203.0.113.0/24`, or `*`.
pub(crate) fn trusted(host: &str, patterns: &[String]) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    let own = match address {
        Some(IpAddr::V4(v4)) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        Some(IpAddr::V6(v6)) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
        None => own_name(&host),
    };
    own || patterns.iter().any(|pattern| matches(pattern, &host, address))
}

fn own_name(host: &str) -> bool {
    const SUFFIXES: [&str; 7] =
        [".internal", ".local", ".localhost", ".amazonaws.com", ".amazonaws.com.cn", ".on.aws", ".api.aws"];
    !host.is_empty() && (!host.contains('.') || SUFFIXES.iter().any(|suffix| host.ends_with(suffix)))
}

fn matches(pattern: &str, host: &str, address: Option<IpAddr>) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    if pattern == "*" || pattern == host {
        return true;
    }
    if let Some(suffix) = pattern.strip_prefix('*').filter(|suffix| suffix.starts_with('.')) {
        return host.ends_with(suffix) && host.len() > suffix.len();
    }
    let Some((network, bits)) = pattern.split_once('/') else { return false };
    match (network.parse(), bits.parse::<u32>(), address) {
        (Ok(IpAddr::V4(network)), Ok(bits @ 0..=32), Some(IpAddr::V4(address))) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            Ipv4Addr::to_bits(network) & mask == address.to_bits() & mask
        }
        (Ok(IpAddr::V6(network)), Ok(bits @ 0..=128), Some(IpAddr::V6(address))) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            Ipv6Addr::to_bits(network) & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_among_our_own() {
        let patterns =
            ["partner.example".to_owned(), "*.shop.example".into(), "203.0.113.0/24".into(), "2001:db8::/32".into()];
        for (host, expected, why) in [
            ("127.0.0.1", true, "loopback"),
            ("[::1]", true, "loopback, as a URL spells it"),
            ("10.2.3.4", true, "a private network"),
            ("::ffff:192.168.1.1", true, "a private network in other clothes"),
            ("pricing", true, "a name without a dot"),
            ("db.internal", true, "a private zone"),
            ("SNS.eu-west-1.AmazonAWS.com", true, "AWS"),
            ("amazonaws.com.evil.example", false, "AWS only in part"),
            ("evilamazonaws.com", false, "AWS only in part"),
            ("api.stripe.com", false, "a stranger"),
            ("8.8.8.8", false, "a stranger's address"),
            ("partner.example", true, "named"),
            ("x.partner.example", false, "below a name is not the name"),
            ("a.shop.example", true, "a wildcard"),
            ("shop.example", false, "the wildcard's own domain"),
            ("203.0.113.9", true, "a named network"),
            ("203.0.114.9", false, "beside the network"),
            ("2001:db8::1", true, "a named network"),
            ("", false, "nothing"),
        ] {
            assert_eq!(trusted(host, &patterns), expected, "{host}: {why}");
        }
        assert!(trusted("anyone.example", &["*".to_owned()]));
        assert!(trusted("8.8.8.8", &["0.0.0.0/0".to_owned()]));
    }
}
