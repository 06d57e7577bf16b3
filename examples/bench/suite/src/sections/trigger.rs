//! Recognition of an event and of the event's senders.

use std::hint::black_box;

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::sns::SnsEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thundra_bench_work::events;

use crate::Result;
use crate::bench::Bench;
use crate::section::{Column, Section, Variant};
use crate::stacks::OURS;

/// The units of an event, which turn nanoseconds a unit into microseconds.
const MICROSECONDS: u64 = 1000;

/// An event, and the parser of the event's type.
struct Event {
    figure: &'static str,
    title: &'static str,
    body: fn() -> String,
    typed: fn(&[u8]) -> bool,
}

#[rustfmt::skip]
const EVENTS: [Event; 6] = [
    Event { figure: "sns_1k", title: "SNS, 1 KB", body: || sns(1_024), typed: reads::<SnsEvent> },
    Event { figure: "sns_100k", title: "SNS, 100 KB", body: || sns(100_000), typed: reads::<SnsEvent> },
    Event { figure: "sns_6m", title: "SNS, 6 MB", body: || sns(6_000_000), typed: reads::<SnsEvent> },
    Event { figure: "http_6m", title: "API Gateway, 6 MB", body: || events::api_gateway(6_000_000), typed: reads::<ApiGatewayV2httpRequest> },
    Event { figure: "sqs_1000", title: "SQS, 1,000 records", body: || events::sqs(1_000), typed: reads::<SqsEvent> },
    Event { figure: "kinesis_1000", title: "Kinesis, 1,000 records", body: || events::kinesis(1_000), typed: reads::<KinesisEvent> },
];

pub(super) fn sections() -> Vec<Section> {
    let note = "Microseconds to recognise an event and to read its senders' trace contexts and correlation ids, for \
                every record of a batch. Beside it, the time that serde_json needs to parse the same bytes, without \
                either.";
    vec![
        Section::new("trigger", "Recognising a trigger", note)
            .variants([
                Variant::within(OURS, "", |bench| {
                    measure(bench, |_, body| thundra_aws::bench_support::recognise(body) > 0)
                }),
                Variant::within("serde_json::Value", "", |bench| measure(bench, |_, body| reads::<Value>(body))),
                Variant::within("aws_lambda_events", "the event's own type", |bench| {
                    measure(bench, |event, body| (event.typed)(body))
                }),
            ])
            .columns(EVENTS.map(|event| Column::spread(event.figure, event.title))),
    ]
}

/// Returns a notification with a signature, which the type requires.
fn sns(bytes: usize) -> String {
    const SIGNED: &str =
        r#""SignatureVersion":"1","Signature":"EXAMPLE","SigningCertUrl":"EXAMPLE","UnsubscribeUrl":"EXAMPLE","#;
    const LAST: &str = r#""MessageAttributes":"#;
    events::sns(bytes - SIGNED.len()).replacen(LAST, &[SIGNED, LAST].concat(), 1)
}

fn reads<T: DeserializeOwned>(body: &[u8]) -> bool {
    serde_json::from_slice::<T>(body).map(black_box).is_ok()
}

fn measure(bench: &mut Bench, read: fn(&Event, &[u8]) -> bool) -> Result<()> {
    for event in &EVENTS {
        let body = (event.body)();
        if !read(event, body.as_bytes()) {
            return Err(format!("{} was not read", event.title).into());
        }
        bench.repeat(|laps| {
            laps.wall(event.figure, MICROSECONDS, || read(event, black_box(body.as_bytes())));
        });
    }
    Ok(())
}
