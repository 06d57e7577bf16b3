//! The work that is measured, written against `tracing` alone, and what counts instructions.
//!
//! - [`workload_a`]: one root and chains of spans below it, as in `research/perf-baselines.md`;
//! - [`varied`]: spans as real handlers make them;
//! - [`in_turn`], [`spawned`]: instrumented futures, with [`in_turn_bare`] and [`spawned_bare`] beside them, which say
//!   what the runtime itself costs;
//! - [`events`]: events of AWS, in any size;
//! - [`callgrind`]: instructions, locked instructions and allocations of a program;
//! - [`dhat`]: what it holds on the heap.
//!
//! The spans and futures allocate nothing: what a stack is seen to allocate is its own.

pub mod callgrind;
mod chain;
pub mod dhat;
pub mod events;
mod random;
mod tasks;
mod valgrind;
mod varied;

pub use chain::{chains, workload_a};
pub use tasks::{in_turn, in_turn_bare, spawned, spawned_bare};
pub use varied::varied;
