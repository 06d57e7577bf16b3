//! What a scope makes of the context it is given, and what it hands on. Each test runs through both fronts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::duplicate_mod, reason = "the tests are compiled once for each front")]

#[path = "../front/mod.rs"]
mod front;

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
