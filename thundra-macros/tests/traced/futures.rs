//! Spans of futures.

use std::cell::RefCell;
use std::future::{Future, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use thundra_aws::BoxFuture;
use thundra_core::{testing, traced};

#[expect(clippy::unwrap_used, reason = "a test without a runtime fails")]
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().map(|runtime| runtime.block_on(future)).unwrap()
}

fn tree<T>(future: impl Future<Output = T>) -> String {
    let (_, spans) = testing::record("root", || block_on(future));
    testing::tree(&spans).lines().skip(1).map(|line| format!("{line}\n")).collect()
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[traced]
async fn leaf() {
    tokio::task::yield_now().await;
}

#[derive(Clone)]
struct Service {
    name: &'static str,
}

#[async_trait::async_trait]
trait Work {
    async fn work(&self, n: u8) -> Result<u8, Box<dyn std::error::Error + Send + Sync>>;
    async fn finish(self: Arc<Self>) -> &'static str;
}

#[traced(fields(n))]
#[async_trait::async_trait]
impl Work for Service {
    async fn work(&self, n: u8) -> Result<u8, Box<dyn std::error::Error + Send + Sync>> {
        leaf().await;
        if n == 0 {
            return Err("zero".into());
        }
        let parsed = self.name.parse::<u8>()?;
        Ok(parsed + n)
    }

    async fn finish(self: Arc<Self>) -> &'static str {
        self.name
    }
}

struct Below;

#[async_trait::async_trait]
#[traced(fields(n))]
impl Work for Below {
    async fn work(&self, n: u8) -> Result<u8, Box<dyn std::error::Error + Send + Sync>> {
        leaf().await;
        Ok("1".parse::<u8>()? + n)
    }

    async fn finish(self: Arc<Self>) -> &'static str {
        "below"
    }
}

#[test]
fn methods_of_an_async_trait_have_spans() {
    assert_eq!(
        tree(async { is_send(Service { name: "1" }.work(2)).await.unwrap() }),
        "└ Service::work n=2\n  └ leaf\n"
    );
    assert_eq!(tree(async { Service { name: "x" }.work(0).await.unwrap_err() }), "└ Service::work n=0\n  └ leaf\n");
    assert_eq!(tree(Arc::new(Service { name: "x" }).finish()), "└ Service::finish\n");
    assert_eq!(tree(async { Below.work(2).await.unwrap() }), "└ Below::work n=2\n  └ leaf\n", "below #[async_trait]");
}

#[traced]
impl tower::Service<u8> for Service {
    type Response = u8;
    type Error = std::num::ParseIntError;
    type Future = Pin<Box<dyn Future<Output = Result<u8, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u8) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            leaf().await;
            Ok(this.name.parse::<u8>()? + request)
        })
    }
}

struct Immediate;

#[traced]
impl tower::Service<u8> for Immediate {
    type Response = u8;
    type Error = ();
    type Future = std::future::Ready<Result<u8, ()>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u8) -> Self::Future {
        ready(Ok(request))
    }
}

#[test]
fn a_service_has_spans_for_its_calls() {
    use tower::Service as _;
    assert_eq!(
        tree(async { Service { name: "1" }.call(2).await }),
        "└ Service::call\n  └ leaf\n",
        "the span has the statements and the future"
    );
    assert_eq!(tree(async { Immediate.call(2).await }), "└ Immediate::call\n", "a future of a type of its own");
}

#[traced]
#[allow(clippy::manual_async_fn, reason = "the attribute accepts it")]
mod returning {
    use super::*;

    pub(crate) fn lone(n: &u8) -> impl Future<Output = u8> + Send {
        async move {
            leaf().await;
            *n
        }
    }

    pub(crate) fn after_statements(n: u8) -> impl Future<Output = Result<u8, std::num::ParseIntError>> + Send + Unpin {
        tracing::info_span!("before").in_scope(|| ());
        if n == 0 {
            return ready("x".parse());
        }
        ready(Ok(n))
    }

    pub(crate) fn boxed<'a>(n: &'a u8) -> BoxFuture<'a, Result<u8, std::num::ParseIntError>> {
        Box::pin(async move {
            leaf().await;
            Ok("1".parse::<u8>()? + n)
        })
    }

    pub(crate) fn stored(n: u8) -> BoxFuture<'static, u8> {
        let future = async move {
            leaf().await;
            n
        };
        Box::pin(future)
    }
}

#[test]
fn a_returned_future_is_inside_of_the_span() {
    assert_eq!(tree(async { is_send(returning::lone(&1)).await }), "└ lone\n  └ leaf\n");
    assert_eq!(tree(async { is_send(returning::after_statements(1)).await }), "└ after_statements\n  └ before\n");
    assert_eq!(tree(async { is_send(returning::boxed(&1)).await }), "└ boxed\n  └ leaf\n");
    assert_eq!(tree(async { is_send(returning::stored(1)).await }), "└ stored\n  └ leaf\n");
}

#[traced(fields(n))]
impl Service {
    async fn recursive(&self, n: u8) -> u8 {
        if n == 0 { 0 } else { 1 + Box::pin(self.recursive(n - 1)).await }
    }

    async fn pinned(self: Pin<&mut Self>, mut n: u8) -> u8 {
        n += 1;
        self.get_mut().name = "pinned";
        n
    }

    async fn by_value(mut self, prefix: impl Into<String>) -> String {
        self.name = "changed";
        prefix.into() + self.name
    }

    async fn forever(&self) -> ! {
        loop {
            tokio::task::yield_now().await;
        }
    }
}

#[test]
fn an_async_method_takes_self_in_any_form() {
    let mut service = Service { name: "x" };
    assert_eq!(
        tree(service.recursive(1)),
        "└ Service::recursive n=1\n  └ Service::recursive n=0\n",
        "a recursive future"
    );
    assert_eq!(tree(Pin::new(&mut service).pinned(1)), "└ Service::pinned n=1\n");
    drop(is_send(service.forever()));
    assert_eq!(block_on(service.by_value("un")), "unchanged");
}

type Log = Rc<RefCell<Vec<&'static str>>>;

struct Noisy(&'static str, Log);

impl Drop for Noisy {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

async fn bare((a, _b): (Noisy, Noisy), c: Noisy, _: Noisy, log: Log) {
    let _local = Noisy("local", log);
    let _ = (&a, &c);
}

#[traced]
async fn traced_drops((a, _b): (Noisy, Noisy), c: Noisy, _: Noisy, log: Log) {
    let _local = Noisy("local", log);
    let _ = (&a, &c);
}

#[test]
fn arguments_are_dropped_in_the_same_order() {
    let order = |traced: bool| {
        let log = Log::default();
        let noisy = |name| Noisy(name, log.clone());
        let (a, b, c, d) = (noisy("a"), noisy("b"), noisy("c"), noisy("d"));
        if traced {
            block_on(traced_drops((a, b), c, d, log.clone()))
        } else {
            block_on(bare((a, b), c, d, log.clone()))
        }
        log.take()
    };
    assert_eq!(order(true), order(false));
}

#[traced]
fn panics() {
    std::panic::resume_unwind(Box::new("late"));
}

#[test]
fn a_panic_passes_through_and_ends_the_span() {
    let (result, spans) = testing::record("root", || std::panic::catch_unwind(panics));
    assert!(result.is_err());
    assert_eq!(spans[0].name, "panics");
}

#[tokio::test]
#[traced]
async fn a_test_below_the_attribute_of_tokio() {
    leaf().await;
}

#[traced]
#[tokio::test]
async fn a_test_above_the_attribute_of_tokio() {
    leaf().await;
}
