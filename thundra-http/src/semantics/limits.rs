//! The longest values of attributes, in bytes.
//!
//! Every byte of an attribute is stored and sent, and untrusted callers choose most of the bytes. hyper accepts 400 KB
//! of headers, Lambda an event of 6 MB. Longer values are cut.

/// The longest method. The longest registered method has 17 bytes.
pub(super) const METHOD: usize = 64;
/// The longest host: the longest name in DNS.
pub(super) const HOST: usize = 255;
/// The longest route. A route is also part of the span name.
pub(super) const ROUTE: usize = 1024;
/// The longest path. Longer paths fail in some browser, proxy or server on the way.
pub(super) const PATH: usize = 2048;
/// The longest query.
pub(super) const QUERY: usize = 2048;
/// The longest user agent. Browsers have shorter user agents.
pub(super) const USER_AGENT: usize = 256;
/// The longest gRPC method.
pub(super) const RPC_METHOD: usize = 256;
/// The number of values of a captured request header.
pub(super) const HEADER_VALUES: usize = 8;
/// The longest value of a captured request header.
pub(super) const HEADER_VALUE: usize = 1024;
