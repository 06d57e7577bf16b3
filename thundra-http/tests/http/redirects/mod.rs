//! Redirects: every host gets what it may get, and all else is as with reqwest.

mod client;
mod concurrent;
mod genuine;
mod hosts;
mod rules;
mod timeouts;
mod uncovered;
