//! The run-time half of `#[handler]`: the functions that the expansion calls.
//!
//! - On `main` the expansion calls [`main`](mod@main), the whole program, with the service found by [`input`] for the
//!   type of the argument, or with the HTTP service that `main` returns ([`requests`]).
//! - On any other function the expansion calls [`in_place`](mod@in_place), with the context found by [`autoderef`]
//!   among the arguments, and reports the error found in the result.
//! - With `batch` the program calls the function for each record: see [`batch`](mod@batch).

mod autoderef;
#[cfg(feature = "batch")]
mod batch;
mod in_place;
mod input;
mod made;
mod main;
#[cfg(not(feature = "http"))]
mod no_requests;
pub mod private;
#[cfg(feature = "http")]
mod requests;
