//! Functions that are not `async fn`: the expansion of `#[async_trait]`, and futures returned by hand.

#![deny(warnings, unused, unsafe_code, missing_docs, rust_2018_idioms)]

use std::{
    fmt::Debug,
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
};

use async_trait::async_trait;
use thundra_aws::{Context, Error, LambdaEvent, handler};
use thundra_core::{Status, testing};

/// A boxed future, named as in `futures`.
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

fn event<T>(payload: T) -> LambdaEvent<T> {
    LambdaEvent::new(payload, Context::default())
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

#[async_trait]
trait Function<T: Send> {
    async fn call(&self, event: LambdaEvent<T>) -> Result<u32, Refused>;

    async fn change(&mut self, event: LambdaEvent<T>, by: &u32);

    async fn borrow<'a>(&'a self, LambdaEvent { payload, .. }: LambdaEvent<T>, other: &'a str) -> Result<&'a str, Error>
    where
        T: Debug;

    async fn generic<U: Debug + Send, F>(&self, event: LambdaEvent<U>, mut f: F) -> Result<u32, Error>
    where
        F: FnMut(U) -> u32 + Send;

    async fn shared(self: Arc<Self>, event: LambdaEvent<T>) -> Result<u32, Refused>;

    async fn associated(event: LambdaEvent<u32>, (a, _): (u32, u32), _: u8) -> u32
    where
        Self: Sized;

    async fn inside(&self, event: LambdaEvent<u32>, number: u32) -> Result<u32, Error>;

    async fn outside(&self, event: LambdaEvent<u32>, number: u32) -> Result<u32, Error>;

    #[handler]
    async fn provided(&self, event: LambdaEvent<T>) -> Result<u32, Refused>
    where
        T: 'static,
    {
        self.call(event).await
    }
}

struct Shop {
    number: u32,
    name: String,
}

#[async_trait]
impl Function<String> for Shop {
    #[handler]
    async fn call(&self, event: LambdaEvent<String>) -> Result<u32, Refused> {
        tokio::task::yield_now().await;
        if event.payload.is_empty() {
            return Err(Refused::Closed("shop"));
        }
        let number: u32 = event.payload.parse()?;
        Ok(number + self.number)
    }

    #[handler]
    async fn change(&mut self, event: LambdaEvent<String>, by: &u32) {
        self.name = event.payload;
        self.number += by;
    }

    #[handler]
    async fn borrow<'a>(
        &'a self,
        LambdaEvent { payload, context: _ }: LambdaEvent<String>,
        other: &'a str,
    ) -> Result<&'a str, Error> {
        Ok(if payload.is_empty() { other } else { &self.name })
    }

    #[handler]
    async fn generic<U: Debug + Send, F>(&self, event: LambdaEvent<U>, mut f: F) -> Result<u32, Error>
    where
        F: FnMut(U) -> u32 + Send,
    {
        Ok(f(event.payload))
    }

    #[handler]
    async fn shared(self: Arc<Self>, event: LambdaEvent<String>) -> Result<u32, Refused> {
        self.call(event).await
    }

    #[handler]
    async fn associated(event: LambdaEvent<u32>, (a, _): (u32, u32), _: u8) -> u32 {
        event.payload + a
    }

    #[handler]
    #[tracing::instrument(skip(self, event))]
    async fn inside(&self, event: LambdaEvent<u32>, number: u32) -> Result<u32, Error> {
        tracing::info!("in");
        Ok(event.payload + number)
    }

    #[tracing::instrument(skip_all, fields(number = number), err)]
    #[handler]
    async fn outside(&self, event: LambdaEvent<u32>, number: u32) -> Result<u32, Error> {
        tracing::info!("in");
        Ok(event.payload + number)
    }
}

#[async_trait(?Send)]
trait Local {
    async fn local(&self, event: LambdaEvent<std::rc::Rc<u8>>) -> Result<u8, &'static str>;
}

#[async_trait(?Send)]
impl Local for Shop {
    #[handler]
    async fn local(&self, event: LambdaEvent<std::rc::Rc<u8>>) -> Result<u8, &'static str> {
        if *event.payload == 0 { Err("none") } else { Ok(*event.payload) }
    }
}

#[handler]
fn lone(event: LambdaEvent<String>) -> impl Future<Output = Result<u32, Error>> {
    async move { Ok(event.payload.parse()?) }
}

#[handler]
fn after_a_statement(event: LambdaEvent<String>) -> impl Future<Output = Result<u32, Error>> + Send + 'static {
    let text = event.payload;
    async move {
        let number: u32 = text.parse()?;
        Ok(number)
    }
}

#[handler]
fn returns_early(event: LambdaEvent<u8>) -> BoxFuture<'static, Result<u8, Error>> {
    if event.payload == 0 {
        return Box::pin(async { Err("none".into()) });
    }
    Box::pin(async move { Ok(event.payload) })
}

