//! The measured work, written against `tracing` alone, and the counting of instructions.
//!
//! - [`workload_a`]: one root and chains of spans below the root;
//! - [`varied`]: spans like those of real handlers;
//! - [`in_turn`], [`spawned`]: instrumented futures;
//! - [`in_turn_bare`], [`spawned_bare`]: the same futures without spans, which show the cost of the runtime;
//! - [`events`]: events of AWS, in any size;
//! - [`callgrind`]: instructions, locked instructions and allocations of a program;
//! - [`dhat`]: the heap of a program.
//!
//! The spans and futures allocate nothing, so every counted allocation is the stack's.

pub mod callgrind;
mod chain;
pub mod dhat;
pub mod events;
mod random;
mod tasks;
pub mod valgrind;
mod varied;

pub use chain::{chains, workload_a};
pub use tasks::{in_turn, in_turn_bare, spawned, spawned_bare};
pub use varied::varied;
