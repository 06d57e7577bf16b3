//! The argument of `main`. The type of the argument selects the kind of program.

use std::future::Future;
use std::marker::PhantomData;

use lambda_runtime::tower::util::ServiceFn;
use lambda_runtime::{LambdaEvent, service_fn};

/// A type accepted as the first argument of `main`.
#[cfg_attr(
    feature = "http",
    diagnostic::on_unimplemented(
        message = "`main` cannot take `{Self}`",
        label = "no event of Lambda, and no HTTP request",
        note = "`main` takes a `LambdaEvent<T>`, or a `lambda_http::Request`, which is `http::Request<lambda_http::Body>`; \
                with `#[handler(batch)]`, a record of a batch",
        note = "both are those of lambda_runtime = \"1\" and lambda_http = \"1\": `cargo tree -i lambda_runtime` shows \
                whether another version is in use"
    )
)]
#[cfg_attr(
    not(feature = "http"),
    diagnostic::on_unimplemented(
        message = "`main` cannot take `{Self}`",
        label = "no event of Lambda",
        note = "`main` takes a `LambdaEvent<T>`; with `#[handler(batch)]`, a record of a batch; with the feature `http` of \
                thundra-aws, a `lambda_http::Request`",
        note = "the event is that of lambda_runtime = \"1\": `cargo tree -i lambda_runtime` shows whether another version \
                is in use"
    )
)]
pub trait Input {
    /// The kind of the argument.
    type Kind: Copy + Default;
}

impl<A> Input for LambdaEvent<A> {
    type Kind = Events<A>;
}

/// Returns the kind of an argument.
#[inline(always)]
pub fn input<T: Input>() -> T::Kind {
    T::Kind::default()
}

/// A type accepted as the first argument of a `main` with streamed responses.
#[diagnostic::on_unimplemented(
    message = "`streaming` is for HTTP functions, and `main` takes `{Self}`",
    label = "no HTTP request",
    note = "with `#[handler(streaming)]`, `main` takes a `lambda_http::Request`, or nothing if it returns a router (feature \
            `http` of thundra-aws); a handler of a `LambdaEvent` streams by what it returns, a \
            `lambda_runtime::StreamResponse`"
)]
pub trait StreamedInput {
    /// The kind of the argument.
    type Kind: Copy + Default;
}

/// Returns the kind of an argument for streamed responses.
#[inline(always)]
pub fn streamed_input<T: StreamedInput>() -> T::Kind {
    T::Kind::default()
}

/// The kind of a `main` that takes events.
pub struct Events<A>(PhantomData<fn() -> A>);

impl<A> Clone for Events<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Events<A> {}

impl<A> Default for Events<A> {
    fn default() -> Self {
        Events(PhantomData)
    }
}

impl<A> std::fmt::Debug for Events<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

impl<A> Events<A> {
    /// Returns the handler as a service.
    #[inline(always)]
    pub fn service<F, Fut>(self, handler: F) -> ServiceFn<F>
    where
        F: Fn(LambdaEvent<A>) -> Fut,
        Fut: Future,
    {
        service_fn(handler)
    }

    /// Returns the future of the handler. The runtime serialises the response.
    #[inline(always)]
    pub fn answer<F: Future>(self, handler: F) -> F {
        handler
    }
}
