//! Names in [ARNs].
//!
//! [ARNs]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html

/// Returns the last part of an ARN, such as the name of a queue or a topic.
pub(crate) fn name(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.rsplit(':').next().filter(|name| !name.is_empty())
}

/// Returns the name after the kind of a resource: `orders` in `…:stream/orders` and `…:table/orders/stream/…`.
pub(crate) fn resource<'a>(arn: &'a str, kind: &str) -> Option<&'a str> {
    let resource = arn.splitn(6, ':').nth(5)?.strip_prefix(kind)?.strip_prefix('/')?;
    resource.split('/').next().filter(|name| !name.is_empty())
}
