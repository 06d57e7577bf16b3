//! The layer of programs that keep a [`Runtime`](lambda_runtime::Runtime) of their own.

use std::future::Future;
use std::sync::Arc;

use lambda_runtime::{Error, SnapStartResource};
use thundra_core::{Config, Telemetry};

use super::layer::InvocationService;
use super::reporting::Reporting;
use super::snap_start::Hooks;
use super::{environment, run, runtime_events, setup, shutdown, usage};

/// Traces the invocations of a program that makes a [`Runtime`] of its own, for example with other layers. Any other
/// program calls [`run`](crate::run) instead.
///
/// ```no_run
/// use lambda_runtime::Runtime;
/// use lambda_runtime::layers::TracingLayer;
/// use thundra_aws::{Error, InvocationLayer, LambdaEvent, service_fn};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Error> {
///     let traced = InvocationLayer::new();
///     let runtime = Runtime::new(traced.handler(service_fn(greet)))
///         .layer(TracingLayer::new()) // and others
///         .layer(traced) // the last layer is the outermost
///         .register_snapstart_resource(traced.snapstart_resource()); // before other resources
///     traced.until_the_end(runtime.run()).await // or runtime.run_concurrent()
/// }
///
/// async fn greet(event: LambdaEvent<String>) -> Result<String, Error> {
///     Ok(format!("hello {}", event.payload))
/// }
/// ```
///
/// # The parts
///
/// | Part | Without it |
/// |---|---|
/// | the layer | nothing is recorded |
/// | [`handler`](Self::handler) around the handler | no status of an HTTP response, no end of a streamed one; an error is recorded by the `Debug` text, a panic without the message; warm-up pings and too long chains of calls reach the handler |
/// | [`until_the_end`](Self::until_the_end) around the runtime | no export when the runtime ends with an error, and none [when the environment ends](crate#the-end-of-an-environment) |
/// | [`snapstart_resource`](Self::snapstart_resource) | the first invocation renews ids and connections, and each copy exports the records waiting at the snapshot |
///
/// With all parts, an invocation ends [as under `run`](crate::run#how-an-invocation-ends).
///
/// # Order
///
/// The layer is added last. Spans and log lines of the layers inside are then part of the invocation, and the export
/// follows the work of the layers inside. The work of a layer outside is not recorded, and takes part in no trace.
/// [`TracingLayer`] inside adds a span between the invocation and the handler. AWS's OpenTelemetry layer inside makes
/// spans that are children of the invocation, and flushes before the export.
///
/// Outside Lambda, a [`Runtime`] has no Runtime API to talk to and panics, as without the layer.
///
/// [`Runtime`]: lambda_runtime::Runtime
/// [`TracingLayer`]: lambda_runtime::layers::TracingLayer
#[derive(Clone, Copy, Debug)]
pub struct InvocationLayer {
    config: &'static Config,
}

impl InvocationLayer {
    /// Returns the layer, and installs telemetry as [`run`](crate::run) does.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it installs telemetry")]
    pub fn new() -> Self {
        InvocationLayer::with_telemetry(Telemetry::default())
    }

    /// Returns the layer, and installs telemetry set up in code, as [`run_with`](crate::run_with) does.
    #[must_use]
    pub fn with_telemetry(telemetry: impl Into<Telemetry>) -> Self {
        InvocationLayer { config: setup::install(telemetry.into()) }
    }

    /// Returns a handler that reports each outcome to the invocation. Results, errors and panics pass through.
    ///
    /// The handler of `lambda_http` is an application in an adapter: `traced.handler(lambda_http::Adapter::from(app))`.
    pub fn handler<H>(&self, handler: H) -> Reporting<H> {
        Reporting::new(handler)
    }

    /// Returns the resource that prepares for a SnapStart snapshot, and renews the state shared by the copies.
    /// Registered before other resources, the resource runs last before the snapshot, and first after a restore.
    ///
    /// The resource includes the resources given to
    /// [`register_snapstart_resource`](crate::register_snapstart_resource).
    #[must_use]
    pub fn snapstart_resource(&self) -> Arc<dyn SnapStartResource> {
        Hooks::new(self.config)
    }

    /// Waits for the end of the runtime, and then exports all waiting records. An error and a panic pass through.
    ///
    /// # Errors
    ///
    /// The errors of the runtime.
    pub async fn until_the_end(&self, runtime: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
        shutdown::prepare(self.config).await;
        self.begin();
        run::to_the_end(Box::pin(runtime), self.config).await
    }

    /// Marks the end of the initialisation.
    fn begin(&self) {
        usage::initialised(self.config);
        environment::is_ready();
    }
}

impl<S> tower_layer::Layer<S> for InvocationLayer {
    type Service = InvocationService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        runtime_events::watch();
        self.begin();
        InvocationService::new(inner, self.config)
    }
}
