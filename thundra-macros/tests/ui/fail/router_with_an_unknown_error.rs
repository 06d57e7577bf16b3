use axum::Router;
use thundra_aws::handler;

struct NoDisplay;

#[handler]
async fn main() -> Result<Router, NoDisplay> {
    Ok(Router::new())
}
