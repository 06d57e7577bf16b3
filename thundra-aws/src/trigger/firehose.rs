//! [Firehose], which calls a function to transform the records of a delivery stream.
//!
//! [Firehose]: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesisfirehose.html

use thundra_core::{Config, semconv};

use super::event::Event;
use super::message::{message_id, process};
use super::parse::json::Object;
use super::parse::{arn, base64, time};
use super::source::{FaasTrigger, Recognise, Source};
use super::{Message, Trigger};

pub(super) static SOURCE: Source = Source {
    name: "firehose",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Members(|event| event.members.has("deliveryStreamArn") && event.members.has("records")),
    read,
};

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let stream = event.members.text("deliveryStreamArn")?;
    let records: Vec<Object<'_>> = event.members.array("records").into_iter().filter_map(Object::parse).collect();
    trigger.set_all(process("aws_firehose", arn::resource(&stream, "deliverystream")));
    trigger.set(semconv::MESSAGING_BATCH_MESSAGE_COUNT, records.len());
    let extractor = trigger.extractor(config);
    trigger.deliver(records.iter().map(|record| {
        let opened = record.text("data").and_then(|data| base64::open(&data, &extractor));
        Message {
            attributes: Vec::from_iter(message_id(record.text("recordId"))),
            sent_at: record.number("approximateArrivalTimestamp").and_then(time::from_millis),
            ..opened.unwrap_or_default().into()
        }
    }));
    Some(())
}
