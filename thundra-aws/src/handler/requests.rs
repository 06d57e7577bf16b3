//! `main` as an HTTP function: with a request as the argument, or with an HTTP service as the result.

use std::future::Future;
use std::process::ExitCode;

use lambda_http::{Body, Request, Response};
use lambda_runtime::service_fn;
use lambda_runtime::tower::util::ServiceFn;
use thundra_core::Telemetry;
use thundra_core::exception::Exception;

use super::input::{Input, StreamedInput};
use super::main::{main_app, main_concurrent_app};
use crate::http::adapters::{App, Buffered, Reply, Streamed, StreamedBody, StreamingApp};
use crate::http::route::routed;

impl Input for Request {
    type Kind = Requests;
}

impl StreamedInput for Request {
    type Kind = StreamedRequests;
}

/// The kind of a `main` that takes requests, and returns each response in one piece.
#[derive(Clone, Copy, Debug, Default)]
pub struct Requests;

impl Requests {
    /// Returns the handler as a service of Lambda's events.
    #[inline(always)]
    pub fn service<F, Fut, E>(self, handler: F) -> Buffered<ServiceFn<F>>
    where
        F: Fn(Request) -> Fut,
        Fut: Future<Output = Result<Response<Body>, E>> + Send + 'static,
    {
        Buffered::new(service_fn(handler))
    }

    /// Runs the handler, and converts the response. A response may borrow the state, so the conversion happens before
    /// the state is dropped.
    ///
    /// # Errors
    ///
    /// The error of the handler.
    pub async fn answer<F, R, E>(self, handler: F) -> Result<Response<Body>, E>
    where
        F: Future<Output = Result<R, E>>,
        R: Reply,
    {
        let response = handler.await?;
        Ok(response.into_response().await)
    }
}

/// The kind of a `main` that takes requests, and streams the responses.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamedRequests;

impl StreamedRequests {
    /// Returns the handler as a service of Lambda's events.
    #[inline(always)]
    pub fn service<F, Fut, B, E>(self, handler: F) -> Streamed<ServiceFn<F>>
    where
        F: Fn(Request) -> Fut,
        Fut: Future<Output = Result<Response<B>, E>> + Send + 'static,
    {
        Streamed::new(service_fn(handler))
    }

    /// Returns the future of the handler. The runtime polls the body of the response.
    #[inline(always)]
    pub fn answer<F, B, E>(self, handler: F) -> F
    where
        F: Future<Output = Result<Response<B>, E>>,
        B: StreamedBody,
    {
        handler
    }
}

/// Runs a program with the HTTP service that the initialisation makes.
pub fn main_buffered<T, S>(telemetry: impl FnOnce() -> T, init: impl Future<Output = Result<S, Exception>>) -> ExitCode
where
    T: Into<Telemetry>,
    S: App,
{
    main_app(telemetry, init, |app| Buffered::new(routed(app)))
}

/// Runs a program as [`main_buffered`] does, for several invocations at once if Lambda allows concurrency.
pub fn main_concurrent_buffered<T, S>(
    telemetry: impl FnOnce() -> T,
    init: impl Future<Output = Result<S, Exception>>,
) -> ExitCode
where
    T: Into<Telemetry>,
    S: App + Clone + Send,
{
    main_concurrent_app(telemetry, init, |app| Buffered::new(routed(app)))
}

/// Runs a program as [`main_buffered`] does, with streamed responses.
pub fn main_streamed<T, S, B>(
    telemetry: impl FnOnce() -> T,
    init: impl Future<Output = Result<S, Exception>>,
) -> ExitCode
where
    T: Into<Telemetry>,
    S: StreamingApp<B>,
    B: StreamedBody,
{
    main_app(telemetry, init, |app| Streamed::new(routed(app)))
}

/// Runs a program as [`main_streamed`] does, for several invocations at once if Lambda allows concurrency.
pub fn main_concurrent_streamed<T, S, B>(
    telemetry: impl FnOnce() -> T,
    init: impl Future<Output = Result<S, Exception>>,
) -> ExitCode
where
    T: Into<Telemetry>,
    S: StreamingApp<B> + Clone + Send,
    B: StreamedBody,
{
    main_concurrent_app(telemetry, init, |app| Streamed::new(routed(app)))
}
