//! Names in [ARNs].
//!
//! [ARNs]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html

use memchr::memchr_iter;

/// Returns the last part of an ARN, for example the name of a queue or a topic.
pub(crate) fn name(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.rsplit(':').next().filter(|name| !name.is_empty())
}

/// Returns the id of the account in an ARN.
pub(crate) fn account(arn: &str) -> Option<&str> {
    let rest = arn.get(colon(arn, 3)? + 1..)?;
    rest.get(..colon(rest, 0).unwrap_or(rest.len())).filter(|account| !account.is_empty())
}

/// Returns the place of a colon, counted from zero.
pub(crate) fn colon(arn: &str, number: usize) -> Option<usize> {
    memchr_iter(b':', arn.as_bytes()).nth(number)
}

/// Returns the name after the kind of a resource: `orders` in `…:stream/orders` and `…:table/orders/stream/…`.
pub(crate) fn resource<'a>(arn: &'a str, kind: &str) -> Option<&'a str> {
    let resource = arn.get(colon(arn, 4)? + 1..)?.strip_prefix(kind)?.strip_prefix('/')?;
    let end = resource.bytes().position(|byte| byte == b'/').unwrap_or(resource.len());
    resource.get(..end).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_arns_alone() {
        for (arn, expected, why) in [
            ("arn:aws:sqs:eu-west-1:1:orders", Some("orders"), "a queue"),
            ("arn:aws-cn:sqs:cn-north-1:1:orders.fifo", Some("orders.fifo"), "another partition"),
            ("arn:aws:sqs:eu-west-1:1:", None, "no name"),
            ("https://sqs/1/orders", None, "no ARN"),
        ] {
            assert_eq!(name(arn), expected, "{why}");
        }
        for (arn, kind, expected) in [
            ("arn:aws:kinesis:eu-west-1:1:stream/orders", "stream", Some("orders")),
            ("arn:aws:dynamodb:eu-west-1:1:table/orders/stream/2026-01-01T00:00:00.000", "table", Some("orders")),
            ("arn:aws:kinesis:eu-west-1:1:stream/orders", "table", None),
            ("arn:aws:kinesis:eu-west-1:1:stream/or:ders", "stream", Some("or:ders")),
            ("arn:aws:kinesis:eu-west-1:1:stream/", "stream", None),
            ("arn:aws:kinesis:eu-west-1:1:streams/orders", "stream", None),
        ] {
            assert_eq!(resource(arn, kind), expected, "{arn}");
        }
        for (arn, expected, why) in [
            ("arn:aws:lambda:eu-west-1:123456789012:function:orders", Some("123456789012"), "a function"),
            ("arn:aws:s3:::orders", None, "a bucket"),
            ("arn:aws:x:eu-west-1:1", Some("1"), "nothing after the account"),
            ("arn:aws", None, "no ARN"),
        ] {
            assert_eq!(account(arn), expected, "{why}");
        }
    }
}
