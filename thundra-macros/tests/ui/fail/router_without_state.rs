use axum::Router;
use thundra_aws::handler;

#[handler]
async fn main() -> Router<u8> {
    Router::new()
}
