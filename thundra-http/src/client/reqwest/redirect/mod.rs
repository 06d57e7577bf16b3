//! Redirect policies: the names of [`reqwest::redirect`], in types of our own.
//!
//! reqwest sends the headers of a request to every host of a redirected call. Our headers must not go everywhere: a partner
//! may get `traceparent` but no correlation ids, and a presigned URL nothing. reqwest has no hook to change a request
//! between two hops. Therefore a [`Client`](crate::Client) refuses some redirects to reqwest, and follows them on our side:
//!
//! ```text
//!                     ┌──────────────────────────────────────────────────────┐
//!                     ▼                                                      │
//! send ─────► reqwest sends a request ◄───────────────────────┐              │
//!                     │ 3xx                      reqwest follows             │
//!                     ▼                                       │              │
//!             hook: asks the caller's policy                  │              │
//!                     │ follow                                │              │
//!                     ▼                                       │              │
//!             chain: may the next host get                    │              │
//!             what the request carries? ──── yes, record ─────┘              │
//!                     │ no                                                   │
//!                     ▼                                                      │
//!             hook: fails the request with `Refusal`                         │
//!                     ▼                                                      │
//!             follow: rebuilds the request for the next host ────────────────┘
//! ```
//!
//! # Rules
//!
//! 1. The least trusted host of a call so far decides, by the [propagation policy](crate#who-gets-what), about the headers
//!    for the next host. Ids do not come back after their removal.
//! 2. Everything else is as in reqwest: method, body, `Referer`, cookies, sensitive headers, the number of redirects, the
//!    history for the policy, timeouts and errors. The exception: reqwest removes sensitive headers on the first hop to a
//!    foreign host and restores them on the second. Our side does not restore them.
//! 3. reqwest follows a redirect if both rules allow it.
//!
//! # Calls and redirects
//!
//! A policy of reqwest sees URLs, and nothing else of the call. In the async client the policy runs in the task of the call,
//! and a task-local variable holds the chain. In the [blocking client](crate::blocking) the policy runs on a thread of
//! reqwest, and the hook finds the call by URL. See `in_flight.rs`.
//!
//! # Clients without these rules
//!
//! A client [converted](crate::Client#impl-From<Client>-for-Client) from reqwest's own has no hook. A client changed with
//! [`configure`](crate::ClientBuilder::configure) has unknown settings, and a rebuilt request might lack them. reqwest
//! follows all redirects of both clients, with all headers. A line on standard error names each foreign host that
//! receives ids, once.

pub(super) mod any_request;
pub(super) mod chain;
pub(super) mod follow;
pub(super) mod hook;
#[cfg(feature = "blocking")]
pub(super) mod in_flight;
mod policy;
pub(super) mod settings;

pub use self::policy::{Action, Attempt, Policy};
