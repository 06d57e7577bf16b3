//! Tests of the parts that several threads share, sequential and under load.

mod slab;
mod slot;
mod span_index;
