//! The floor: `tracing` without a recording layer.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Export, Stack};
use crate::Result;

struct Plain;

impl Stack for Plain {}

/// Sets no subscriber.
pub(super) fn nothing(_: Export) -> Result<Box<dyn Stack>> {
    Ok(Box::new(Plain))
}

/// Sets a registry with no layer except a level filter.
pub(super) fn registry(_: Export) -> Result<Box<dyn Stack>> {
    Registry::default().with(LevelFilter::INFO).try_init()?;
    Ok(Box::new(Plain))
}
