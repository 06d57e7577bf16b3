//! The longest values, in bytes, that a request can record.
//!
//! Every byte of an attribute is stored and sent, and an untrusted caller chooses most of them: hyper accepts 400 KB of
//! headers, Lambda an event of 6 MB. Longer values are cut.

/// The longest method. The longest registered one has 17 bytes.
pub(super) const METHOD: usize = 64;
/// The longest host: the longest name in DNS.
pub(super) const HOST: usize = 255;
/// The longest route, which is also part of the span name.
pub(super) const ROUTE: usize = 1024;
/// The longest path. Longer ones fail in some browser, proxy or server on the way.
pub(super) const PATH: usize = 2048;
/// The longest query.
pub(super) const QUERY: usize = 2048;
/// The longest user agent. Those of browsers are shorter.
pub(super) const USER_AGENT: usize = 256;
/// The longest gRPC method.
pub(super) const RPC_METHOD: usize = 256;
/// The number of values of one captured request header.
pub(super) const HEADER_VALUES: usize = 8;
/// The longest value of a captured request header.
pub(super) const HEADER_VALUE: usize = 1024;
