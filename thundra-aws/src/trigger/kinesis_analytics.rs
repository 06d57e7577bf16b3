//! [Kinesis Data Analytics] for SQL, which calls a function to prepare the input or to deliver the output.
//!
//! [Kinesis Data Analytics]: https://docs.aws.amazon.com/kinesisanalytics/latest/dev/lambda-preprocessing.html

use thundra_core::Config;

use super::event::Event;
use super::message::process;
use super::parse::arn;
use super::source::{FaasTrigger, Recognise, Source};
use super::{Trigger, firehose};

pub(super) static SOURCE: Source = Source {
    name: "kinesis_analytics",
    faas_trigger: FaasTrigger::Datasource,
    batch_api: false,
    recognise: Recognise::Members(|event| {
        event.members.text("applicationArn").is_some() && event.members.has("records")
    }),
    read,
};

fn read(trigger: &mut Trigger, event: &Event<'_>, config: &Config) -> Option<()> {
    let application = event.members.text("applicationArn")?;
    trigger.set_all(process("aws_kinesis_analytics", arn::resource(&application, "application")));
    firehose::deliver(trigger, event, "streamArn", config);
    Some(())
}
