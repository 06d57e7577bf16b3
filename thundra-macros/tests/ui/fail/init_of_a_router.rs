use axum::Router;
use thundra_aws::handler;

async fn connect() -> u8 {
    0
}

#[handler(init = connect)]
async fn main() -> Router {
    let _ = connect;
    Router::new()
}
