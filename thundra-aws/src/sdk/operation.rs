//! The span that the SDK makes of an operation, at DEBUG.

use thundra_core::{SpanExt, SpanKind};
use tracing::Span;

/// How the targets of the SDK crates begin.
pub(crate) const TARGETS: &str = "aws_sdk_";
/// A number that the SDK draws for its own log lines.
const NUMBER: &str = "sdk_invocation_id";

/// An operation that is being recorded.
#[derive(Debug)]
pub(crate) struct Operation {
    /// `Service.Operation`
    pub(crate) name: &'static str,
    /// The crate it belongs to, such as `aws_sdk_sqs`.
    #[cfg_attr(not(feature = "forgotten"), allow(dead_code))]
    pub(crate) sdk: &'static str,
}

/// The operation whose span this is, where it is recorded.
pub(crate) fn recorded(span: &Span) -> Option<Operation> {
    let metadata = span.metadata()?;
    let (sdk, module) = metadata.target().split_once("::")?;
    let of_operation = sdk.starts_with(TARGETS) && module.starts_with("operation::");
    (of_operation && span.trace_context().is_some()).then(|| Operation { name: metadata.name(), sdk })
}

/// Makes the SDK's span look like one of ours.
pub(crate) fn adopt(span: &Span, kind: SpanKind) {
    span.set_kind(kind);
    span.remove_attribute(NUMBER);
}
