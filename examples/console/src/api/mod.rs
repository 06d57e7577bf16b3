//! The API, as API.md has it. A route reads its parameters, then the store in one transaction, then answers JSON.

mod answer;
pub(crate) mod attributes;
mod compare;
mod cost;
mod events;
pub(crate) mod filters;
mod heatmap;
mod invocations;
mod logs;
mod map;
pub(crate) mod metrics;
mod operations;
mod parameters;
mod quantile;
mod request;
mod requests;
pub(crate) mod span;
mod status;
mod tree;

use axum::Router;
use axum::routing::get;

pub(crate) use answer::{Answer, Failure};
pub(crate) use logs::of_whole_request;
pub(crate) use parameters::{Parameters, Part};
pub(crate) use request::{read as read_request, resolve};
pub(crate) use status::Ports;

use crate::store::Store;

/// What the routes need.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) ports: std::sync::Arc<Ports>,
}

/// Returns the routes.
pub(crate) fn router(api: Api) -> Router {
    Router::new()
        .route("/api/v1/status", get(status::answer))
        .route("/api/v1/requests", get(requests::answer))
        .route("/api/v1/requests/{id}", get(request::answer))
        .route("/api/v1/requests/{id}/logs", get(logs::of_request))
        .route("/api/v1/requests/{id}/metrics", get(metrics::of_request))
        .route("/api/v1/spans/{span}", get(span::answer))
        .route("/api/v1/spans/{span}/raw", get(span::raw))
        .route("/api/v1/spans/{span}/event", get(span::event))
        .route("/api/v1/operations", get(operations::answer))
        .route("/api/v1/heatmap", get(heatmap::answer))
        .route("/api/v1/compare", get(compare::answer))
        .route("/api/v1/map", get(map::answer))
        .route("/api/v1/cost", get(cost::answer))
        .route("/api/v1/invocations", get(invocations::answer))
        .route("/api/v1/metrics", get(metrics::answer))
        .route("/api/v1/attributes", get(attributes::keys))
        .route("/api/v1/attributes/{key}", get(attributes::values))
        .route("/api/v1/logs", get(logs::answer))
        .route("/api/v1/events", get(events::answer))
        .with_state(api)
}
