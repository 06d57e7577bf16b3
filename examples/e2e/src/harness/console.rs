//! A console on this machine, which gets a copy of the telemetry.
//!
//! See `examples/console`.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use reqwest::Url;
use reqwest::redirect::Policy;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::Error;

/// The place where the console takes telemetry, unless the console was told another port.
pub const ENDPOINT: &str = "http://127.0.0.1:4318";

/// A running console.
#[derive(Debug)]
pub struct Console {
    page: Url,
    copies: UnboundedSender<Option<Forwarded>>,
    sending: JoinHandle<Result<(), Error>>,
}

/// A request for the console.
#[derive(Debug)]
pub(super) struct Forwarded {
    pub(super) path: &'static str,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Console {
    /// Finds the console that takes telemetry at an endpoint.
    ///
    /// # Errors
    ///
    /// If nothing listens there, or something else.
    pub async fn at(endpoint: &str) -> Result<Self, Error> {
        let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build()?;
        let command = "`cargo run -p thundra-console` in another terminal starts one";
        let absent = |_| format!("no console listens at {endpoint}: {command}");
        let response = client.get(endpoint).send().await.map_err(absent)?;
        // The console leads to its page, and keeps the token to itself.
        let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let page = location.and_then(|location| Url::parse(location).ok());
        let page = page.ok_or_else(|| format!("what listens at {endpoint} is no console: {command}"))?;
        let (copies, waiting) = unbounded_channel();
        let sending = tokio::spawn(send(client, endpoint.to_owned(), waiting));
        Ok(Self { page, copies, sending })
    }

    /// Returns the page of a request. A browser that has opened the link of the console needs no token.
    #[must_use]
    pub fn page_of(&self, correlation_id: &str) -> String {
        let mut page = self.page.clone();
        if let Ok(mut path) = page.path_segments_mut() {
            path.clear().extend(["requests", correlation_id]);
        }
        page.into()
    }

    /// Returns the place for copies.
    pub(super) fn copies(&self) -> UnboundedSender<Option<Forwarded>> {
        self.copies.clone()
    }

    /// Waits until the console has every copy so far. Later ones are not sent.
    ///
    /// # Errors
    ///
    /// The first copy that the console did not take.
    pub async fn has_all(self) -> Result<(), Error> {
        // Connections of the receiver may stay open, each with a place for copies. So the end is a message.
        let _ = self.copies.send(None);
        self.sending.await?
    }
}

async fn send(
    client: reqwest::Client,
    endpoint: String,
    mut copies: UnboundedReceiver<Option<Forwarded>>,
) -> Result<(), Error> {
    while let Some(Some(Forwarded { path, headers, body })) = copies.recv().await {
        let mut request = client.post(format!("{endpoint}{path}")).body(body);
        for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
            if let Some(value) = headers.get(&name) {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        answer.map_err(|error| format!("the console did not take all of the telemetry: {error}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::response::Redirect;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;
    use crate::harness::receiver::Receiver;

    #[tokio::test]
    async fn where_no_console_listens_the_command_that_starts_one_is_named() {
        let nobody = Console::at("http://127.0.0.1:9").await.unwrap_err().to_string();
        assert!(
            nobody.starts_with("no console listens at http://127.0.0.1:9: `cargo run -p thundra-console`"),
            "{nobody}"
        );
        let another = Receiver::open().await.unwrap();
        let another = Console::at(&another.endpoint()).await.unwrap_err().to_string();
        assert!(another.contains(" is no console: `cargo run"), "{another}");
    }

    #[tokio::test]
    async fn the_page_of_a_request_is_one_segment() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/", get(async || Redirect::to("http://127.0.0.1:8010/")));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let console = Console::at(&endpoint).await.unwrap();
        assert_eq!(console.page_of("a/b c"), "http://127.0.0.1:8010/requests/a%2Fb%20c");
        console.has_all().await.unwrap();
    }
}
