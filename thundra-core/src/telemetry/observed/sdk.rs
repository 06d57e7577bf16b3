//! The metrics of telemetry, by the [conventions] for SDKs. The numbers are sums over the exporters.
//!
//! A record is *processed* after leaving all queues, and *exported* after an exporter has finished with the record.
//! Each record of the program is exported, or lost for the reason in `error.type`, or waits. The spill to standard
//! output is an exporter.
//!
//! [conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/otel/sdk-metrics.md

use crate::export::LossReason;
use crate::pipeline::tally::{self, Request};
use crate::points::collection::Observations;
use crate::points::instrument::Instrument;
use crate::telemetry::process::pending_spans;
use crate::{Signal, semconv};

static STARTED: Instrument = Instrument::counter("otel.sdk.span.started", "{span}", "The number of created spans.");
static QUEUE_SIZE: Instrument = Instrument::gauge(
    "otel.sdk.processor.span.queue.size",
    "{span}",
    "The number of spans in the queue of a given instance of an SDK span processor.",
);
static DURATION: Instrument = Instrument::histogram(
    "otel.sdk.exporter.operation.duration",
    "s",
    "The duration of exporting a batch of telemetry records.",
);

/// The instruments of a signal.
struct OfSignal {
    processed: Instrument,
    exported: Instrument,
}

static TRACES: OfSignal = OfSignal {
    processed: Instrument::counter(
        "otel.sdk.processor.span.processed",
        "{span}",
        "The number of spans for which the processing has finished, either successful or failed.",
    ),
    exported: Instrument::counter(
        "otel.sdk.exporter.span.exported",
        "{span}",
        "The number of spans for which the export has finished, either successful or failed.",
    ),
};
static LOGS: OfSignal = OfSignal {
    processed: Instrument::counter(
        "otel.sdk.processor.log.processed",
        "{log_record}",
        "The number of log records for which the processing has finished, either successful or failed.",
    ),
    exported: Instrument::counter(
        "otel.sdk.exporter.log.exported",
        "{log_record}",
        "The number of log records for which the export has finished, either successful or failed.",
    ),
};
static METRICS: OfSignal = OfSignal {
    // The conventions have no processor of metrics.
    processed: Instrument::counter(
        "thundra.sdk.processor.metric_data_point.processed",
        "{data_point}",
        "The number of metric data points for which the processing has finished, either successful or failed.",
    ),
    exported: Instrument::counter(
        "otel.sdk.exporter.metric_data_point.exported",
        "{data_point}",
        "The number of metric data points for which the export has finished, either successful or failed.",
    ),
};

/// Returns `true` for records lost before any exporter received the records.
const fn is_before_export(reason: LossReason) -> bool {
    matches!(reason, LossReason::BacklogFull | LossReason::QueueFull)
}

pub(super) fn observe(observations: &mut Observations) {
    let [sampled, recorded] = tally::take_started();
    for (result, count) in [("RECORD_AND_SAMPLE", sampled), ("RECORD_ONLY", recorded)] {
        if count > 0 {
            observations.record(&STARTED, count, &[(semconv::OTEL_SPAN_SAMPLING_RESULT, result.into())]);
        }
    }
    for (signal, instruments) in [(Signal::Traces, &TRACES), (Signal::Logs, &LOGS), (Signal::Metrics, &METRICS)] {
        let (exported, lost) = tally::take_records(signal);
        let mut processed = exported;
        if exported > 0 {
            observations.record(&instruments.exported, exported, &[]);
        }
        for (reason, count) in lost {
            let error_type = [(semconv::ERROR_TYPE, reason.name().into())];
            let of_reason = match is_before_export(reason) {
                true => &instruments.processed,
                false => {
                    processed += count;
                    &instruments.exported
                }
            };
            observations.record(of_reason, count, &error_type);
        }
        if processed > 0 {
            observations.record(&instruments.processed, processed, &[]);
        }
    }
    for Request { signal, duration, error_type } in tally::take_requests() {
        let error_type = error_type.map(|error_type| (semconv::ERROR_TYPE, error_type.into()));
        let attributes: Vec<_> =
            [(semconv::THUNDRA_SIGNAL, signal.name().into())].into_iter().chain(error_type).collect();
        observations.record(&DURATION, duration.as_secs_f64(), &attributes);
    }
    observations.record(&QUEUE_SIZE, pending_spans(), &[]);
}
