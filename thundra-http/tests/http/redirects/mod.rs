//! Redirects: every host gets the allowed headers, and all else is as with reqwest.

mod client;
mod concurrent;
mod genuine;
mod hosts;
mod rules;
mod timeouts;
mod uncovered;