#[handler]
fn boxed<'a>(shop: &'a Shop, event: LambdaEvent<String>) -> Pin<Box<dyn Future<Output = Result<u32, Refused>> + Send + 'a>> {
    std::boxed::Box::pin(async move { Ok(event.payload.parse::<u32>()? + shop.number) })
}

#[handler]
#[allow(unused_parens)]
fn in_parentheses(event: LambdaEvent<u8>) -> Pin<Box<(dyn Future<Output = u8> + Send + 'static)>> {
    Box::pin(ready(event.payload))
}

#[handler]
fn elided(shop: &Shop, (event, _): (LambdaEvent<String>, u8)) -> BoxFuture<'_, Result<u32, Refused>> {
    shop.call(event)
}

#[handler]
fn opaque(event: LambdaEvent<u8>) -> impl Future<Output = impl Debug> {
    ready(event.payload)
}

/// A service in the form of `tower`'s trait.
trait Service<Request> {
    type Response;
    type Future: Future<Output = Self::Response>;

    fn call(&mut self, request: Request) -> Self::Future;
}

impl Service<LambdaEvent<String>> for Shop {
    type Response = Result<u32, Error>;
    type Future = BoxFuture<'static, Result<u32, Error>>;

    #[handler]
    fn call(&mut self, event: LambdaEvent<String>) -> Self::Future {
        let number = self.number;
        Box::pin(async move { Ok(event.payload.parse::<u32>()? + number) })
    }
}

impl Shop {
    #[handler]
    fn method(&self, event: LambdaEvent<u32>) -> impl Future<Output = u32> + use<> {
        let number = self.number;
        async move { event.payload + number }
    }

    #[handler]
    fn consumed(mut self, event: LambdaEvent<u32>) -> impl Future<Output = Self> {
        self.number = event.payload;
        async move { self }
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

/// Returns the status of the invocation above.
fn status(f: impl Future) -> Status {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (_, spans) = testing::record("invocation", || runtime.block_on(f));
    spans.into_iter().find(|span| span.name == "invocation").unwrap().status
}

#[tokio::main(flavor = "current_thread")]
async fn run() {
    let mut shop = Shop { number: 1, name: "shop".into() };
    let text = |text: &str| event(text.to_owned());
    assert_eq!(is_send(Function::call(&shop, text("2"))).await.unwrap(), 3);
    assert_eq!(shop.provided(text("2")).await.unwrap(), 3);
    shop.change(text("store"), &1).await;
    assert_eq!((shop.number, shop.borrow(text("x"), "other").await.unwrap()), (2, "store"));
    assert_eq!(shop.generic(event("four"), |text| text.len() as u32).await.unwrap(), 4);
    assert_eq!(<Shop as Function<String>>::associated(event(1), (2, 3), 4).await, 3);
    assert_eq!(shop.local(event(5.into())).await, Ok(5));
    assert_eq!(is_send(lone(text("7"))).await.unwrap(), 7);
    assert_eq!(after_a_statement(text("7")).await.unwrap(), 7);
    assert_eq!(returns_early(event(7)).await.unwrap(), 7);
    assert_eq!(is_send(boxed(&shop, text("7"))).await.unwrap(), 9);
    assert_eq!(in_parentheses(event(7)).await, 7);
    assert_eq!(elided(&shop, (text("7"), 0)).await.unwrap(), 9);
    assert_eq!(format!("{:?}", opaque(event(8)).await), "8");
    assert_eq!(Service::call(&mut shop, text("7")).await.unwrap(), 9);
    let future = shop.method(event(7));
    assert_eq!(future.await, 9);
    let shop = shop.consumed(event(3)).await;
    assert_eq!(Arc::new(shop).shared(text("7")).await.unwrap(), 10);
}

fn main() {
    run();

    let shop = Shop { number: 1, name: String::new() };
    let text = |text: &str| event(text.to_owned());
    assert_eq!(status(Function::call(&shop, text(""))), Status::error("shop is closed"));
    assert_eq!(status(shop.provided(text("x"))), Status::error("invalid digit found in string"));
    assert_eq!(status(shop.local(event(0.into()))), Status::error("none"));
    assert_eq!(status(lone(text("x"))), Status::error("invalid digit found in string"));
    assert_eq!(status(after_a_statement(text("x"))), Status::error("invalid digit found in string"));
    assert_eq!(status(returns_early(event(0))), Status::error("none"));
    assert_eq!(status(elided(&shop, (text("x"), 0))), Status::error("invalid digit found in string"));
    assert_eq!(status(lone(text("1"))), Status::Unset);

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (_, spans) = testing::record("invocation", || {
        runtime.block_on(async { (shop.inside(event(1), 2).await, shop.outside(event(1), 2).await) })
    });
    let invocation = "invocation thundra.parent.source=none";
    let instrumented = ["├ inside number=2", "│   · in", "└ outside number=2", "    · in"];
    assert_eq!(testing::tree(&spans), format!("{invocation}\n{}\n", instrumented.join("\n")));
}
