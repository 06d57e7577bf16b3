//! What is recorded, as trees: names, kinds, outcomes, attributes and events. Each test runs through both fronts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::duplicate_mod, reason = "the tests are compiled once for each front")]

mod differential;
#[path = "../front/mod.rs"]
mod front;
mod subscriber;

/// The scopes of the errors of the runtime.
static READ: std::sync::Mutex<Vec<Option<thundra_core::ScopeRef>>> = std::sync::Mutex::new(Vec::new());

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
