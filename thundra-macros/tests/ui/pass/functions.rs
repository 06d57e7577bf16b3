//! The handler shapes of the official examples with functions as handlers.

#![deny(warnings, unused, unsafe_code, missing_docs, rust_2018_idioms)]

use std::{fmt::Debug, future::Future};

use aws_lambda_events::event::{
    apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse},
    sqs::{SqsBatchResponse, SqsEvent, SqsEventObj, SqsMessageObj},
};
use lambda_http::{Body, IntoResponse, Request, Response};
use lambda_runtime::{Context, Diagnostic, FunctionResponse, streaming};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use thundra_aws::{Error, LambdaEvent, handler};

/// A request.
#[derive(Deserialize, Serialize)]
pub struct Ask {
    _name: String,
}

/// A response.
#[derive(Serialize)]
pub struct Answer {
    text: String,
}

/// A client of something.
pub struct Client;

/// The bound of a generic example.
pub trait Store {
    /// Reads.
    fn get(&self, key: &str) -> impl Future<Output = Result<u32, Error>> + Send;
}

impl Store for Client {
    #[handler]
    async fn get(&self, key: &str) -> Result<u32, Error> {
        Ok(key.parse()?)
    }
}

#[handler]
async fn typed(_event: LambdaEvent<Ask>) -> Result<Answer, Error> {
    Ok(Answer { text: "hello".into() })
}

#[handler]
pub(crate) async fn value(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (payload, context) = event.into_parts();
    Ok(serde_json::json!({ "payload": payload, "id": context.request_id }))
}

