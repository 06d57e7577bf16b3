//! Answers and failures.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use serde_json::Value as Json_;

use crate::server::error;
use crate::store;

/// The answer of a route.
pub(crate) type Answer = Result<Json<Json_>, Failure>;

/// Why a route has no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A parameter has another form.
    Parameter(String),
    NotFound(&'static str),
    Store(store::Error),
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Failure::Store(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Failure::Parameter(problem) => error(StatusCode::BAD_REQUEST, &problem),
            Failure::NotFound(what) => error(StatusCode::NOT_FOUND, what),
            Failure::Store(fault) => error(StatusCode::INTERNAL_SERVER_ERROR, &fault.to_string()),
        }
    }
}

/// Returns nanoseconds since 1970 as a time of the API: whole microseconds.
pub(crate) fn time(nanos: i64) -> i64 {
    nanos.div_euclid(1000)
}

/// Returns nanoseconds as a duration of the API: microseconds with a fraction.
pub(crate) fn duration(nanos: i64) -> f64 {
    nanos as f64 / 1e3
}

/// Returns a sum of nanoseconds as a duration of the API. A sum may be too great for an integer.
pub(crate) fn total(nanos: f64) -> f64 {
    nanos / 1e3
}

/// Returns the sequence number of the store, as a read sees it.
pub(crate) fn seq(db: &Connection) -> Result<i64, store::Error> {
    Ok(db.query_row("SELECT coalesce(max(value), 0) FROM meta WHERE name = 'seq'", [], |row| row.get(0))?)
}
