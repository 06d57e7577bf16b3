//! The forms of a handler that a test can call.

use std::fmt::Debug;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use lambda_runtime::{Diagnostic, Error, IntoFunctionResponse, LambdaEvent};
use pin_project_lite::pin_project;
use serde::{Deserialize, Serialize};
use tower_service::Service;

use super::call::{Delivered, Posted, call};
use super::error::InvocationError;

/// A handler for [`invoke`](super::invoke). `Form` is the form of the handler, and is inferred:
///
/// | Form | Example |
/// |---|---|
/// | a function or a closure of a [`LambdaEvent`] | `async fn bill(event: LambdaEvent<Order>) -> Result<Receipt, Error>` |
/// | a service of a [`LambdaEvent`] | `service_fn(bill)`, and layers around it |
/// | a function or a closure of a `lambda_http::Request` (feature `http`) | `async fn bill(request: Request) -> Result<impl IntoResponse, Error>` |
/// | a service of a `lambda_http::Request` (feature `http`) | `axum::Router` |
///
/// The bounds are the bounds of [`run`](crate::run) and [`http::run`](crate::http::run), but the handler is called
/// once, and may consume captured values. A response may be a stream.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler that a test can invoke",
    note = "a handler is an async function of one `LambdaEvent<T>`, where `T: Deserialize`, with a `Result` of a response \
            and of an error that is `Into<Diagnostic> + Debug + 'static`",
    note = "a closure names the type of its argument, as in `async |event: LambdaEvent<Value>| …`, and hands over state",
    note = "functions of `lambda_http::Request`, and axum, take the feature `http` of thundra-aws"
)]
pub trait Handler<Form> {
    /// Runs the handler.
    #[doc(hidden)]
    fn perform(self, delivered: Delivered) -> impl Future<Output = Result<Posted, InvocationError>>;
}

/// The form of a function.
#[derive(Debug)]
pub struct OfFunction<A, B, S>(PhantomData<(A, B, S)>);

impl<F, Fut, A, R, X, B, S, D, E> Handler<OfFunction<A, B, S>> for F
where
    F: FnOnce(LambdaEvent<A>) -> Fut,
    Fut: Future<Output = Result<R, X>>,
    X: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Into<Bytes>,
    E: Into<Error>,
{
    fn perform(self, delivered: Delivered) -> impl Future<Output = Result<Posted, InvocationError>> {
        call(Once(Some(self)), delivered)
    }
}

/// The form of a service.
#[derive(Debug)]
pub struct OfService<A, B, S>(PhantomData<(A, B, S)>);

impl<H, A, R, B, S, D, E> Handler<OfService<A, B, S>> for H
where
    H: Service<LambdaEvent<A>, Response = R>,
    H::Error: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Into<Bytes>,
    E: Into<Error>,
{
    fn perform(self, delivered: Delivered) -> impl Future<Output = Result<Posted, InvocationError>> {
        call(self, delivered)
    }
}

#[cfg(feature = "http")]
mod http {
    use lambda_http::{Adapter, IntoResponse, Request};

    use super::*;

    /// The form of a function of a request.
    #[derive(Debug)]
    pub struct OfHttpFunction<'a>(PhantomData<&'a ()>);

    impl<'a, F, Fut, R, X> Handler<OfHttpFunction<'a>> for F
    where
        F: FnOnce(Request) -> Fut,
        Fut: Future<Output = Result<R, X>> + Send + 'a,
        R: IntoResponse + 'a,
        X: Into<Diagnostic> + Debug + 'static,
    {
        fn perform(self, delivered: Delivered) -> impl Future<Output = Result<Posted, InvocationError>> {
            call(Adapter::from(Once(Some(self))), delivered)
        }
    }

    /// The form of a service of requests.
    #[derive(Debug)]
    pub struct OfHttpService<'a>(PhantomData<&'a ()>);

    impl<'a, H, R> Handler<OfHttpService<'a>> for H
    where
        H: Service<Request, Response = R>,
        H::Future: Send + 'a,
        H::Error: Into<Diagnostic> + Debug + 'static,
        R: IntoResponse + 'a,
    {
        fn perform(self, delivered: Delivered) -> impl Future<Output = Result<Posted, InvocationError>> {
            call(Adapter::from(self), delivered)
        }
    }
}

/// A function as a service for one call.
struct Once<F>(Option<F>);

impl<T, F, Fut, R, E> Service<T> for Once<F>
where
    F: FnOnce(T) -> Fut,
    Fut: Future<Output = Result<R, E>>,
{
    type Response = R;
    type Error = E;
    type Future = OnceFuture<Fut>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, argument: T) -> OnceFuture<Fut> {
        OnceFuture { future: self.0.take().map(|function| function(argument)) }
    }
}

pin_project! {
    /// The future of the only call.
    struct OnceFuture<Fut> {
        #[pin]
        future: Option<Fut>,
    }
}

impl<Fut: Future> Future for OnceFuture<Fut> {
    type Output = Fut::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fut::Output> {
        // The service is called once. A second call would never end.
        self.project().future.as_pin_mut().map_or(Poll::Pending, |future| future.poll(cx))
    }
}
