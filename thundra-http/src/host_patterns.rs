//! Patterns of hosts, in the form of `THUNDRA_PROPAGATE_HOSTS`.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The form of a list of patterns.
pub(crate) const FORM: &str = "a list of names, *.example.com, networks such as 203.0.113.0/24, or *";

/// A list of hosts by name, wildcard (`*.example.com`), address or network (`203.0.113.0/24`). `*` is every host.
///
/// # Examples
///
/// ```
/// let hosts: thundra_http::HostPatterns = "partner.example,*.shop.example".parse()?;
/// assert!(hosts.matches("eu.shop.example") && !hosts.matches("shop.example"));
///
/// let one_more: thundra_http::HostPatterns = format!("{hosts},203.0.113.0/24").parse()?;
/// assert!(one_more.matches("eu.shop.example") && one_more.matches("203.0.113.9"));
/// # Ok::<(), thundra_http::InvalidHostPattern>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HostPatterns(Vec<Pattern>);

impl fmt::Debug for HostPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostPatterns")?;
        f.debug_list().entries(self.entries()).finish()
    }
}

impl FromStr for HostPatterns {
    type Err = InvalidHostPattern;

    fn from_str(list: &str) -> Result<Self, InvalidHostPattern> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let pattern = |entry: &str| Pattern::parse(entry).ok_or_else(|| InvalidHostPattern(entry.to_owned()));
        entries.map(pattern).collect::<Result<_, _>>().map(HostPatterns)
    }
}

/// Shows the list in the form read by [`FromStr`].
impl fmt::Display for HostPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.entries().enumerate() {
            write!(f, "{}{entry}", if index > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl HostPatterns {
    pub(crate) fn from_patterns(patterns: impl IntoIterator<Item = Pattern>) -> Self {
        HostPatterns(patterns.into_iter().collect())
    }

    /// Returns `true` if a pattern matches a host.
    ///
    /// # Examples
    ///
    /// ```
    /// let hosts: thundra_http::HostPatterns = "203.0.113.0/24,partner.example".parse()?;
    /// assert!(hosts.matches("203.0.113.9") && hosts.matches("PARTNER.example"));
    /// assert!(!hosts.matches("198.51.100.1"));
    /// # Ok::<(), thundra_http::InvalidHostPattern>(())
    /// ```
    pub fn matches(&self, host: &str) -> bool {
        let name = plain(host);
        self.matches_name(name, address(name))
    }

    /// Returns `true` if a pattern matches a host with a [plain] name and an [address].
    pub(crate) fn matches_name(&self, name: &str, address: Option<IpAddr>) -> bool {
        self.0.iter().any(|pattern| pattern.rule.matches(name, address))
    }

    /// Returns the patterns as text.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|pattern| pattern.entry.as_str())
    }
}

/// An error for an invalid entry of [`HostPatterns`], such as a host with a scheme, a port or a path.
///
/// # Examples
///
/// ```
/// use thundra_http::HostPatterns;
///
/// let error = "https://partner.example".parse::<HostPatterns>().unwrap_err();
/// assert!(error.to_string().starts_with("\"https://partner.example\" is not in a list of names"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHostPattern(String);

impl fmt::Display for InvalidHostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not in {FORM}", self.0)
    }
}

impl Error for InvalidHostPattern {}

/// An entry as text and parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    entry: String,
    rule: Rule,
}

impl Pattern {
    pub(crate) fn parse(entry: &str) -> Option<Self> {
        Some(Pattern { rule: Rule::parse(entry)?, entry: entry.to_owned() })
    }
}

/// A parsed entry.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Any,
    Name(String),
    /// The suffix after the `*` of `*.example.com`.
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

