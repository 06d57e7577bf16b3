//! An HTTP service outside Lambda: each request continues its caller's trace, and each call carries the trace on.
//!
//! ```toml
//! thundra-http = { version = "0.1", features = ["axum"] }
//! axum = "0.8"
//! tokio = { version = "1", features = ["macros", "net", "rt-multi-thread", "signal"] }
//! tracing = "0.1"
//! ```
//!
//! Run the server, request `/orders/7`, and press Ctrl-C:
//!
//! ```text
//! cargo run -p thundra-examples --bin axum-server 127.0.0.1:8080
//! ```

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use thundra_http as reqwest; // a drop-in: calls are traced and carry the correlation ids
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let _telemetry = thundra_http::init(); // exports in the background, and the rest when it is dropped
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address).await?;
    let end = async || drop(tokio::signal::ctrl_c().await);
    axum::serve(listener, app(format!("http://{address}"))).with_graceful_shutdown(end()).await
}

fn app(itself: String) -> Router {
    Router::new()
        .route("/orders/{id}", get(order))
        .route("/prices/{item}", get(price))
        .layer(thundra_http::Layer::server())
        .with_state((reqwest::Client::new(), itself))
}

async fn order(
    State((http, prices)): State<(reqwest::Client, String)>,
    Path(id): Path<String>,
) -> Result<String, StatusCode> {
    thundra_http::correlation::set("order", &id); // in every call and every log line from here on
    let response = http.get(format!("{prices}/prices/cheese")).send().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let cents = response.text().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(format!("order {id} costs {cents}\n"))
}

async fn price(Path(item): Path<String>) -> &'static str {
    tracing::info!(item, "priced");
    "1250"
}
