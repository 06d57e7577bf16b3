use proptest::prelude::*;

use super::*;

fn named(entries: &str) -> HostPatterns {
    entries.parse().unwrap()
}

#[test]
fn own_hosts_and_named_ones_are_trusted() {
    let named = named("partner.example,*.Shop.example,203.0.113.0/24,2001:db8::/32,198.51.100.7");
    for (host, expected, why) in [
        ("127.0.0.1", true, "loopback"),
        ("[::1]", true, "loopback, as a URL spells it"),
        ("10.2.3.4", true, "a private network"),
        ("172.31.255.255", true, "the last address of a private network"),
        ("172.32.0.0", false, "the first address behind it"),
        ("fd00::1", true, "a private network"),
        ("::ffff:192.168.1.1", true, "a private network, mapped to IPv6"),
        ("pricing", true, "a name without a dot"),
        ("db.internal", true, "a private zone"),
        ("printer.local", true, "a local name"),
        ("Internal-shop-1.eu-west-1.elb.AmazonAWS.com", true, "an internal load balancer"),
        ("internal-shop-1.eu-west-1.elb.amazonaws.com.", true, "the same with its last dot"),
        ("internal-.eu-west-1.elb.amazonaws.com", false, "no load balancer"),
        ("internal-x.shop-1.eu-west-1.elb.amazonaws.com", false, "below a public load balancer"),
        ("internal-x.elb.amazonaws.com", false, "no region"),
        ("shop-1.eu-west-1.elb.amazonaws.com", false, "a public load balancer"),
        ("internal-x.s3.amazonaws.com", false, "a bucket"),
        ("internal-shop-1.eu-west-1.elb.amazonaws.com.evil.example", false, "AWS only in part"),
        ("vpce-1-x.execute-api.eu-west-1.vpce.amazonaws.com", true, "an endpoint in a VPC"),
        (".vpce.amazonaws.com", false, "no endpoint"),
        ("evilvpce.amazonaws.com", false, "AWS only in part"),
        ("SNS.eu-west-1.amazonaws.com", false, "a service"),
        ("orders.s3.eu-west-1.amazonaws.com", false, "a bucket, anyone's"),
        ("x.execute-api.eu-west-1.amazonaws.com", false, "an API, anyone's"),
        ("x.execute-api.cn-north-1.amazonaws.com.cn", false, "in China too"),
        ("ec2-203-0-113-25.compute-1.amazonaws.com", false, "an instance, anyone's"),
        ("ip-10-0-0-1.ec2.internal", true, "an instance by its private name"),
        ("x.lambda-url.eu-west-1.on.aws", false, "a function URL, anyone's"),
        ("s3.eu-west-1.api.aws", false, "a service"),
        (".internal", false, "nothing before the zone"),
        ("api.stripe.com", false, "a foreign host"),
        ("8.8.8.8", false, "a foreign address"),
        ("2001:4860:4860::8888", false, "a foreign address"),
        ("[2001:db9::1%1]", false, "with a zone"),
        ("[2001:db9::1%25eth0]", false, "with a zone, as an address of the web spells it"),
        ("[fe80::1%25eth0]", true, "an address of this link, with its zone"),
        ("[::1%1]", true, "loopback with a zone"),
        ("[::FFFF:8.8.8.8]", false, "a foreign address, mapped to IPv6"),
        ("[::ffff:0808:0808]", false, "the same in hexadecimal"),
        ("[::ffff:a00:1]", true, "a private network, mapped to IPv6"),
        ("[64:ff9b::808:808]", false, "a foreign address behind NAT64"),
        ("[64:ff9b::a00:1]", false, "whoever that is behind NAT64"),
        ("[2002:808:808::1]", false, "a foreign address behind 6to4"),
        ("[::]", false, "no address"),
        ("[v1.fe80::a+en1]", false, "a form of the future"),
        ("[10.0.0.1]", false, "brackets around what is no IPv6 address"),
        ("[localhost]", false, "brackets around a name"),
        ("10.0.0.1.", true, "a private address with a dot"),
        ("8.8.8.8.", false, "a foreign address with a dot"),
        ("127.1", true, "loopback in two numbers"),
        ("2130706433", true, "loopback as one number"),
        ("0x7f.0.0.1", true, "loopback in numbers of two bases"),
        ("0177.0.0.01", true, "loopback in octal numbers"),
        ("010.0.0.1", false, "8.0.0.1, and no private network"),
        ("8.2056", false, "a foreign address in two numbers"),
        ("0x8.0x8.0x808", false, "a foreign address in three numbers"),
        ("10.0.0.256", false, "a number too large"),
        ("10.0.0.0.1", false, "a number too many"),
        ("10.0.0.08", false, "a number of no base"),
        ("08", false, "a number of no base, alone"),
        ("4294967296", false, "a number too large, alone"),
        ("0xffffffffffffffffffff", false, "one that is larger by far"),
        ("api%2estripe%2ecom", false, "dots that a client may decode"),
        ("api\u{3002}stripe\u{3002}com", false, "dots of another script"),
        ("pricing ", false, "a space"),
        ("ai.", false, "a public domain: nothing is added to a name with its last dot"),
        ("localhost.", true, "this machine, with its last dot"),
        ("LOCALHOST", true, "in upper case"),
        ("pricing..", false, "two dots"),
        ("db.internal.", true, "a private zone, with its last dot"),
        ("db.INTERNAL", true, "a private zone, in upper case"),
        ("internal", true, "a name without a dot"),
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
    assert!(is_trusted("anyone.example", &"*".parse().unwrap()));
    assert!(is_trusted("8.8.8.8", &"0.0.0.0/0".parse().unwrap()));
}

#[test]
fn the_value_to_paste_sends_ids_there() {
    let named = named("partner.example,203.0.113.0/24");
    for (host, entry) in [
        ("api.stripe.com", Some("api.stripe.com")),
        ("API.Stripe.com.", Some("api.stripe.com")),
        ("x.execute-api.eu-west-1.amazonaws.com", Some("x.execute-api.eu-west-1.amazonaws.com")),
        ("8.8.8.8", Some("8.8.8.8")),
        ("[2001:db8::1%1]", Some("2001:db8::1")),
        ("134744072", Some("134744072")),
        ("ai.", Some("ai")),
        ("api%2estripe%2ecom", None),
    ] {
        for before in [&HostPatterns::default(), &named] {
            let line = advice(host, before);
            let value = line.split_once("THUNDRA_PROPAGATE_HOSTS=").map(|(_, value)| value);
            let expected = entry.map(|entry| before.entries().map(|e| format!("{e},")).collect::<String>() + entry);
            assert_eq!(value, expected.as_deref(), "{line}");
            let Some(value) = value else { continue };
            let patterns: HostPatterns = value.parse().unwrap();
            assert_eq!(patterns.entries().count(), before.entries().count() + 1, "{line}");
            assert!(!is_trusted(host, before) && is_trusted(host, &patterns), "{line}");
        }
    }
}

proptest! {
    #[test]
    fn any_host_is_judged_without_panic(host in "\\PC{0,40}|\\[[0-9a-f:%.\\]]{0,20}") {
        let _ = (is_trusted(&host, &HostPatterns::default()), advice(&host, &HostPatterns::default()));
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
