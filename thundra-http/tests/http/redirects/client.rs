//! The four clients that the tests compare, behind one type: async and blocking, of reqwest and of this crate.

use std::future::Future;
use std::net::SocketAddr;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use axum::http::StatusCode;
use reqwest::header::HeaderMap;
use thundra_core::Scope;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_http::redirect::{Action, Attempt};

/// The kind of client that a test runs with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Async,
    Blocking,
}

/// The settings of a client, in the words of both libraries.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) default_headers: Vec<(&'static str, &'static str)>,
    pub(super) cookie_store: bool,
    pub(super) user_agent: Option<&'static str>,
    pub(super) policy: Policy,
    pub(super) referer: bool,
    pub(super) timeout: Option<Duration>,
    /// `true` if a client of ours gets the default headers and the referer by `configure`.
    pub(super) configure: bool,
    /// `true` if a blocking client is built from the builder of an async client.
    pub(super) from_async: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            default_headers: Vec::new(),
            cookie_store: false,
            user_agent: None,
            policy: Policy::Default,
            referer: true,
            timeout: None,
            configure: false,
            from_async: false,
        }
    }
}

#[derive(Clone)]
pub(super) enum Policy {
    Default,
    None,
    Limited(usize),
    /// Records each redirect, stops at `/stop`, fails at `/fail`, and otherwise allows three redirects.
    Recording(Redirects),
}

/// The redirects seen by a policy: status, next URL, previous URLs.
pub(super) type Redirects = Arc<Mutex<Vec<(StatusCode, reqwest::Url, Vec<reqwest::Url>)>>>;

/// Returns the redirects seen so far, and empties the list.
pub(super) fn take(redirects: &Redirects) -> Vec<(StatusCode, reqwest::Url, Vec<reqwest::Url>)> {
    std::mem::take(&mut redirects.lock().unwrap())
}

/// Builds the policy of a library.
macro_rules! policy {
    ($library:ident, $policy:expr) => {
        match $policy {
            Policy::Default => $library::redirect::Policy::default(),
            Policy::None => $library::redirect::Policy::none(),
            Policy::Limited(max) => $library::redirect::Policy::limited(max),
            Policy::Recording(redirects) => $library::redirect::Policy::custom(move |attempt| {
                let redirect = (attempt.status(), attempt.url().clone(), attempt.previous().to_vec());
                redirects.lock().unwrap().push(redirect);
                match attempt.url().path() {
                    "/stop" => attempt.stop(),
                    "/fail" => attempt.error("no further"),
                    _ => $library::redirect::Policy::limited(3).redirect(attempt),
                }
            }),
        }
    };
}

/// Applies settings to a builder. The methods have the same names in both libraries.
macro_rules! apply {
    ($library:ident, $builder:expr, $address:expr, $settings:expr) => {{
        let settings: Settings = $settings;
        let mut builder = $builder.no_proxy().redirect(policy!($library, settings.policy));
        for host in ["other.internal", "foreign.example"] {
            builder = builder.resolve(host, $address);
        }
        if let Some(timeout) = settings.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(user_agent) = settings.user_agent {
            builder = builder.user_agent(user_agent);
        }
        if settings.cookie_store {
            builder = builder.cookie_store(true);
        }
        if !settings.configure {
            builder = builder.default_headers(header_map(&settings.default_headers)).referer(settings.referer);
        }
        builder
    }};
}

/// Applies settings to a builder of this crate.
macro_rules! apply_ours {
    ($builder:expr, $address:expr, $settings:expr) => {{
        let settings: Settings = $settings;
        let builder = apply!(thundra_http, $builder, $address, settings.clone());
        match settings.configure {
            true => builder.configure(|inner| {
                inner.default_headers(header_map(&settings.default_headers)).referer(settings.referer)
            }),
            false => builder,
        }
    }};
}

