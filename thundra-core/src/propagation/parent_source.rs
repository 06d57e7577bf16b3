//! The origin of a parent, as root spans record it.

/// The source of a root span's parent, or the reason why it has none: the attribute `thundra.parent.source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ParentSource {
    /// A W3C `traceparent`.
    TraceParent,
    /// An AWS X-Ray trace header.
    XRay,
    /// A trace context among the correlation ids, forwarded by a program that does not trace.
    Correlation,
    /// A span of this process.
    Local,
    /// The carrier held no context.
    #[default]
    None,
    /// An X-Ray header that is unsampled or names no parent.
    XRayIgnored,
    /// A batch. Its messages have contexts of their own, which are linked.
    Batch,
    /// A message so old that its trace is over. The context of the message is linked.
    Redrive,
    /// The carrier held a context that could not be read.
    Malformed,
}

impl ParentSource {
    /// Returns the value of the attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            ParentSource::TraceParent => "tracecontext",
            ParentSource::XRay => "xray",
            ParentSource::Correlation => "correlation",
            ParentSource::Local => "local",
            ParentSource::None => "none",
            ParentSource::XRayIgnored => "none: x-ray header unsampled or without a parent",
            ParentSource::Batch => "none: batch, see links",
            ParentSource::Redrive => "none: message older than an hour, see links",
            ParentSource::Malformed => "none: malformed context",
        }
    }
}
