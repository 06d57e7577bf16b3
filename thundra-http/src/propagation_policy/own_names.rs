//! The names of the program's own network.

use crate::host_patterns::{is_below, is_name};

/// Returns `true` for a name of our own network: a name without a dot, a name below `.internal`, `.local` or
/// `.localhost`, an internal load balancer, a VPC endpoint.
///
/// `absolute` is `true` for a name written with a last dot. Resolvers add no search domain to an absolute name, and a
/// single label is a public domain.
pub(super) fn is_own_name(name: &str, absolute: bool) -> bool {
    const ZONES: [&str; 3] = [".internal", ".local", ".localhost"];
    if !is_name(name) || name.ends_with('.') {
        return false;
    }
    let local = !name.contains('.') && (!absolute || name.eq_ignore_ascii_case("localhost"));
    (local && !is_number(name)) || ZONES.iter().any(|zone| is_below(name, zone)) || is_inside_of_aws(name)
}

/// Returns `true` for a number, even one too large for an address or with digits of no base, because resolvers differ
/// about invalid numbers.
fn is_number(name: &str) -> bool {
    let hex = name.strip_prefix("0x").or_else(|| name.strip_prefix("0X"));
    hex.map_or_else(|| name.bytes().all(|b| b.is_ascii_digit()), |hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Returns `true` for an internal load balancer and for a VPC endpoint. The name of a public load balancer cannot begin
/// with `internal-`.
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
