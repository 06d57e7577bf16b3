//! Programs whose spans are not recorded: one line with the remedy, where that is certain.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::callsite::{Callsite, Identifier};
use tracing::field::FieldSet;
use tracing::level_filters::LevelFilter;
use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use super::{SCOPE_TARGET, SCOPES};
use crate::diagnostics;

/// `true` once a span was made that is recorded inside of a scope.
static SPAN_SEEN: AtomicBool = AtomicBool::new(false);

/// Notes that the program makes spans. A callsite is registered when its first span is made.
pub(super) fn span_seen() {
    SPAN_SEEN.store(true, Ordering::Relaxed);
}

/// Reports once that a program made spans and opened no scope, so that none was recorded. To be called when the program
/// ends: before that, a scope may still come.
pub(crate) fn report_missing_scope() {
    if SPAN_SEEN.load(Ordering::Relaxed) && !SCOPES.were_claimed() {
        diagnostics::once(
            "scope.none",
            "no span and no call was recorded, because none was made in a scope (an invocation, a server's request, \
             a record of a batch): run the program's work in one, as in \
             thundra_core::Scope::builder(\"work\").begin().enter(|| work())",
        );
    }
}

/// Returns the most detailed level that a subscriber lets any layer see, where it is less detailed than `wanted`.
pub(super) fn level_below(below: &impl Subscriber, wanted: LevelFilter) -> Option<LevelFilter> {
    let level = below.max_level_hint().filter(|level| *level < wanted)?;
    // The filter of one layer gives the same hint, and hides nothing from the others.
    let probe = probe(wanted.into_level()?);
    let hides = !below.enabled(&probe);
    // What layers with filters responded to the probe stays on this thread, and would count for the next span: a
    // filter that lets nothing through clears it.
    Registry::default().with(LevelFilter::OFF).enabled(&probe);
    hides.then_some(level)
}

/// Reports once that a filter for the whole subscriber hides spans that `THUNDRA_SPANS` asks for.
pub(super) fn report_hidden_spans(level: LevelFilter, wanted: LevelFilter) {
    diagnostics::once(
        "spans.hidden",
        format_args!(
            "a filter for the whole tracing subscriber lets no span through that is more detailed than {level}, so the \
             spans that THUNDRA_SPANS asks for (up to {wanted}) are not recorded: give the filter to the layer that it \
             is meant for, as in .with(fmt::layer().with_filter(EnvFilter::from_default_env())), or let it take {wanted}, \
             as an EnvFilter does with RUST_LOG={wanted}"
        ),
    );
}

/// Describes a span that is never made.
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
