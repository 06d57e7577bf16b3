//! Redirect policies: the names of [`reqwest::redirect`], in types of our own.
//!
//! reqwest sends the headers of a request to every host that it is redirected to. Ours must not go everywhere: a partner
//! may get `traceparent` but no correlation ids, and a presigned URL nothing. reqwest has no hook that changes a request
//! between two hops, so a [`Client`](crate::Client) takes such a redirect from reqwest and follows it itself:
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
//! 1. A host gets no more than the least trusted host of the call so far may get, by the
//!    [propagation policy](crate#who-gets-what). Ids that were removed once do not come back.
//! 2. Everything else is as in reqwest: method, body, `Referer`, cookies, sensitive headers, the number of redirects, the
//!    history that a policy sees, timeouts and errors. There is one exception. reqwest removes sensitive headers on the
//!    way to a foreign host and adds them again on a second hop to that host. Our side does not add them again.
//! 3. reqwest follows every redirect that breaks neither rule.
//!
//! # Calls and redirects
//!
//! A policy of reqwest sees URLs and nothing of the call. The async client asks the policy in the task of the call, where
//! a task-local variable holds the chain. The [blocking client](crate::blocking) asks it on a thread of reqwest's, where
//! the URL must do; see `blocking/in_flight.rs`.
//!
//! # Clients without these rules
//!
//! A client [converted](crate::Client#impl-From<Client>-for-Client) from reqwest's own has no hook. A client changed with
//! [`configure`](crate::ClientBuilder::configure) has one, but some of its settings are unknown and a rebuilt request
//! might lack them. reqwest follows all redirects of both, with all headers. The first time that ids reach a host that
//! must not get them, a line on standard error names the host.

pub(super) mod any_request;
pub(super) mod chain;
pub(super) mod follow;
pub(super) mod hook;
mod policy;
pub(super) mod settings;

pub use self::policy::{Action, Attempt, Policy};
