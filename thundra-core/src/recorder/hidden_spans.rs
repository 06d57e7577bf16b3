//! The spans that a filter for the whole subscriber hides from our layer: one line on stderr, with the remedy.

use tracing::callsite::{Callsite, Identifier};
use tracing::field::FieldSet;
use tracing::level_filters::LevelFilter;
use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use super::scope_span::SCOPE_TARGET;
use crate::diagnostics;

/// Returns the most detailed level visible to the layers of a subscriber, if less detailed than `wanted`.
pub(super) fn level_below(below: &impl Subscriber, wanted: LevelFilter) -> Option<LevelFilter> {
    let level = below.max_level_hint().filter(|level| *level < wanted)?;
    // The filter of a single layer gives the same hint, and hides nothing from other layers.
    let probe = probe(wanted.into_level()?);
    let hides = !below.enabled(&probe);
    // Layers with filters leave the result of the probe in a thread-local, and the result would count for the next
    // span. A filter with the level OFF clears the thread-local.
    Registry::default().with(LevelFilter::OFF).enabled(&probe);
    hides.then_some(level)
}

/// Reports once that a filter for the whole subscriber hides spans enabled by `THUNDRA_SPANS`.
pub(super) fn report(level: LevelFilter, wanted: LevelFilter) {
    diagnostics::once(
        "spans.hidden",
        format_args!(
            "a filter for the whole tracing subscriber lets no span through that is more detailed than {level}, so the \
             spans that THUNDRA_SPANS enables (up to {wanted}) are not recorded: give the filter to the layer that it \
             is meant for, as in .with(fmt::layer().with_filter(EnvFilter::from_default_env())), or let it take {wanted}, \
             as an EnvFilter does with RUST_LOG={wanted}"
        ),
    );
}

/// Describes a span, for a question to a filter.
fn probe(level: Level) -> Metadata<'static> {
    struct Probe;

    static PROBE: Probe = Probe;
    static METADATA: Metadata<'static> = metadata(Level::ERROR);

    impl Callsite for Probe {
        fn set_interest(&self, _: Interest) {}

        fn metadata(&self) -> &Metadata<'_> {
            &METADATA
        }
    }

    const fn metadata(level: Level) -> Metadata<'static> {
        let fields = FieldSet::new(&[], Identifier(&PROBE));
        Metadata::new("probe", SCOPE_TARGET, level, None, None, None, fields, Kind::SPAN)
    }

    metadata(level)
}
