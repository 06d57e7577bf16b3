//! Hosts in all the spellings that resolvers accept.

use std::net::{IpAddr, Ipv4Addr};

/// Returns a host without the parts of its spelling: brackets, the zone of an IPv6 address, the last dot of a name.
pub(super) fn plain(host: &str) -> &str {
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bracketed.filter(|address| address.contains(':')) {
        Some(address) => address.split('%').next().unwrap_or(address),
        None => host.strip_suffix('.').unwrap_or(host),
    }
}

/// Reads a host as an address, in any spelling.
pub(super) fn address(host: &str) -> Option<IpAddr> {
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical()).or_else(|| numbers(host).map(IpAddr::V4))
}

/// Reads an IPv4 address of one to four numbers, each decimal, octal or hexadecimal. The last number fills the remaining
/// bytes: `134744072`, `8.2056` and `0x8.010.8.8` are all 8.8.8.8.
fn numbers(host: &str) -> Option<Ipv4Addr> {
    let mut numbers = host.split('.').map(number).collect::<Option<Vec<_>>>()?;
    let last = numbers.pop().filter(|_| numbers.len() < 4)?;
    let bits = 32 - 8 * numbers.len() as u32;
    let first = numbers.iter().rev().zip((0..4).map(|nth| bits + 8 * nth));
    let first = first.map(|(number, shift)| (*number <= 0xff).then_some(number << shift)).sum::<Option<u64>>()?;
    u32::try_from(last).ok().filter(|_| last < 1 << bits).map(|last| Ipv4Addr::from_bits(first as u32 | last))
}

/// Reads a number in the syntax of C.
fn number(text: &str) -> Option<u64> {
    let (digits, base) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // `0x` alone is a zero.
        Some("") => ("0", 16),
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    u64::from_str_radix(digits, base).ok().filter(|_| !digits.starts_with('+'))
}

/// Returns `true` for a name of our own network: one without a dot, one below `.internal`, `.local` or `.localhost`, an
/// internal load balancer, a VPC endpoint.
///
/// `absolute` is `true` for a name that was written with its last dot. Resolvers add no search domain to such a name, so a
/// single label is a public domain.
pub(super) fn is_own_name(name: &str, absolute: bool) -> bool {
    const ZONES: [&str; 3] = [".internal", ".local", ".localhost"];
    if !is_name(name) || name.ends_with('.') {
        return false;
    }
    let local = !name.contains('.') && (!absolute || name.eq_ignore_ascii_case("localhost"));
    (local && !is_number(name)) || ZONES.iter().any(|zone| is_below(name, zone)) || is_inside_of_aws(name)
}

/// Returns `true` for a number that is too large for an address, or has digits of no base. Resolvers treat these
/// differently.
fn is_number(name: &str) -> bool {
    let hex = name.strip_prefix("0x").or_else(|| name.strip_prefix("0X"));
    hex.map_or_else(|| name.bytes().all(|b| b.is_ascii_digit()), |hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Returns `true` for an internal load balancer and for a VPC endpoint. The name of a public load balancer cannot begin with
/// `internal-`.
fn is_inside_of_aws(name: &str) -> bool {
    const LOAD_BALANCERS: &str = ".elb.amazonaws.com";
    let internal = || {
        let head = is_below(name, LOAD_BALANCERS).then(|| name.get(..name.len() - LOAD_BALANCERS.len()))??;
        let (balancer, region) = head.split_once('.')?;
        let prefix = balancer.get(.."internal-".len()).filter(|prefix| balancer.len() > prefix.len())?;
        Some(prefix.eq_ignore_ascii_case("internal-") && !region.contains('.'))
    };
    is_below(name, ".vpce.amazonaws.com") || internal() == Some(true)
}

/// Returns `true` for a name that ends with a suffix and is longer.
pub(super) fn is_below(host: &str, suffix: &str) -> bool {
    let split = host.len().checked_sub(suffix.len()).filter(|at| *at > 0);
    split.and_then(|at| host.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

/// Returns `true` for a name of letters, digits, `-` and `_` in labels.
pub(super) fn is_name(name: &str) -> bool {
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    name.strip_suffix('.').unwrap_or(name).split('.').all(label)
}