#[handler]
async fn queue(event: LambdaEvent<SqsEventObj<Ask>>) -> Result<(), Error> {
    for _record in event.payload.records {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[handler]
async fn partial_batch<T, D, F, R>(f: F, event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error>
where
    T: DeserializeOwned,
    F: Fn(T, D) -> R,
    D: Default,
    R: Future<Output = Result<(), Error>>,
{
    let mut response = SqsBatchResponse::default();
    for record in event.payload.records {
        let id = record.message_id.clone().unwrap_or_default();
        let body: T = serde_json::from_str(record.body.as_deref().unwrap_or_default())?;
        if f(body, D::default()).await.is_err() {
            response.add_failure(id);
        }
    }
    Ok(response)
}

#[handler]
async fn gateway(_: LambdaEvent<ApiGatewayProxyRequest>) -> Result<ApiGatewayProxyResponse, Error> {
    Ok(ApiGatewayProxyResponse::default())
}

#[handler]
async fn client_last<T: Store>(event: LambdaEvent<String>, size: u32, client: &T) -> Result<u32, Error> {
    Ok(client.get(&event.payload).await? + size)
}

#[handler]
async fn client_first(client: &Client, event: LambdaEvent<String>) -> Result<u32, Error> {
    client.get(&event.payload).await
}

#[handler]
async fn diagnostic(_event: LambdaEvent<()>) -> Result<(), Diagnostic> {
    Err(Diagnostic { error_type: "Late".into(), error_message: "too late".into() })
}

/// A custom error.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A reason.
    #[error("{0} is closed")]
    Closed(&'static str),
    /// A number that cannot be parsed.
    #[error(transparent)]
    Number(#[from] std::num::ParseIntError),
}

#[handler]
async fn custom_error(event: LambdaEvent<String>) -> Result<(), Refused> {
    if event.payload.parse::<u8>()? == 0 {
        return Err(Refused::Closed("shop"));
    }
    Ok(())
}

#[handler]
async fn boxed_error(event: LambdaEvent<String>) -> Result<String, Box<dyn std::error::Error>> {
    event.payload.parse::<u8>()?;
    Err("no")?;
    Ok(event.payload)
}

#[handler]
async fn text_error(_event: LambdaEvent<Value>) -> Result<Value, &'static str> {
    Err("no")
}

#[handler]
async fn stream(_event: LambdaEvent<Value>) -> Result<streaming::Response<streaming::Body>, Error> {
    Ok(streaming::Response { metadata_prelude: Default::default(), stream: streaming::Body::from("chunk") })
}

type Streamed = FunctionResponse<Value, streaming::Body>;

#[handler]
async fn alias(event: LambdaEvent<Value>) -> Result<Streamed, Error> {
    Ok(FunctionResponse::BufferedResponse(event.payload))
}

#[handler]
async fn http(_request: Request) -> Result<Response<Body>, Error> {
    Ok(Response::builder().status(204).body(Body::Empty)?)
}

#[handler]
async fn http_into(_request: Request) -> Result<impl IntoResponse, Error> {
    Ok("hello")
}

#[handler]
async fn http_text(client: &Client, request: Request) -> Result<Response<String>, lambda_http::http::Error> {
    let Client = client;
    Response::builder().body(request.uri().path().to_owned())
}

#[handler]
async fn opaque(event: LambdaEvent<impl Debug>) -> impl Debug {
    format!("{:?}", event.payload)
}

/// The `LambdaEvent` of `lambda_extension`: another type with the same name.
mod extension {
    pub(crate) struct LambdaEvent;
}

#[handler]
async fn extension_event(_event: extension::LambdaEvent) -> Result<(), Error> {
    Ok(())
}

#[handler]
async fn no_arguments() {
    tokio::task::yield_now().await;
}

#[handler]
async fn split(payload: Value, context: Context) -> Result<Value, Error> {
    let _ = context;
    Ok(payload)
}

#[handler]
async fn destructured(LambdaEvent { payload, context }: LambdaEvent<(u8, String)>, _: u8) -> Result<usize, Error> {
    let (number, text) = payload;
    Ok(text.len() + usize::from(number) + context.request_id.len())
}

#[handler]
async fn patterns(
    (a, _): (u8, u8),
    [b, ..]: [u8; 3],
    ref c: u8,
    d @ 0..=255: u8,
    &e: &u8,
    mut event: LambdaEvent<Vec<u8>>,
) -> Result<Vec<u8>, Error> {
    event.payload.extend([a, b, *c, d, e]);
    Ok(event.payload)
}

#[handler]
async fn attributes(
    #[cfg(not(test))] event: LambdaEvent<u8>,
    #[cfg(test)] event: LambdaEvent<Nothing>,
    #[expect(unused_variables)] spare: u8,
    #[expect(unused_variables)] (used, unused): (u8, u8),
    #[allow(unused_mut)] mut extra: u8,
) -> Result<u8, Error> {
    Ok(event.payload + extra + used)
}

/// Borrows from the arguments, and names the lifetime.
#[handler]
pub async fn lifetimes<'a, 'b: 'a>(event: &'a LambdaEvent<&'b str>, fallback: &'b str) -> Result<&'a str, Error> {
    Ok(if event.payload.is_empty() { fallback } else { event.payload })
}

#[handler]
async fn elided(event: &mut LambdaEvent<String>) -> Result<&mut str, Error> {
    event.payload.push('!');
    Ok(event.payload.as_mut_str())
}

/// Names in the body are not the names in the signature.
#[handler]
pub async fn r#match(event: LambdaEvent<u8>) -> Result<u8, Error> {
    #[allow(dead_code)]
    struct Error;
    #[allow(dead_code)]
    type LambdaEvent = Error;
    Ok(event.payload)
}

/// Is instrumented in either order.
#[handler]
#[tracing::instrument(skip(event))]
pub async fn instrumented_inside(event: LambdaEvent<u8>, number: u8) -> Result<u8, Error> {
    Ok(event.payload + number)
}

/// Is instrumented in either order.
#[tracing::instrument(skip_all, fields(number), err)]
#[handler]
pub async fn instrumented_outside(event: LambdaEvent<u8>, number: u8) -> Result<u8, Error> {
    Ok(event.payload + number)
}

/// Never ends well.
#[handler]
pub async fn unfinished(_event: LambdaEvent<u8>) -> Result<u8, Error> {
    todo!()
}

/// Ends by `return`.
#[handler]
pub async fn returns(event: LambdaEvent<u8>) -> Result<u8, Error> {
    #![allow(clippy::needless_return)]
    return Ok(event.payload);
}

/// Never ends.
#[handler]
pub async fn forever() -> ! {
    loop {
        tokio::task::yield_now().await;
    }
}

/// Calls itself.
#[handler]
pub async fn recursive(event: LambdaEvent<u8>) -> Result<u8, Error> {
    match event.payload {
        0 => Ok(0),
        n => Box::pin(recursive(LambdaEvent::new(n - 1, event.context))).await,
    }
}