fn header_map(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

/// A client of either library and kind.
pub(super) enum Client {
    Reqwest(reqwest::Client),
    Ours(thundra_http::Client),
    BlockingReqwest(Apart<reqwest::blocking::Client>),
    BlockingOurs(Apart<thundra_http::blocking::Client>),
}

/// Returns a client of reqwest.
pub(super) fn reqwest_client(kind: Kind, address: SocketAddr, settings: Settings) -> Client {
    use reqwest::{ClientBuilder, blocking};
    match kind {
        Kind::Async => Client::Reqwest(apply!(reqwest, ClientBuilder::new(), address, settings).build().unwrap()),
        Kind::Blocking => Client::BlockingReqwest(apart(|| {
            let builder = match settings.from_async {
                true => blocking::ClientBuilder::from(apply!(reqwest, ClientBuilder::new(), address, settings)),
                false => apply!(reqwest, blocking::ClientBuilder::new(), address, settings),
            };
            builder.build().unwrap()
        })),
    }
}

/// Returns a client of this crate.
pub(super) fn our_client(kind: Kind, address: SocketAddr, settings: Settings) -> Client {
    use thundra_http::{ClientBuilder, blocking};
    match kind {
        Kind::Async => Client::Ours(apply_ours!(ClientBuilder::new(), address, settings).build().unwrap()),
        Kind::Blocking => Client::BlockingOurs(apart(|| {
            let builder = match settings.from_async {
                true => blocking::ClientBuilder::from(apply_ours!(ClientBuilder::new(), address, settings)),
                false => apply_ours!(blocking::ClientBuilder::new(), address, settings),
            };
            builder.build().unwrap()
        })),
    }
}

/// Returns a blocking client of this crate with a custom policy.
pub(super) fn blocking_client_with<P>(address: SocketAddr, timeout: Option<Duration>, policy: P) -> Client
where
    P: Fn(Attempt<'_>) -> Action + Send + Sync + 'static,
{
    let policy = thundra_http::redirect::Policy::custom(policy);
    Client::BlockingOurs(apart(|| {
        let builder = thundra_http::blocking::Client::builder().no_proxy().redirect(policy).timeout(timeout);
        builder.resolve("foreign.example", address).build().unwrap()
    }))
}

/// A request, in the words of all clients.
#[derive(Clone, Default)]
pub(super) struct Call {
    pub(super) method: reqwest::Method,
    pub(super) url: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) timeout: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Body {
    #[default]
    None,
    Text,
    Stream,
}

impl Call {
    pub(super) fn get(url: &str) -> Self {
        Call { url: url.to_owned(), ..Call::default() }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// Makes a request of a client.
macro_rules! request {
    ($client:expr, $call:expr, $stream:expr) => {{
        let call: Call = $call;
        let mut request = $client.request(call.method, &call.url);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(timeout) = call.timeout {
            request = request.timeout(timeout);
        }
        match call.body {
            Body::None => request,
            Body::Text => request.body("payload"),
            Body::Stream => request.body($stream),
        }
    }};
}

/// Describes the result of a request.
macro_rules! outcome {
    ($result:expr) => {
        describe($result.map(|response| format!("{} from {}", response.status(), response.url())))
    };
}

impl Client {
    /// Sends a request in a scope, and describes the result.
    pub(super) async fn send(&self, scope: &Scope, call: Call) -> String {
        match self {
            Client::Reqwest(_) | Client::Ours(_) => scope.run(self.future(call)).await,
            Client::BlockingReqwest(_) | Client::BlockingOurs(_) => {
                let (call, span) = (self.blocking(call), scope.span().clone());
                tokio::task::spawn_blocking(move || span.in_scope(call)).await.unwrap()
            }
        }
    }

    /// Sends a `GET` request in a new scope, and describes the result.
    pub(super) async fn get(&self, url: &str) -> String {
        self.send(&scope(), Call::get(url)).await
    }

    fn future(&self, call: Call) -> Pin<Box<dyn Future<Output = String> + Send>> {
        let stream =
            || reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("pay"), Ok("load")]));
        match self {
            Client::Reqwest(client) => {
                let sending = request!(client, call, stream()).send();
                Box::pin(async { outcome!(sending.await) })
            }
            Client::Ours(client) => {
                let sending = request!(client, call, stream()).send();
                Box::pin(async { outcome!(sending.await) })
            }
            Client::BlockingReqwest(_) | Client::BlockingOurs(_) => unreachable!("a blocking client has no futures"),
        }
    }

    /// Makes a request of a blocking client. The returned function sends the request.
    pub(super) fn blocking(&self, call: Call) -> Box<dyn FnOnce() -> String + Send> {
        // Without a size hyper may drop the body unread, and reqwest then fails now and again.
        let stream = || reqwest::blocking::Body::sized(std::io::Cursor::new("payload"), 7);
        match self {
            Client::BlockingReqwest(client) => {
                let request = request!(client, call, stream());
                Box::new(|| outcome!(request.send()))
            }
            Client::BlockingOurs(client) => {
                let request = request!(client, call, stream());
                Box::new(|| outcome!(request.send()))
            }
            Client::Reqwest(_) | Client::Ours(_) => unreachable!("an async client does not block"),
        }
    }
}

/// Describes a result: the response, or the kinds of the error, the URL and the cause.
fn describe(result: reqwest::Result<String>) -> String {
    result.unwrap_or_else(|error| {
        let kinds = (error.is_redirect(), error.is_timeout(), error.is_builder(), error.is_request());
        format!(
            "{kinds:?} at {:?}: {:?}",
            error.url().map(ToString::to_string),
            std::error::Error::source(&error).map(ToString::to_string)
        )
    })
}

/// Returns a scope with a correlation id and baggage.
pub(super) fn scope() -> Scope {
    let pairs = [("baggage", "tenant=7"), ("x-correlation-id", "c-1")];
    Scope::builder("caller").parent(Inbound::extract(pairs, Propagators::default(), Trust::Full)).begin()
}

/// A blocking client. A thread of a runtime must neither make nor drop a blocking client.
pub(super) struct Apart<T: Send>(Option<T>);

pub(super) fn apart<T: Send>(make: impl FnOnce() -> T + Send) -> Apart<T> {
    Apart(Some(thread::scope(|scope| scope.spawn(make).join().unwrap())))
}

impl<T: Send> Deref for Apart<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().unwrap()
    }
}

impl<T: Send> Drop for Apart<T> {
    fn drop(&mut self) {
        let inner = self.0.take();
        thread::scope(|scope| drop(scope.spawn(move || drop(inner)).join()));
    }
}