impl Rule {
    fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Rule::Any);
        }
        if let Some((network, bits)) = entry.split_once('/') {
            return match (network.parse().ok()?, bits.parse().ok()?) {
                (IpAddr::V4(network), bits @ 0..=32) => {
                    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                    Some(Rule::V4 { network: Ipv4Addr::to_bits(network) & mask, mask })
                }
                (IpAddr::V6(network), bits @ 0..=128) => {
                    let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                    Some(Rule::V6 { network: Ipv6Addr::to_bits(network) & mask, mask })
                }
                _ => None,
            };
        }
        if let Some(address) = address(plain(entry)) {
            return Some(Rule::Address(address));
        }
        match entry.strip_prefix('*') {
            Some(below) => is_name(below.strip_prefix('.')?).then(|| Rule::Below(below.to_owned())),
            None => is_name(entry).then(|| Rule::Name(entry.trim_end_matches('.').to_owned())),
        }
    }

    fn matches(&self, host: &str, address: Option<IpAddr>) -> bool {
        match (self, address) {
            (Rule::Any, _) => true,
            (Rule::Name(name), None) => host.eq_ignore_ascii_case(name),
            (Rule::Below(suffix), None) => is_below(host, suffix),
            (Rule::Address(known), Some(address)) => *known == address,
            (Rule::V4 { network, mask }, Some(IpAddr::V4(address))) => address.to_bits() & mask == *network,
            (Rule::V6 { network, mask }, Some(IpAddr::V6(address))) => address.to_bits() & mask == *network,
            _ => false,
        }
    }
}

/// Returns `true` for a DNS name, with or without the final dot.
pub(crate) fn is_name(name: &str) -> bool {
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    name.strip_suffix('.').unwrap_or(name).split('.').all(label)
}

/// Returns a host without the brackets and the zone of an IPv6 address, and without the final dot of a name.
pub(crate) fn plain(host: &str) -> &str {
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match bracketed.filter(|address| address.contains(':')) {
        Some(address) => address.split('%').next().unwrap_or(address),
        None => host.strip_suffix('.').unwrap_or(host),
    }
}

/// Returns the IP address of a host in any spelling; `None` for a name.
pub(crate) fn address(host: &str) -> Option<IpAddr> {
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical()).or_else(|| numbers(host).map(IpAddr::V4))
}

/// Reads an IPv4 address in the unusual spellings of resolvers: up to four numbers, each decimal, octal or hexadecimal,
/// where the last number fills the rest of the address. `134744072`, `8.2056` and `0x8.010.8.8` are all 8.8.8.8.
fn numbers(host: &str) -> Option<Ipv4Addr> {
    let mut numbers = host.split('.').map(number).collect::<Option<Vec<_>>>()?;
    let last = numbers.pop().filter(|_| numbers.len() < 4)?;
    let bits = 32 - 8 * numbers.len() as u32;
    let first = numbers.iter().rev().zip((0..4).map(|nth| bits + 8 * nth));
    let first = first.map(|(number, shift)| (*number <= 0xff).then_some(number << shift)).sum::<Option<u64>>()?;
    u32::try_from(last).ok().filter(|_| last < 1 << bits).map(|last| Ipv4Addr::from_bits(first as u32 | last))
}

/// Reads a number in the spelling of C.
fn number(text: &str) -> Option<u64> {
    let (digits, base) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // The prefix alone is a zero.
        Some("") => ("0", 16),
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    u64::from_str_radix(digits, base).ok().filter(|_| !digits.starts_with('+'))
}

/// Returns `true` if a name ends with the suffix and is longer than the suffix.
pub(crate) fn is_below(host: &str, suffix: &str) -> bool {
    let split = host.len().checked_sub(suffix.len()).filter(|at| *at > 0);
    split.and_then(|at| host.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "reqwest")]
    use proptest::prelude::*;

    #[cfg(feature = "reqwest")]
    proptest! {
        #[test]
        fn numbers_are_read_as_the_web_reads_them(host in "(0[xX]?)?[0-9a-f]{0,4}(\\.(0[xX]?)?[0-9a-f]{0,3}){0,4}") {
            // The parser of reqwest returns the usual spelling.
            let theirs = reqwest::Url::parse(&format!("http://{host}/")).ok();
            let theirs = theirs.and_then(|url| url.host_str()?.parse::<Ipv4Addr>().ok());
            prop_assert_eq!(address(plain(&host)), theirs.map(IpAddr::V4));
        }
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
            assert_eq!(entry.parse::<HostPatterns>().is_ok(), taken, "{entry}: {why}");
        }
    }
}
