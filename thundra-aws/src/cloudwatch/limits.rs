//! The limits of the endpoints, from AWS's page. The page does not define its kilobyte. Here a kilobyte has 1000 bytes,
//! the smaller of the two meanings.

use std::time::Duration;

use thundra_http::export::RecordLimits;

use super::host::Service;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The limits of traces. All endpoints take records of the last 14 days.
const TRACES: RecordLimits = RecordLimits {
    request_bytes: 5_000_000,
    bytes_beside_record: 0,
    records: 10_000,
    record_bytes: 200_000,
    resource_bytes: 16_000,
    age: DAY.saturating_mul(14),
    ahead: HOUR.saturating_mul(2),
    spread: DAY,
};

/// Returns the limits of a service's endpoint.
pub(super) fn of(service: Service) -> RecordLimits {
    match service {
        Service::XRay => TRACES,
        Service::Logs => {
            RecordLimits { request_bytes: 1_000_000, bytes_beside_record: 26, record_bytes: 1_000_000, ..TRACES }
        }
        Service::CloudWatch => RecordLimits {
            request_bytes: 1_000_000,
            records: 1_000,
            record_bytes: usize::MAX,
            resource_bytes: usize::MAX,
            ahead: Duration::from_secs(10 * 60),
            spread: Duration::MAX,
            ..TRACES
        },
    }
}
