//! The attributes of the thundra crates: `#[handler]` of [`thundra-aws`](https://docs.rs/thundra-aws), and `#[traced]`
//! of each crate. Programs depend on the crates that re-export the attributes, not on `thundra-macros`.
//!
//! Tokens go one way. `attr` and `item` (with `returns`) parse the tokens into a model and check the rules. `expand`
//! (with `params` and `body`) writes the expansion. `fallback` writes the item beside an error. `traced` has the same
//! files for `#[traced]`.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attr;
mod body;
mod expand;
mod fallback;
mod item;
mod params;
mod returns;
mod traced;

use proc_macro::TokenStream;
use syn::parse_quote;

/// Instruments an AWS Lambda handler.
///
/// # On `main`: the whole program
///
/// The function becomes the handler of a program. The program starts the Tokio runtime and the telemetry, and runs the
/// Lambda loop. Remove `#[tokio::main]`, the call of `lambda_runtime::run`, and the installation of a subscriber.
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
/// The function named by `init` makes shared state once, and each invocation borrows the state:
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
/// # On `main` of an HTTP function: a request, or a router
///
/// With the feature `http` of `thundra-aws`, the argument may be the `Request` of `lambda_http`. The type counts, also
/// behind an alias or under another name. The response is any response accepted by `lambda_http::run`. With
/// `streaming`, the response is a `Response`, and the body is sent as the body arrives.
///
/// ```no_run
/// use lambda_http::{IntoResponse, Request, RequestExt};
/// use thundra_aws::Error;
///
/// #[thundra_aws::handler]
/// async fn main(request: Request) -> Result<impl IntoResponse, Error> {
///     Ok(format!("hello from {}", request.raw_http_path()))
/// }
/// ```
///
/// A `main` without arguments returns an HTTP service, or a `Result` with one: an axum `Router`, or any other
/// `Service<Request>`. The function is called once, as an init function is. The spans of the function are in the trace
/// `init`. With the feature `axum`, the route of a router is the name of each invocation's span: see
/// `thundra_aws::http`.
///
/// ```no_run
/// use axum::Router;
/// use axum::routing::get;
/// use thundra_aws::Error;
///
/// #[thundra_aws::handler]
/// async fn main() -> Result<Router, Error> {
///     let greeting = std::env::var("GREETING")?;
///     Ok(Router::new().route("/orders/{id}", get(async move || greeting)))
/// }
/// ```
///
/// # On `main` with `batch`: one record at a time
///
/// The function takes a record of a batch, and `thundra_aws::batch` (feature `batch`) makes the response of the event
/// source:
///
/// ```no_run
/// use thundra_aws::Error;
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     id: u64,
/// }
///
/// // The event source mapping needs `FunctionResponseTypes: [ReportBatchItemFailures]`.
/// // Without it AWS takes any response for success, and failed records are lost.
/// #[thundra_aws::handler(batch)]
/// async fn main(order: Order) -> Result<(), Error> {
///     tracing::info!(order = order.id, "shipped");
///     Ok(())
/// }
/// ```
///
/// The type of the argument decides about the input of the function. A record of `aws_lambda_events`, such as
/// `SqsMessage`, arrives as delivered by AWS. A `String` or a `Vec<u8>` is the payload. Any other type is deserialized
/// from the JSON payload.
///
/// The type of a record names the event. For a payload, the source is read from the arriving event: SQS, Kinesis,
/// DynamoDB (feature `dynamodb`), Kafka and Amazon MQ. An event of another source is an error. `batch = path` names the
/// type of the event, as in `#[handler(batch = SqsEvent)]`: the program is then smaller, and the result may be of a
/// type that only the named event takes, as with `KinesisFirehoseEvent`. The options of a batch need the function
/// `each`.
///
/// # On any other `async fn`: a wrapper in place
///
/// The function keeps the signature, the callers, and the `Send`-ness of the future. Methods, generics, patterns and
/// further arguments beside the event are fine.
///
/// Inside an invocation the function reports the outcome to the invocation. Under a plain `lambda_runtime::run`, no
/// invocation exists, and the function begins one from the first argument with a context: a `LambdaEvent`, an HTTP
/// request from `lambda_http` (feature `http` of `thundra-aws`), or a `Context`. The compiler resolves the types, and
/// an alias works. If no argument has a context, as with a `LambdaEvent` of another major version of `lambda_runtime`,
/// nothing is recorded, and one line on standard error names the remedy.
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
/// The attribute also accepts functions with a future as the result, as `impl Future<Output = T>`, as
/// `Pin<Box<dyn Future<Output = T>>>` or as `BoxFuture<T>`, and therefore the methods of an `#[async_trait]`
/// implementation:
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
/// `#[tracing::instrument]` belongs above `#[handler]`: the upper attribute expands first, and the span is then inside
/// the invocation.
///
/// # Arguments
///
/// - `init = path`, on `main` only: an `async fn() -> State` or `async fn() -> Result<State, E>`. The second argument
///   of `main` is then `&State`.
/// - `batch` or `batch = path`, on `main` only: `main` takes a record of a batch, of the event at the path.
/// - `telemetry = path`, on `main` only: a function that returns a `TelemetryBuilder`, a `Telemetry` or a `Config`. The
///   function is called once, before `init`. *Defaults to* the telemetry of the environment.
/// - `concurrent`, on `main` only: serves several invocations at a time, as sent on Lambda Managed Instances. State
///   must then be `Send + Sync + 'static`.
/// - `streaming`, on `main` of an HTTP function only: sends each part of a response's body as soon as the part arrives.
///   The function URL or the API must be set up for streamed responses.
/// - `shutdown`, on `main` only: exports waiting records when Lambda ends the environment, as `THUNDRA_SHUTDOWN=on`
///   does. Needs the feature `shutdown` of `thundra-aws`.
/// - `crate = path`: the path of `thundra-aws`. *Defaults to* `::thundra_aws`.
///
/// An exporter of your own, and log lines of your own:
///
/// ```no_run
/// use thundra_aws::export::ConsoleExporter;
/// use thundra_aws::{Error, LambdaEvent, LogFormat, Telemetry, TelemetryBuilder};
/// use tracing_subscriber::Layer as _;
/// use tracing_subscriber::filter::LevelFilter;
///
/// fn telemetry() -> TelemetryBuilder {
///     let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(LevelFilter::INFO);
///     Telemetry::builder().exporter(ConsoleExporter::new()).layer(lines).log_format(LogFormat::NONE)
/// }
///
/// #[thundra_aws::handler(telemetry = telemetry)]
/// async fn main(event: LambdaEvent<Vec<String>>) -> Result<usize, Error> {
///     Ok(event.payload.len())
/// }
/// ```
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
///     ::thundra_aws::__private::main(::thundra_aws::__private::Telemetry::default, {
///         let input = ::thundra_aws::__private::input::<LambdaEvent<Vec<String>>>();
///         input.service(move |event| async move {
///             ::thundra_aws::__private::with_sources(input.answer(main(event)).await, |error| {
///                 ::thundra_aws::__private::error(error).thundra_sources()
///             })
///         })
///     })
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
///             // Never runs. The compiler learns the type of the result here.
///             if let Some(never) = ::thundra_aws::__private::never::<Result<u32, Error>>() {
///                 return never;
///             }
///             match () {
///                 () => { Ok(payload.parse()?) }
///             }
///         }
///         .await;
///         ::thundra_aws::__private::report(|| ::thundra_aws::__private::returned(&result).thundra_error());
///         result
///     })
///     .await
/// }
/// ```
///
/// with names invisible to the body. No box is added. Where the function begins an invocation, under a plain
/// `lambda_runtime::run`, a panic of the body is recorded and then resumed. In all other cases no panic is caught here.
#[proc_macro_attribute]
pub fn handler(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::handler(args.into(), &item.into()).into()
}

// Three crates export the attribute. The expansion names the crate that the program depends on.

#[doc = include_str!("traced.md")]
#[proc_macro_attribute]
pub fn traced_of_core(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::traced(args.into(), &item.into(), parse_quote!(::thundra_core)).into()
}

#[cfg_attr(not(doctest), doc = include_str!("traced.md"))]
#[proc_macro_attribute]
pub fn traced_of_http(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::traced(args.into(), &item.into(), parse_quote!(::thundra_http)).into()
}

#[cfg_attr(not(doctest), doc = include_str!("traced.md"))]
#[proc_macro_attribute]
pub fn traced_of_aws(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::traced(args.into(), &item.into(), parse_quote!(::thundra_aws)).into()
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