macro_rules! handlers {
    ($($name:ident: $event:pat => $body:block)*) => { $(
        #[handler]
        async fn $name($event: LambdaEvent<u8>) -> Result<u8, Error> $body
    )* };
}

handlers! {
    from_macro: LambdaEvent { payload, .. } => { Ok(payload) }
}

struct App<S>(S);

impl<S: Store + Sync> App<S> {
    #[handler]
    async fn invoke(&self, event: LambdaEvent<String>) -> Result<u32, Error> {
        self.0.get(&event.payload).await
    }

    #[handler]
    async fn change(&mut self, LambdaEvent { payload: store, .. }: LambdaEvent<S>) {
        self.0 = store;
    }

    #[handler]
    async fn consume(mut self, event: LambdaEvent<S>) -> S {
        self.0 = event.payload;
        self.0
    }

    #[handler]
    async fn keep(self, _event: LambdaEvent<u8>) {}

    #[handler]
    async fn shared(self: std::sync::Arc<Self>, event: LambdaEvent<String>) -> Result<u32, Error> {
        Self::invoke(&self, event).await
    }

    #[handler]
    async fn associated(_event: LambdaEvent<S>) -> Result<(), Self>
    where
        S: Clone,
    {
        Ok(())
    }
}

trait Handle {
    async fn handle(&self, event: LambdaEvent<u8>) -> Result<u8, Error>;

    #[handler]
    async fn provided(&self, event: LambdaEvent<u8>) -> Result<u8, Error> {
        self.handle(event).await
    }
}

impl Handle for Client {
    #[handler]
    async fn handle(&self, event: LambdaEvent<u8>) -> Result<u8, Error> {
        Ok(event.payload)
    }
}

/// Calls the functions like the official examples.
fn callers(client: &'static Client) {
    fn service<A, R, E, F>(_: impl FnMut(LambdaEvent<A>) -> F)
    where
        A: DeserializeOwned,
        F: Future<Output = Result<R, E>>,
        E: Into<Diagnostic> + Debug,
    {
    }
    async fn ship(_message: SqsMessageObj<Ask>, _client: u8) -> Result<(), Error> {
        Ok(())
    }

    service(typed);
    service(value);
    service(queue);
    service(gateway);
    service(|event| partial_batch(ship, event));
    service(|event| client_last(event, 1, client));
    service(|event| client_first(client, event));
    service(diagnostic);
    service(boxed_error);
    service(text_error);
    service(stream);
    service(alias);
    service(unfinished);
    service(returns);
    service(recursive);
    service(from_macro);
    service(r#match);
    let app: &'static App<Client> = Box::leak(Box::new(App(Client)));
    service(move |event| app.invoke(event));
    service(|event: LambdaEvent<Value>| split(event.payload, event.context));
    service(|event| async move { client.provided(event).await });

    let _ = lambda_http::service_fn(http);
    let _ = lambda_http::service_fn(http_into);
    let _ = lambda_http::service_fn(move |request| http_text(client, request));

    let event = || LambdaEvent::new(String::new(), Context::default());
    let _ = custom_error(event());
    let _ = opaque(event());
    let _ = extension_event(extension::LambdaEvent);
    let _ = no_arguments();
    let _ = destructured(LambdaEvent::new((0, String::new()), Context::default()), 0);
    let _ = patterns((0, 0), [0; 3], 0, 0, &0, LambdaEvent::new(vec![], Context::default()));
    let _ = attributes(LambdaEvent::new(0, Context::default()), 0, (0, 0), 0);
    let _ = elided(&mut event());
    let _ = client.handle(LambdaEvent::new(0, Context::default()));
    let _ = App(Client).change(LambdaEvent::new(Client, Context::default()));
    let _ = App(Client).consume(LambdaEvent::new(Client, Context::default()));
    let _ = App(Client).keep(LambdaEvent::new(0, Context::default()));
    let _ = std::sync::Arc::new(App(Client)).shared(event());
    let _ = App::associated(LambdaEvent::new(Shelf, Context::default()));
    let _ = Answer { text: String::new() }.text;
}

#[derive(Clone)]
struct Shelf;

impl Store for Shelf {
    #[handler]
    async fn get(&self, _key: &str) -> Result<u32, Error> {
        Ok(0)
    }
}

fn main() {
    let _ = callers;
}
