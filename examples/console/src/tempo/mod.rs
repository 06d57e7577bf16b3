//! The part of Tempo's HTTP API that Grafana's built-in data source asks for.
//!
//! See <https://grafana.com/docs/tempo/latest/api_docs/>.

mod search;
mod tags;
mod trace;
mod traceql;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::api::{Api, Failure, Parameters};

/// Returns the routes.
pub(crate) fn router(api: Api) -> Router {
    Router::new()
        .route("/api/echo", get(async || "echo"))
        .route("/ready", get(async || "ready\n"))
        .route("/api/status/buildinfo", get(async || Json(json!({ "version": VERSION, "branch": "", "revision": "" }))))
        .route("/api/traces/{id}", get(trace::v1))
        .route("/api/v2/traces/{id}", get(trace::v2))
        .route("/api/search", get(search::answer))
        .route("/api/search/tags", get(tags::v1))
        .route("/api/v2/search/tags", get(tags::v2))
        .route("/api/search/tag/{tag}/values", get(tags::values_v1))
        .route("/api/v2/search/tag/{tag}/values", get(tags::values_v2))
        .route("/api/metrics/{*what}", get(async || Fault::from(Failure::Parameter(METRICS.to_owned()))))
        .with_state(api)
}

/// The version of Tempo whose answers these are: Grafana asks newer ones for more.
const VERSION: &str = "2.7.0";

/// Why there are no numbers over time.
const METRICS: &str = "q: metrics of TraceQL are not answered: the console has rates and durations on Slow and on Map";

/// What a query is about, after `FROM span s`: the names are those of its conditions.
const JOINED: &str =
    "JOIN trace t ON t.id = s.trace JOIN operation o ON o.id = s.operation JOIN service v ON v.id = o.service
    LEFT JOIN operation ro ON ro.id = t.root_operation LEFT JOIN service rv ON rv.id = ro.service";

/// Reads the times of a question, in seconds, as nanoseconds.
fn times(parameters: &Parameters) -> Result<[Option<i64>; 2], Failure> {
    let nanos = |name| -> Result<Option<i64>, Failure> {
        let seconds = parameters.number(name, 0..=9_000_000_000i64)?;
        Ok(seconds.filter(|seconds| *seconds > 0).map(|seconds| seconds * 1_000_000_000))
    };
    Ok([nanos("start")?, nanos("end")?])
}

/// A failure as Tempo answers it: text.
struct Fault(Failure);

impl<F: Into<Failure>> From<F> for Fault {
    fn from(failure: F) -> Self {
        Fault(failure.into())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match self.0 {
            Failure::Parameter(problem) => (StatusCode::BAD_REQUEST, problem).into_response(),
            Failure::NotFound(what) => (StatusCode::NOT_FOUND, what).into_response(),
            Failure::Store(fault) => (StatusCode::INTERNAL_SERVER_ERROR, fault.to_string()).into_response(),
        }
    }
}
