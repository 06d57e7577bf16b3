//! Redirect policies: the names of [`reqwest::redirect`], in types of our own.
//!
//! reqwest sends the headers of a request to every host of a redirected call. Our headers must not go everywhere: a
//! partner may get `traceparent` but no correlation ids, and a presigned URL nothing. Therefore a
//! [`Client`](crate::Client) lets reqwest follow a redirect only if the next host may get every header of the request.
//! Otherwise the client sends the request to the next host, with the headers allowed there. The caller sees one call.
//!
//! # Rules
//!
//! 1. The least trusted host of a call so far decides, by the [propagation policy](crate#who-gets-what), about the
//!    headers for the next host. Removed ids do not come back.
//! 2. Everything else is as in reqwest: method, body, `Referer`, cookies, sensitive headers, the number of redirects,
//!    the history for the policy, timeouts and errors. The exception: reqwest removes sensitive headers on the first
//!    hop to a foreign host and restores them on the second. Our client does not restore them.
//! 3. reqwest follows a redirect if both rules allow it.
//!
//! # Clients without these rules
//!
//! reqwest alone follows the redirects of the following clients and requests, with all headers:
//!
//! - a request sent by [`send_traced`](crate::RequestBuilderExt::send_traced), because the client is reqwest's own,
//! - a client [converted](crate::Client#impl-From<Client>-for-Client) from reqwest's own,
//! - a client changed with [`configure`](crate::ClientBuilder::configure), because a request rebuilt by us might lack a
//!   setting of the client,
//! - [`Layer::client`](crate::Layer::client) around reqwest's client.
//!
//! If the final host of a successful call is foreign and the request carried ids, a line on standard error names the
//! host, once. Hosts in the middle of a chain are not reported.

// How a call passes through this folder:
//
//                     ┌──────────────────────────────────────────────────────┐
//                     ▼                                                      │
// send ─────► reqwest sends a request ◄───────────────────────┐              │
//                     │ 3xx                      reqwest follows             │
//                     ▼                                       │              │
//             hook: asks the caller's policy                  │              │
//                     │ follow                                │              │
//                     ▼                                       │              │
//             chain: may the next host get                    │              │
//             what the request carries? ──── yes, record ─────┘              │
//                     │ no                                                   │
//                     ▼                                                      │
//             hook: fails the request with `Refusal`                         │
//                     ▼                                                      │
//             follow: rebuilds the request for the next host ────────────────┘
//
// A policy of reqwest sees URLs, and nothing else of the call. In the async client the policy runs in the task of the
// call, and a task-local variable holds the chain. In the blocking client the policy runs on a thread of reqwest, and
// the hook finds the call by URL (`in_flight.rs`). A converted client has no hook. A changed client has unknown
// settings.

pub(super) mod any_request;
pub(super) mod chain;
pub(super) mod follow;
pub(super) mod hook;
#[cfg(feature = "blocking")]
pub(super) mod in_flight;
mod policy;
pub(super) mod settings;

pub use self::policy::{Action, Attempt, Policy};
