//! The hosts of AWS's OTLP endpoints.

use thundra_core::Signal;

/// A service with an OTLP endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    XRay,
    Logs,
    CloudWatch,
}

impl Service {
    /// Returns the signal of the endpoint.
    pub(super) const fn signal(self) -> Signal {
        match self {
            Service::XRay => Signal::Traces,
            Service::Logs => Signal::Logs,
            Service::CloudWatch => Signal::Metrics,
        }
    }
}

/// The names of the services, in host names and in signatures.
const SERVICES: [(&str, Service); 3] =
    [("xray", Service::XRay), ("logs", Service::Logs), ("monitoring", Service::CloudWatch)];

/// The domains of endpoints, over IPv4 and of both stacks, in each partition.
const DOMAINS: [&str; 8] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.aws",
    "api.amazonwebservices.com.cn",
    "api.amazonwebservices.eu",
    "vpce.amazonaws.com",
    "vpce.amazonaws.com.cn",
];

/// The host of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) service: Service,
    /// The name of the service in a signature.
    pub(super) name: &'static str,
    pub(super) region: String,
}

impl Host {
    /// Reads a host name such as `xray.eu-west-1.amazonaws.com`. `None` for other hosts.
    pub(super) fn parse(host: &str) -> Option<Self> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let (first, rest) = host.split_once('.')?;
        // The name of an interface endpoint in a VPC begins with its id.
        let (service, rest) = if first.starts_with("vpce-") { rest.split_once('.')? } else { (first, rest) };
        let (region, domain) = rest.split_once('.')?;
        let is_vpce = domain.starts_with("vpce.");
        if !is_region(region) || !DOMAINS.contains(&domain) || is_vpce != first.starts_with("vpce-") {
            return None;
        }
        let service = service.strip_suffix("-fips").unwrap_or(service);
        let (name, service) = SERVICES.into_iter().find(|(name, _)| *name == service)?;
        Some(Host { service, name, region: region.to_owned() })
    }
}

/// Returns `true` for a name such as `eu-west-1` or `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let number = parts.next_back().unwrap_or_default();
    let words: Vec<_> = parts.collect();
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    words.len() >= 2 && words.iter().all(is_word) && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_of_aws_are_known_and_no_others() {
        for (host, known, why) in [
            ("xray.eu-west-1.amazonaws.com", Some(("xray", "eu-west-1")), "traces"),
            ("logs.us-west-2.amazonaws.com", Some(("logs", "us-west-2")), "logs"),
            ("monitoring.us-east-1.amazonaws.com", Some(("monitoring", "us-east-1")), "metrics"),
            ("XRay.EU-West-1.AmazonAWS.com.", Some(("xray", "eu-west-1")), "any case, and the root"),
            ("xray-fips.us-gov-east-1.amazonaws.com", Some(("xray", "us-gov-east-1")), "FIPS"),
            ("xray.eu-west-1.api.aws", Some(("xray", "eu-west-1")), "both stacks"),
            ("logs-fips.us-east-1.api.aws", Some(("logs", "us-east-1")), "both"),
            ("logs.cn-north-1.amazonaws.com.cn", Some(("logs", "cn-north-1")), "China"),
            ("xray.eusc-de-east-1.amazonaws.eu", Some(("xray", "eusc-de-east-1")), "the sovereign cloud"),
            ("vpce-0a1b-2c.xray.eu-west-1.vpce.amazonaws.com", Some(("xray", "eu-west-1")), "in a VPC"),
            ("vpce-0a1b-2c.xray.eu-west-1.amazonaws.com", None, "no endpoint of a VPC"),
            ("xray.eu-west-1.vpce.amazonaws.com", None, "nor this"),
            ("sqs.eu-west-1.amazonaws.com", None, "another service"),
            ("xray.amazonaws.com", None, "no region"),
            ("xray.local.amazonaws.com", None, "no region either"),
            ("xray.eu-west-1.amazonaws.com.example", None, "a name of somebody else"),
            ("xray.eu-west-1.example.com", None, "and another"),
            ("evil.xray.eu-west-1.amazonaws.com", None, "one more label"),
            ("collector", None, "a collector"),
            ("127.0.0.1", None, "an address"),
            ("", None, "nothing"),
        ] {
            let parsed = Host::parse(host);
            assert_eq!(parsed.as_ref().map(|host| (host.name, host.region.as_str())), known, "{why}");
        }
    }
}
