//! The server of the page and of the API, on the loopback interface alone.

mod assets;
mod guard;
mod token;

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::api::{self, Api};
use crate::{export, tempo};

pub(crate) use assets::bundle;
pub(crate) use guard::{error, is_loopback};
pub(crate) use token::Token;

/// The usual port of the page.
const PORT: u16 = 8010;

/// Listens on a port, or on the usual one, or on a free one if that is taken.
pub(crate) async fn listen(port: Option<u16>) -> io::Result<TcpListener> {
    match port {
        Some(port) => TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await,
        None => match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
            Ok(listener) => Ok(listener),
            Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await,
        },
    }
}

/// Serves until the end of the process.
pub(crate) async fn serve(listener: TcpListener, token: Arc<Token>, api: Api) -> io::Result<()> {
    axum::serve(listener, router(token, api)).await
}

fn router(token: Arc<Token>, api: Api) -> Router {
    api::router(api.clone())
        .merge(export::router(api.clone()))
        .merge(tempo::router(api))
        .route("/assets/{name}", get(assets::asset))
        .fallback(assets::page)
        .layer(from_fn_with_state(token, guard::check))
}
