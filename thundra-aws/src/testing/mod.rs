//! Invocations in unit tests, without Lambda and without a network.
//!
//! [`invoke`] runs a handler with an event, and returns the response, the spans, the log records and the metrics of the
//! invocation. Everything is recorded as in Lambda: the trigger, the parent, correlation ids, the scopes of a batch,
//! the outcome. The received context is removed from the event before the call of the handler.
//!
//! ```
//! use serde_json::json;
//! use thundra_aws::{Error, LambdaEvent, correlation, testing};
//!
//! async fn bill(event: LambdaEvent<u32>) -> Result<String, Error> {
//!     correlation::set("order", "o-7");
//!     charge(event.payload)?;
//!     Ok(format!("charged {}", event.payload))
//! }
//!
//! #[tracing::instrument(err)]
//! fn charge(cents: u32) -> Result<(), Error> {
//!     tracing::info!(monotonic_counter.charges = 1, "charged");
//!     if cents > 0 { Ok(()) } else { Err("nothing to charge".into()) }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let invocation = testing::invoke(json!(1250), bill).await;
//! assert_eq!(invocation.response::<String>().unwrap(), "charged 1250");
//! assert_eq!(
//!     invocation.snapshot(),
//!     "function [server] faas.trigger=other\n└ charge cents=1250\n    · charged monotonic_counter.charges=1\n"
//! );
//! assert_eq!(invocation.logs()[0].attribute("x-correlation-order"), Some(&"o-7".into()));
//! assert!(invocation.metric("charges").is_some());
//!
//! let error = testing::invoke("0", bill).await.response::<String>().unwrap_err();
//! assert_eq!(error.to_string(), "nothing to charge");
//! # }
//! ```
//!
//! # Handlers
//!
//! [`Handler`] has the accepted forms: functions and closures of a [`LambdaEvent`](crate::LambdaEvent), services, and
//! with the feature `http` functions of a `lambda_http::Request` and applications of axum. A handler with
//! [`#[handler]`](macro@crate::handler) is called by name. The body of a `main` goes into another function, because no
//! test can call `main`. A closure hands over state:
//!
//! ```
//! # use serde_json::json;
//! # use thundra_aws::{Error, LambdaEvent, handler, testing};
//! # struct Warehouse;
//! #[handler]
//! async fn ship(event: LambdaEvent<String>, warehouse: &Warehouse) -> Result<(), Error> {
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let warehouse = Warehouse;
//! let invocation = testing::invoke(json!("o-7"), |event| ship(event, &warehouse)).await;
//! assert!(invocation.response::<()>().is_ok());
//! # }
//! ```
//!
//! # Other tests, and subscribers
//!
//! Each invocation has a separate subscriber. The subscriber is the default while the handler is polled. Tests on other
//! threads, and other invocations on the same thread, see nothing of each other. A global subscriber is not needed. A
//! global subscriber of the test program stays installed, and receives only the events outside of the invocations. Log
//! lines are not written.
//!
//! Tasks spawned by the handler are recorded in the runtime of `#[tokio::test]`. In a runtime with several threads, a
//! task takes the subscriber along: `work.in_current_span().with_current_subscriber()`, by `tracing::Instrument` and
//! `tracing::instrument::WithSubscriber`. As in Lambda, a span belongs to the invocation if the span ends before the
//! handler does.
//!
//! # Acceptance tests
//!
//! [`Collector`] is an OTLP receiver in the test program, and waits for the [whole trace](thundra_http::testing) of a
//! request through deployed functions.
//!
//! # Configuration
//!
//! The configuration is the default configuration, independent of the environment. [`InvocationBuilder::config`] sets
//! another configuration.

mod builder;
mod call;
mod error;
mod event;
mod handler;
mod http_response;
mod invocation;
mod perform;
mod thread_default;

pub use thundra_http::testing::*;

pub use self::builder::InvocationBuilder;
pub use self::error::{InvocationError, InvocationErrorKind};
pub use self::event::IntoEvent;
pub use self::handler::Handler;
pub use self::invocation::Invocation;

/// Runs a handler with an event, and returns the invocation, with the response and the recorded telemetry.
///
/// The event is a [`serde_json::Value`], or JSON in a text or in bytes. A panic of the handler is a result too.
/// [`Invocation::builder`] sets the request id, the deadline and the other data of the context.
///
/// The returned future is [`Send`] if the future of the handler is.
///
/// # Examples
///
/// The page of [the module](self) has more.
///
/// ```
/// use serde_json::{Value, json};
/// use thundra_aws::{Error, LambdaEvent, testing};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let invocation = testing::invoke(json!({ "order": 7 }), async |event: LambdaEvent<Value>| {
///     Ok::<_, Error>(event.payload["order"].clone())
/// })
/// .await;
/// assert_eq!(invocation.response::<u32>().unwrap(), 7);
/// # }
/// ```
pub async fn invoke<H, Form>(event: impl IntoEvent, handler: H) -> Invocation
where
    H: Handler<Form>,
{
    Invocation::builder(event).invoke(handler).await
}
