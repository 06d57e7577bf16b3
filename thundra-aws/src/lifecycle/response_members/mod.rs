//! The few members of a response with the outcome, read while the runtime serialises the response.
//!
//! A user's `Serialize` may work only once, or panic. The runtime's serialisation is therefore the only run.
//! [`passing`] forwards each value to the serializer of the runtime, and [`seen`] reads the members among the values.
//! Values inside of other members go to the serializer directly.

mod passing;
mod seen;

pub(super) use passing::serialize_and_read;
pub(super) use seen::ResponseMembers;

#[cfg(test)]
mod tests;
