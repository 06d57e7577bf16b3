//! The two fronts of the recorder: what one of them records, the other has to record too.

use std::sync::LazyLock;

use thundra_core::{Config, Env, Scope, SpanData};
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::layer::SubscriberExt;

/// A front of the recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// The subscriber of our own.
    Subscriber,
    /// The layer, on a registry.
    Layer,
}

#[allow(dead_code)]
impl Front {
    pub(crate) const ALL: [Front; 2] = [Front::Subscriber, Front::Layer];

    pub(crate) fn dispatch(self, config: &Config) -> Dispatch {
        // `tracing` asks a single subscriber as the default of the thread that reaches a span first.
        static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));
        LazyLock::force(&SECOND);
        match self {
            Front::Subscriber => Dispatch::new(thundra_core::subscriber(config)),
            Front::Layer => Dispatch::new(tracing_subscriber::registry().with(thundra_core::layer_with(config))),
        }
    }

    pub(crate) fn record<R>(self, name: &'static str, f: impl FnOnce() -> R) -> (R, Vec<SpanData>) {
        self.record_with(&Config::from_env(&Env::from_pairs::<&str, &str>([])), name, f)
    }

    pub(crate) fn record_with<R>(
        self,
        config: &Config,
        name: &'static str,
        f: impl FnOnce() -> R,
    ) -> (R, Vec<SpanData>) {
        with_default(&self.dispatch(config), || {
            let scope = Scope::builder(name).begin_with(config);
            let result = scope.enter(f);
            (result, scope.finish().spans().collect())
        })
    }
}
