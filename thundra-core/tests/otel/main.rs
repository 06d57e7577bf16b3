//! The bridge to OpenTelemetry, against its own crates. Each test with spans runs through both fronts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![allow(clippy::duplicate_mod, reason = "the tests are compiled once for each front")]
#![cfg(all(feature = "opentelemetry_sdk", feature = "testing"))]

#[path = "../front/mod.rs"]
mod front;
mod sdk;

#[path = "."]
mod through_the_subscriber {
    use super::front::Front;

    const FRONT: Front = Front::Subscriber;

    mod cases;
}

#[path = "."]
mod through_the_layer {
    use super::front::Front;

    const FRONT: Front = Front::Layer;

    mod cases;
}
