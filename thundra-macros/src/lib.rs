//! The `#[handler]` attribute of [`thundra-aws`](https://docs.rs/thundra-aws), which re-exports it: depend on that
//! crate, not on this one.
//!
//! Tokens go one way: `attr` and `item` (with `returns`) read them into a model and check its rules, `expand` (with
//! `params`) writes the result, and `fallback` writes what stands beside an error.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attr;
mod expand;
mod fallback;
mod item;
mod params;
mod returns;

use proc_macro::TokenStream;

/// Instruments an AWS Lambda handler.
///
/// # On `main`: the whole program
///
/// The function becomes the handler of a program that starts the Tokio runtime and the telemetry and runs the Lambda
/// loop. Remove `#[tokio::main]`, the call of `lambda_runtime::run`, and the line that installs a subscriber.
///
/// ```no_run
/// use thundra_aws::{Error, LambdaEvent};
///
/// #[thundra_aws::handler]
/// async fn main(event: LambdaEvent<Vec<String>>) -> Result<usize, Error> {
///     Ok(event.payload.len())
/// }
/// ```
///
/// Shared state is made once, by the function that `init` names, and lent to each invocation:
///
/// ```no_run
/// use thundra_aws::{Error, LambdaEvent};
///
/// struct Warehouse;
///
/// async fn connect() -> Result<Warehouse, Error> {
///     Ok(Warehouse)
/// }
///
/// #[thundra_aws::handler(init = connect)]
/// async fn main(order: LambdaEvent<String>, warehouse: &Warehouse) -> Result<(), Error> {
///     Ok(())
/// }
/// ```
///
/// # On any other `async fn`: a wrapper in place
///
/// The function keeps its signature, its callers, and the `Send`-ness of its future; it may be a method, be generic,
/// destructure its arguments, or take more of them than the event. It reports its outcome to the invocation above it.
/// Where there is none, because the program calls `lambda_runtime::run` itself, it begins one from the first argument
/// that has a context: a `LambdaEvent`, an HTTP request from `lambda_http` (feature `http` of `thundra-aws`), or the
/// `Context` itself. Types are asked for it, not their names, so an alias will do. Where no argument has a context, as
/// with a `LambdaEvent` of another major version of `lambda_runtime`, nothing is recorded, and one line on standard
/// error says so with the remedy.
///
/// ```
/// use thundra_aws::{Error, LambdaEvent, handler};
///
/// struct Client;
///
/// #[handler]
/// async fn ship(client: &Client, LambdaEvent { payload, .. }: LambdaEvent<String>) -> Result<u32, Error> {
///     Ok(payload.parse()?)
/// }
/// ```
///
/// A function that returns a future by itself is wrapped as well, as `impl Future<Output = T>`, as
/// `Pin<Box<dyn Future<Output = T>>>` or as `BoxFuture<T>`, so the attribute goes on the methods of an `#[async_trait]`
/// implementation too:
///
/// ```
/// # use thundra_aws::{Error, LambdaEvent, handler};
/// #[async_trait::async_trait]
/// trait Function {
///     async fn call(&self, event: LambdaEvent<String>) -> Result<u32, Error>;
/// }
///
/// struct Ship;
///
/// #[async_trait::async_trait]
/// impl Function for Ship {
///     #[handler]
///     async fn call(&self, event: LambdaEvent<String>) -> Result<u32, Error> {
///         Ok(event.payload.parse()?)
///     }
/// }
/// ```
///
/// A span by `#[tracing::instrument]` is inside the invocation if that attribute stands above this one, since the
/// upper attribute of two is expanded first.
///
/// # Arguments
///
/// - `init = path`, on `main` only: an `async fn() -> State` or `async fn() -> Result<State, E>`. The second argument
///   of `main` is then `&State`.
/// - `concurrent`, on `main` only: serves several invocations at a time, as Lambda Managed Instances send them. A
///   state is then `Send + Sync + 'static`.
/// - `crate = path`: where `thundra-aws` is found. *Defaults to* `::thundra_aws`.
///
/// # Expansion
///
/// The first `main` above becomes
///
/// ```no_run
/// # use thundra_aws::{Error, LambdaEvent};
/// fn main() -> ::std::process::ExitCode {
///     async fn main(event: LambdaEvent<Vec<String>>) -> Result<usize, Error> {
///         Ok(event.payload.len())
///     }
///     ::thundra_aws::__private::main(::thundra_aws::__private::Telemetry::default, main)
/// }
/// ```
///
/// and `ship`
///
/// ```
/// # use thundra_aws::{Error, LambdaEvent};
/// # struct Client;
/// async fn ship(client: &Client, argument1: LambdaEvent<String>) -> Result<u32, Error> {
///     let context = ::thundra_aws::__private::first_context([
///         ::thundra_aws::__private::argument(&client).thundra_context(),
///         ::thundra_aws::__private::argument(&argument1).thundra_context(),
///     ]);
///     ::thundra_aws::__private::in_place("ship", context, async move {
///         let result = async move {
///             let client = client;
///             let argument1 = argument1;
///             let LambdaEvent { payload, .. } = argument1;
///             // Never taken: it tells `?` the type of the result.
///             if let Some(never) = ::thundra_aws::__private::never::<Result<u32, Error>>() {
///                 return never;
///             }
///             match () {
///                 () => { Ok(payload.parse()?) }
///             }
///         }
///         .await;
///         ::thundra_aws::__private::report(|| ::thundra_aws::__private::returned(&result).thundra_outcome());
///         result
///     })
///     .await
/// }
/// ```
///
/// with names that the body cannot see. Nothing is boxed that was not, and no panic is caught.
#[proc_macro_attribute]
pub fn handler(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::handler(args.into(), &item.into()).into()
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
