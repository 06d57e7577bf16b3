//! The source of a parent, for root spans.

/// The source of a root span's parent, or the reason for the absence of a parent: the attribute
/// `thundra.parent.source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ParentSource {
    /// A W3C `traceparent`.
    TraceParent,
    /// An AWS X-Ray trace header.
    XRay,
    /// A trace context among the correlation ids, forwarded by a program without tracing.
    Correlation,
    /// A span of the same process.
    Local,
    /// The carrier held no context.
    #[default]
    None,
    /// An unsampled X-Ray header, or a header without a parent.
    XRayIgnored,
    /// A batch. The contexts of the messages are linked.
    Batch,
    /// A message older than an hour, or replayed. The context of the message is linked.
    Redrive,
    /// A malformed context.
    Malformed,
    /// No parent, in a trace shared by several scopes.
    SharedTrace,
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
            ParentSource::SharedTrace => "none: the trace of a longer work",
        }
    }
}
